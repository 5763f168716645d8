"""Lists are read whole: every page in order, whatever the server's counters say and whatever moves meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.catalogue import Op, Param, Sort, Window, Wire
from etl.connectors.rest import RestConnection
from etl.connectors.rest_source import RestSource
from etl.errors import ConnectionFailed, RecordRejected, Refused, UsageError
from etl.model import Json, Page, Record, Schema
from etl.ports import ReadRequest
from etl.specs import ThrottleWindow
from tests.support.clocks import FakeClock
from tests.support.rest import PAGED, InMemory, connect, listed, op, page_of
from tests.support.serving import Served, serving

Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


async def gather(source: RestSource, request: ReadRequest | None = None) -> list[Page]:
    async with aclosing(source.pages(request or ReadRequest())) as pages:
        return [page async for page in pages]


def read(handler: Callable[[dict[str, str]], Json], *ops: Op, **options: Any) -> tuple[list[Page], RestConnection]:
    """All pages of a list served in memory; `handler` is given the query."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=json.dumps(handler(dict(request.url.params))).encode(), request=request)

    async def story() -> tuple[list[Page], RestConnection]:
        transport = InMemory(answer)
        connection = connect("http://localhost", *(ops or (listed(),)), transport=transport, **options)
        request = ReadRequest()
        return await gather(connection.source("things"), request), connection

    return asyncio.run(story())


def ids(pages: list[Page]) -> list[Json]:
    return [record["id"] for page in pages for record in page.records]


def records(count: int) -> list[Json]:
    return [{"id": number} for number in range(count)]


