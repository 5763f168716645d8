"""The pages of one list: asked for ahead where that can be, taken in order, read again where records moved."""

from __future__ import annotations

import asyncio
import math
import sys
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.catalogue import Op
from etl.connectors.rest_arrivals import Arrivals
from etl.connectors.rest_moves import Moves
from etl.connectors.rest_records import RecordReader
from etl.connectors.rest_request import without
from etl.errors import Refused
from etl.http.answer import Answer, Call
from etl.http.client import HttpClient
from etl.http.numbered import NumberedRead, Verdict
from etl.http.paging import Chain, Numbered, PagingFailed, Step, Totals
from etl.http.repeats import SURE_COUNT, Repeats
from etl.model import Page, Record

Query = list[tuple[str, str]]

UNTHROTTLED_AHEAD = 4
MOST_AHEAD = 32
MOST_REREADS = 20
MOST_READS = 3
"""How often a list is read in all while records come and go."""


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

    def needed(self) -> int:
        """How many pages the rate starts while one answer is awaited."""
        return max(1, math.ceil((self.client.throttle.rate or 0) * self.client.latency))

    def ahead(self) -> int:
        """How many pages to have under way: those that the rate needs, and some."""
        return UNTHROTTLED_AHEAD if self.client.throttle.rate is None else min(MOST_AHEAD, self.needed() + 2)


Remark = Callable[[str, bool], None]
"""Takes note of what was odd, and of whether more may exist than came."""


async def chained(
    chain: Chain, totals: Totals, fetch: Fetch, reader: RecordReader, remark: Remark
) -> AsyncGenerator[Page, None]:
    """The pages of a list that goes on where each answer says; `remark` hears of an end that comes too early."""
    step: Step | None = chain.first()
    repeats, came, told = Repeats(), 0, 0
    while step is not None:
        answer = await fetch(step)
        records = reader.raw(answer)
        if repeats.look(records) >= SURE_COUNT:
            these = f"pages {step.number - SURE_COUNT + 1} to {step.number}"
            raise PagingFailed(f"{these} hold what came before: the list goes in circles", "this is a fault of the API")
        following = chain.after(step, answer, len(records))
        came, told = came + len(records), totals.records(answer) or 0
        yield Page(step.number, records, totals.records(answer))
        step = following
    if came < told:
        remark(
            f"the API tells of {told} records, {came} came: does the connector's `paging` find the next page?",
            True,
        )


@dataclass(slots=True)
class NumberedPages:
    """A read of numbered pages: some under way at once, taken in order."""

    paging: Numbered
    first: int
    fetch: Fetch
    reader: RecordReader
    remark: Remark
    watch: Arrivals | Moves | None = None
    """Sees that records were missed which no total tells of."""
    under_way: deque[tuple[Step, asyncio.Task[Answer]]] = field(default_factory=deque)
    at_once: int = 1
    """How many pages were under way at most."""
    settled: int = sys.maxsize
    """Up to this page nothing is added."""

    async def pages(self) -> AsyncGenerator[Page, None]:
        """All pages; from the first again where the total may have hidden that records moved."""
        try:
            for _ in range(MOST_READS):
                read = NumberedRead(self.paging, self.first)
                async with aclosing(self._once(read)) as pages:
                    async for page in pages:
                        yield page
                if self.watch is None or not self.watch.hidden or (read.last or 0) <= self.first:
                    return
                following = self.watch.later()
                if following is None:
                    break
                self.watch = following
            self.remark("records moved between the pages while the list was read, so that some may be missing", True)
        finally:
            if self.watch is not None:
                self.watch.close()

    async def _once(self, read: NumberedRead) -> AsyncGenerator[Page, None]:
        try:
            async with aclosing(self._in_order(read)) as pages:
                async for page in pages:
                    yield page
            read.finish()
        finally:
            await self._drop()
            for text in read.remarks:
                self.remark(text, read.disturbed)

    async def _in_order(self, read: NumberedRead) -> AsyncGenerator[Page, None]:
        number, count = self.first, 0
        while True:
            try:
                answer = await self._ask(read, number)
            except Refused as refused:
                if read.beyond(number, refused.status):
                    return
                raise
            records = self._taken(answer)
            verdict = read.after(number, answer, records)
            again = self._again_from(verdict, number)
            yield self._page(number, records, answer, read.place(number if again is None else again - 1))
            end = verdict.end
            if again is not None:
                await self._drop()  # it is older than what is read now, so that its totals would hide what changed
                async with aclosing(self._again(read, again, number)) as pages:
                    async for page in pages:
                        yield page
                        count = len(page.records)
                end = read.ended(number, count)
            if end:
                return
            number += 1

    def _taken(self, answer: Answer) -> list[Record]:
        records = self.reader.raw(answer)
        if self.watch is not None:
            self.watch.look(answer.headers, records, self.paging.totals.records(answer))
        return records

    def _page(self, number: int, records: list[Record], answer: Answer, place: int) -> Page:
        """A page; while all may have to be read again, a later read can go on only from the start."""
        hidden = self.watch is not None and self.watch.hidden
        return Page(number, records, self.paging.totals.records(answer), 0 if hidden else place)

    async def _ask(self, read: NumberedRead, number: int) -> Answer:
        """Page `number`, asked for by now if that was not done ahead; the next ones are under way, too."""
        if self.under_way and self.under_way[0][0] != read.step(number):
            await self._drop()
        horizon = min(self._horizon(read, number), number + self.fetch.ahead() - 1)
        while number + len(self.under_way) <= horizon:
            step = read.step(number + len(self.under_way))
            self.under_way.append((step, asyncio.create_task(self.fetch(step))))
        self.at_once = max(self.at_once, len(self.under_way))
        return await self.under_way.popleft()[1]

    def _again_from(self, verdict: Verdict, number: int) -> int | None:
        """The first page to read again. Where the total has shrunk, answers may have overtaken each other: any page
        that was under way with the one before can be from after it, and those that stand before it from before."""
        if verdict.again_from is None or verdict.again_from == number or self.at_once == 1:
            return verdict.again_from
        return min(verdict.again_from, max(self.first, number - self.at_once - 1))

    def _horizon(self, read: NumberedRead, number: int) -> int:
        """The highest page to ask for now. What is added comes last: a page of these that was answered before another
        would not show what arrived while that one was on its way."""
        horizon = read.horizon(number, self.fetch.needed())
        if not isinstance(self.watch, Arrivals) or read.last is None:
            return horizon
        self.settled = min(self.settled, read.last - 1)
        return max(number, min(horizon, self.settled))

    async def _drop(self) -> None:
        """Ends what was asked for ahead."""
        tasks = [task for _, task in self.under_way]
        self.under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _again(self, read: NumberedRead, first: int, last: int) -> AsyncGenerator[Page, None]:
        """Reads pages again, one by one, until the total holds still between them; duplicates are dropped later."""
        for _ in range(MOST_REREADS):
            shrunk = 0
            for number in range(first, last + 1):
                answer = await self.fetch(read.step(number))
                records = self._taken(answer)
                shrunk = read.again(number, answer, len(records))
                if shrunk:
                    first = read.back(number, shrunk)
                yield self._page(last, records, answer, read.place(first - 1 if shrunk else number))
                if shrunk:
                    break
            if not shrunk:
                return
        read.disturb(f"the number of records kept falling while page {last} was read")
