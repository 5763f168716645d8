"""Closed periods of a target: read once per run, so that what they would refuse is known before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.assemble.connections import Connections
from etl.catalogue import Endpoint
from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import Json, Record
from etl.ports import ReadRequest, Source
from etl.specs import MappingSpec
from etl.transform import truthy


@dataclass(frozen=True, slots=True)
class Period:
    """Calendar days, both ends inside."""

    start: str
    end: str
    closed: bool
    name: str


@dataclass(slots=True)
class ClosedPeriods:
    """Says why a record's day takes no more records. Asks the target only when there is something to send.

    Periods of several templates may overlap, and a record does not show of which it is: one that is open lets it pass,
    and the API has the last word.
    """

    source: Source
    block: Mapping[str, Json]
    scope: Scope
    _periods: list[Period] | None = None
    _reasons: dict[str, str | None] = field(default_factory=dict)
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> None:
        """Reads the periods, once."""
        async with self._turn:
            if self._periods is None:
                self._periods = await self._read()

    def why(self, output: Record) -> str | None:
        """The reason, or None; before `load` nothing is known of any day."""
        day = str(output.get(self.block["date"]) or "")[:10]
        if day not in self._reasons:
            self._reasons[day] = self._judged(day)
        return self._reasons[day]

    def _judged(self, day: str) -> str | None:
        around = [period for period in self._periods or () if day and period.start <= day <= period.end]
        if not around or not all(period.closed for period in around):
            return None
        first = around[0]
        named = f"{first.name}: " if first.name else ""
        return f"{self.block.get('reason', 'its period is closed')} ({named}{first.start} to {first.end})"

    async def _read(self) -> list[Period]:
        closed = compile_expression(parse(self.block["closed"]))
        start, end = self.block["start"], self.block["end"]
        async with aclosing(self.source.pages(ReadRequest(params=self.block.get("params", {})))) as pages:
            return [
                Period(
                    str(record[start])[:10],
                    str(record[end])[:10],
                    truthy(closed(record, self.scope)),
                    str(record.get("name") or ""),
                )
                async for page in pages
                for record in page.records
                if record.get(start) and record.get(end)
            ]


def closed_periods(spec: MappingSpec, target: Endpoint, connections: Connections, scope: Scope) -> ClosedPeriods | None:
    """The periods that a mapping's target has; None where it has none, or where nothing is created in them."""
    block = target.closed_periods
    if block is None or spec.target.operation == "delete":
        return None
    return ClosedPeriods(connections.source(spec.target.connection, block["endpoint"]), block, scope)
