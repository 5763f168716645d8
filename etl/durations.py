"""Spans of time as documents write them: `90`, `60s`, `10m`, `12h`, `7d`, `250ms`."""

from __future__ import annotations

import re

_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?\s*\Z")
DAY = 24 * 60
"""Minutes of a day."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0, None: 1.0}


def seconds(span: str | int | float) -> float:
    """The span in seconds; a bare number is seconds. Raises ValueError for anything else."""
    if isinstance(span, (int, float)) and not isinstance(span, bool):
        return float(span)
    match = _SPAN.match(span) if isinstance(span, str) else None
    if match is None:
        raise ValueError(f"{span!r} is no span of time: write 30s, 10m, 12h or 7d")
    return float(match[1]) * _SECONDS[match[2]]


def spell(span: float) -> str:
    """The span for a reader: `0.5 s`, `45 s`, `2 min`, `1 h 30 min`, `7 days`."""
    if span < 90:
        return f"{span:.1f} s" if span < 10 and span != int(span) else f"{span:.0f} s"
    minutes = round(span / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes >= 2 * DAY and minutes % DAY == 0:
        return f"{minutes // DAY} days"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"
