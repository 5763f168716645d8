"""The story of one mapping: read, shape, write, record; streaming, bounded, through ports.

Three stages run at once with short queues between them: a page is read while the one before is shaped and the
one before that is written. A slow target slows the reader down; nothing piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Protocol

from etl.checkpoints import Checkpoints
from etl.errors import ConnectionFailed, Interrupted, StateError
from etl.model import Item, Outcome, Page, Reject
from etl.settle import Settlement
from etl.shape.shaper import Shaper

PAGES_AHEAD = 2
BATCHES_AHEAD = 2


class Writer(Protocol):
    """How items reach the target: sent, or only recorded for a plan."""

    def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Yields outcomes as soon as they are known, one per item in all."""


@dataclass(slots=True)
class Pipeline:
    """One mapping in one run. `run` returns when every record read is settled, or raises what stopped it."""

    pages: Callable[[], AsyncGenerator[Page]]
    shaper: Shaper
    settlement: Settlement
    writer: Writer
    stop: asyncio.Event
    batch_size: int
    writers: int = 2
    limit: int | None = None
    takes_up: Callable[[Reject], bool] = lambda reject: True
    """Which open rejects are tried again at the end of the read."""
    checkpoints: Checkpoints | None = None
    _failure: BaseException | None = None
    _halted: bool = False
    _taken: int = 0
    _batch: list[Item] = field(default_factory=list)
    _pages: asyncio.Queue[Page | None] = field(default_factory=lambda: asyncio.Queue(PAGES_AHEAD))
    _batches: asyncio.Queue[list[Item] | None] = field(default_factory=lambda: asyncio.Queue(BATCHES_AHEAD))
    _intake: list[asyncio.Task[None]] = field(default_factory=list)

    async def run(self) -> None:
        """Raises Interrupted, ConnectionFailed, LimitReached or StateError; what was done is recorded by then."""
        self._intake = [asyncio.create_task(self._read()), asyncio.create_task(self._shape())]
        writing = [asyncio.create_task(self._write()) for _ in range(self.writers)]
        stopping = asyncio.create_task(self._stopped())
        tasks = [stopping, *self._intake, *writing]
        try:
            ended = await asyncio.gather(*self._intake, return_exceptions=True)
            for _ in writing:
                await self._batches.put(None)
            await asyncio.gather(*writing)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.shaper.close()
            self.settlement.flush()
        if self._failure is not None:
            self._keep_place(self._failure)
            raise self._failure
        for error in filter(None, ended):  # no task of the intake is cancelled without a failure being noted
            raise error
        self.settlement.end_rejects(self.shaper.taken_up.parted)

    def _keep_place(self, failure: BaseException) -> None:
        if self.checkpoints is not None and not isinstance(failure, StateError):
            self.checkpoints.flush()

    async def _stopped(self) -> None:
        await self.stop.wait()
        self._halt(Interrupted("interrupted; what was done is recorded", "a rerun goes on from here"))

    def halted(self) -> bool:
        """No new request may begin."""
        return self._halted

    def _fail(self, error: BaseException) -> None:
        """Notes the first error; what was taken in before is still written."""
        self._failure = self._failure or error

    def _halt(self, error: BaseException) -> None:
        """No new requests: reading and shaping end, batches that are under way are finished."""
        self._fail(error)
        if self._halted:
            return
        self._halted = True
        for task in self._intake:
            task.cancel()

    async def _read(self) -> None:
        try:
            async with aclosing(self.pages()) as pages:
                async for page in pages:
                    await self._pages.put(self._within_limit(page))
                    if self.limit is not None and self._taken >= self.limit:
                        break
        except Exception as error:
            self._fail(error)
        await self._pages.put(None)

    def _within_limit(self, page: Page) -> Page:
        if self.limit is not None:
            page.records = page.records[: self.limit - self._taken]
        self._taken += len(page.records)
        return page

    async def _shape(self) -> None:
        try:
            while (page := await self._pages.get()) is not None:
                items = await self.shaper.shape(page)
                if self.checkpoints is not None:
                    self.checkpoints.shaped(page, len(items))
                await self._send(items)
            if self._failure is None and self.limit is None:
                await self._send(await self.shaper.again(filter(self.takes_up, self._open_rejects())))
        except ConnectionFailed as error:
            self._fail(error)
            self._intake[0].cancel()  # nobody takes its pages any more
        except Exception as error:
            self._halt(error)
        if self._batch:
            await self._batches.put(self._batch)

    def _open_rejects(self) -> list[Reject]:
        return list(self.settlement.open_rejects.values())

    async def _send(self, items: list[Item]) -> None:
        self._batch += items
        while len(self._batch) >= self.batch_size:
            batch, self._batch = self._batch[: self.batch_size], self._batch[self.batch_size :]
            await self._batches.put(batch)

    async def _write(self) -> None:
        while (batch := await self._batches.get()) is not None:
            if self.halted():
                continue
            try:
                async with aclosing(self.writer.write(batch)) as writing:
                    async for outcomes in writing:
                        self.settlement.record(outcomes)
                        if self.checkpoints is not None:
                            self.checkpoints.settled(outcomes)
                        if self.halted():
                            break
            except Exception as error:
                self._halt(error)