# --- numbered pages ----------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 95, 100])
def test_every_page_comes_in_order_with_no_request_too_many(count: int) -> None:
    asked: list[int] = []

    def handler(query: dict[str, str]) -> Json:
        asked.append(int(query["page"]))
        assert query["pageSize"] == "10"
        return page_of(records(count), int(query["page"]), 10)

    pages, connection = read(handler)
    assert ids(pages) == list(range(count))
    assert [page.number for page in pages] == list(range(1, len(pages) + 1))
    assert {page.total for page in pages} == {count}
    assert sorted(asked) == list(range(1, max(1, -(-count // 10)) + 1))
    assert not connection.source("things").disturbed


class Sea:
    """A list that changes between answers; each answer is given after a random number of turns of the loop."""

    def __init__(
        self, count: int, size: int, changes: dict[int, Callable[[list[int]], None]], delays: list[int]
    ) -> None:
        self.items = list(range(count))
        self.size, self.changes, self.delays = size, changes, delays
        self.asked = self.answers = 0

    async def its_turn(self) -> None:
        """Answers of requests that are under way at once come in any order."""
        self.asked += 1
        for _ in range(self.delays[self.asked % len(self.delays)]):
            await asyncio.sleep(0)
        self.answers += 1

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await self.its_turn()
        if change := self.changes.get(self.answers):
            change(self.items)
        body = page_of([{"id": item} for item in self.items], int(request.url.params["page"]), self.size)
        return httpx.Response(200, json=body, request=request)


def swim(sea: Sea) -> set[Json]:
    async def story() -> set[Json]:
        connection = connect(
            "http://localhost",
            op("list", "GET", "/things", records="items", paging={**PAGED, "size": sea.size}),
            transport=InMemory(sea.answer),
        )
        return set(ids(await gather(connection.source("things"))))

    return asyncio.run(story())


DELAYS = st.lists(st.integers(0, 12), min_size=1, max_size=8)


@given(st.integers(1, 60), st.integers(1, 12), st.dictionaries(st.integers(1, 12), st.integers(0, 59)), DELAYS)
def test_records_that_move_up_because_others_are_deleted_are_not_lost(
    count: int, size: int, deletions: dict[int, int], delays: list[int]
) -> None:
    def delete(position: int) -> Callable[[list[int]], None]:
        return lambda items: items and items.pop(position % len(items)) and None

    sea = Sea(count, size, {when: delete(position) for when, position in deletions.items()}, delays)
    assert swim(sea) >= set(sea.items)


@given(st.integers(1, 60), st.integers(2, 12), st.dictionaries(st.integers(1, 12), st.integers(0, 59)), DELAYS)
def test_records_that_move_down_because_others_are_added_are_not_lost(
    count: int, size: int, additions: dict[int, int], delays: list[int]
) -> None:
    def add(position: int, item: int) -> Callable[[list[int]], None]:
        return lambda items: items.insert(position, item)

    sea = Sea(count, size, {when: add(position, 1000 + when) for when, position in additions.items()}, delays)
    assert swim(sea) >= set(range(count))


@settings(max_examples=30)
@given(st.integers(20, 60), st.integers(2, 12), st.integers(1, 6), st.integers(1, 40))
def test_many_deleted_at_once_move_records_over_several_pages(count: int, size: int, when: int, gone: int) -> None:
    def delete(items: list[int]) -> None:
        del items[:gone]

    sea = Sea(count, size, {when: delete}, [0])
    assert swim(sea) >= set(sea.items)


class DatedSea(Sea):
    """In the order of creation; `swaps`: before these answers one is deleted and another added, or `only` that."""

    def __init__(
        self, count: int, size: int, swaps: dict[int, int], delays: list[int], only: dict[int, str] | None = None
    ) -> None:
        super().__init__(count, size, {}, delays)
        self.swaps = swaps
        self.only = only or {}

    async def answer(self, request: httpx.Request) -> httpx.Response:
        await self.its_turn()
        if self.answers in self.swaps:
            if self.only.get(self.answers) != "added" and self.items:
                self.items.pop(self.swaps[self.answers] % len(self.items))
            if self.only.get(self.answers) != "deleted":
                self.items.append(1000 + self.answers)
        rows = [{"id": item, "created": _made(item), "updated": None} for item in self.items]
        body = page_of(rows, int(request.url.params["page"]), self.size)
        now = datetime(2026, 4, 1, 10, 0, tzinfo=UTC) + timedelta(seconds=self.answers)
        return httpx.Response(200, json=body, headers={"Date": format_datetime(now, usegmt=True)}, request=request)

    def swum(self) -> tuple[set[Json], bool]:
        async def story() -> tuple[set[Json], bool]:
            paging = {**PAGED, "size": self.size}
            sort = Sort("sortBy", "sortOrder", ("created",), stable="created")
            listing = op("list", "GET", "/things", records="items", paging=paging, sort=sort)
            transport = InMemory(self.answer)
            connection = connect("http://localhost", listing, transport=transport, version="updated || created")
            source = connection.source("things")
            return set(ids(await gather(source))), source.disturbed

        return asyncio.run(story())


def _made(item: int) -> str:
    """Those that were there at first were made the day before."""
    if item < 1000:
        return f"2026-03-31 10:00:{item % 60:02} +00:00"
    made = datetime(2026, 4, 1, 10, 0, tzinfo=UTC) + timedelta(seconds=item - 1000)
    return made.strftime("%Y-%m-%d %H:%M:%S +00:00")


@settings(max_examples=200)
@given(st.integers(1, 60), st.integers(1, 12), st.dictionaries(st.integers(1, 12), st.integers(0, 59)), DELAYS)
def test_a_total_that_hides_a_deletion_behind_an_addition_loses_nothing(
    count: int, size: int, swaps: dict[int, int], delays: list[int]
) -> None:
    sea = DatedSea(count, size, swaps, delays)
    found, disturbed = sea.swum()
    assert disturbed or found >= {item for item in sea.items if item < 1000}


def test_one_deleted_and_one_added_at_once_are_noticed() -> None:
    sea = DatedSea(30, 10, {2: 3}, [0])
    found, disturbed = sea.swum()
    assert (found >= set(sea.items), disturbed, sea.answers) == (True, False, 6)


def test_one_deleted_and_one_added_after_the_last_page_was_answered_before_another_are_noticed() -> None:
    sea = DatedSea(40, 10, {4: 12}, [0, 0, 0, 12])  # the third request is answered last
    found, disturbed = sea.swum()
    assert (found >= {item for item in sea.items if item < 1000}, disturbed) == (True, False)


@pytest.mark.parametrize(
    ("count", "size", "swaps", "only", "delays"),
    [
        (46, 11, {4: 50, 7: 9}, {4: "deleted", 7: "added"}, [12, 3, 25, 25, 0, 12, 0, 3]),
        (12, 2, {3: 0, 4: 22}, {4: "added"}, [3, 3, 0]),
        (50, 12, {2: 48, 3: 10}, {2: "added", 3: "deleted"}, [25, 3, 12]),
        (12, 2, {3: 11, 6: 44}, {3: "added"}, [3, 12, 3, 3, 25, 12]),
        (46, 12, {3: 23, 7: 47}, {3: "added"}, [25, 0]),
    ],
)
def test_answers_that_overtake_each_other_hide_nothing_by_their_totals(
    count: int, size: int, swaps: dict[int, int], only: dict[int, str], delays: list[int]
) -> None:
    sea = DatedSea(count, size, swaps, delays, only)
    found, disturbed = sea.swum()
    assert (found >= {item for item in sea.items if item < 1000}, disturbed) == (True, False)


@settings(max_examples=200)
@given(
    st.integers(1, 60),
    st.integers(1, 12),
    st.dictionaries(st.integers(1, 12), st.integers(0, 59)),
    st.dictionaries(st.integers(1, 12), st.sampled_from(["added", "deleted"])),
    DELAYS,
)
def test_deletions_and_additions_between_answers_in_any_order_lose_nothing(
    count: int, size: int, swaps: dict[int, int], only: dict[int, str], delays: list[int]
) -> None:
    sea = DatedSea(count, size, swaps, delays, only)
    found, disturbed = sea.swum()
    assert disturbed or found >= {item for item in sea.items if item < 1000}


def test_a_list_that_never_holds_still_is_said_to_be_unsure() -> None:
    assert DatedSea(30, 10, {number: number for number in range(2, 40)}, [0]).swum()[1]


def test_a_list_that_holds_still_is_read_once() -> None:
    sea = DatedSea(30, 10, {}, [0])
    assert sea.swum() == (set(range(30)), False)
    assert sea.answers == 3


def test_a_page_number_that_the_api_ignores_is_an_error() -> None:
    with pytest.raises(ConnectionFailed, match="page 2 was asked for, page 1 was answered"):
        read(lambda query: page_of(records(40), 1, 10))


def test_pages_that_repeat_are_an_error_and_not_an_endless_read() -> None:
    paging = {"kind": "page_number", "page_param": "p", "size_param": "n", "size": 10}
    with pytest.raises(ConnectionFailed, match="page 2 holds the same records as one before it"):
        read(
            lambda query: {"items": records(10)}, listed().__class__("list", "GET", "/", records="items", paging=paging)
        )


def test_an_end_that_comes_too_early_by_its_own_counter_is_looked_behind() -> None:
    def lying(query: dict[str, str]) -> Json:
        return {**page_of(records(35), int(query["page"]), 10), "totalPages": 2}

    pages, _ = read(lying)
    assert ids(pages) == list(range(35))


def test_an_end_that_never_comes_is_found_by_two_empty_pages() -> None:
    asked: list[int] = []

    def lying(query: dict[str, str]) -> Json:
        asked.append(int(query["page"]))
        return {**page_of(records(35), int(query["page"]), 10), "totalPages": 1_000_000, "totalItemCount": 9_999_999}

    async def story() -> tuple[list[Page], RestSource]:
        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=lying(dict(request.url.params)), request=request)

        source = connect("http://localhost", listed(), transport=InMemory(answer)).source("things")
        return await gather(source), source

    pages, source = asyncio.run(story())
    assert ids(pages) == list(range(35))
    assert max(asked) < 20
    assert source.disturbed
    assert source.remarks == ["page 6 of 1000000 is empty, though the API tells of more records"]


def test_an_empty_page_in_the_middle_loses_nothing_behind_it() -> None:
    def hiccup(query: dict[str, str]) -> Json:
        answer = page_of(records(40), int(query["page"]), 10)
        return {**answer, "items": []} if query["page"] == "2" else answer

    pages, _ = read(hiccup)
    assert ids(pages) == [*range(10), *range(20, 40)]


@pytest.mark.parametrize("counters", [PAGED, {**PAGED, "total": "", "total_pages": "", "page": "", "page_size": ""}])
def test_a_page_that_is_empty_once_is_asked_for_again(counters: dict[str, Any]) -> None:
    asked: list[str] = []

    def hiccup(query: dict[str, str]) -> Json:
        asked.append(query["page"])
        answer = page_of(records(40), int(query["page"]), 10)
        return {**answer, "items": []} if query["page"] == "2" and asked.count("2") == 1 else answer

    pages, connection = read(hiccup, op("list", "GET", "/things", records="items", paging=counters))
    assert (ids(pages), connection.source("things").disturbed) == (list(range(40)), False)


def test_fewer_records_than_the_api_tells_of_are_said_and_nothing_counts_as_gone() -> None:
    def holes(query: dict[str, str]) -> Json:
        answer = page_of(records(40), int(query["page"]), 10)
        return {**answer, "items": answer["items"][:7]} if query["page"] == "2" else answer

    source = _source_after(holes)
    assert (source.remarks, source.disturbed) == (["the API tells of 40 records, 37 came"], True)


def _source_after(handler: Callable[[dict[str, str]], Json], *ops: Op) -> RestSource:
    """The source, once all its pages were read."""

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=handler(dict(request.url.params)), request=request)

    async def story() -> RestSource:
        source = connect("http://localhost", *(ops or (listed(),)), transport=InMemory(answer)).source("things")
        await gather(source)
        return source

    return asyncio.run(story())


@pytest.mark.parametrize("counted", [True, False])
def test_pages_that_come_again_in_turn_are_no_endless_read(counted: bool) -> None:
    asked: list[int] = []

    def turning(query: dict[str, str]) -> Json:
        asked.append(int(query["page"]))
        items = page_of(records(40), (asked[-1] - 1) % 4 + 1, 10)["items"]
        return {"items": items, **({"totalItemCount": 45, "totalPages": 9} if counted else {})}

    plain = {"kind": "page_number", "page_param": "page", "size": 10}
    counters = {"total": "totalItemCount", "total_pages": "totalPages"} if counted else {}
    listing = op("list", "GET", "/things", records="items", paging={**plain, **counters})
    if counted:
        with pytest.raises(ConnectionFailed, match="page 5 holds the same records as one before it"):
            read(turning, listing)
    else:
        source = _source_after(turning, listing)
        assert source.remarks == ["pages came again from page 5 on, which was taken for the end"]
        assert source.disturbed
    assert max(asked) < 20


def test_cursors_that_lead_to_the_same_page_for_ever_are_an_error() -> None:
    asked: list[str] = []

    def endless(query: dict[str, str]) -> Json:
        asked.append(query.get("cursor", ""))
        return {"items": records(3), "next": f"c{len(asked)}"}

    paging = {"kind": "cursor", "cursor_param": "cursor", "next": "next"}
    with pytest.raises(ConnectionFailed, match="pages 2 to 4 hold what came before: the list goes in circles"):
        read(endless, op("list", "GET", "/things", records="items", paging=paging))


def test_cursors_that_end_before_the_total_are_told_of_and_nothing_is_taken_for_gone() -> None:
    """As where the connector looks for the cursor in the wrong place."""
    paging = {"kind": "cursor", "cursor_param": "after", "next": "meta.nxt", "total": "meta.count"}
    answer = {"items": records(3), "meta": {"next": "3", "count": 7}}
    source = _source_after(lambda _: answer, op("list", "GET", "/things", records="items", paging=paging))
    assert source.disturbed
    told = "the API tells of 7 records, 3 came: does the connector's `paging` find the next page?"
    assert source.remarks == [told]


class Restless:
    """A list in no order that holds: `moves` of its records change their place before these answers."""

    def __init__(self, moves: dict[int, int]) -> None:
        self.items = list(range(30))
        self.moves, self.answers = moves, 0

    def __call__(self, query: dict[str, str]) -> Json:
        self.answers += 1
        if self.answers in self.moves:
            self.items.append(self.items.pop(self.moves[self.answers]))
        return page_of([{"id": item} for item in self.items], int(query["page"]), 10)


def test_a_record_that_slips_by_as_another_moves_is_found_by_reading_again() -> None:
    restless = Restless({2: 3})
    pages, connection = read(restless)
    assert set(ids(pages)) == set(range(30))
    assert (restless.answers, connection.source("things").disturbed) == (6, False)


def test_a_list_that_gives_some_records_twice_and_others_never_is_said_to_be_unsure() -> None:
    def ties(query: dict[str, str]) -> Json:
        answer = page_of(records(30), int(query["page"]), 10)
        return {**answer, "items": [*answer["items"][:9], {"id": 5}]}

    source = _source_after(ties)
    assert source.disturbed
    assert source.remarks == [
        "records moved between the pages while the list was read, so that some may be missing",
    ]


def test_a_read_that_goes_on_counts_no_records_that_smaller_pages_before_it_may_lack() -> None:
    """Pages of 5 where 10 were asked for: 40 records seem to be read when it is at the 35th."""

    def smaller(query: dict[str, str]) -> Json:
        page = int(query["page"])
        return {"items": records(40)[(page - 1) * 5 : page * 5], "totalItemCount": 40}

    async def story() -> list[Page]:
        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=smaller(dict(request.url.params)), request=request)

        paging = {"kind": "page_number", "page_param": "page", "size": 10, "total": "totalItemCount"}
        listing = op("list", "GET", "/things", records="items", paging=paging)
        source = connect("http://localhost", listing, transport=InMemory(answer)).source("things")
        return await gather(source, ReadRequest(start_page=2))

    assert ids(asyncio.run(story())) == list(range(5, 40))


def test_counters_that_are_too_small_don_t_end_a_list() -> None:
    def small(query: dict[str, str]) -> Json:
        return {**page_of(records(25), int(query["page"]), 10), "totalItemCount": 1, "totalPages": 1}

    pages, _ = read(small)
    assert ids(pages) == list(range(25))


def test_a_page_without_its_records_is_an_error_and_no_end() -> None:
    with pytest.raises(ConnectionFailed) as caught:
        read(lambda query: {"page": 1, "totalPages": 3})
    assert str(caught.value) == (
        "acme: things: a page came without its records: the answer is an object with 'page', 'totalPages' — "
        "the connector's `records` says where they stand; a page without records is no end"
    )


def test_a_missing_number_of_pages_is_an_error_and_no_end() -> None:
    with pytest.raises(ConnectionFailed, match="acme: things: an answer does not say how many pages there are"):
        read(lambda query: {"items": records(10), "page": 1, "pageSize": 10})


@pytest.mark.parametrize("wrong", [7, "x", None, [1], True])
def test_records_that_are_no_objects_are_an_error_in_words(wrong: Json) -> None:
    with pytest.raises(ConnectionFailed, match=r"acme: things: a record of the answer is .*, not an object"):
        read(lambda query: {**page_of([wrong], 1, 10)})


def test_a_server_that_gives_smaller_pages_is_believed_and_remarked_on() -> None:
    def smaller(query: dict[str, str]) -> Json:
        return page_of(records(30), int(query["page"]), 4)

    async def story() -> RestSource:
        async def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=smaller(dict(request.url.params)), request=request)

        source = connect("http://localhost", listed(), transport=InMemory(answer)).source("things")
        assert ids(await gather(source)) == list(range(30))
        return source

    assert asyncio.run(story()).remarks == ["pages of 10 records were asked for, the API gives 4"]


