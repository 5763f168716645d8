"""A read of numbered pages: when it ends, what must be read again, and how far ahead it is safe to ask.

Without I/O: fed with answers in the order of their numbers. It trusts no counter alone: an end that the numbers
contradict is looked behind, an empty page is looked beyond once, and where the total shrinks between two pages,
records have moved over the border between them, so that the pages around it are read again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from etl.http.answer import Answer
from etl.http.paging import Numbered, PagingFailed
from etl.model import Json

MOST_EMPTY = 2
SURE_SIZE = 10
"""From this many records on, a page like the one before it is no coincidence."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one answer means for the read."""

    end: bool
    again_from: int | None = None
    """The first page to read again, up to the one just read."""


@dataclass(slots=True)
class NumberedRead:
    """One read, from page `first` on. `remarks` tell in words what was odd."""

    paging: Numbered
    first: int = 1
    size: int = 0
    last: int | None = None
    """The number of the last page, as the newest answer has it."""
    remarks: list[str] = field(default_factory=list)
    disturbed: bool = False
    """The counters contradict what came: more may exist than was read."""
    _seen: int = 0
    _total: int | None = None
    _empty: int = 0
    _mark: bytes = b""
    _same: int = 0

    def __post_init__(self) -> None:
        self.size = self.paging.size
        self._seen = (self.first - 1) * self.size

    def horizon(self, number: int) -> int:
        """The highest page that may be asked for while page `number` is still awaited."""
        return number if self.last is None else max(number, self.last)

    def beyond(self, number: int) -> bool:
        """Page `number` lies behind the end that the API tells of: asked for only to be sure."""
        return self.last is not None and number > self.last

    def after(self, number: int, answer: Answer, records: Sequence[Json]) -> Verdict:
        """Raises PagingFailed where the pages can't be told apart or don't say how many they are."""
        totals = self.paging.totals
        self._check_number(number, totals.asked_page(answer))
        pages, total = totals.last(answer), totals.records(answer)
        self._note_size(totals.page_size(answer), len(records), total, number)
        told = pages if pages is not None else _pages(total, self.size)
        shrunk = self._shrunk(total if total is not None or pages is None else pages * self.size)
        repeated = self._repeated(number, told, records)
        self.last = told
        self._seen += len(records)
        end = repeated or self._ended(number, len(records), total)
        return Verdict(end, max(1, number - math.ceil(shrunk / self.size)) if shrunk and number > 1 else None)

    def reread(self, answer: Answer) -> int:
        """By how many records the total has shrunk again while pages were read again."""
        total, pages = self.paging.totals.records(answer), self.paging.totals.last(answer)
        return self._shrunk(total if total is not None or pages is None else pages * self.size)

    def disturb(self, remark: str) -> None:
        """Notes that the read can't be trusted to be complete."""
        self.remarks.append(remark)
        self.disturbed = True

    def _ended(self, number: int, count: int, total: int | None) -> bool:
        if count == 0:
            return self._ended_empty(number, total)
        self._empty = 0
        if self.last is None or number < self.last:
            return False
        return total is None or self._seen == total

    def _ended_empty(self, number: int, total: int | None) -> bool:
        reach = (number - 1) * self.size
        more = total > reach if total is not None else self.last is not None and number < self.last
        if not more or self.last is None or number > self.last:
            return True
        self._empty += 1
        if self._empty < MOST_EMPTY and number < self.last:
            return False
        self.disturb(f"page {number} of {self.last} is empty, though the API tells of {total or 'more'} records")
        return True

    def _shrunk(self, total: int | None) -> int:
        before, self._total = self._total, total
        return max(0, before - total) if before is not None and total is not None else 0

    def _check_number(self, asked: int, answered: int | None) -> None:
        expected = self.paging.start + asked - 1
        if answered is not None and not self.paging.by_record and answered != expected:
            raise PagingFailed(
                f"page {expected} was asked for, page {answered} was answered",
                f"does the API know the parameter '{self.paging.position_param}'?",
            )

    def _note_size(self, told: int | None, count: int, total: int | None, number: int) -> None:
        """A server that gives pages of another size than asked for is believed, and warned about."""
        if number != self.first:
            return
        given = told
        if told is None and self.paging.by_record and number == 1 and total is not None and 0 < count < total:
            given = count
        if given and given != self.size:
            self.remarks.append(f"pages of {self.size} records were asked for, the API gives {given}")
            self._seen = (number - 1) * given
            self.size = given

    def _repeated(self, number: int, last: int | None, records: Sequence[Json]) -> bool:
        """True where a page behind the end repeats the last one; a page repeated before it is an error."""
        if not records:
            return False
        mark = orjson.dumps([len(records), records[0], records[-1]], default=str)
        self._same = self._same + 1 if mark == self._mark else 0
        self._mark = mark
        if self._same and last is not None and number > last:
            return True
        if self._same >= (1 if len(records) >= SURE_SIZE else 3):
            raise PagingFailed(
                f"page {number} holds the same records as the one before it",
                f"does the API know the parameter '{self.paging.position_param}'?",
            )
        return False


def _pages(total: int | None, size: int) -> int | None:
    return None if total is None else math.ceil(total / size)
