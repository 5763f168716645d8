"""The schedules of rate limits in PostgreSQL, for machines that use the same credentials."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from etl.state.database import Database

_SWAP: Final = """
    INSERT INTO slots AS s (name, schedule) VALUES (?, ?)
    ON CONFLICT (name) DO UPDATE SET schedule = CASE WHEN s.schedule = ? THEN excluded.schedule ELSE s.schedule END
    RETURNING schedule, extract(epoch FROM clock_timestamp())::float8
"""
"""One statement, so that a machine that stops in the middle holds nobody up; the server's clock holds for everybody."""


class PostgresBoard:
    """A `SlotBoard` in a table. It has a connection and a thread of its own: requests must not wait for a page that is
    being stored, nor the event loop for the network. Opened when first used."""

    def __init__(self, connect: Callable[[], Database]) -> None:
        self._connect = connect
        self._database: Database | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="etl-slots")

    async def swap(self, name: str, expected: str, text: str) -> tuple[str, float]:
        """Raises StateError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._swap, name, expected, text)

    def _swap(self, name: str, expected: str, text: str) -> tuple[str, float]:
        self._database = self._database or self._connect()
        ((found, seconds),) = self._database.read(_SWAP, (name, text, expected))
        return str(found), float(seconds)

    def close(self) -> None:
        self._thread.shutdown()
        if self._database is not None:
            self._database.close()
