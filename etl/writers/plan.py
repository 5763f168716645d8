"""A plan's writer: notes what a run would do and sends nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from etl.model import Action, Item, Json, Outcome, Record
from etl.ports import MappingState
from etl.report import Change, MappingReport


@dataclass(frozen=True, slots=True)
class PlanWriter:
    """Judges by what the target last accepted. `shown`: an output as it may be stored and compared."""

    state: MappingState
    report: MappingReport
    shown: Callable[[Record], Record]
    delete: bool = False
    """The mapping's operation is delete."""
    by_key: bool = False
    """The target knows records by their key alone: one with another key is another record."""

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        yield [self._outcome(item) for item in items]

    def _outcome(self, item: Item) -> Outcome:
        known = item.known is not None and not item.known.gone and not self._is_another(item)
        before = (self.state.output(item.key) or {}) if known else {}
        action: Literal["create", "update", "delete"] = "delete" if self.delete else "update" if known else "create"
        fields = {} if self.delete else changed_fields(before, self.shown(item.output))
        self.report.changes.append(Change(item.key, action, fields, target_key=item.target_key, digest=item.hash.hex()))
        return Outcome(item, _DONE[action])

    def _is_another(self, item: Item) -> bool:
        return self.by_key and item.known is not None and item.known.target_key not in ("", item.target_key)


_DONE = {"create": Action.CREATED, "update": Action.UPDATED, "delete": Action.DELETED}


def changed_fields(before: Record, after: Record) -> dict[str, list[Json]]:
    """Name → [old, new] of every field that differs; old is None where there was none."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if name not in before or name not in after or before[name] != after[name]
    }
