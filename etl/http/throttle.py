"""Slows requests down to what an API allows, for everything that uses the same credentials: on this machine by a file,
on every machine of a store that several share by that store.

A request takes its turn in two steps, because a new connection may need a tenth of a second before its first byte:

    async with throttle.turn() as turn:     waits in line, until a slot is near
        …connect…
        await turn.go()                     waits for the slot itself, right before the request is written
        …exchange…
        await turn.answered()               tells by when the request had arrived
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from etl.http.hiccups import Hiccups
from etl.http.slot_board import BoardStore
from etl.http.slot_store import Change, FileStore, MemoryStore, SlotStore, T, machine
from etl.http.slots import LATENESS, with_margin
from etl.ports import Clock, SlotBoard
from etl.specs import ThrottleWindow

CONNECTING = 0.5
"""How long before its slot a request may start to connect, in seconds."""

IN_LINE = 16
"""How many requests may be connecting or waiting for their slot at once."""

LOOK = 0.1
"""Without a limit nobody asks for slots: so often it is looked whether another process was told to wait, in seconds."""

TRIES = 2
"""How many exchanges with a store there is time for before a slot: another machine may be the first at the first."""


class Throttle:
    """Grants slots in the order in which they were asked for. A slot has to be free in each of the stores."""

    def __init__(self, windows: Sequence[ThrottleWindow], clock: Clock, *stores: SlotStore) -> None:
        self.windows = with_margin(windows)
        self.stores: Sequence[SlotStore] = stores or (MemoryStore(),)
        self._clock = clock
        self._looked_at = float("-inf")
        self._owner = uuid.uuid4().hex
        self._line = asyncio.Semaphore(min(IN_LINE, max((2, *(window.requests for window in windows)))))
        self._slot = asyncio.Lock()
        self._hiccups = Hiccups()
        self._next_at = 0.0
        self._paused_until = 0.0
        self._held = 0
        self._held_since = 0.0
        self._waited = 0.0

    @property
    def waited(self) -> float:
        """Seconds in which at least one request was held back."""
        return self._waited + (self._clock.monotonic() - self._held_since if self._held else 0.0)

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
        await self._ask(lambda schedule: schedule.pause(until))

    async def line_up(self) -> None:
        """Waits for a place in line, and there until the last moments: no connection is held open for nothing."""
        if not self.windows and self._paused_until <= self._clock.monotonic():
            return
        with self._holding():
            await self._stand_in_line()

    async def _stand_in_line(self) -> None:
        if self.windows:
            await self._line.acquire()
        try:
            while not await self._until(max(self._paused_until, self._next_at) - CONNECTING):
                pass
        except BaseException:
            self.leave()
            raise

    def leave(self) -> None:
        """Gives up a place in line."""
        if self.windows:
            self._line.release()

    async def take(self) -> float | None:
        """Returns at the moment at which one request may be written; None where no slots are counted."""
        if self.windows:
            with self._holding():
                async with self._slot:
                    return await self._grant()
        else:
            await self._look()
            if self._paused_until > self._clock.monotonic():
                with self._holding():
                    while not await self._until(self._paused_until):
                        await self._look()
            return None

    async def answered(self, sent: float) -> None:
        """The answer to what was sent at this moment is there; one that took long may have arrived late."""
        late = self._hiccups.late(self._clock.monotonic() - sent)
        if late:
            await self._ask(lambda schedule: schedule.arrived(self._owner, sent, sent + late))

    @contextmanager
    def _holding(self) -> Iterator[None]:
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

    async def _grant(self) -> float:
        """Has the moment at which the request will be written stamped; anew where that was too early, or was missed."""
        now = self._clock.monotonic
        at = max(await self._ask(lambda s: s.reserve(self.windows, self._owner, now())))
        while True:
            self._next_at = at
            delay = max(store.delay for store in self.stores)
            await self._until(at - TRIES * delay)
            stamped = await self._ask(lambda s: s.confirm(self.windows, self._owner, max(at, now() + delay)))  # noqa: B023
            at = max(slot.at for slot in stamped)
            if all(slot.sent and at - slot.at <= LATENESS / 2 for slot in stamped):
                await self._until(at - LATENESS / 2)
                if now() - at <= LATENESS / 2:
                    return at

    async def _look(self) -> None:
        """Takes over the pauses that other processes were asked for."""
        if self._clock.monotonic() - self._looked_at >= LOOK:
            self._looked_at = self._clock.monotonic()
            self._paused_until = max(self._paused_until, *await self._ask(lambda schedule: schedule.paused_until))

    async def _ask(self, change: Change[T]) -> list[T]:
        """What each store says."""
        return [await store.update(change) for store in self.stores]

    async def _until(self, moment: float) -> bool:
        """Whether it had come already."""
        left = moment - self._clock.monotonic()
        if left > 0:
            await self._clock.sleep(left)
        return left <= 0


class Turn:
    """One request's place in line. `waited`: the seconds that it cost."""

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self.waited = 0.0
        self._throttle = throttle
        self._clock = clock
        self._waiting = False
        self._sent: float | None = None

    async def __aenter__(self) -> Turn:
        begin = self._clock.monotonic()
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
            self._sent = await self._throttle.take()
            self.waited += self._clock.monotonic() - begin
            self._leave()

    async def answered(self) -> None:
        """The API has taken the request: its answer begins."""
        if self._sent is not None:
            await self._throttle.answered(self._sent)

    def _leave(self) -> None:
        if self._waiting:
            self._waiting = False
            self._throttle.leave()


def shared_throttle(
    windows: Sequence[ThrottleWindow],
    clock: Clock,
    *,
    origin: str,
    application: str,
    folder: Path | None,
    board: SlotBoard | None = None,
) -> Throttle:
    """A throttle for all that use `application` (an id, or a digest of credentials) at `origin`.

    `folder`: where the processes of this machine meet; `board`: where machines do. Without either it is this
    process's own.
    """
    stores: list[SlotStore] = []
    if folder is not None:
        stores.append(FileStore(folder / f"{_digest(origin, application, machine())}.json", clock))
    if board is not None:
        stores.append(BoardStore(board, _digest(origin, application), clock))
    return Throttle(windows, clock, *stores)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:40]
