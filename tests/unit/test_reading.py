"""How a source is read: as little as its endpoint allows, and never so little that a change is missed."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.catalogue import Endpoint, Incremental
from etl.errors import RecordRejected, Refused
from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import Page, Record
from etl.ports import Cursor, ReadRequest
from etl.reading import HighWater, Parents, Reading, Wanted, choose, read, read_all
from etl.specs import IncrementalSpec, ParentSpec

NOW = datetime(2026, 4, 10, 12, 0, tzinfo=UTC)
SCOPE = Scope(now=NOW)
FILTER = Incremental(cursor="lastUpdated || created", param="filter.since", lookback=600.0)
SORT = Incremental(
    cursor="updated || created",
    sort={"sortBy": "updatedDate", "sortOrder": "descending"},
    created_sort={"sortBy": "createdDate", "sortOrder": "descending"},
    lookback=600.0,
)


def wanted(offered: Incremental | None, **changes: Any) -> Wanted:
    """A later read of a mapping that has read in full two days ago."""
    usual = Wanted(
        params={"filter.query": "x"},
        endpoint=Endpoint("things", {}, {}, incremental=offered),
        spec=IncrementalSpec(),
        cursor=Cursor("2026-04-10T10:00:00Z", "same", "2026-04-08T12:00:00+00:00"),
        fingerprint="same",
        now=NOW,
    )
    return replace(usual, **changes)


# --- which way -----------------------------------------------------------------------------------


def test_a_filter_for_changes_is_used_from_the_cursor_less_the_look_back() -> None:
    reading = choose(wanted(FILTER))
    assert (reading.kind, reading.complete) == ("since", False)
    [scan] = reading.scans
    assert scan.request.params == {"filter.query": "x", "filter.since": "2026-04-10T09:50:00Z"}
    assert reading.words == "reads what changed since 2026-04-10 09:50:00Z (filter.since)"


def test_without_a_filter_the_newest_come_first_by_change_and_by_creation() -> None:
    reading = choose(wanted(SORT))
    assert (reading.kind, reading.complete) == ("newest first", False)
    assert [scan.request.sort for scan in reading.scans] == [
        ("updatedDate", "descending"),
        ("createdDate", "descending"),
    ]
    assert {scan.until for scan in reading.scans} == {datetime(2026, 4, 10, 9, 50, tzinfo=UTC)}
    assert reading.words == "reads the newest first, back to 2026-04-10 09:50:00Z"


def test_where_a_time_of_change_is_never_null_one_scan_will_do() -> None:
    offered = Incremental(cursor="changed", sort={"sortBy": "changed", "sortOrder": "desc"})
    assert len(choose(wanted(offered)).scans) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cursor": None}, "reads all and compares (first read)"),
        ({"cursor": Cursor(None, "same", None)}, "reads all and compares (first read)"),
        ({"fingerprint": "other"}, "reads all and compares (the mapping or its connector changed)"),
        ({"reread": True}, "reads all and compares (--reread)"),
        ({"whole": "to see what is gone"}, "reads all and compares (to see what is gone)"),
        ({"now": NOW + timedelta(days=5)}, "reads all and compares (as every 7 days)"),
        ({"spec": IncrementalSpec(full_every=86400.0)}, "reads all and compares (as every 24 h)"),
        (
            {"cursor": Cursor("2026-04-10T10:00:00Z", "same", None)},
            "reads all and compares (no read so far has surely seen all)",
        ),
        ({"spec": IncrementalSpec(enabled=False)}, "reads all and compares"),
    ],
)
def test_what_brings_a_full_read(changes: dict[str, Any], words: str) -> None:
    for offered in (FILTER, SORT):
        reading = choose(wanted(offered, **changes))
        assert (reading.kind, reading.complete, reading.words) == ("all", True, words)
        assert [scan.request for scan in reading.scans] == [ReadRequest(params={"filter.query": "x"})]


def test_an_endpoint_that_offers_nothing_is_read_in_full() -> None:
    assert choose(wanted(None)).words == "reads all and compares"


def test_a_date_on_the_command_line_takes_the_cursor_s_place() -> None:
    reading = choose(wanted(FILTER, since="2026-01-01", timezone="Europe/Stockholm"))
    assert reading.scans[0].request.params["filter.since"] == "2025-12-31T23:00:00Z"
    first = choose(wanted(FILTER, since="2026-01-01", cursor=None))
    assert first.scans[0].request.params["filter.since"] == "2026-01-01T00:00:00Z"


def test_what_is_no_date_is_refused() -> None:
    with pytest.raises(RecordRejected):
        choose(wanted(FILTER, since="yesterday"))


def test_a_mapping_that_must_see_all_does_so_whatever_the_command_line_says() -> None:
    assert choose(wanted(FILTER, since="2026-04-01", whole="to see what is gone")).complete


def test_the_mapping_s_look_back_goes_before_the_connector_s() -> None:
    reading = choose(wanted(FILTER, spec=IncrementalSpec(lookback=3600.0)))
    assert reading.scans[0].request.params["filter.since"] == "2026-04-10T09:00:00Z"


@pytest.mark.parametrize(("unit", "value"), [("ms", 1775814600000), ("s", 1775814600)])
def test_a_cursor_may_be_a_number(unit: str, value: int) -> None:
    offered = Incremental(cursor="changed", param="since", unit=unit, lookback=600.0)
    assert choose(wanted(offered)).scans[0].request.params["since"] == value


# --- the pages -----------------------------------------------------------------------------------


@dataclass
class SortedSource:
    """Sorts and filters as asked, pages of ten; `nulls_first`: where it puts what has no time of change."""

    records: list[Record]
    nulls_first: bool = False
    sorts: bool = True
    asked: list[tuple[Any, int]] = field(default_factory=list)

    async def pages(self, request: ReadRequest) -> AsyncGenerator[Page, None]:
        rows = self._sorted(request.sort)
        for number in range(request.start_page, max(1, math.ceil(len(rows) / 10)) + 1):
            self.asked.append((request.sort and request.sort[0], number))
            yield Page(number, rows[(number - 1) * 10 : number * 10], len(rows), number)

    def _sorted(self, sort: tuple[str, str] | None) -> list[Record]:
        if sort is None or not self.sorts:
            return self.records
        name = {"updatedDate": "updated", "createdDate": "created"}[sort[0]]
        with_time = sorted((one for one in self.records if one[name]), key=lambda one: one[name], reverse=True)
        without = [one for one in self.records if not one[name]]
        return without + with_time if self.nulls_first else with_time + without

    async def detail(self, record: Record, parents: object = None) -> Record:
        raise NotImplementedError


def records(count: int, **changes: str) -> list[Record]:
    """Created one a minute from 06:00 on, never changed; `changes`: id → time of change."""
    start = datetime(2026, 4, 10, 6, 0, tzinfo=UTC)
    return [
        {
            "id": n,
            "created": (start + timedelta(minutes=n)).strftime("%Y-%m-%d %H:%M:%S +00:00"),
            "updated": changes.get(f"n{n}"),
        }
        for n in range(1, count + 1)
    ]


def ids(reading: Reading, source: SortedSource, start_page: int = 1) -> list[int]:
    async def all_ids() -> list[int]:
        return [
            record["id"]
            async for page in read(reading, source, SCOPE, start_page=start_page)
            for record in page.records
        ]

    return asyncio.run(all_ids())


def newest(until: str) -> Reading:
    return choose(wanted(SORT, cursor=Cursor(until, "same", "2026-04-08T12:00:00Z")))


def test_reading_newest_first_stops_at_the_cursor() -> None:
    source = SortedSource(records(200, n3="2026-04-10 09:30:00 +00:00"))
    found = ids(newest("2026-04-10T09:15:00Z"), source)
    assert 3 in found
    assert set(range(186, 201)) <= set(found)
    assert source.asked == [("updatedDate", n) for n in range(1, 21)] + [("createdDate", n) for n in range(1, 3)]


@pytest.mark.parametrize("nulls_first", [True, False])
def test_new_records_without_a_time_of_change_are_found_wherever_they_stand(nulls_first: bool) -> None:
    many = {f"n{n}": f"2026-04-10 07:{n % 60:02}:00 +00:00" for n in range(1, 60)}
    source = SortedSource([*records(59, **many), *records(70)[59:]], nulls_first)
    found = ids(newest("2026-04-10T07:15:00Z"), source)
    assert set(range(60, 71)) <= set(found)


def test_an_api_that_does_not_sort_as_it_says_is_read_to_its_end() -> None:
    source = SortedSource(records(50, n1="2026-04-10 06:01:30 +00:00", n2="2026-04-10 11:00:00 +00:00"), sorts=False)
    assert set(ids(newest("2026-04-10T10:00:00Z"), source)) == set(range(1, 51))


@given(
    st.lists(st.tuples(st.integers(0, 400), st.none() | st.integers(0, 400)), max_size=60),
    st.integers(0, 400),
    st.booleans(),
)
def test_every_change_since_the_cursor_is_found(
    times: list[tuple[int, int | None]], since: int, nulls_first: bool
) -> None:
    start = datetime(2026, 4, 10, 0, 0, tzinfo=UTC)

    def spelled(minutes: int) -> str:
        return (start + timedelta(minutes=minutes)).strftime("%Y-%m-%d %H:%M:%S +00:00")

    rows = [
        {
            "id": n,
            "created": spelled(created),
            "updated": None if later is None else spelled(max(created, later)),
        }
        for n, (created, later) in enumerate(times)
    ]
    cursor = (start + timedelta(minutes=since)).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = set(ids(newest(cursor), SortedSource(rows, nulls_first)))
    changed = {
        n for n, (created, later) in enumerate(times) if max(created, -1 if later is None else later) >= since - 10
    }
    assert changed <= found


def test_a_full_read_goes_on_at_a_page() -> None:
    source = SortedSource(records(50))
    assert ids(read_all({}), source, start_page=4) == list(range(31, 51))


def test_pages_are_numbered_through_and_keep_their_place_at_the_source() -> None:
    async def main() -> list[tuple[int, int]]:
        pages = read(read_all({}), SortedSource(records(50)), SCOPE, start_page=4)
        return [(page.number, page.place) async for page in pages]

    assert asyncio.run(main()) == [(1, 4), (2, 5)]


# --- the cursor ----------------------------------------------------------------------------------


def test_the_latest_time_of_change_or_creation_is_noted() -> None:
    water = HighWater(SORT, SCOPE)
    water.look(records(5, n2="2026-04-10 09:30:00 +00:00"))
    water.look([{"id": 9, "created": None, "updated": None}, {"id": 10}, {"id": 11, "created": "soon"}])
    assert water.value == datetime(2026, 4, 10, 9, 30, tzinfo=UTC)


def test_numbers_are_times_where_the_connector_says_so() -> None:
    water = HighWater(Incremental(cursor="changed", param="since", unit="ms"), SCOPE)
    water.look([{"changed": 1775816400000}, {"changed": True}, {"changed": 1e30}])
    assert water.value == datetime(2026, 4, 10, 10, 20, tzinfo=UTC)


def test_times_of_change_without_a_zone_do_not_depend_on_the_project_s() -> None:
    water = HighWater(SORT, replace(SCOPE, timezone="America/New_York"))
    water.look([{"created": "2026-04-10 09:30:00", "updated": None}])
    assert water.value == datetime(2026, 4, 10, 9, 30, tzinfo=UTC)


def test_without_incremental_there_is_no_cursor() -> None:
    water = HighWater(None, SCOPE)
    water.look(records(5))
    assert water.value is None


# --- below parents -------------------------------------------------------------------------------


@dataclass
class ChildSource:
    """Two pages of children for each parent."""

    asked: list[Any] = field(default_factory=list)
    refused: tuple[int, ...] = ()

    async def pages(self, request: ReadRequest) -> AsyncGenerator[Page, None]:
        self.asked.append(dict(request.parents))
        if request.parents["taskId"] in self.refused:
            raise Refused("GET answered 400", status=400, reason="no such task")
        for number in (1, 2):
            yield Page(number, [{"id": f"{request.parents['taskId']}-{number}"}], 2)

    async def detail(self, record: Record, parents: object = None) -> Record:
        raise NotImplementedError


def parents() -> Parents:
    return Parents(
        source=SortedSource([{"id": n, "comments": n % 2} for n in range(1, 5)]),
        spec=ParentSpec("tasks", "task", params={"filter.query": "y"}),
        where=compile_expression(parse("comments > `0`")),
        params={"taskId": compile_expression(parse("id"))},
    )


def pages_of(outer: Parents, inner: ChildSource) -> list[Page]:
    async def main() -> list[Page]:
        return [page async for page in outer.read(read_all({}), inner, SCOPE)]

    return asyncio.run(main())


def test_children_are_listed_for_each_parent_that_is_kept_and_hold_it() -> None:
    inner = ChildSource()
    pages = pages_of(parents(), inner)
    assert inner.asked == [{"taskId": 1}, {"taskId": 3}]
    assert [record["id"] for page in pages for record in page.records] == ["1-1", "1-2", "3-1", "3-2"]
    assert [page.number for page in pages] == [1, 2, 3, 4]
    assert pages[0].records[0]["task"] == {"id": 1, "comments": 1}


def test_a_parent_that_is_deleted_meanwhile_is_passed_over_and_noted() -> None:
    outer = parents()
    pages = pages_of(outer, ChildSource(refused=(1,)))
    assert [record["id"] for page in pages for record in page.records] == ["3-1", "3-2"]
    assert len(outer.refused) == 1


def test_where_every_parent_s_list_is_refused_the_refusal_is_raised() -> None:
    with pytest.raises(Refused):
        pages_of(parents(), ChildSource(refused=(1, 3)))


def test_since_says_where_it_does_nothing() -> None:
    words = choose(wanted(None, since="2026-04-01")).words
    assert words == "reads all and compares (it can't be asked for what changed: --since does nothing here)"
    assert choose(wanted(None)).words == "reads all and compares"