def test_a_read_goes_on_from_the_page_that_is_asked_for() -> None:
    async def story() -> list[Page]:
        async def answer(request: httpx.Request) -> httpx.Response:
            body = page_of(records(45), int(request.url.params["page"]), 10)
            return httpx.Response(200, json=body, request=request)

        source = connect("http://localhost", listed(), transport=InMemory(answer)).source("things")
        return await gather(source, ReadRequest(start_page=3))

    pages = asyncio.run(story())
    assert ids(pages) == list(range(20, 45))
    assert [page.number for page in pages] == [3, 4, 5]


UNCOUNTED = {"kind": "page_number", "page_param": "page", "size": 10}
OFFSETS = {"kind": "offset", "offset_param": "skip", "limit_param": "take", "size": 10}


@pytest.mark.parametrize("counters", [{"total": "count"}, {"total": "count", "page_size": "limit"}, {}])
@given(
    count=st.integers(0, 60), caps=st.lists(st.integers(1, 12), min_size=1, max_size=5), rate=st.sampled_from([1, 40])
)
def test_offsets_follow_what_was_really_given_however_few_records_a_page_holds(
    counters: dict[str, str], count: int, caps: list[int], rate: int
) -> None:
    def page(skip: int) -> Json:
        served = min(10, caps[skip % len(caps)])
        return {"count": count, "limit": served, "items": records(count)[skip : skip + served]}

    async def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=page(int(request.url.params["skip"])), request=request)

    async def story() -> None:
        listing = op("list", "GET", "/things", records="items", paging={**OFFSETS, **counters})
        connector = {"throttle": (ThrottleWindow(rate, 1.0),)}
        source = connect("http://localhost", listing, transport=InMemory(answer), connector=connector).source("things")
        pages = await gather(source)
        assert set(ids(pages)) == set(range(count))
        read_by_then = len(pages) // 2 + 1
        rest = await gather(source, ReadRequest(start_page=pages[read_by_then - 1].place + 1))
        assert set(ids(pages[:read_by_then])) | set(ids(rest)) == set(range(count))

    asyncio.run(story())


