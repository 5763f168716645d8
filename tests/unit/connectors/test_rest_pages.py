"""Numbered pages of a list that loses records while it is read: what stays is read, or the read says it may not be."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from etl.connectors.rest_moves import Moves
from etl.connectors.rest_pages import NumberedPages
from etl.http.answer import Answer
from etl.http.paging import Numbered, PagingFailed, Step, Totals
from etl.http.paths import compile_path
from etl.model import Json

COUNTERS = {"total": "total", "total_pages": "pages", "page_size": "size"}


@dataclass
class Listing:
    """A server that gives at most `cap` records a page, and loses some before it answers a request; `deletions`: the
    number of the request → where in the list, from 0 to 1. `told`: which of its counters it shows."""

    rows: list[int]
    size: int
    cap: int
    by_record: bool
    told: Sequence[str]
    deletions: Mapping[int, Sequence[float]]
    under_way: int = 1
    turns: list[int] = field(default_factory=list)
    """How many turns others get while a request or its answer is on the way, one after another; then one each."""
    asked: list[Step] = field(default_factory=list)

    def needed(self) -> int:
        return 1

    def ahead(self) -> int:
        return self.under_way

    async def __call__(self, step: Step) -> Answer:
        await self._on_the_way()
        answer = self._answer(step)
        await self._on_the_way()
        return answer

    async def _on_the_way(self) -> None:
        for _ in range(self.turns.pop(0) if self.turns else 1):
            await asyncio.sleep(0)

    def _answer(self, step: Step) -> Answer:
        self.asked.append(step)
        for place in self.deletions.get(len(self.asked), ()):
            if self.rows:
                del self.rows[int(place * len(self.rows))]
        size, position = min(self.size, self.cap), int(dict(step.query)["at"])
        start = position if self.by_record else (position - 1) * size
        counters = {"total": len(self.rows), "pages": math.ceil(len(self.rows) / size), "size": size}
        shown = {name: counters[name] for name in self.told}
        items = [{"id": number} for number in self.rows[start : start + size]]
        return Answer(200, httpx.Headers(), {"items": items, **shown}, "http://things/")

    def raw(self, answer: Answer) -> list[Json]:
        return list(answer.body["items"])


def read(listing: Listing, first: int = 1, *, watched: bool = False) -> tuple[set[int], bool]:
    """The numbers that came, and whether the read says that more may exist. Raises PagingFailed."""
    block = {name: value for name, value in COUNTERS.items() if value in listing.told}
    start = 0 if listing.by_record else 1
    paging = Numbered("at", "n", listing.size, start, listing.by_record, Totals.from_config(block))
    remarks: list[bool] = []
    watch = Moves([compile_path("id")]) if watched else None
    fetch: Any = listing
    pages = NumberedPages(paging, first, fetch, fetch, lambda _, disturbed: remarks.append(disturbed), watch)

    async def main() -> set[int]:
        return {record["id"] for page in [page async for page in pages.pages()] for record in page.records}

    return asyncio.run(main()), any(remarks)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    4, 2, 1, 1, False, ("total",), {2: [0.0]}, False, 1, []
)  # a page read again stood behind pages that were not full
@example(3, 2, 1, 2, False, ("total",), {}, False, 1, [])  # so did the page that an interrupted read goes on at
@example(4, 2, 1, 2, True, ("total",), {2: [0.0] * 3}, False, 1, [])  # so many pages back was no page of its numbers
@given(
    count=st.integers(0, 40),
    size=st.integers(1, 12),
    cap=st.integers(1, 12),
    first=st.integers(1, 4),
    by_record=st.booleans(),
    told=st.sampled_from([("total",), ("total", "pages"), ("total", "size"), ("total", "pages", "size")]),
    deletions=st.dictionaries(st.integers(2, 25), st.lists(st.floats(0, 0.999), max_size=4), max_size=3),
    watched=st.booleans(),
    under_way=st.integers(1, 8),
    turns=st.lists(st.integers(0, 8), max_size=40),
)
def test_whatever_is_deleted_while_pages_of_any_size_are_read_what_stays_is_read(
    count: int,
    size: int,
    cap: int,
    first: int,
    by_record: bool,
    told: Sequence[str],
    deletions: Mapping[int, Sequence[float]],
    watched: bool,
    under_way: int,
    turns: list[int],
) -> None:
    listing = Listing([*range(count)], size, cap, by_record, told, deletions, under_way, list(turns))
    before = (first - 1) * (size if by_record else min(size, cap))
    try:
        came, unsure = read(listing, first, watched=watched)
    except PagingFailed:
        assert deletions  # pages that come again while the list shrinks may be taken for a circle
        return
    assert unsure or {number for number in listing.rows if number >= before} <= came


@pytest.mark.parametrize("by_record", [False, True])
def test_many_deletions_are_looked_for_as_many_true_pages_back(by_record: bool) -> None:
    """Pages of 5 where 100 are asked for: 20 records less are 4 pages, not one."""
    listing = Listing([*range(100)], 100, 5, by_record, ("total",), {10: [0.0] * 20})
    came, unsure = read(listing)
    assert set(listing.rows) <= came
    assert not unsure
