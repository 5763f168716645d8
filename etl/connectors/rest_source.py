"""One endpoint of a REST API that is read: pages in order, several asked for ahead where their addresses are known."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, date, timedelta, tzinfo
from pathlib import Path

from etl.catalogue import Connector, Endpoint, Op, Window
from etl.connectors.rest_arrivals import Arrivals
from etl.connectors.rest_moves import Moves
from etl.connectors.rest_pages import Fetch, NumberedPages, Query, chained
from etl.connectors.rest_records import RecordReader
from etl.connectors.rest_request import fill_path, fill_query, list_query, sort_query, without
from etl.errors import ConnectionFailed, Refused, UsageError
from etl.http.answer import Call
from etl.http.client import HttpClient
from etl.http.paging import Numbered, PagingFailed, Totals, build_paging
from etl.http.paths import compile_path
from etl.keys import key_text
from etl.model import Json, Page, Record
from etl.ports import ReadRequest


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
        """What the list operation gives. Raises ConnectionFailed, Refused."""
        op = self._op("list")
        reader = self._reader(op)
        number = 0
        slices = list(self._slices(op, request.params))
        for params in slices:
            query = self._query(op, replace(request, params=params))
            first = request.start_page if len(slices) == 1 else 1
            watch = self._watch(op, first) if request.sort is None else None
            path = fill_path(op.path, request.parents)
            async with aclosing(self._read(op, path, query, first, reader, watch)) as read:
                async for page in read:
                    number = page.number if len(slices) == 1 else number + 1
                    place = page.place if len(slices) == 1 else 0
                    yield Page(number, reader.clean(page.records), page.total, place)

    def _watch(self, op: Op, first: int) -> Arrivals | Moves | None:
        """What sees that records were missed; of a read that goes on, the keys tell nothing of the whole."""
        return Arrivals.of(self.endpoint, op) or (Moves.of(self.endpoint) if first == 1 else None)

    def _remark(self, text: str, disturbed: bool) -> None:
        """Notes what was odd about a read; once, however often it is met."""
        self.disturbed = self.disturbed or disturbed
        if text not in self.remarks:
            self.remarks.append(text)

    async def _read(
        self, op: Op, path: str, query: Query, first: int, reader: RecordReader, watch: Arrivals | Moves | None
    ) -> AsyncGenerator[Page, None]:
        """Pages of raw records."""
        paging = build_paging(op.paging)
        fetch = Fetch(self.client, op, path, query)
        pages = (
            NumberedPages(paging, first, fetch, reader, self._remark, watch).pages()
            if isinstance(paging, Numbered)
            else chained(paging, Totals.from_config(op.paging), fetch, reader, self._remark)
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


def _is_open(window: Window, params: Mapping[str, Json]) -> bool:
    return bool(params.get(window.start)) and bool(params.get(window.end))


def _day(value: Json) -> date:
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        raise UsageError(f"{value!r} is no date", "write 2026-04-01") from None