@pytest.mark.parametrize("paging", [PAGED, UNCOUNTED])
def test_as_many_pages_are_under_way_as_the_rate_needs_at_high_latency(paging: dict[str, Any]) -> None:
    """Each answer takes 3 seconds; at 4 requests a second 100 pages would take 300 seconds one by one."""
    clock = FakeClock()
    under_way, most = 0, 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await clock.sleep(3.0)
        under_way -= 1
        return httpx.Response(200, json=page_of(records(1000), int(request.url.params["page"]), 10), request=request)

    async def story() -> list[Page]:
        connection = connect(
            "http://localhost",
            op("list", "GET", "/things", records="items", paging=paging),
            clock=clock,
            transport=InMemory(answer),
            connector={"throttle": (ThrottleWindow(4, 1.0),)},
        )
        return await gather(connection.source("things"))

    assert ids(asyncio.run(story())) == list(range(1000))
    assert 12 <= most <= 32
    assert clock.monotonic() - 1000 < 45


def test_a_list_without_counters_may_end_with_a_page_that_is_not_found() -> None:
    numbers: list[int] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        numbers.append(number := int(request.url.params["page"]))
        items = page_of(records(20), number, 10)["items"]
        return httpx.Response(200 if items else 404, json={"items": items}, request=request)

    async def story() -> list[Page]:
        listing = op("list", "GET", "/things", records="items", paging=UNCOUNTED)
        return await gather(connect("http://localhost", listing, transport=InMemory(answer)).source("things"))

    assert ids(asyncio.run(story())) == list(range(20))
    assert numbers == [1, 2, 3]


