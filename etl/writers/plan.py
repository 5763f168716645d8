"""A plan's writer: notes what a run would do and sends nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

from etl.errors import RecordRejected, Refused
from etl.expressions.equality import equal
from etl.keys import canonical
from etl.model import PLANNED_ID, Action, Item, Json, Outcome, Record
from etl.ports import MappingState
from etl.report import Change, MappingReport
from etl.settle import CHANGED
from etl.specs import Operation
from etl.steps.batch import refusal
from etl.writers.sight import Seen, Sight

Verb = Literal["create", "update", "create or update", "delete"]


@dataclass(frozen=True, slots=True)
class PlanWriter:
    """Looks at the target where that can be read, else judges by what it last accepted.

    `shown`: an output as it may be stored and compared.
    """

    state: MappingState
    report: MappingReport
    shown: Callable[[Record], Record]
    operation: Operation = "upsert"
    by_key: bool = False
    """The target knows records by their key alone: one with another key is another record."""
    no_update: str | None = None
    """Why what was created stays as it is; None where it can be updated."""
    sight: Sight | None = None
    gives_ids: bool = False
    """The target gives a new record its id, which a plan can't know."""

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """All at once where only the ledger is asked; one by one where the target is, which may fail in between."""
        if self.sight is None:
            yield [await self._outcome(item) for item in items]
            return
        for item in items:
            yield [await self._outcome(item)]

    async def _outcome(self, item: Item) -> Outcome:
        if self.no_update is not None and _is_there(item):
            return Outcome(item, Action.REJECTED, reason=self.no_update, code=CHANGED)
        try:
            seen = None if self.sight is None else await self.sight.of(item)
        except RecordRejected as rejected:
            return Outcome(item, Action.REJECTED, reason=rejected.reason, field=rejected.field, code=rejected.code)
        except Refused as refused:
            return refusal(item, refused)
        return self._by_ledger(item) if seen is None else self._by_sight(item, seen)

    def _by_sight(self, item: Item, seen: Seen) -> Outcome:
        if seen.values is None:
            return self._noted(item, "create", {})
        before = self.shown(seen.values)
        moved = blake2b(canonical([seen.id, before]), digest_size=16).hexdigest()
        return self._noted(item, "update", before, target_id=seen.id, seen=moved)

    def _by_ledger(self, item: Item) -> Outcome:
        if self.operation in ("delete", "update"):
            before = (self.state.output(item.key) or {}) if self.operation == "update" else {}
            return self._noted(item, self.operation, before)
        if _is_there(item) and not self._is_another(item):
            return self._noted(item, "update", self.state.output(item.key) or {})
        return self._noted(item, "create or update" if self.by_key else "create", {})

    def _noted(self, item: Item, verb: Verb, before: Record, *, target_id: Json = None, seen: str = "") -> Outcome:
        fields = {} if verb == "delete" else changed_fields(before, self.shown(item.output))
        change = Change(item.key, verb, fields, target_key=item.target_key, digest=item.hash.hex(), seen=seen)
        self.report.changes.append(change)
        if verb == "create" and self.gives_ids:
            target_id = PLANNED_ID
        return Outcome(item, _DONE[verb], target_id=target_id)

    def _is_another(self, item: Item) -> bool:
        return self.by_key and item.known is not None and item.known.target_key not in ("", item.target_key)


_DONE = {
    "create": Action.CREATED,
    "create or update": Action.CREATED,
    "update": Action.UPDATED,
    "delete": Action.DELETED,
}


def _is_there(item: Item) -> bool:
    return item.known is not None and not item.known.gone


def changed_fields(before: Record, after: Record) -> dict[str, list[Json]]:
    """Name → [old, new] of every field that differs; old is None where there was none."""
    names = [*after, *(name for name in before if name not in after)]
    return {
        name: [before.get(name), after.get(name)]
        for name in names
        if name not in before or name not in after or not equal(before[name], after[name])
    }
