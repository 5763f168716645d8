"""Dates and times as Blikk writes and reads them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( ?([+-]\d{2}:\d{2}|Z))?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def instant(moment: datetime) -> str:
    """`2022-07-01 05:43:12 +00:00`: in UTC, to the second, so that texts sort as times do."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S +00:00")


def parse(text: str) -> datetime | None:
    """A day, or a date-time with or without zone (then UTC; the document does not say); None if it is neither."""
    if not (_DAY.fullmatch(text) or _MOMENT.fullmatch(text)):
        return None
    try:
        moment = datetime.fromisoformat(re.sub(r"(?<=\d) (?=[+Z-])", "", text))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_of(text: str) -> date | None:
    """The calendar day that a text names, by its own clock: a zone never moves it."""
    moment = parse(text)
    return moment.date() if moment else None


def is_clock(text: str) -> bool:
    """Whether a text is a time of day such as `07:30`."""
    return _CLOCK.fullmatch(text) is not None