def test_a_reader_that_stops_early_leaves_no_request_behind() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0)
        return httpx.Response(200, json=page_of(records(500), int(request.url.params["page"]), 10), request=request)

    async def story() -> int:
        source = connect("http://localhost", listed(), transport=InMemory(answer)).source("things")
        async with aclosing(source.pages(ReadRequest())) as pages:
            async for page in pages:
                if page.number == 3:
                    break
        return len(asyncio.all_tasks())

    assert asyncio.run(story()) == 1


def test_a_page_that_fails_comes_after_those_before_it_were_handed_on() -> None:
    async def answer(request: httpx.Request) -> httpx.Response:
        if request.url.params["page"] == "4":
            return httpx.Response(400, json={"message": "no"}, request=request)
        return httpx.Response(200, json=page_of(records(60), int(request.url.params["page"]), 10), request=request)

    async def story() -> list[Json]:
        source = connect("http://localhost", listed(), transport=InMemory(answer)).source("things")
        seen: list[Json] = []
        try:
            async for page in source.pages(ReadRequest()):
                seen += [record["id"] for record in page.records]
        except Refused:
            return seen
        raise AssertionError("the fourth page was refused")

    assert asyncio.run(story()) == list(range(30))


# --- other lists, over sockets ------------------------------------------------------------------------


