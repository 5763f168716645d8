"""Records that have one key in the target: all but one are refused, or the later is written after the earlier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from etl.model import Action, Item, Outcome
from etl.ports import MappingState
from etl.state.seen import SeenKeys


@dataclass(slots=True)
class Doubles:
    """`last_wins`: `on_duplicate: last`. `partial`: this run does not look at all records of the source, so that those
    count, too, that the ledger holds under a key. `shown`: keys may stand in messages."""

    state: MappingState
    last_wins: bool = False
    partial: bool = False
    shown: bool = True
    _keys: SeenKeys = field(default_factory=SeenKeys)

    def among(self, items: list[Item]) -> list[Outcome]:
        """Rejects of those whose target key an earlier record of this run has."""
        if self.last_wins:
            return []
        new = self._keys.add_many([item.target_key for item in items])
        return [self._refused(item, "of this run") for item, is_new in zip(items, new, strict=True) if not is_new]

    def stored(self, items: Sequence[Item]) -> list[Outcome]:
        """Rejects of those, about to be sent, whose target key was given to a record that is not looked at now."""
        if self.last_wins or not self.partial:
            return []
        fresh = [item for item in items if item.target_key and not _has_it(item)]
        holders = self.state.targets([item.target_key for item in fresh])
        return [
            self._refused(item, f"({holders[item.target_key]})")
            for item in fresh
            if holders.get(item.target_key, item.key) != item.key
        ]

    def overwritten(self, items: Sequence[Item]) -> set[str]:
        """Target keys that earlier records of this run were sent under: a later one is sent again to hold."""
        if not self.last_wins:
            return set()
        keys = [item.target_key for item in items if item.target_key]
        return {key for key, sent in zip(keys, self._keys.contains_many(keys), strict=True) if sent}

    def sent(self, items: Sequence[Item]) -> None:
        """Takes note of what is about to be sent."""
        if self.last_wins:
            self._keys.add_many([item.target_key for item in items])

    def _refused(self, item: Item, which: str) -> Outcome:
        told = f" {item.target_key!r}" if self.shown else ""
        reason = f"another record {which} has the same target key{told}; `on_duplicate: last` writes both in turn"
        return Outcome(item, Action.REJECTED, reason=reason, code="duplicate")

    def close(self) -> None:
        self._keys.close()


def _has_it(item: Item) -> bool:
    return item.known is not None and not item.known.gone and item.known.target_key == item.target_key
