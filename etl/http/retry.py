"""When a request is repeated and how long to wait before: three small questions, each a function.

The connector's `retry` block, all optional:

    {statuses: [429, 500, 502, 503, 504],           statuses that are worth another try (429 always is)
     wait: waitInSeconds}                           JMESPath of the seconds to wait in the body of a 429 or 503
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from etl.http.faults import Failure
from etl.http.paths import Path, compile_path, lenient
from etl.model import Json
from etl.specs import RetrySpec

STATUSES = frozenset({429, 500, 502, 503, 504})
FIRST_WAIT = 1.0
GROWTH = 3.0


@dataclass(frozen=True, slots=True)
class Retry:
    """The rules of one connection. `uniform` is the dice of the jitter."""

    spec: RetrySpec
    statuses: frozenset[int] = STATUSES
    wait: Path | None = None
    uniform: Callable[[float, float], float] = random.uniform

    @classmethod
    def from_config(cls, block: Mapping[str, Any], spec: RetrySpec) -> Retry:
        statuses = frozenset(block.get("statuses", STATUSES)) | {429}
        return cls(spec, statuses, lenient(compile_path(block["wait"])) if block.get("wait") else None)

    def whether(self, failure: Failure, *, repeatable: bool, attempts: int) -> bool:
        """Another try after `attempts`? What must not be sent twice only where the API surely has not taken it."""
        if not failure.transient or attempts >= self.spec.attempts:
            return False
        return repeatable or not failure.sent or failure.status == 429

    def too_long(self, failure: Failure) -> bool:
        """The API asks for a longer wait than the connection allows."""
        return failure.wait is not None and failure.wait > self.spec.max_wait

    def how_long(self, failure: Failure, *, attempts: int, waited: float) -> float | None:
        """Seconds before the next try; None where own waiting, `waited` so far, has used up what it may.

        What the API asks for is obeyed as it is; else exponential backoff with full jitter.
        """
        if failure.wait is not None:
            return failure.wait
        left = self.spec.seconds - waited
        if left <= 0:
            return None
        jittered = self.uniform(0.0, FIRST_WAIT * GROWTH ** (attempts - 1))
        return min(left, max(1.0, jittered) if failure.status == 429 else jittered)

    def apart(self, failure: Failure, *, attempts: int) -> float:
        """Seconds that a request which has met several 429s lets others go ahead: all waited for the same moment."""
        crowded = failure.status == 429 and attempts > 1
        return self.uniform(0.0, FIRST_WAIT * GROWTH ** (attempts - 2)) if crowded else 0.0

    def asked(self, headers: Mapping[str, str], body: Json, now: datetime) -> float | None:
        """The longest wait that an answer asks for, in its header or its body."""
        told = [_retry_after(headers.get("retry-after"), headers.get("date"), now)]
        if self.wait is not None:
            told.append(_seconds(self.wait(body)))
        return max((wait for wait in told if wait is not None), default=None)


def _seconds(value: Json) -> float | None:
    try:
        wait = float(value)
    except (TypeError, ValueError):
        return None
    return wait if 0 <= wait < float("inf") else None


def _retry_after(value: str | None, date: str | None, now: datetime) -> float | None:
    """Seconds, or an HTTP date; a date is compared with the server's own clock where the answer shows it."""
    if value is None or (wait := _seconds(value)) is not None:
        return wait if value is not None else None
    moment = _http_date(value)
    return None if moment is None else max(0.0, (moment - (_http_date(date) or now)).total_seconds())


def _http_date(text: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
