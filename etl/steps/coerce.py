"""Values made to fit a documented type, without loss: 7.0 is the integer 7, "7" too; 7.5 rejects the record.

Dates come out canonical, enumerations in the documented spelling, numbers exact.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import time
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache, partial
from typing import NoReturn, TypeVar

from etl.errors import RecordRejected
from etl.expressions import instants
from etl.expressions.exact import LEAST, MOST, decimal, is_number, number, read_number
from etl.expressions.fail import fail, kind_of, plain, shown
from etl.keys import key_text
from etl.model import Json, Schema

Coercion = Callable[[Json, str], Json]
"""Takes a value that is not null and the project's timezone. Raises RecordRejected with code `type`."""

_DEEPEST = 100

_SCALED = re.compile(r"\.[0-9]*0\s*\Z")
"""A number as text whose last decimals are zeros: who reads it as text, too, is told all of them."""


def coercion(schema: Schema, *, asked: bool = False, truncated: bool = False) -> Coercion:
    """The coercion to a documented type. `asked`: the mapping wants it by name, so that a date-time may become
    its day; `truncated`: a text that is too long is cut afterwards, so it passes."""
    if schema.values or schema.labels:
        return partial(_to_value, _spellings(schema), _allowed(schema))
    if schema.type == "string":
        return partial(_to_string, None if truncated else schema.max_length)
    if schema.type == "array" and schema.items is not None:
        return partial(_to_array_of, coercion(schema.items))
    if schema.type == "object" and schema.properties:
        return partial(_to_object_of, {name: coercion(each) for name, each in schema.properties.items()})
    if schema.type == "date" and asked:
        return _to_day
    return _SCALARS[schema.type]


def effective(schema: Schema | None, type_name: str | None) -> Schema:
    """What a field has to fit: the target's documented type, or the one that the field asks for instead."""
    known = schema or Schema()
    if type_name is None or type_name == known.type:
        return known
    return replace(known, type=type_name, values=(), labels=None, properties=None, items=None, max_length=None)


def _refuse(reason: str) -> NoReturn:
    fail(reason, code="type")


# --- text ----------------------------------------------------------------------------------------


def _to_string(longest: int | None, value: Json, timezone: str) -> str:
    if isinstance(value, str):
        text = whole_text(value)
    elif isinstance(value, list | dict):
        _refuse(f"{shown(value)} is no text; make it one with join(), to_string() or a path into it")
    else:
        _finite(value)
        text = plain(value)
    if longest is not None and len(text) > longest:
        too_long(text, longest)
    return text


def too_long(text: str, longest: int) -> NoReturn:
    """Rejects a text that is longer than its field may be."""
    _refuse(f"{shown(text)} has {len(text)} characters, at most {longest} fit; `truncate: {longest}` cuts it")


def whole_text(text: str) -> str:
    """The text itself. Rejects one with half a character in it (a lone surrogate), which no API can be sent."""
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            _refuse(f"{shown(text)} holds half a character (a lone surrogate) at {error.start + 1}")
    return text


def truncate(text: str, length: int) -> str:
    """The first `length` characters; an accent or joiner is not torn from its letter."""
    if len(text) <= length:
        return text
    end = length
    while end > 0 and _joined(text, end):
        end -= 1
    return text[: end or length]


def _joined(text: str, place: int) -> bool:
    """Whether the character at `place` belongs to the one before."""
    here = text[place]
    return bool(unicodedata.combining(here)) or here in "\u200d\ufe0e\ufe0f" or text[place - 1] == "\u200d"


# --- numbers and booleans ------------------------------------------------------------------------


def _finite(value: Json) -> None:
    finite = value.is_finite() if isinstance(value, Decimal) else not isinstance(value, float) or math.isfinite(value)
    if not finite:
        _refuse(f"{value} is no number")


def _read(value: Json, what: str) -> int | float | Decimal:
    if is_number(value):
        _finite(value)
        return number(decimal(value))
    if not isinstance(value, str):
        _refuse(f"{shown(value)} is no {what}")
    text = value.strip()
    if not text:
        _refuse(f"an empty text is no {what}; to make it null write: field || `null`")
    found = read_number(text)
    if found is None:
        _refuse(f"{shown(value)} is no {what}{_why(text)}")
    return found


def _why(text: str) -> str:
    unsigned = text.removeprefix("-")
    if unsigned.isascii() and unsigned.isdigit():
        return ": it would lose its leading zeros" if unsigned.startswith("0") else ""
    if read_number(text.replace(",", ".").replace(" ", "").replace("\u00a0", "")) is not None:
        return "; make it one with to_number(replace(…, ',', '.'))"
    return ""


def _to_number(value: Json, timezone: str) -> int | float | Decimal:
    if isinstance(value, float) and not isinstance(value, bool):
        _finite(value)
        return value
    found = _read(value, "number")
    return Decimal(text.strip()) if _SCALED.search(text := str(value)) else found


