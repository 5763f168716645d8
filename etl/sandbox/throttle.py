"""How many requests a token may make in a second.

The document says "during a given second" and leaves open which: a calendar second or any stretch of that length. Both
are here. A request that is refused was made all the same, so it counts.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque

from etl.sandbox.settings import Settings

_KEPT = 64  # arrivals remembered per token; far more than fit into a window


class Throttle:
    """Counts requests per token; times are seconds of any steady clock that starts on a whole second."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._arrivals: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_KEPT))
        self._closed_until: dict[str, float] = {}

    def wait(self, token: str, now: float) -> int:
        """Takes note of one request; 0 if it may pass, else the whole seconds its sender has to wait."""
        arrivals = self._arrivals[token]
        arrivals.append(now)
        penalty = self._closed_until.get(token, 0.0) - now
        if penalty > 0:
            return math.ceil(penalty)
        if self._settings.throttle == "off":
            return 0
        return 1 if self._in_window(arrivals, now) > self._settings.requests_per_second else 0

    def punish(self, token: str, now: float, seconds: float) -> int:
        """Closes the token for a while, as servers do with clients that went on too long."""
        self._closed_until[token] = now + seconds
        return math.ceil(seconds)

    def _in_window(self, arrivals: deque[float], now: float) -> int:
        if self._settings.throttle == "calendar":
            return sum(1 for at in arrivals if math.floor(at) == math.floor(now))
        return sum(1 for at in arrivals if now - at < 1.0)
