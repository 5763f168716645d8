"""Dates and date-times as text: every accepted form read, the canonical form written, zones applied.

Canonical: a date `2026-04-01`; a date-time is an instant in UTC `2026-04-01T10:00:00Z`, with a fraction only
where it is not zero. A plain date is a calendar day and is never moved by a zone. A local time that daylight
saving skips is moved forward by the gap; one that occurs twice is the first.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from difflib import get_close_matches
from functools import lru_cache
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from etl.expressions.fail import fail, shown

_FORM = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)"
    r"(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,12}))?)?"
    r" ?(Z|z|UTC|[+-]\d\d(?::?\d\d)?)?)?",
    re.ASCII,
)
_TIME = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:\.(0+))?)?", re.ASCII)
_EPOCH = re.compile(r"\d{9,13}", re.ASCII)
_OTHER_ORDER = re.compile(r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b", re.ASCII)
_CACHED = 8192
"""Dates repeat in data; a bounded cache makes reading most of them a dictionary access."""

_FORMS = "write it as 2026-04-01, 2026-04-01T10:00:00Z or 2026-04-01 10:00:00 +02:00"


@dataclass(frozen=True, slots=True)
class Moment:
    """A date-time as it was written: `when` naive or aware, whole seconds; `fraction` the digits after the point."""

    when: datetime
    fraction: str = ""

    def at(self, zone: tzinfo) -> datetime:
        """The local time in a zone; one without a zone of its own is in that zone."""
        when = self.when if self.when.tzinfo else self.when.replace(tzinfo=zone)
        return _moved(when, zone)

    def canonical(self, zone: tzinfo) -> str:
        """The instant; one without a zone of its own is in `zone`."""
        when = self.when if self.when.tzinfo else self.when.replace(tzinfo=zone)
        return instant(_moved(when, UTC), self.fraction)


def _moved(when: datetime, zone: tzinfo) -> datetime:
    try:
        # By way of UTC: within one and the same zone astimezone() changes nothing, not even a skipped time.
        return when.astimezone(UTC).astimezone(zone)
    except OverflowError:
        fail(f"{when} lies outside the years 1 to 9999")


def instant(when: datetime, fraction: str = "") -> str:
    """The canonical text of an aware date-time in UTC."""
    text = when.replace(tzinfo=None, microsecond=0).isoformat()
    digits = fraction.rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


@lru_cache(maxsize=64)
def zone(name: str) -> tzinfo:
    """The zone of an IANA name such as Europe/Stockholm, or an offset such as +02:00. Rejects other names."""
    offset = re.fullmatch(r"([+-])(\d\d):?(\d\d)", name, re.ASCII)
    if offset:
        return _offset(name)
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        near = nearest_zone(name)
        fail(f"'{name}' is no time zone" + (f"; did you mean '{near}'?" if near else ""))


def nearest_zone(name: str) -> str | None:
    """The zone that a name is probably a slip of: one of a place, as abbreviations such as CEST say no clear one."""
    places = {each.casefold(): each for each in sorted(available_timezones()) if "/" in each or each == "UTC"}
    of_city = [each for each in places if each.rpartition("/")[2] == name.casefold()]
    close = of_city or get_close_matches(name.casefold(), list(places), n=1)
    return places[close[0]] if close else None


def _offset(text: str) -> tzinfo:
    if text in ("Z", "z", "UTC"):
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    if hours > 15 or minutes > 59:
        fail(f"'{text}' is no offset from UTC")
    sign = -1 if text[0] == "-" else 1
    return timezone(sign * timedelta(hours=hours, minutes=minutes))


@lru_cache(maxsize=_CACHED)
def read(text: str) -> date | Moment:
    """The day or date-time that a text spells. Rejects every other text with what is wrong with it."""
    found = _FORM.fullmatch(text.strip())
    if found is None:
        _refuse(text)
    year, month, day, hour, minute, second, fraction, offset = found.groups()
    try:
        calendar_day = date(int(year), int(month), int(day))
        if hour is None:
            return calendar_day
        when = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001
    except ValueError as error:
        fail(f"{shown(text)} is no date: {error}")
    return Moment(when.replace(tzinfo=_offset(offset)) if offset else when, fraction or "")


def _refuse(text: str) -> NoReturn:
    stripped = text.strip()
    if not stripped:
        fail("an empty text is no date; to make it null write: field || `null`")
    if _EPOCH.fullmatch(stripped):
        fail(f"{shown(text)} counts seconds and is no date; {_FORMS}")
    if _OTHER_ORDER.match(stripped):
        fail(f"{shown(text)} does not say which is the day and which the month; {_FORMS}")
    fail(f"{shown(text)} is no date; {_FORMS}")


@lru_cache(maxsize=_CACHED)
def to_date(text: str, timezone_name: str) -> str:
    """The canonical date of a date, or of a date-time: the day in that zone."""
    value = read(text)
    return (value.at(zone(timezone_name)).date() if isinstance(value, Moment) else value).isoformat()


@lru_cache(maxsize=_CACHED)
def to_datetime(text: str, timezone_name: str) -> str:
    """The canonical date-time; a plain date stays one. What carries no zone is in `timezone_name`."""
    value = read(text)
    return value.canonical(zone(timezone_name)) if isinstance(value, Moment) else value.isoformat()


@lru_cache(maxsize=_CACHED)
def to_time(text: str) -> str:
    """The canonical time of day: `08:30`, with seconds only where they are not zero."""
    found = _TIME.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        fail(f"{shown(text)} is no time of day; write it as 08:30 or 08:30:00")
    seconds = found[3] or "00"
    return f"{found[1]}:{found[2]}" if seconds == "00" else f"{found[1]}:{found[2]}:{seconds}"


def local(text: str, timezone_name: str) -> datetime:
    """The aware local time in a zone; a plain date is its first moment there, without fraction."""
    value = read(text)
    if isinstance(value, Moment):
        return value.at(zone(timezone_name))
    return datetime(value.year, value.month, value.day, tzinfo=zone(timezone_name))
