"""strftime letters, the same on every platform: English names, years below 1000 padded, `-` for no padding."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from etl.expressions.fail import fail

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_LETTER = re.compile(r"%([-_]?)(:?.)?", re.DOTALL)

_NUMBERS: dict[str, tuple[int, Callable[[datetime], int]]] = {
    "Y": (4, lambda when: when.year),
    "C": (2, lambda when: when.year // 100),
    "y": (2, lambda when: when.year % 100),
    "m": (2, lambda when: when.month),
    "d": (2, lambda when: when.day),
    "H": (2, lambda when: when.hour),
    "I": (2, lambda when: when.hour % 12 or 12),
    "M": (2, lambda when: when.minute),
    "S": (2, lambda when: when.second),
    "j": (3, lambda when: when.timetuple().tm_yday),
    "u": (1, lambda when: when.isoweekday()),
    "w": (1, lambda when: when.isoweekday() % 7),
    "G": (4, lambda when: when.isocalendar().year),
    "g": (2, lambda when: when.isocalendar().year % 100),
    "V": (2, lambda when: when.isocalendar().week),
    "U": (2, lambda when: (when.timetuple().tm_yday + 6 - when.isoweekday() % 7) // 7),
    "W": (2, lambda when: (when.timetuple().tm_yday + 6 - when.weekday()) // 7),
}
_TEXTS: dict[str, Callable[[datetime], str]] = {
    "a": lambda when: _DAYS[when.weekday()][:3],
    "A": lambda when: _DAYS[when.weekday()],
    "b": lambda when: _MONTHS[when.month - 1][:3],
    "h": lambda when: _MONTHS[when.month - 1][:3],
    "B": lambda when: _MONTHS[when.month - 1],
    "p": lambda when: "AM" if when.hour < 12 else "PM",
    "e": lambda when: f"{when.day:2}",
    "f": lambda when: f"{when.microsecond:06}",
    "s": lambda when: str((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(seconds=1)),
    "z": lambda when: _offset(when, ""),
    ":z": lambda when: _offset(when, ":"),
    "Z": lambda when: when.tzname() or "",
    "n": lambda when: "\n",
    "t": lambda when: "\t",
    "%": lambda when: "%",
}
_SHORT = {"D": "%m/%d/%y", "F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "x": "%m/%d/%y", "X": "%H:%M:%S"}
_SHORT |= {"c": "%a %b %e %H:%M:%S %Y", "r": "%I:%M:%S %p"}


def check_pattern(pattern: str) -> str:
    """The pattern itself. Rejects one with a letter that means nothing."""
    for flag, letter in _LETTER.findall(pattern):
        if letter not in _NUMBERS and (flag or (letter not in _TEXTS and letter not in _SHORT)):
            letters = " ".join(sorted([*_NUMBERS, *_TEXTS, *_SHORT], key=str.casefold))
            fail(f"'%{flag}{letter}' is no letter of a date pattern; these are: {letters}")
    return pattern


def strftime(when: datetime, pattern: str) -> str:
    """`when`, aware, spelled by a pattern."""
    check_pattern(pattern)
    return _LETTER.sub(lambda found: _spell(when, found[1], found[2]), pattern)


def _spell(when: datetime, flag: str, letter: str) -> str:
    if letter in _NUMBERS:
        width, number = _NUMBERS[letter]
        fill = {"-": "", "_": " ", "": "0"}[flag]
        return str(number(when)).rjust(width, fill) if fill else str(number(when))
    if letter in _SHORT:
        return strftime(when, _SHORT[letter])
    return _TEXTS[letter](when)


def _offset(when: datetime, colon: str) -> str:
    seconds = int((when.utcoffset() or timedelta()).total_seconds())
    sign = "-" if seconds < 0 else "+"
    hours, rest = divmod(abs(seconds), 3600)
    return f"{sign}{hours:02}{colon}{rest // 60:02}"


def midnight(day: date) -> datetime:
    """A plain date as the start of its day, for patterns."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