def over_socket(
    handle: Callable[[web.Request], Json], request: ReadRequest, *ops: Op, **options: Any
) -> tuple[list[Record], Served]:
    async def story() -> tuple[list[Record], Served]:
        async def answer(incoming: web.Request) -> web.StreamResponse:
            found = handle(incoming)
            return found if isinstance(found, web.StreamResponse) else web.json_response(found)

        async with serving(answer) as served:
            connection = connect(served.url, *ops, **options)
            try:
                pages = await gather(connection.source("things"), request)
            finally:
                await connection.close()
            return [record for page in pages for record in page.records], served

    return asyncio.run(story())


def test_link_headers_cursors_and_next_links_are_followed_over_the_wire() -> None:
    def link(request: web.Request) -> web.Response:
        page = int(request.query.get("page", 1))
        headers = {"Link": f'</things?page={page + 1}>; rel="next"'} if page < 4 else {}
        return web.json_response([{"id": page}], headers=headers)

    def cursor(request: web.Request) -> Json:
        after = int(request.query.get("after", 0))
        return {"data": [{"id": after + 1}], "next": after + 1 if after < 3 else None}

    def following(request: web.Request) -> Json:
        page = int(request.query.get("p", 1))
        return {"data": [{"id": page}], "next": f"{request.url.origin()}/things?p={page + 1}" if page < 4 else None}

    ways: list[tuple[Callable[[web.Request], Json], Json, str | None]] = [
        (link, {"kind": "link_header"}, None),
        (cursor, {"kind": "cursor", "cursor_param": "after", "next": "next"}, "data"),
        (following, {"kind": "next_link", "next": "next"}, "data"),
    ]
    for handle, paging, place in ways:
        found, _ = over_socket(handle, ReadRequest(), op("list", "GET", "/things", records=place, paging=paging))
        assert [record["id"] for record in found] == [1, 2, 3, 4]


