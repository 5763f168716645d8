"""Idempotent upserts: batches that may be sent again without harm."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from etl.model import Item, Outcome
from etl.ports import Target
from etl.steps.batch import send_halving


@dataclass(frozen=True, slots=True)
class UpsertWriter:
    """One request per batch, its per-item results read one by one; a refused batch is halved."""

    target: Target

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        async for outcomes in send_halving(items, self.target.upsert):
            yield outcomes
