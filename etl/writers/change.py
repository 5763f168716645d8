"""`operation: update` and `operation: delete`: the mapping names the target's record by its own id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from etl.errors import Refused
from etl.model import Action, Item, Outcome
from etl.ports import Target
from etl.steps.batch import send_halving
from etl.writers.faults import Faults


@dataclass(frozen=True, slots=True)
class UpdateWriter:
    """One request per record. `id_field`: the output field that holds the target's id."""

    target: Target
    id_field: str
    _faults: Faults = field(default_factory=Faults)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises ConnectionFailed where the target is down."""
        for item in items:
            yield [await self._updated(item)]

    async def _updated(self, item: Item) -> Outcome:
        try:
            outcome = await self.target.update(item, item.output.get(self.id_field))
        except Refused as refused:
            return self._faults.outcome(item, refused)
        if outcome.action is not Action.REJECTED:
            self._faults.none()
        return outcome


@dataclass(frozen=True, slots=True)
class DeleteWriter:
    """Records that are gone already count as deleted."""

    target: Target

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        async for outcomes in send_halving(items, self.target.delete):
            yield outcomes
