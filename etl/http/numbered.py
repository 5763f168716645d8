"""A read of numbered pages: when it ends, what must be read again, and how far ahead it is safe to ask.

Without I/O: fed with answers in the order of their numbers. It trusts no counter alone: an end that the numbers
contradict is looked behind, an empty page where records were expected is asked for again and looked beyond once, and
where the total shrinks between two pages, records have moved over the border between them, so that the pages around it
are read again. Where pages are asked for by the number of records before them, those that came are counted: a page may
hold fewer than were asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from etl.http.answer import Answer
from etl.http.paging import Numbered, PagingFailed, Step
from etl.http.repeats import SURE_COUNT, Repeats
from etl.model import Json

NOT_FOUND = 404
MOST_EMPTY = 2


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
    _sums: list[int] = field(default_factory=list)
    """How many records came up to each page, from the one before `_from` on, as the pages held last."""
    _from: int = 1
    _largest: int = 0
    """The most records that a page held: a server may give fewer than it is asked for, and not say so."""
    _anchor: tuple[int, int] = (1, 0)
    """The newest page of which it is known how many records stand before it, and how many."""
    _full: bool = False
    """The page before held as many records as were asked for."""
    _counted: int | None = None
    _held: int | None = None
    _empty: int = 0
    _short: bool = False
    """A page with others behind it held fewer records than were asked for."""
    _repeats: Repeats = field(default_factory=Repeats)

    def __post_init__(self) -> None:
        self.size = self.paging.size
        self._anchor = (self.first, self._before(self.first))
        self._from, self._sums = self.first, [self._before(self.first)]

    def step(self, number: int) -> Step:
        """The request of page `number`, as far as is known by now."""
        return self.paging.step(number, self._before(number))

    def place(self, number: int) -> int:
        """A later read that begins behind the page of this number, in pages of the size asked for, misses nothing."""
        return self._before(number + 1) // self.paging.size if self.paging.by_record else number

    def horizon(self, number: int, needed: int) -> int:
        """The highest page that may be asked for while page `number` is still awaited. `needed`: how many must be under
        way for the rate, which is worth a guess where no counter tells how many there are."""
        if self.last is None:
            return number + (needed - 1 if self._full else 0)
        return max(number, self.last)

    def beyond(self, number: int, status: int) -> bool:
        """Page `number` was asked for only to be sure that the list is at its end, and `status` does not deny that."""
        return number > self.first and status == NOT_FOUND if self.last is None else self._behind(number)

    def after(self, number: int, answer: Answer, records: Sequence[Json]) -> Verdict:
        """Raises PagingFailed where the pages can't be told apart or don't say how many they are."""
        self._check_number(number, self.paging.totals.asked_page(answer))
        self._note_size(self.paging.totals.page_size(answer), len(records), answer, number)
        shrunk = self._note_totals(answer)
        repeated = self._repeated(number, records)
        doubtful = not records and not self._empty and (self._full if self.last is None else self._hides(number))
        self._count(number, len(records))
        if shrunk and number > 1:
            return Verdict(False, self.back(number, shrunk))
        if doubtful:
            return Verdict(False, number)
        return Verdict(repeated or self._ended(number, len(records)))

    def again(self, number: int, answer: Answer, count: int) -> int:
        """Takes in a page that was read again; by how many records the total has shrunk since the one before."""
        self._count(number, count)
        return self._note_totals(answer)

    def back(self, number: int, shrunk: int) -> int:
        """The first page to read again where so many records are found to be gone at page `number`: one below 1 where
        a read that goes on behind a number of records gets smaller pages than it counted them in."""
        page, records = self._anchor
        start = min(1, page - math.ceil(records / self.size)) if self.paging.by_record else 1
        return max(start, number - math.ceil(shrunk / (min(self._largest, self.size) or 1)))

    def ended(self, number: int, count: int) -> bool:
        """Whether page `number`, read again with `count` records, is the last."""
        return self._ended(number, count)

    def finish(self) -> None:
        """The read is at its end: are there as many as the API tells of?"""
        if self.first == 1 and self._counted is not None and self._seen < self._counted and not self.disturbed:
            self.disturb(f"the API tells of {self._counted} records, {self._seen} came")

    def disturb(self, remark: str) -> None:
        """Notes that the read can't be trusted to be complete."""
        self.remarks.append(remark)
        self.disturbed = True

    def _behind(self, number: int) -> bool:
        """Page `number` lies behind the end that the API tells of."""
        if self.paging.by_record and self._counted is not None:
            return self._before(number) >= self._counted
        return self.last is not None and number > self.last

    def _before(self, number: int) -> int:
        """How many records stand before page `number`."""
        page, records = self._anchor
        return max(0, records + (number - page) * self.size)

    @property
    def _seen(self) -> int:
        """How many records the pages hold up to the newest, those before the first taken as full."""
        return self._sums[-1]

    def _count(self, number: int, count: int) -> None:
        if number < self._from:
            self._from, self._sums = number, [self._before(number)]
        self._sums[number - self._from + 1 :] = [self._sums[number - self._from] + count]
        self._largest = max(self._largest, count)
        self._short = self._short or (0 < count < self.size and self.last is not None and number < self.last)
        self._full = count >= self.size
        if self.paging.by_record and count:
            self._anchor = (number + 1, self._before(number) + count)

    def _ended(self, number: int, count: int) -> bool:
        if count == 0:
            return self._ended_empty(number)
        self._empty = 0
        if self.last is None or number < self.last:
            return False
        if self.first > 1 and not self.paging.by_record and (self._short or self._largest < self.size):
            return False  # so may those before the first: how many came in all is not known
        return self._counted is None or self._seen == self._counted

    def _ended_empty(self, number: int) -> bool:
        if self.last is None or not self._hides(number):
            return True
        self._empty += 1
        if self._empty < MOST_EMPTY and number < self.last:
            return False
        self.disturb(f"page {number} of {self.last} is empty, though the API tells of more records")
        return True

    def _hides(self, number: int) -> bool:
        """The API tells of records where an empty page has none."""
        return not self._behind(number) and self._more(number)

    def _more(self, number: int) -> bool:
        """The counters say that an empty page should have had records."""
        if self._counted is not None:
            return self._counted > self._before(number)
        return self.last is not None and number < self.last

    def _note_totals(self, answer: Answer) -> int:
        """Takes in the counters; by how many records the list has shrunk since the answer before."""
        pages, total = self.paging.totals.last(answer), self.paging.totals.records(answer)
        self._counted = total
        self.last = _pages(total, self.size) if pages is None else pages
        before = self._held
        self._held = total if total is not None or pages is None else pages * self.size
        return max(0, before - self._held) if before is not None and self._held is not None else 0

    def _check_number(self, asked: int, answered: int | None) -> None:
        expected = self.paging.start + asked - 1
        if answered is not None and not self.paging.by_record and answered != expected:
            raise PagingFailed(
                f"page {expected} was asked for, page {answered} was answered",
                f"does the API know the parameter '{self.paging.position_param}'?",
            )

    def _note_size(self, told: int | None, count: int, answer: Answer, number: int) -> None:
        """A server that gives pages of another size than asked for is believed, and warned about."""
        if number != self.first:
            return
        total = self.paging.totals.records(answer)
        given = told
        if told is None and self.paging.by_record and total is not None and 0 < count < total - self._before(number):
            given = count
        if given and given != self.size:
            self.remarks.append(f"pages of {self.size} records were asked for, the API gives {given}")
            if not self.paging.by_record:
                self._anchor = (1, 0)
                self._sums = [(number - 1) * given]
            self.size = given

    def _repeated(self, number: int, records: Sequence[Json]) -> bool:
        """True where pages behind the end only repeat; those that are repeated before it are an error."""
        if not self._repeats.look(records):
            return False
        if self._behind(number):
            return True
        if self.last is None and self._repeats.differed:
            return self._repeated_to_the_end(number)
        if self._repeats.sure(len(records)):
            raise PagingFailed(
                f"page {number} holds the same records as one before it",
                f"does the API know the parameter '{self.paging.position_param}'?",
            )
        return False

    def _repeated_to_the_end(self, number: int) -> bool:
        """Without a counter, pages that come again and again after others are what stands behind the end."""
        ended = self._repeats.in_a_row >= SURE_COUNT
        if ended:
            self.disturb(f"pages came again from page {number - SURE_COUNT + 1} on, which was taken for the end")
        return ended


def _pages(total: int | None, size: int) -> int | None:
    return None if total is None else math.ceil(total / size)
