"""One endpoint of a REST API that is read: pages in order, several asked for ahead where their addresses are known."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path

from etl.catalogue import Connector, Endpoint, Op, Window
from etl.connectors.rest_records import RecordReader
from etl.connectors.rest_request import fill_path, fill_query, list_query, sort_query, without
from etl.errors import ConnectionFailed, Refused, UsageError
from etl.http.answer import Answer, Call
from etl.http.client import HttpClient
from etl.http.numbered import NumberedRead
from etl.http.paging import Chain, Numbered, PagingFailed, Step, Totals, build_paging
from etl.http.paths import compile_path
from etl.keys import key_text
from etl.model import Json, Page, Record
from etl.ports import ReadRequest

Query = list[tuple[str, str]]

UNTHROTTLED_AHEAD = 4
MOST_AHEAD = 32
MOST_REREADS = 20


@dataclass(slots=True)
class RestSource:
    """Reads one endpoint. `remarks` gathers what was odd about the answers; `disturbed` is true after a read that the
    API's own counters contradict: what it did not bring may exist all the same."""

    client: HttpClient
    connector: Connector
    endpoint: Endpoint
    zone: tzinfo = UTC
    remarks: list[str] = field(default_factory=list)
    disturbed: bool = False

    # --- lists ---------------------------------------------------------------------------------------

    async def pages(self, request: ReadRequest) -> AsyncGenerator[Page, None]:
        op = self._op("list")
        reader = self._reader(op)
        number = 0
        slices = list(self._slices(op, request.params))
        for params in slices:
            query = self._query(op, replace(request, params=params))
            first = request.start_page if len(slices) == 1 else 1
            async with aclosing(self._read(op, fill_path(op.path, request.parents), query, first, reader)) as read:
                async for page in read:
                    number = page.number if len(slices) == 1 else number + 1
                    place = page.place if len(slices) == 1 else 0
                    yield Page(number, reader.clean(page.records), page.total, place)

    async def _read(
        self, op: Op, path: str, query: Query, first: int, reader: RecordReader
    ) -> AsyncGenerator[Page, None]:
        """Pages of raw records."""
        paging = build_paging(op.paging)
        fetch = Fetch(self.client, op, path, query)
        pages = (
            _Numbered(paging, first, fetch, reader, self).pages()
            if isinstance(paging, Numbered)
            else _chained(paging, Totals.from_config(op.paging), fetch, reader)
        )
        try:
            async with aclosing(pages):
                async for page in pages:
                    yield page
        except PagingFailed as error:
            raise ConnectionFailed(f"{reader.what}: {error.message}", error.hint) from None

    def _query(self, op: Op, request: ReadRequest) -> Query:
        asked = [*sort_query(op, request.sort), *list_query(op, request.params, self.connector.wire, self.zone)]
        fixed = fill_query(op.query, request.parents, self.connector.wire)
        return [*without(fixed, asked), *asked]

    def _slices(self, op: Op, params: Mapping[str, Json]) -> Iterator[Mapping[str, Json]]:
        """The params once for each window of dates that the API allows; oldest first, no day twice."""
        window = op.window
        if window is None or not _is_open(window, params):
            if window is not None and window.required:
                raise UsageError(
                    f"{self._what}: both '{window.start}' and '{window.end}' must be given",
                    f"name them under source.params; longer spans are asked for in slices of {window.days} days",
                )
            yield params
            return
        start, end = _day(params[window.start]), _day(params[window.end])
        while start <= end:
            until = min(end, start + timedelta(days=window.days - 1))
            yield {**params, window.start: start.isoformat(), window.end: until.isoformat()}
            start = until + timedelta(days=1)

    # --- single records ------------------------------------------------------------------------------

    async def detail(self, record: Record, parents: Mapping[str, Json] | None = None) -> Record:
        """The record's full form over its list form. `parents`: path parameters of a nested endpoint."""
        return {**record, **await self.get({**record, "id": record.get(self.endpoint.id_field), **(parents or {})})}

    @property
    def can_get(self) -> bool:
        """A single record can be asked for."""
        return "get" in self.endpoint.operations or self.endpoint.read_one is not None

    async def get(self, values: Mapping[str, Json]) -> Record:
        """One record in full; `values` fill the names in the operation's path and query. Raises Refused."""
        if "get" not in self.endpoint.operations and self.endpoint.read_one is not None:
            return await self._get_from_list(self.endpoint.read_one, values)
        op = self._op("get")
        query = fill_query(op.query, values, self.connector.wire)
        call = Call(op.method, fill_path(op.path, values), query, reads=True)
        return self._reader(op).one(await self.client.request(call))

    async def _get_from_list(self, block: Mapping[str, Json], values: Mapping[str, Json]) -> Record:
        """The record with the id wanted among those that the list gives for it: filters are not trusted alone."""
        params = {name: compile_path(place)(values) for name, place in block["params"].items()}
        wanted = key_text(values["id"])
        async with aclosing(self.pages(ReadRequest(params=params, parents=values))) as pages:
            async for page in pages:
                for record in page.records:
                    if key_text(record.get(self.endpoint.id_field)) == wanted:
                        return record
        raise Refused(
            f"{self._what}: no record has the id {wanted}", status=404, reason=f"no record has the id {wanted}"
        )

    async def download(self, record: Record, path: Path, parents: Mapping[str, Json] | None = None) -> int:
        """Writes the record's content to a file, whole or not at all; its size in bytes. Raises Refused."""
        op = self._op("download")
        values = {**record, "id": record.get(self.endpoint.id_field), **(parents or {})}
        query = fill_query(op.query, values, self.connector.wire)
        call = Call(op.method, fill_path(op.path, values), query, headers={"Accept": "*/*"}, reads=True)
        return await self.client.download(call, path)

    # --- help ----------------------------------------------------------------------------------------

    @property
    def _what(self) -> str:
        return f"{self.client.report.name}: {self.endpoint.name}"

    def _op(self, name: str) -> Op:
        for known, op in self.endpoint.operations.items():
            if known == name:
                return op
        raise UsageError(f"{self._what} has no operation '{name}'", "see what it has: etl connectors")

    def _reader(self, op: Op) -> RecordReader:
        return RecordReader.build(self._what, op, self.endpoint.fields, self.connector.wire.strip)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Asks for one page of a list."""

    client: HttpClient
    op: Op
    path: str
    query: Query

    async def __call__(self, step: Step) -> Answer:
        if step.url is not None:
            return await self.client.request(Call(self.op.method, step.url, reads=True))
        query = [*without(self.query, step.query), *step.query]
        return await self.client.request(Call(self.op.method, self.path, query, reads=True))

    def ahead(self) -> int:
        """How many pages to have under way: as many as the rate starts while one answer is awaited, and some."""
        rate = self.client.throttle.rate
        if rate is None:
            return UNTHROTTLED_AHEAD
        return min(MOST_AHEAD, math.ceil(rate * self.client.latency) + 2)


async def _chained(chain: Chain, totals: Totals, fetch: Fetch, reader: RecordReader) -> AsyncGenerator[Page, None]:
    step: Step | None = chain.first()
    while step is not None:
        answer = await fetch(step)
        records = reader.raw(answer)
        following = chain.after(step, answer, len(records))
        yield Page(step.number, records, totals.records(answer))
        step = following


@dataclass(slots=True)
class _Numbered:
    """A read of numbered pages: some under way at once, taken in order."""

    paging: Numbered
    first: int
    fetch: Fetch
    reader: RecordReader
    source: RestSource
    under_way: deque[asyncio.Task[Answer]] = field(default_factory=deque)

    async def pages(self) -> AsyncGenerator[Page, None]:
        read = NumberedRead(self.paging, self.first)
        try:
            async with aclosing(self._in_order(read)) as pages:
                async for page in pages:
                    yield page
        finally:
            for task in self.under_way:
                task.cancel()
            await asyncio.gather(*self.under_way, return_exceptions=True)
            if read.remarks:
                self.source.remarks += [text for text in read.remarks if text not in self.source.remarks]
                self.source.disturbed = self.source.disturbed or read.disturbed

    async def _in_order(self, read: NumberedRead) -> AsyncGenerator[Page, None]:
        number, count = self.first, 0
        while True:
            self._ask(read, number)
            try:
                answer = await self.under_way.popleft()
            except Refused:
                if read.beyond(number):
                    return
                raise
            records = self.reader.raw(answer)
            verdict = read.after(number, answer, records)
            place = number if verdict.again_from is None else verdict.again_from - 1
            yield Page(number, records, self.paging.totals.records(answer), place)
            end = verdict.end
            if verdict.again_from is not None:
                async with aclosing(self._again(read, verdict.again_from, number)) as pages:
                    async for page in pages:
                        yield page
                        count = len(page.records)
                end = read.ended(number, count)
            if end:
                return
            number += 1

    def _ask(self, read: NumberedRead, number: int) -> None:
        """Asks for page `number`, if that has not been done, and for those after it that surely exist."""
        horizon = min(read.horizon(number), number + self.fetch.ahead() - 1)
        while number + len(self.under_way) <= horizon:
            step = self.paging.step(number + len(self.under_way), read.size)
            self.under_way.append(asyncio.create_task(self.fetch(step)))

    async def _again(self, read: NumberedRead, first: int, last: int) -> AsyncGenerator[Page, None]:
        """Reads pages again, one by one, until the total holds still between them; duplicates are dropped later."""
        for _ in range(MOST_REREADS):
            shrunk = 0
            for number in range(first, last + 1):
                answer = await self.fetch(self.paging.step(number, read.size))
                records = self.reader.raw(answer)
                shrunk = read.again(number, answer, len(records))
                if shrunk:
                    first = max(1, number - math.ceil(shrunk / read.size))
                yield Page(last, records, self.paging.totals.records(answer), first - 1 if shrunk else number)
                if shrunk:
                    break
            if not shrunk:
                return
        read.disturb(f"the number of records kept falling while page {last} was read")


def _is_open(window: Window, params: Mapping[str, Json]) -> bool:
    return bool(params.get(window.start)) and bool(params.get(window.end))


def _day(value: Json) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise UsageError(f"{value!r} is no date", "write 2026-04-01") from None
