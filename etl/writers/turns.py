"""Turns between writers of one mapping: many side by side, or one that must be alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager


class Turns:
    """Who looks for a record whose answer was lost must not meet what another has made and not yet recorded."""

    def __init__(self) -> None:
        self._beside = 0
        self._alone = False
        self._moved = asyncio.Event()

    @asynccontextmanager
    async def beside(self) -> AsyncGenerator[None]:
        """A turn beside others; waits only for one who is alone."""
        await self._until(lambda: not self._alone)
        self._beside += 1
        try:
            yield
        finally:
            self._beside -= 1
            self._moved.set()

    @asynccontextmanager
    async def alone(self) -> AsyncGenerator[None]:
        """A turn during which nobody else has one."""
        await self._until(lambda: not self._alone)
        self._alone = True
        try:
            await self._until(lambda: self._beside == 0)
            yield
        finally:
            self._alone = False
            self._moved.set()

    async def _until(self, free: Callable[[], bool]) -> None:
        while not free():
            self._moved.clear()
            await self._moved.wait()
