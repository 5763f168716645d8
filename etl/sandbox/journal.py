"""What happened: every request, counted for ever and kept in detail for a while."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from etl.sandbox.exchange import Json

_KEPT = 20_000  # requests
_KEPT_BYTES = 8 * 1024**2  # of their bodies together


@dataclass(frozen=True)
class Entry:
    """One request; `at` in seconds since 1970 by the clock that the throttle uses too, `seconds` until its answer."""

    api: str
    method: str
    path: str
    query: dict[str, str]
    status: int
    at: float
    seconds: float
    fault: str | None
    raw: bytes = b""

    @property
    def body(self) -> Json:
        """The request's body; None where it had none or it was not JSON."""
        try:
            return orjson.loads(self.raw)
        except orjson.JSONDecodeError:
            return None

    def shown(self) -> dict[str, Json]:
        """As JSON."""
        return {**{name: value for name, value in asdict(self).items() if name != "raw"}, "body": self.body}


class Journal:
    """The requests of all APIs."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque()
        self._bytes = 0
        self.changes: list[dict[str, Any]] = []
        self._statuses: dict[str, Counter[int]] = {}

    def note(self, entry: Entry) -> None:
        self.entries.append(entry)
        self._bytes += len(entry.raw)
        while len(self.entries) > _KEPT or (self._bytes > _KEPT_BYTES and len(self.entries) > 1):
            self._bytes -= len(self.entries.popleft().raw)
        self._statuses.setdefault(entry.api, Counter())[entry.status] += 1

    def note_change(self, api: str, resource: str, kind: str, key: Json) -> None:
        """A record that the sandbox itself changed between two pages."""
        self.changes.append({"api": api, "resource": resource, "change": kind, "key": key})

    def summary(self, last: int = 100) -> dict[str, Any]:
        """Counts per API and the last requests, oldest first."""
        return {
            "apis": {
                api: {"requests": counts.total(), "throttled": counts[429], "statuses": _as_text(counts)}
                for api, counts in self._statuses.items()
            },
            "changes": list(self.changes),
            "last": [entry.shown() for entry in list(self.entries)[-last:]] if last > 0 else [],
        }

    def clear(self) -> None:
        self.entries.clear()
        self._bytes = 0
        self.changes.clear()
        self._statuses.clear()


def _as_text(counts: Counter[int]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(counts.items())}
