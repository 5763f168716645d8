"""Updates and deletes of records whose id is known: the mapping names it, or the ledger does."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.errors import Refused
from etl.model import Action, Item, Json, Outcome
from etl.ports import Target
from etl.writers.faults import Faults


@dataclass(frozen=True, slots=True)
class UpdateWriter:
    """One request per record. `id_field`: the output field that holds the target's id; None: the ledger knows it."""

    target: Target
    id_field: str | None
    _faults: Faults = field(default_factory=Faults)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises ConnectionFailed where the target is down."""
        for item in items:
            yield [await self._updated(item)]

    async def _updated(self, item: Item) -> Outcome:
        target_id = self._id_of(item)
        if target_id is None:
            reason = "its id in the target is not known"
            return Outcome(item, Action.REJECTED, reason=reason, field=self.id_field, code="no-id")
        try:
            outcome = await self.target.update(item, target_id)
        except Refused as refused:
            return self._faults.outcome(item, refused)
        if outcome.action is not Action.REJECTED:
            self._faults.none()
        return outcome

    def _id_of(self, item: Item) -> Json:
        if self.id_field is not None:
            return item.output.get(self.id_field)
        return item.known.target_id if item.known is not None else None


@dataclass(frozen=True, slots=True)
class DeleteWriter:
    """Records that are gone already count as deleted."""

    target: Target
    _faults: Faults = field(default_factory=Faults)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        async with aclosing(self._faults.batch(items, self.target.delete)) as sending:
            async for outcomes in sending:
                yield outcomes
