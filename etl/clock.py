"""The clock of the machine, as `etl.ports.Clock` asks for it."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """Real time. `perf_counter` is the finest steady clock on every system and shared by all processes of a machine;
    `monotonic` ticks in steps of 16 ms on Windows before Python 3.13, too coarse for four requests a second."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.perf_counter()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
