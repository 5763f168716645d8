"""What happened: every request, counted for ever and kept in detail for a while."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

from etl.sandbox.exchange import Json

_KEPT = 20_000
_LARGEST_BODY = 200_000  # bytes of a request body that are still worth keeping


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
    body: Json


class Journal:
    """The requests of all APIs."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_KEPT)
        self.changes: list[dict[str, Any]] = []
        self._statuses: dict[str, Counter[int]] = {}

    def note(self, entry: Entry) -> None:
        self.entries.append(entry)
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
            "last": [asdict(entry) for entry in list(self.entries)[-last:]] if last > 0 else [],
        }

    def clear(self) -> None:
        self.entries.clear()
        self.changes.clear()
        self._statuses.clear()


def _as_text(counts: Counter[int]) -> dict[str, int]:
    return {str(status): count for status, count in sorted(counts.items())}


def worth_keeping(body: bytes) -> bool:
    """Whether a request body is small enough for the journal."""
    return 0 < len(body) <= _LARGEST_BODY
