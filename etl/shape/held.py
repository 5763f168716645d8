"""What would be refused for sure: children of records that were rejected, and what a closed period keeps out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from etl.keys import compose, key_text
from etl.model import Action, Item, Outcome, Record
from etl.ports import MappingState


class Barrier(Protocol):
    """What is known beforehand to be refused by the target (a closed period)."""

    async def load(self) -> None:
        """Learns it, when there is something to send. Raises ConnectionFailed."""

    def why(self, output: Record) -> str | None:
        """The reason, or None."""


@dataclass(slots=True)
class Held:
    """`parents`: field (or fields, `a, b`) → target keys of its parent records that were rejected."""

    state: MappingState
    parents: dict[str, frozenset[str]] = field(default_factory=dict)
    barrier: Barrier | None = None
    _intended: frozenset[str] | None = None
    """Keys of the creates that earlier runs left open."""

    async def load(self) -> None:
        """Learns what can only be learnt from the target. Raises ConnectionFailed."""
        if self.barrier is not None:
            await self.barrier.load()

    async def among(self, items: list[Item]) -> tuple[list[Item], list[Outcome]]:
        """The items that nothing known beforehand holds back, and the rejects of the others."""
        if not items or not (self.parents or self.barrier):
            return items, []
        await self.load()
        free: list[Item] = []
        held: list[Outcome] = []
        for item in items:
            outcome = self.back(item)
            if outcome is None:
                free.append(item)
            else:
                held.append(outcome)
        return free, held

    def back(self, item: Item) -> Outcome | None:
        """The reject of an item that would be refused for sure; None for one that nothing is known against."""
        for names, keys in self.parents.items():
            fields = names.split(", ")
            parent = _key_in(item.output, fields)
            if parent in keys:
                reason = f"its parent {parent!r} was rejected; it follows once that is accepted"
                return Outcome(item, Action.REJECTED, reason=reason, field=fields[-1], code="parent")
        closed = self.barrier.why(item.output) if self.barrier is not None else None
        if closed is None or self._may_be_there(item):
            return None
        return Outcome(item, Action.REJECTED, reason=closed, code="closed-period")

    def _may_be_there(self, item: Item) -> bool:
        """An earlier run may have created it, when that could still be done: that is looked up first."""
        if self._intended is None:
            self._intended = frozenset(intent.key for intent in self.state.intents())
        return item.key in self._intended


def _key_in(output: Record, names: Sequence[str]) -> str | None:
    """The key that these fields hold together; None where one of them is null."""
    parts = [text for name in names if (text := key_text(output.get(name))) is not None]
    return compose(parts) if len(parts) == len(names) else None
