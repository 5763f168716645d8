"""Send times granted by the database, for machines that use the same credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from etl.specs import ThrottleWindow
from etl.state.codec import pack
from etl.state.database import Database


class Slots(Protocol):
    """Grants the moments at which requests of one credential may be sent."""

    def reserve(self, windows: Sequence[ThrottleWindow], now: float) -> float:
        """Takes the next free moment: seconds to wait until it."""

    def penalise(self, seconds: float) -> None:
        """Grants nothing before `seconds` from now; a longer penalty that is already there stays."""


_NOW = "extract(epoch FROM clock_timestamp())::float8"

_NEXT = f"""greatest(
    {_NOW}, s.penalty_until, s.times[cardinality(s.times)],
    (SELECT max(s.times[cardinality(s.times) - w.requests + 1] + w.seconds)
     FROM unnest(?::int[], ?::float8[]) AS w(requests, seconds))
)"""
"""After the clock, the penalty, the moment granted last, and for each window its n-th last moment plus its seconds."""

_RESERVE = f"""
    INSERT INTO slots AS s (name, times, penalty_until) VALUES (?, ARRAY[{_NOW}], 0)
    ON CONFLICT (name) DO UPDATE SET times = (s.times || {_NEXT})[greatest(1, cardinality(s.times) + 2 - ?):]
    RETURNING times[cardinality(times)] - {_NOW}
"""

_PENALISE = f"""
    INSERT INTO slots AS s (name, times, penalty_until) VALUES (?, ARRAY[]::float8[], {_NOW} + ?)
    ON CONFLICT (name) DO UPDATE SET penalty_until = greatest(s.penalty_until, excluded.penalty_until)
"""


class PostgresSlots:
    """`Slots` in one row, changed by one statement under its lock; the server's clock holds for everybody."""

    def __init__(self, database: Database, name: str) -> None:
        self._database = database
        self._name = pack(name)

    def reserve(self, windows: Sequence[ThrottleWindow], now: float) -> float:
        """`now` is not looked at: clocks of machines differ."""
        requests = [window.requests for window in windows]
        seconds = [window.seconds for window in windows]
        rows = self._database.read(_RESERVE, (self._name, requests, seconds, max(requests, default=1)))
        return max(0.0, float(rows[0][0]))

    def penalise(self, seconds: float) -> None:
        self._database.write(_PENALISE, (self._name, seconds))


__all__ = ["PostgresSlots", "Slots"]
