"""Clocks that need no time: sleeping moves them on."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass
class FakeClock:
    """Time that passes only when everybody sleeps; sleepers wake in order. `late` is added to each sleep."""

    start: datetime = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
    seconds: float = 1000.0
    late: float = 0.0
    slept: list[float] = field(default_factory=list)
    _sleepers: list[tuple[float, int, asyncio.Future[None]]] = field(default_factory=list)
    _count: int = 0
    _turning: asyncio.Task[None] | None = None
    _booted: float = 0.0

    def __post_init__(self) -> None:
        self._booted = self.seconds

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds - self._booted)

    def monotonic(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._count += 1
        heapq.heappush(self._sleepers, (self.seconds + max(0.0, seconds) + self.late, self._count, future))
        if self._turning is None or self._turning.done():
            self._turning = asyncio.create_task(self._turn())
        await future

    async def _turn(self) -> None:
        while self._sleepers:
            for _ in range(20):
                await asyncio.sleep(0)
            if self._sleepers:
                at, _, future = heapq.heappop(self._sleepers)
                self.seconds = max(self.seconds, at)
                if not future.done():
                    future.set_result(None)
