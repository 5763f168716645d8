"""Slows requests down to what an API allows, for everything on this machine that uses the same credentials.

A request takes its turn in two steps, because a new connection may need a tenth of a second before its first byte:

    async with throttle.turn() as turn:     waits in line, until a slot is near
        …connect…
        await turn.go()                     waits for the slot itself, right before the request is written
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from etl.http.slot_store import FileStore, MemoryStore, SlotStore, machine
from etl.http.slots import with_margin
from etl.ports import Clock
from etl.specs import ThrottleWindow

CONNECTING = 0.5
"""How long before its slot a request may start to connect, in seconds."""

IN_LINE = 16
"""How many requests may be connecting or waiting for their slot at once."""


class Throttle:
    """Grants slots in the order in which they were asked for."""

    def __init__(self, windows: Sequence[ThrottleWindow], clock: Clock, store: SlotStore | None = None) -> None:
        self.windows = with_margin(windows)
        self._clock = clock
        self._store = store or MemoryStore()
        self._owner = uuid.uuid4().hex
        self._line = asyncio.Semaphore(min(IN_LINE, max((2, *(window.requests for window in windows)))))
        self._slot = asyncio.Lock()
        self._next_at = 0.0
        self._paused_until = 0.0
        self._held = 0
        self._held_since = 0.0
        self._waited = 0.0

    @property
    def waited(self) -> float:
        """Seconds in which at least one request was held back."""
        return self._waited + (self._clock.monotonic() - self._held_since if self._held else 0.0)

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Around the wait of one request."""
        if self._held == 0:
            self._held_since = self._clock.monotonic()
        self._held += 1
        try:
            yield
        finally:
            self._held -= 1
            if self._held == 0:
                self._waited += self._clock.monotonic() - self._held_since

    @property
    def rate(self) -> float | None:
        """Requests per second in the long run; None without a limit."""
        return min((window.requests / window.seconds for window in self.windows), default=None)

    def turn(self) -> Turn:
        """A place in line, given up when its `go` returns or its block ends."""
        return Turn(self, self._clock)

    async def pause(self, seconds: float) -> None:
        """The API asked everybody with these credentials to wait."""
        until = self._clock.monotonic() + seconds
        self._paused_until = max(self._paused_until, until)
        await self._store.update(lambda schedule: schedule.pause(until))

    async def line_up(self) -> None:
        """Waits for a place in line, and there until the last moments: no connection is held open for nothing."""
        if self.windows:
            await self._line.acquire()
        try:
            while (left := max(self._paused_until, self._next_at) - CONNECTING - self._clock.monotonic()) > 0:
                await self._clock.sleep(left)
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Gives up a place in line."""
        if self.windows:
            self._line.release()

    async def take(self) -> None:
        """Returns at the moment at which one request may be written."""
        if self.windows:
            async with self._slot:
                await self._grant()
        else:
            while (left := self._paused_until - self._clock.monotonic()) > 0:
                await self._clock.sleep(left)

    async def _grant(self) -> None:
        now = self._clock.monotonic
        at: float | None = await self._store.update(lambda s: s.reserve(self.windows, self._owner, now()))
        while at is not None:
            self._next_at = at
            if (left := at - now()) > 0:
                await self._clock.sleep(left)
            at = await self._store.update(lambda s: s.confirm(self.windows, self._owner, now()))


class Turn:
    """One request's place in line. `waited`: the seconds that it cost."""

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self.waited = 0.0
        self._throttle = throttle
        self._clock = clock
        self._waiting = False

    async def __aenter__(self) -> Turn:
        begin = self._clock.monotonic()
        with self._throttle.holding():
            await self._throttle.line_up()
        self._waiting = True
        self.waited = self._clock.monotonic() - begin
        return self

    async def __aexit__(self, *_: object) -> None:
        self._leave()

    async def go(self) -> None:
        """Returns when the request may be written; asked again for the same request, at once."""
        if self._waiting:
            begin = self._clock.monotonic()
            with self._throttle.holding():
                await self._throttle.take()
            self.waited += self._clock.monotonic() - begin
            self._leave()

    def _leave(self) -> None:
        if self._waiting:
            self._waiting = False
            self._throttle.leave()


def shared_throttle(
    windows: Sequence[ThrottleWindow], clock: Clock, *, origin: str, application: str, folder: Path | None
) -> Throttle:
    """A throttle for all processes that use `application` (an id, or a digest of credentials) at `origin`.

    Without a documented limit, or without a folder, it is this process's own.
    """
    if not windows or folder is None:
        return Throttle(windows, clock)
    name = hashlib.sha256("\n".join((origin, application, machine())).encode()).hexdigest()[:40]
    return Throttle(windows, clock, FileStore(folder / f"{name}.json", clock))
