"""Server faults of single records: one may be the record's own, several in a row are the target's."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from etl.errors import ConnectionFailed, Refused
from etl.model import Item, Outcome
from etl.steps.batch import Send, refusal, send_halving

MOST_IN_A_ROW = 3


@dataclass(slots=True)
class Faults:
    """Counts them over all writers of a mapping."""

    _in_a_row: int = 0

    def outcome(self, item: Item, refused: Refused) -> Outcome:
        """The record's reject. Raises ConnectionFailed where the target seems to be down."""
        if not refused.server_fault:
            self._in_a_row = 0
            return refusal(item, refused)
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            raise ConnectionFailed(
                f"the target failed with HTTP {refused.status} for {self._in_a_row} records in a row: {refused.reason}",
                "it seems to be down; what was written before is recorded, a rerun goes on from there",
            )
        return refusal(item, refused)

    def none(self) -> None:
        """A record was accepted."""
        self._in_a_row = 0

    async def batch(self, items: Sequence[Item], send: Send) -> AsyncGenerator[list[Outcome]]:
        """One request for all, halved where it is refused. A single record can't be halved: its fault may be its own.

        Raises ConnectionFailed where the target seems to be down.
        """
        if len(items) == 1:
            yield await self._alone(items[0], send)
            return
        async with aclosing(send_halving(items, send)) as sending:
            async for outcomes in sending:
                self.none()
                yield outcomes

    async def _alone(self, item: Item, send: Send) -> list[Outcome]:
        try:
            outcomes = await send([item])
        except Refused as refused:
            return [self.outcome(item, refused)]
        self.none()
        return outcomes
