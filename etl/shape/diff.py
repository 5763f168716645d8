"""Which items the target does not have yet: compared with what it last accepted from this mapping."""

from __future__ import annotations

from dataclasses import dataclass

from etl.model import Item, LedgerEntry, Outcome
from etl.ports import MappingState, Veil
from etl.report import MappingReport
from etl.settle import CHANGED, Settlement
from etl.shape.doubles import Doubles
from etl.steps.rekeyed import Rekeyed
from etl.transform import Transform


@dataclass(frozen=True, slots=True)
class Diff:
    """`resend`: what is unchanged is sent all the same. `first`: the ledger was blank when the run began; as no key
    comes twice in a run, none has to be looked for."""

    transform: Transform
    state: MappingState
    settlement: Settlement
    report: MappingReport
    doubles: Doubles
    veil: Veil | None = None
    resend: bool = False
    first: bool = False
    rekeyed: Rekeyed | None = None

    def changed(self, items: list[Item]) -> list[Item]:
        """The items that have to be sent; the others are settled."""
        items = self._one_per_target(items)
        self.report.read += len(items)
        known = self._known(items)
        overwritten = self.doubles.overwritten(items)
        refused = self.settlement.open_rejects
        changed: list[Item] = []
        unchanged: list[Item] = []
        standing: list[Item] = []
        for item in items:
            item.known = known.get(item.key)
            same = item.known is not None and item.known.hash == item.hash and not item.known.gone
            same = same and item.target_key not in overwritten
            if item.key in refused and self.stands(item):
                standing.append(item)
            elif same and not self.resend:
                unchanged.append(item)
            else:
                changed.append(item)
                if self.doubles.last_wins and item.target_key:
                    overwritten.add(item.target_key)
        if self.rekeyed is not None:
            self.rekeyed.look(changed)
        if unchanged:
            self.settlement.unchanged(unchanged)
        if standing:
            self.settlement.standing(standing)
        self.doubles.sent(changed)
        return self._without(changed, self.doubles.stored(changed))

    def stands(self, item: Item) -> bool:
        """This very version was refused because it changed after its create: that is said once per version."""
        reject = self.settlement.open_rejects.get(item.key)
        if reject is None or reject.code != CHANGED or reject.output is None:
            return False
        return self.transform.digest(reject.output) == item.hash

    def close(self) -> None:
        """Removes what was spilled to disk."""
        self.doubles.close()

    def _known(self, items: list[Item]) -> dict[str, LedgerEntry]:
        """Source key → what was accepted. Of a sensitive target key the ledger has something else in its place: where
        that is the item's, its key."""
        if self.first:
            return {}
        known = self.state.known([item.key for item in items])
        if self.veil is not None:
            for item in items:
                entry = known.get(item.key)
                if entry is not None and entry.target_key == self.veil(item.target_key):
                    entry.target_key = item.target_key
        return known

    def _one_per_target(self, items: list[Item]) -> list[Item]:
        if not self.transform.target_key:
            return items
        doubles = self.doubles.among(items)
        self.report.read += len(doubles)
        return self._without(items, doubles)

    def _without(self, items: list[Item], refused: list[Outcome]) -> list[Item]:
        """The items but those that are refused, which count as read already."""
        if not refused:
            return items
        self.settlement.record(refused)
        out = {id(outcome.item) for outcome in refused}
        return [item for item in items if id(item) not in out]
