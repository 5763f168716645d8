"""The ways in which items reach a target: idempotent batches, or a recording for a plan."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

from etl.model import Action, Change, Item, Json, MappingReport, Outcome, Record
from etl.ports import MappingState, Target
from etl.steps.batch import send_halving


@dataclass(frozen=True, slots=True)
class UpsertWriter:
    """Batches of upserts that may be sent again without harm, with per-item results."""

    target: Target

    async def write(self, items: Sequence[Item]) -> AsyncIterator[list[Outcome]]:
        async for outcomes in send_halving(items, self.target.upsert):
            yield outcomes


@dataclass(frozen=True, slots=True)
class PlanWriter:
    """Sends nothing: notes for each item what a run would do, judged by what the target last accepted."""

    state: MappingState
    report: MappingReport
    shown: Callable[[Record], Record]
    """The output as it may be shown and compared with what is stored (sensitive values hashed)."""

    async def write(self, items: Sequence[Item]) -> AsyncIterator[list[Outcome]]:
        yield [self._outcome(item) for item in items]

    def _outcome(self, item: Item) -> Outcome:
        known = item.known is not None and not item.known.gone
        before = (self.state.output(item.key) or {}) if known else {}
        change = Change(
            key=item.key,
            target_key=item.target_key,
            action="update" if known else "create",
            fields=changed_fields(before, self.shown(item.output)),
        )
        self.report.changes.append(change)
        return Outcome(item, Action.UPDATED if known else Action.CREATED)


def changed_fields(before: Record, after: Record) -> dict[str, list[Json]]:
    """Name → [old, new] of every field that differs; old is None where there was none."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if name not in before or before[name] != after.get(name)
    }
