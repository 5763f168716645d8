"""How a source is read in one run: which requests, in which order, where they may stop, and what that is in words.

What the endpoint offers decides: an updated-since filter, else a sort by the time of change read newest first until
the cursor, else all with the diff. What can change an output without the source changing brings a full read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Literal

from etl.catalogue import Endpoint, Incremental
from etl.durations import spell
from etl.errors import RecordRejected, Refused
from etl.expressions import instants
from etl.expressions.compile import compile_expression
from etl.expressions.parse import Expression, parse
from etl.expressions.scope import Scope
from etl.model import Json, Page, Record
from etl.ports import Cursor, ReadRequest, Source
from etl.specs import IncrementalSpec, ParentSpec
from etl.transform import Compiled, truthy

Kind = Literal["all", "since", "newest first"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One list request; `time` gives the instant by which its records are sorted, newest first, down to `until`."""

    request: ReadRequest
    time: Compiled | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The way of one read. `complete`: it is meant to see every record that the source has."""

    kind: Kind
    words: str
    scans: tuple[Scan, ...]
    complete: bool


def read_all(params: Mapping[str, Json], because: str = "") -> Reading:
    """Everything, compared with what was last accepted."""
    words = "reads all and compares" + (f" ({because})" if because else "")
    return Reading("all", words, (Scan(ReadRequest(params=params)),), complete=True)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What decides how one mapping is read in this run."""

    params: Mapping[str, Json]
    endpoint: Endpoint
    spec: IncrementalSpec
    cursor: Cursor | None
    fingerprint: str
    now: datetime
    timezone: str = "UTC"
    reread: bool = False
    since: str | None = None
    whole: str | None = None
    """Why the mapping must see every record, whatever the cursor says."""


def choose(wanted: Wanted) -> Reading:
    """The way to read. Raises RecordRejected where `--since` is no date."""
    offered = wanted.endpoint.incremental
    because = _why_all(wanted, offered)
    if offered is None or because is not None:
        return read_all(wanted.params, because or "")
    since = _since(wanted, offered)
    shown = since.strftime("%Y-%m-%d %H:%M:%SZ")
    if offered.param is not None:
        value = _as_param(since, offered.unit)
        request = ReadRequest(params={**wanted.params, offered.param: value})
        return Reading("since", f"reads what changed since {shown} ({offered.param})", (Scan(request),), complete=False)
    words = f"reads the newest first, back to {shown}"
    return Reading("newest first", words, tuple(_scans(wanted.params, offered, since)), complete=False)


def _why_all(wanted: Wanted, offered: Incremental | None) -> str | None:
    """Why everything is read though the endpoint may offer less; None where the cursor serves."""
    if offered is None or wanted.spec.enabled is False:
        why = "it can't be asked for what changed" if offered is None else "`incremental: false`"
        return "" if wanted.since is None else f"{why}: --since does nothing here"
    if wanted.whole is not None:
        return wanted.whole
    if wanted.since is not None:
        return None
    if wanted.reread:
        return "--reread"
    if wanted.cursor is None or wanted.cursor.value is None:
        return "first read"
    if wanted.cursor.fingerprint != wanted.fingerprint:
        return "the mapping or its connector changed"
    full_at = wanted.cursor.full_at
    if full_at is None:
        return "no read so far has surely seen all"
    if wanted.now - datetime.fromisoformat(full_at) >= timedelta(seconds=wanted.spec.full_every):
        return f"as every {spell(wanted.spec.full_every)}"
    return None


def _since(wanted: Wanted, offered: Incremental) -> datetime:
    if wanted.since is not None:
        return instants.local(wanted.since, wanted.timezone).astimezone(UTC)
    lookback = offered.lookback if wanted.spec.lookback is None else wanted.spec.lookback
    return _moment((wanted.cursor and wanted.cursor.value) or "") - timedelta(seconds=lookback)


def _scans(params: Mapping[str, Json], offered: Incremental, since: datetime) -> list[Scan]:
    """One scan by the time of change, and one by the time of creation where new records have no change yet."""
    updated, created = _times(offered.cursor)
    scans = [(offered.sort, updated)] + ([(offered.created_sort, created)] if offered.created_sort else [])
    return [
        Scan(ReadRequest(params=params, sort=(sort["sortBy"], sort["sortOrder"])), time, since)
        for sort, time in scans
        if sort is not None
    ]