def _to_integer(value: Json, timezone: str) -> int:
    found = _read(value, "integer")
    if isinstance(found, int):
        return found
    if found == (found.to_integral_value() if isinstance(found, Decimal) else found // 1):  # `//` fails on 1e400
        _refuse(f"{found} is wider than an integer can be (64 bits)")
    _refuse(f"{shown(value)} is no integer; make it one with round(), floor() or ceil()")


def _to_boolean(value: Json, timezone: str) -> bool:
    if isinstance(value, bool):
        return value
    text = value.strip().lower() if isinstance(value, str) else ""
    if text not in ("true", "false"):
        _refuse(f"{shown(value)} is neither true nor false; say which with `map`, or compare: field == …")
    return text == "true"


# --- dates ---------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def date_text(text: str, timezone: str) -> str:
    """The canonical date of a text that says no time of day (or midnight without a zone)."""
    value = _as_type(instants.read, text)
    if not isinstance(value, instants.Moment):
        return value.isoformat()
    if value.when.tzinfo or value.fraction.strip("0") or value.when.time() != time():
        _refuse(f"{shown(text)} is a date-time, and a date would lose its time; `type: date` takes its day")
    return value.when.date().isoformat()


@lru_cache(maxsize=8192)
def day_text(text: str, timezone: str) -> str:
    """The canonical date; of a date-time its day in that zone."""
    return _as_type(instants.to_date, text, timezone)


@lru_cache(maxsize=8192)
def datetime_text(text: str, timezone: str) -> str:
    """The canonical date-time; a plain date stays one."""
    return _as_type(instants.to_datetime, text, timezone)


@lru_cache(maxsize=8192)
def time_text(text: str, timezone: str) -> str:
    """The canonical time of day."""
    return _as_type(instants.to_time, text)


Result = TypeVar("Result")


def _as_type(read: Callable[..., Result], *arguments: str) -> Result:
    try:
        return read(*arguments)
    except RecordRejected as rejected:
        raise RecordRejected(rejected.reason, code="type") from None


def _dated(read: Callable[[str, str], str], what: str, value: Json, timezone: str) -> str:
    if not isinstance(value, str):
        _refuse(f"{shown(value)} is no {what}; write it as text such as {_EXAMPLES[what]}")
    return read(value, timezone)


_EXAMPLES = {"date": "2026-04-01", "date-time": "2026-04-01T10:00:00Z", "time of day": "08:30"}

_to_date = partial(_dated, date_text, "date")
_to_day = partial(_dated, day_text, "date")
_to_datetime = partial(_dated, datetime_text, "date-time")
_to_time = partial(_dated, time_text, "time of day")


# --- lists, objects, anything --------------------------------------------------------------------


def _to_json(value: Json, timezone: str) -> Json:
    return clean(value)


def clean(value: Json, depth: int = 0) -> Json:
    """Any JSON value as it can be sent: integers beyond 64 bits as decimals; NaN and half characters reject."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, float | Decimal):
        _finite(value)
        return value
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if LEAST <= value <= MOST else Decimal(value)
    if depth > _DEEPEST:
        _refuse(f"the value is nested deeper than {_DEEPEST} levels")
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {whole_text(name): clean(item, depth + 1) for name, item in value.items()}
    _refuse(f"a value of type {type(value).__name__} is no JSON")


def _to_array(value: Json, timezone: str) -> list[Json]:
    if not isinstance(value, list):
        _refuse(f"{shown(value)} is no list; make it one with to_array(…) or [ … ]")
    return [clean(item, 1) for item in value]


def _to_object(value: Json, timezone: str) -> dict[str, Json]:
    if not isinstance(value, dict):
        _refuse(f"{shown(value)} is no object; make it one with {{name: …}}")
    return {whole_text(name): clean(item, 1) for name, item in value.items()}


def _to_array_of(item: Coercion, value: Json, timezone: str) -> list[Json]:
    result = _to_array(value, timezone)
    return [_inside(f"its item {index + 1}", item, each, timezone) for index, each in enumerate(result)]


def _to_object_of(properties: Mapping[str, Coercion], value: Json, timezone: str) -> dict[str, Json]:
    result = _to_object(value, timezone)
    for name in result.keys() & properties.keys():
        result[name] = _inside(f"its '{name}'", properties[name], result[name], timezone)
    return result


def _inside(place: str, coerce: Coercion, value: Json, timezone: str) -> Json:
    if value is None:
        return None
    try:
        return coerce(value, timezone)
    except RecordRejected as rejected:
        raise RecordRejected(f"{place}: {rejected.reason}", code=rejected.code) from None


# --- enumerations --------------------------------------------------------------------------------


def _spellings(schema: Schema) -> dict[str, Json]:
    """Folded text → the documented value: of the values themselves, and of the names of coded ones."""
    named = {name.casefold(): code for name, code in (schema.labels or {}).items()}
    codes = {_folded(code): code for code in (schema.labels or {}).values()}
    return named | codes | {_folded(value): value for value in schema.values}


def _folded(value: Json) -> str:
    return (key_text(value) or "").strip().casefold()


def _allowed(schema: Schema) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*(schema.labels or {}), *(plain(value) for value in schema.values)]))


def _to_value(spellings: Mapping[str, Json], allowed: tuple[str, ...], value: Json, timezone: str) -> Json:
    if not isinstance(value, list | dict) and kind_of(value) != "expref":
        _finite(value)
        found = spellings.get(_folded(value))
        if found is not None:
            return found
    names = {name.casefold(): name for name in allowed}
    near = get_close_matches(str(value).casefold(), names, n=1) if isinstance(value, str) else []
    hint = f"; did you mean '{names[near[0]]}'?" if near else ""
    listed = ", ".join(allowed[:12]) + (", …" if len(allowed) > 12 else "")
    _refuse(f"{shown(value)} is not one of {listed}{hint}")


_SCALARS: dict[str, Coercion] = {
    "string": partial(_to_string, None),
    "integer": _to_integer,
    "number": _to_number,
    "boolean": _to_boolean,
    "date": _to_date,
    "date-time": _to_datetime,
    "time": _to_time,
    "object": _to_object,
    "array": _to_array,
    "json": _to_json,
}