def test_a_bare_array_without_paging_is_a_list() -> None:
    found, served = over_socket(lambda _: records(3), ReadRequest(), op("list", "GET", "/things"))
    assert found == records(3)
    assert served.lines() == ["GET /things"]


def test_params_are_spelled_as_the_api_wants_them() -> None:
    params = {
        name: Param(name, kind, items=items)
        for name, kind, items in (
            ("ids", "array", "integer"),
            ("none", "array", "integer"),
            ("open", "boolean", None),
            ("since", "date-time", None),
            ("day", "date", None),
            ("board", "integer", None),
            ("empty", "string", None),
        )
    }
    list_things = op(
        "list",
        "GET",
        "/tasks/{taskId}/things",
        params=params,
        query={"expand": "all", "sortOrder": "x"},
        sort=Sort("sortBy", "sortOrder", ("name", "created"), stable="created"),
    )
    given = {
        "ids": [5, 21],
        "none": [],
        "open": False,
        "since": "2021-01-01T14:00:00Z",
        "day": "2021-10-01",
        "board": -1,
        "empty": None,
    }
    wire = {"wire": Wire(query_date_time="%Y-%m-%d %H:%M:%S")}
    request = ReadRequest(params=given, parents={"taskId": "a/7"})
    _, served = over_socket(lambda _: [], request, list_things, connector=wire)
    (only,) = served.requests
    assert only.rel_url.raw_path == "/tasks/a%2F7/things"
    assert dict(only.query) == {
        "expand": "all",
        "sortBy": "created",
        "sortOrder": "ascending",
        "ids": "5,21",
        "open": "false",
        "since": "2021-01-01 14:00:00",
        "day": "2021-10-01",
        "board": "-1",
    }


def test_a_sort_that_is_asked_for_replaces_the_stable_one() -> None:
    sort = Sort("sortBy", "sortOrder", ("updated", "created"), stable="created")
    request = ReadRequest(sort=("updated", "descending"))
    _, served = over_socket(lambda _: [], request, op("list", "GET", "/things", sort=sort))
    assert served.lines() == ["GET /things?sortBy=updated&sortOrder=descending"]