def _times(cursor: str) -> tuple[Compiled, Compiled]:
    """Of `updated || created` either side; of a single time, that for both."""
    expression = parse(cursor)
    tree = expression.ast
    if tree["type"] != "or_expression":
        return compile_expression(expression), compile_expression(expression)
    left, right = (Expression(cursor[side["start"] : side["end"]], side) for side in tree["children"])
    return compile_expression(left), compile_expression(right)


def _as_param(since: datetime, unit: str | None) -> Json:
    if unit is None:
        return instants.instant(since)
    return int(since.timestamp() * (1000 if unit == "ms" else 1))


# --- reading -------------------------------------------------------------------------------------


class HighWater:
    """The latest time of change among the records read: where the next read may start."""

    def __init__(self, offered: Incremental | None, scope: Scope) -> None:
        self._time = compile_expression(parse(offered.cursor)) if offered else None
        self._unit = offered.unit if offered else None
        self._scope = scope
        self.value: datetime | None = None

    def look(self, records: list[Record]) -> None:
        """Takes note of a page. A record whose time can't be read counts for nothing."""
        if self._time is None:
            return
        for record in records:
            moment = instant_of(self._time, record, self._scope, self._unit)
            if moment is not None and (self.value is None or moment > self.value):
                self.value = moment


def instant_of(time: Compiled, record: Record, scope: Scope, unit: str | None = None) -> datetime | None:
    """The instant that an expression gives for a record; None where it gives none."""
    try:
        value = time(record, scope)
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return datetime.fromtimestamp(float(value) / (1000 if unit == "ms" else 1), UTC)
        return _moment(value) if isinstance(value, str) and value else None
    except (RecordRejected, ValueError, OverflowError, OSError):
        return None


def _moment(text: str) -> datetime:
    """Times of change without a zone are in UTC: a cursor must not depend on the project's zone."""
    return instants.local(text, "UTC").astimezone(UTC)


async def read(reading: Reading, source: Source, scope: Scope, *, start_page: int = 1) -> AsyncGenerator[Page]:
    """The pages of a reading, numbered through from 1 over all its scans."""
    number = 0
    for scan in reading.scans:
        async with aclosing(source.pages(replace(scan.request, start_page=start_page))) as pages:
            async for page in pages:
                number += 1
                page.number = number
                old = scan.until is not None and _reaches_back(page, scan, scope)
                yield page
                if old:
                    break


def _reaches_back(page: Page, scan: Scan, scope: Scope) -> bool:
    """Whether the page holds a record from before `until`. One without a time is not older than anything.

    A page out of order shows that the API does not sort as it says: then all is read.
    """
    if scan.time is None or scan.until is None:
        return False
    told = (instant_of(scan.time, record, scope) for record in page.records)
    moments = [moment for moment in told if moment is not None]
    return moments == sorted(moments, reverse=True) and bool(moments) and moments[-1] < scan.until


@dataclass(slots=True)
class Parents:
    """The outer loop of a nested endpoint: one list call per parent record that `where` keeps."""

    source: Source
    spec: ParentSpec
    where: Compiled | None
    params: Mapping[str, Compiled]
    """Path parameter of the nested endpoint → expression on the parent record."""
    refused: list[Refused] = field(default_factory=list)
    """Why a parent has no list: it was deleted meanwhile, or lacks what the address needs."""

    async def read(self, reading: Reading, source: Source, scope: Scope) -> AsyncGenerator[Page]:
        """The pages of all parents' lists; each record holds its parent under the mapping's alias.

        A parent whose list is refused is passed over, as one that was deleted while all were read; where that happens
        to every one of them, the refusal is raised.
        """
        number = 0
        async with aclosing(self.source.pages(ReadRequest(params=self.spec.params))) as outer:
            async for parents in outer:
                for parent in parents.records:
                    if self.where is not None and not truthy(self.where(parent, scope)):
                        continue
                    try:
                        async with aclosing(self._children(parent, reading, source, scope)) as pages:
                            async for page in pages:
                                number += 1
                                yield Page(number, [{**record, self.spec.alias: parent} for record in page.records])
                    except Refused as refused:
                        self.refused.append(refused)
        if self.refused and number == 0:
            raise self.refused[0]

    async def _children(self, parent: Record, reading: Reading, source: Source, scope: Scope) -> AsyncGenerator[Page]:
        """Raises Refused, also where the parent lacks what the address of its list needs."""
        path = {name: expression(parent, scope) for name, expression in self.params.items()}
        for scan in reading.scans:
            try:
                async with aclosing(source.pages(replace(scan.request, parents=path))) as pages:
                    async for page in pages:
                        yield page
            except RecordRejected as missing:
                raise Refused(f"a list can't be asked for: {missing}", status=404, reason=str(missing)) from None
