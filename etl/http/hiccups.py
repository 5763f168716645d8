"""How late a request may have reached the API, told by how long its answer took.

A request counts from when it arrives. Where answers usually come at once, one that took much longer was held up on its
way, by a busy machine perhaps, and those that follow it would come too close.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from etl.http.slots import JITTER

NEAR = 0.05
"""Seconds: where even the fastest answer takes longer, long ones tell of the API's work and not of the way."""

LATEST = 0.1
"""Seconds: no more than this is put down to the way, so that an API that is slow at times keeps its rate."""

FEWEST, MOST = 8, 32
"""Answers from which on, and of which, the usual time is known."""


@dataclass(slots=True)
class Hiccups:
    """The times that answers took lately."""

    _lately: deque[float] = field(default_factory=lambda: deque(maxlen=MOST))

    def late(self, seconds: float) -> float:
        """By how much more than `JITTER` a request may have arrived late whose answer took `seconds`."""
        known = sorted(self._lately)
        self._lately.append(seconds)
        if len(known) < FEWEST or known[0] > NEAR or seconds <= known[math.ceil(0.9 * len(known)) - 1] + JITTER:
            return 0.0
        return max(0.0, min(seconds - known[0] - JITTER, LATEST))
