"""Holds a run to a plan: what is not in it, or not so, is not sent."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from etl.errors import LimitReached
from etl.model import LATER, Action, Item, Outcome
from etl.report import PlannedWrite

NOT_PLANNED = "too little was known of it when the plan was made; the next run sends it"


class Writer(Protocol):
    def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]: ...


@dataclass(frozen=True, slots=True)
class GuardedWriter:
    """`planned`: source key → what the plan does with it."""

    writer: Writer
    planned: Mapping[str, PlannedWrite]

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises LimitReached before a batch of which one record is not as planned."""
        later = [item for item in items if self._was_left(item)]
        if later:
            yield [Outcome(item, Action.REJECTED, reason=NOT_PLANNED, code=LATER) for item in later]
            items = [item for item in items if not self._was_left(item)]
        for item in items:
            planned = self.planned.get(item.key)
            if planned is None or (planned.target_key, planned.digest) != (item.target_key, item.hash.hex()):
                raise LimitReached(
                    f"record {item.key} is not in the plan, or no longer so: source or target moved on meanwhile; "
                    "it and what would have followed was not sent",
                    "make a new plan",
                )
        if not items:
            return
        async with aclosing(self.writer.write(items)) as writing:
            async for outcomes in writing:
                yield outcomes

    def _was_left(self, item: Item) -> bool:
        planned = self.planned.get(item.key)
        return planned is not None and not planned.digest
