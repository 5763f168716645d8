"""`operation: update` and `operation: delete`: the mapping names the target's record by its own id."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from etl.errors import Refused
from etl.model import Item, Outcome
from etl.ports import Target
from etl.steps.batch import refusal, send_halving


@dataclass(frozen=True, slots=True)
class UpdateWriter:
    """One request per record. `id_field`: the output field that holds the target's id."""

    target: Target
    id_field: str

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        for item in items:
            try:
                yield [await self.target.update(item, item.output.get(self.id_field))]
            except Refused as refused:
                yield [refusal(item, refused)]


@dataclass(frozen=True, slots=True)
class DeleteWriter:
    """Records that are gone already count as deleted."""

    target: Target

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        async for outcomes in send_halving(items, self.target.delete):
            yield outcomes
