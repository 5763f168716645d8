"""Periods that take no more records: read once per run, asked before a record is sent into one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.connectors.rest_source import RestSource
from etl.http.paths import compile_path
from etl.model import Json, Record
from etl.ports import ReadRequest

Period = tuple[str, str, bool]


@dataclass(slots=True)
class ClosedPeriods:
    """The periods of an endpoint's `closed_periods` block. Days are compared; both ends are inside."""

    source: RestSource
    block: Mapping[str, Json]
    _periods: list[Period] | None = None
    _once: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def date(self) -> str:
        """The written field that decides."""
        return str(self.block["date"])

    async def closed(self, output: Record) -> str | None:
        """Why a record can't be written; None where it can.

        Periods of several kinds may overlap, and a record does not say of which it is: one that is open lets it pass,
        and the API has the last word.
        """
        day = str(output.get(self.date) or "")[:10]
        states = [closed for start, end, closed in await self._read() if day and start <= day <= end]
        return str(self.block.get("reason", "its period is closed")) if states and all(states) else None

    async def _read(self) -> list[Period]:
        async with self._once:
            if self._periods is None:
                self._periods = await self._load()
        return self._periods

    async def _load(self) -> list[Period]:
        start, end, closed = (compile_path(self.block[name]) for name in ("start", "end", "closed"))
        async with aclosing(self.source.pages(ReadRequest(params=self.block.get("params", {})))) as pages:
            return [
                (str(start(record))[:10], str(end(record))[:10], closed(record) is True)
                async for page in pages
                for record in page.records
            ]
