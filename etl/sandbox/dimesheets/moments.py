"""Date-times as Dime.Sheets writes them: `2026-04-01T00:00:00Z`."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def written(moment: datetime) -> str:
    """A moment as the API writes it: UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(text: str) -> datetime | None:
    """A date-time with zone, in UTC; None where the text is anything else."""
    if not _MOMENT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def day_or_moment(text: str) -> datetime | None:
    """What the query parameters take: a calendar day, too."""
    if _DAY.fullmatch(text):
        text += "T00:00:00Z"
    return moment(text)