def test_spans_of_dates_are_asked_for_in_slices_and_flattened() -> None:
    def handle(request: web.Request) -> Json:
        dates = [
            {"objectName": "x", "date": request.query["from"], "hours": 8},
            {"date": request.query["to"], "hours": 4},
        ]
        return {**page_of([{"userId": 1, "department": {"objectName": "y", "id": 2}, "dates": dates}], 1, 10)}

    window = Window("from", "to", 31, required=True)
    request = ReadRequest(params={"from": "2021-01-15", "to": "2021-03-20"})
    statistics = listed(
        window=window,
        flatten={"items": "dates"},
        params={"from": Param("from", "date"), "to": Param("to", "date")},
    )
    found, served = over_socket(handle, request, statistics, connector={"wire": Wire(strip=("objectName",))})
    spans = [(one.query["from"], one.query["to"]) for one in served.requests]
    assert spans == [("2021-01-15", "2021-02-14"), ("2021-02-15", "2021-03-17"), ("2021-03-18", "2021-03-20")]
    assert found[0] == {"userId": 1, "department": {"id": 2}, "date": "2021-01-15", "hours": 8}
    assert len(found) == 6


def test_a_span_of_dates_that_is_needed_and_missing_is_wrong_usage() -> None:
    window = Window("from", "to", 31, required=True)
    with pytest.raises(UsageError, match="both 'from' and 'to' must be given"):
        over_socket(
            lambda _: [], ReadRequest(params={"from": "2021-01-01"}), op("list", "GET", "/things", window=window)
        )


def test_decoration_and_other_spellings_are_taken_out_of_records() -> None:
    fields = {
        "distance": Schema("number", aliases=("distanze",)),
        "lines": Schema("array", items=Schema("object", properties={"units": Schema("number", aliases=("unitz",))})),
    }
    told = [{"objectName": "t", "distanze": 1, "lines": [{"objectName": "l", "unitz": 2}, {"units": 3}]}]
    found, _ = over_socket(
        lambda _: told,
        ReadRequest(),
        op("list", "GET", "/things"),
        fields=fields,
        connector={"wire": Wire(strip=("objectName",))},
    )
    assert found == [{"distance": 1, "lines": [{"units": 2}, {"units": 3}]}]


# --- single records ----------------------------------------------------------------------------------


def test_the_full_form_is_merged_over_the_list_form() -> None:
    async def story() -> tuple[Record, list[str]]:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.json_response({"data": {"objectName": "d", "id": 7, "email": "a@b.se", "name": "Full"}})

        async with serving(answer) as served:
            get = op("get", "GET", "/tasks/{taskId}/things/{id}", record="data", query={"ids": "{id}", "page": 1})
            connection = connect(served.url, get, connector={"wire": Wire(strip=("objectName",))})
            record = {"id": 7, "name": "Thin", "listOnly": 1}
            found = await connection.source("things").detail(record, {"taskId": 3})
            with pytest.raises(RecordRejected, match="taskId"):
                await connection.source("things").detail(record)
            await connection.close()
            return found, served.lines()

    found, lines = asyncio.run(story())
    assert found == {"id": 7, "name": "Full", "listOnly": 1, "email": "a@b.se"}
    assert lines == ["GET /tasks/3/things/7?ids=7&page=1"]


def test_an_answer_without_the_one_record_is_an_error_in_words() -> None:
    async def story() -> None:
        async def answer(request: web.Request) -> web.StreamResponse:
            return web.json_response({"items": []})

        async with serving(answer) as served:
            connection = connect(served.url, op("get", "GET", "/things", query={"ids": "{id}"}, record="items[0]"))
            with pytest.raises(ConnectionFailed, match="the answer holds no record but empty"):
                await connection.source("things").detail({"id": 7})
            await connection.close()

    asyncio.run(story())


def test_an_operation_that_an_endpoint_does_not_have_is_wrong_usage() -> None:
    connection = connect("http://localhost", op("list", "GET", "/things"))
    with pytest.raises(UsageError, match="has no operation 'get'"):
        asyncio.run(connection.source("things").get({}))
    with pytest.raises(UsageError, match="has no endpoint 'stuff'"):
        connection.source("stuff")
