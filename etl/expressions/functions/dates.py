"""Dates, date-times and zones. Results are canonical: `2026-04-01` and `2026-04-01T10:00:00Z`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NoReturn

from etl.expressions import instants
from etl.expressions.exact import QUOTIENT, Number, number
from etl.expressions.fail import fail
from etl.expressions.functions.signature import NUMBER, STRING, Family, Parameter
from etl.expressions.scope import Scope
from etl.expressions.strftime import check_pattern, midnight, strftime
from etl.expressions.whole import whole

FAMILY = Family("dates")

_SECONDS = {"days": 86400, "hours": 3600, "minutes": 60, "seconds": 1}


def check_unit(unit: str) -> int:
    """The seconds of a unit. Rejects other words."""
    return _SECONDS[unit] if unit in _SECONDS else fail(f"'{unit}' is no unit; these are: {', '.join(_SECONDS)}")


_AS_DATE = "write it as 2026-04-01, or 2026-04-01T10:00:00Z"
_VALUE = Parameter("v", STRING, check=instants.read, remedy=_AS_DATE)
_ZONE = Parameter("zone", STRING, optional=True, check=instants.zone, remedy="write it as Europe/Stockholm")


@FAMILY.function(
    _VALUE, returns="date", example="to_date('2022-07-01 05:43:12 +00:00')", result="2022-07-01", scoped=True
)
def to_date(scope: Scope, value: str) -> str:
    """The day; of a date-time its day in the project's timezone."""
    return instants.to_date(value, scope.timezone)


@FAMILY.function(
    _VALUE,
    _ZONE,
    returns="date-time",
    example="to_datetime('2026-07-01 10:00:00', 'Europe/Stockholm')",
    result="2026-07-01T08:00:00Z",
    scoped=True,
)
def to_datetime(scope: Scope, value: str, zone: str | None = None) -> str:
    """The instant. What carries no zone is in the given one, else in the project's; a plain date stays that day."""
    return instants.to_datetime(value, zone or scope.timezone)


@FAMILY.function(
    _VALUE,
    Parameter("pattern", STRING, check=check_pattern),
    _ZONE,
    returns="string",
    example="format_datetime('2026-07-01T08:05:00Z', '%-d %B %Y, %H:%M', 'Europe/Stockholm')",
    result="1 July 2026, 10:05",
    scoped=True,
)
def format_datetime(scope: Scope, value: str, pattern: str, zone: str | None = None) -> str:
    """The date or date-time by strftime letters, as clocks in the zone (else the project's) show it."""
    read = instants.read(value)
    if not isinstance(read, instants.Moment):
        return strftime(midnight(read), pattern)
    # What carries no zone is in the project's, whichever zone it is to be shown in.
    when = read.at(instants.zone(scope.timezone))
    micro = int(read.fraction[:6].ljust(6, "0"))
    shown = when.astimezone(instants.zone(zone)) if zone else when
    return strftime(shown.replace(microsecond=micro), pattern)


@FAMILY.function(
    _VALUE,
    Parameter("n", NUMBER),
    returns="date-time",
    example="add_days('2026-02-27', `2`)",
    result="2026-03-01",
    scoped=True,
)
def add_days(scope: Scope, value: str, days: Number) -> str:
    """So many days later (earlier, if negative), at the same time of day in the project's timezone."""
    count = whole(days, "the number of days")
    read = instants.read(value)
    try:
        later = timedelta(days=count)
        if not isinstance(read, instants.Moment):
            return (read + later).isoformat()
        zone = instants.zone(scope.timezone)
        local = read.at(zone)
        moved = instants.Moment(local.replace(tzinfo=None, fold=0) + later, read.fraction)
        if not later:
            return read.canonical(zone)
        return moved.canonical(zone)
    except OverflowError:
        _out_of_range(value)


def _out_of_range(value: str) -> NoReturn:
    fail(f"that many days from '{value}' lie outside the years 1 to 9999")


@FAMILY.function(
    Parameter("a", STRING, check=instants.read, remedy=_AS_DATE),
    Parameter("b", STRING, check=instants.read, remedy=_AS_DATE),
    Parameter("unit", STRING, check=check_unit),
    returns="number",
    example="date_diff('2026-04-01T08:00:00Z', '2026-04-01T16:30:00Z', 'hours')",
    result=8.5,
    scoped=True,
)
def date_diff(scope: Scope, start: str, end: str, unit: str) -> Number:
    """How much time lies from a to b, negative if b is earlier; the unit is days, hours, minutes or seconds."""
    seconds = check_unit(unit)
    first, second = instants.read(start), instants.read(end)
    if isinstance(first, date) and isinstance(second, date):
        return number(QUOTIENT.divide(Decimal((second - first).days * 86400), Decimal(seconds)))
    elapsed = _seconds(scope, end) - _seconds(scope, start)
    return number(QUOTIENT.divide(elapsed, Decimal(seconds)))


def _seconds(scope: Scope, value: str) -> Decimal:
    """Exact seconds since 1970 of a date-time, or of a day's first moment in the project's timezone."""
    read = instants.read(value)
    whole_seconds = (instants.local(value, scope.timezone) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)
    fraction = read.fraction if isinstance(read, instants.Moment) else ""
    return Decimal(f"{whole_seconds}") + Decimal(f"0.{fraction or 0}")


@FAMILY.function(returns="date-time", example="now()", result="2026-04-01T10:00:00Z", scoped=True)
def now(scope: Scope) -> str:
    """When the run began, in whole seconds: the same for every record, and fixed in tests."""
    return instants.instant(scope.now.astimezone(UTC))
