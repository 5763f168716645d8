"""Closed periods of a target refuse a record before it is sent; where it is not sure, the API has the last word."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from etl.assemble.periods import ClosedPeriods
from etl.expressions.scope import Scope
from etl.model import Record
from tests.support.memory import MemorySource

BLOCK = {
    "endpoint": "periods",
    "date": "date",
    "start": "startDate",
    "end": "endDate",
    "closed": "status == `1`",
    "reason": "its timesheet period is closed",
}
CLOSED, OPEN = 1, 0


def period(start: str, end: str, status: int, **more: Any) -> Record:
    return {"startDate": f"{start}T00:00:00Z", "endDate": f"{end}T23:59:59Z", "status": status, **more}


def loaded(*periods: Record) -> ClosedPeriods:
    made = ClosedPeriods(MemorySource(list(periods), page_size=1), BLOCK, Scope(now=datetime(2026, 4, 1, tzinfo=UTC)))
    asyncio.run(made.load())
    return made


@pytest.mark.parametrize("day", ["2026-03-01", "2026-03-31", "2026-03-31T23:59:59Z", "2026-03-15T08:00:00Z"])
def test_a_day_inside_a_closed_period_is_refused_with_its_name(day: str) -> None:
    periods = loaded(period("2026-03-01", "2026-03-31", CLOSED, name="March"))
    assert periods.why({"date": day}) == "its timesheet period is closed (March: 2026-03-01 to 2026-03-31)"


@pytest.mark.parametrize("day", ["2026-02-28", "2026-04-01", "2026-04-01T00:00:00Z", "", None])
def test_other_days_pass(day: str | None) -> None:
    assert loaded(period("2026-03-01", "2026-03-31", CLOSED)).why({"date": day}) is None


def test_an_open_period_that_overlaps_lets_it_pass() -> None:
    periods = loaded(period("2026-03-01", "2026-03-31", CLOSED), period("2026-03-30", "2026-04-05", OPEN))
    assert periods.why({"date": "2026-03-29"}) is not None
    assert periods.why({"date": "2026-03-30"}) is None


def test_all_periods_that_overlap_are_closed() -> None:
    periods = loaded(period("2026-03-01", "2026-03-31", CLOSED), period("2026-03-30", "2026-04-05", CLOSED))
    assert periods.why({"date": "2026-03-30"}) is not None
    assert periods.why({"date": "2026-04-03"}) is not None


def test_a_period_without_its_ends_is_no_period() -> None:
    assert loaded({"startDate": None, "endDate": "2026-03-31", "status": CLOSED}).why({"date": "2026-03-30"}) is None


def test_they_are_read_once() -> None:
    source = MemorySource([period("2026-03-01", "2026-03-31", CLOSED)])
    calls = 0
    pages = source.pages

    def counting(request: Any) -> Any:
        nonlocal calls
        calls += 1
        return pages(request)

    source.pages = counting  # type: ignore[method-assign]
    periods = ClosedPeriods(source, BLOCK, Scope(now=datetime(2026, 4, 1, tzinfo=UTC)))

    async def twice() -> None:
        await asyncio.gather(periods.load(), periods.load())

    asyncio.run(twice())
    assert calls == 1
