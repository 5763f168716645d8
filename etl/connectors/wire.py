"""Values as an API spells them: canonical → wire, compiled once per endpoint from `wire` and the fields' own `wire`.

The connector's `wire` block:

    date, date_time, time      strftime patterns; without one: ISO 8601 (`2026-04-01`, `2026-04-01T10:00:00Z`, `10:30`)
    query_date, query_date_time   the same for query parameters; default: as in bodies
    boolean: ["False", "True"]    false and true as text
    text: true                 every value is sent as text (numbers with a dot, never an exponent; text that became
                               one keeps its scale: 1.50)
    list_join: ";"             lists in bodies become one text
    array: ","                 what joins arrays in a query parameter; `repeat` repeats the parameter instead

A field's own `wire` (and a param's): a strftime pattern for date, date-time and time; `text`, `number` or any pair
written `false/true` (such as `0/1`, `no/yes`) for a boolean; `text` for a number; `ticks` for a span of time as 100 ns
steps (from `1:30`, `PT1H30M` or a number of hours); `json` for an object or list as JSON text; for an array, the text
that joins its items.
A plain date in a date-time field is that calendar day at 00:00 and is never moved by a zone. An instant is written in
UTC, or in the project's zone where the connection says `datetime: local`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, tzinfo
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial

from etl.catalogue import Param, Wire
from etl.errors import RecordRejected
from etl.http.decoding import encode
from etl.model import Json, Record, Schema

Convert = Callable[[Json], Json]

DATE = "%Y-%m-%d"
DATE_TIME = "%Y-%m-%dT%H:%M:%SZ"
TICKS_PER_SECOND = 10_000_000


# --- records -----------------------------------------------------------------------------------------


def compile_record(fields: Mapping[str, Schema], wire: Wire, zone: tzinfo = UTC) -> Callable[[Record], Record]:
    """Turns a record into what goes into a body. It raises RecordRejected for a value that its field can't spell."""
    converts = {name: convert for name, schema in fields.items() if (convert := compile_value(schema, wire, zone))}
    rest = _text_of(wire) if wire.text else None
    if not converts and rest is None:
        return dict

    if rest is None:
        return partial(_spell_some, tuple(converts.items()))

    def spell(record: Record) -> Record:
        spelled = {}
        for name, value in record.items():
            convert = converts.get(name, rest)
            try:
                spelled[name] = value if convert is None or value is None else convert(value)
            except (ValueError, TypeError, InvalidOperation) as error:
                raise RecordRejected(f"can't be written: {error}", field=name, code="type") from None
        return spelled

    return spell


def _spell_some(converts: Sequence[tuple[str, Convert]], record: Record) -> Record:
    """Where most fields go as they are: only those that need it are touched."""
    spelled = dict(record)
    for name, convert in converts:
        value = spelled.get(name)
        if value is not None:
            try:
                spelled[name] = convert(value)
            except (ValueError, TypeError, InvalidOperation) as error:
                raise RecordRejected(f"can't be written: {error}", field=name, code="type") from None
    return spelled


def compile_value(schema: Schema, wire: Wire, zone: tzinfo = UTC) -> Convert | None:
    """What spells one field's value; None where it goes as it is. Nulls are never passed to it."""
    spelled = _by_type(schema, wire, zone)
    coded = _coded(schema)
    if not wire.text:
        return _chain(coded, spelled)
    return _chain(coded, spelled, _text_of(wire))


def _chain(*converts: Convert | None) -> Convert | None:
    real = [convert for convert in converts if convert is not None]
    if len(real) < 2:
        return real[0] if real else None
    first, *others = real

    def both(value: Json) -> Json:
        value = first(value)
        for convert in others:
            value = convert(value)
        return value

    return both


def _by_type(schema: Schema, wire: Wire, zone: tzinfo) -> Convert | None:
    if schema.wire == "ticks":
        return ticks
    if schema.wire == "json":
        return lambda value: encode(value).decode()
    if schema.type == "date-time":
        return _dated(schema.wire or wire.date_time or DATE_TIME, zone)
    if schema.type == "date":
        return _dated(schema.wire or wire.date or DATE, zone)
    if schema.type == "time":
        return _time(schema.wire or wire.time)
    if schema.type == "boolean":
        return _boolean(schema.wire, wire.boolean)
    if schema.type in ("integer", "number"):
        return number_text if schema.wire == "text" else None
    if schema.type == "array":
        return _array(schema, wire, zone)
    return compile_record(schema.properties, wire, zone) if schema.properties and not wire.text else None


def _coded(schema: Schema) -> Convert | None:
    """A name of a coded value becomes its code; an enumeration gets the documented spelling."""
    names = dict(schema.labels) if schema.labels else {text: text for text in schema.values if isinstance(text, str)}
    if not names:
        return None
    codes = {name.lower(): code for name, code in names.items()}
    return lambda value: codes.get(value.lower(), value) if isinstance(value, str) else value


def _array(schema: Schema, wire: Wire, zone: tzinfo) -> Convert | None:
    item = compile_value(schema.items, wire, zone) if schema.items else None
    joint = schema.wire or wire.list_join
    if joint:
        text = _text_of(wire)
        return lambda value: joint.join(str(text(item(part) if item else part)) for part in _listed(value))
    return (lambda value: [part if part is None else item(part) for part in _listed(value)]) if item else None


def _listed(value: Json) -> list[Json]:
    return value if isinstance(value, list) else [value]


# --- single values -----------------------------------------------------------------------------------


def _dated(pattern: str, zone: tzinfo) -> Convert:
    @lru_cache(maxsize=4096)
    def spell(text: str) -> str:
        return _format(_moment(text, zone), pattern)

    return spell


def _moment(text: str, zone: tzinfo) -> datetime:
    """A canonical date or date-time: a plain date is that day at 00:00 in whatever clock the API reads."""
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no date")
    if len(text) == 10:
        day = date.fromisoformat(text)
        return datetime(day.year, day.month, day.day, tzinfo=zone)
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(zone)


def _format(moment: datetime, pattern: str) -> str:
    """strftime, with years before 1000 in four digits on every system."""
    return moment.strftime(pattern.replace("%Y", f"{moment.year:04d}"))


def _time(pattern: str | None) -> Convert | None:
    return None if pattern is None else lambda value: time.fromisoformat(value).strftime(pattern)


def _boolean(own: str | None, general: tuple[str, str] | None) -> Convert | None:
    words = _pair(own) or general
    return None if words is None else lambda value: words[value] if isinstance(value, bool) else value


def _pair(own: str | None) -> tuple[Json, Json] | None:
    if own is None:
        return None
    if own == "number":
        return 0, 1
    false, _, true = ("false/true" if own == "text" else own).partition("/")
    return false, true


def number_text(value: Json) -> str:
    """Digits with a dot, never an exponent; the scale of a Decimal is kept (1.50)."""
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, Decimal):
        return format(value, "f")
    return str(value)


def _text_of(wire: Wire) -> Convert:
    words = wire.boolean or ("false", "true")

    def text(value: Json) -> Json:
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return words[value]
        if isinstance(value, (int, float, Decimal)):
            return number_text(value)
        if isinstance(value, list) and wire.list_join is not None:
            return wire.list_join.join(str(text(part)) for part in value)
        return encode(value).decode()

    return text


_CLOCK = re.compile(r"(-)?(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?\Z")
_ISO_SPAN = re.compile(r"(-)?P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?\Z")


def ticks(value: Json) -> int:
    """A span of time in steps of 100 ns: from `1:30`, `PT1H30M`, or a number of hours."""
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return int(Decimal(str(value)) * 3600 * TICKS_PER_SECOND)
    if match := _CLOCK.match(str(value)):
        sign, hours, minutes, rest = match.groups()
        days = "0"
    elif (match := _ISO_SPAN.match(str(value))) and len(str(value)) > 2:
        sign, days, hours, minutes, rest = match.groups()
    else:
        raise ValueError(f"{value!r} is no span of time: write 1:30, PT1H30M or a number of hours")
    in_hours = int(days or 0) * 24 + int(hours or 0)
    span = int((Decimal(in_hours * 3600 + int(minutes or 0) * 60) + Decimal(rest or 0)) * TICKS_PER_SECOND)
    return -span if sign else span


# --- query parameters ---------------------------------------------------------------------------------


def query_pairs(param: Param, value: Json, wire: Wire, zone: tzinfo = UTC) -> list[tuple[str, str]]:
    """A list parameter as it stands in an address; null and an empty list leave the filter out."""
    if value is None or value == []:
        return []
    if param.type != "array":
        return [(param.name, _query_text(param.type, param.wire, value, wire, zone))]
    kind = param.items or "string"
    texts = [_query_text(kind, param.wire, part, wire, zone) for part in _listed(value) if part is not None]
    return [(param.name, text) for text in texts] if wire.array == "repeat" else [(param.name, wire.array.join(texts))]


def _query_text(kind: str, own: str | None, value: Json, wire: Wire, zone: tzinfo) -> str:
    if isinstance(value, bool):
        words = _pair(own) or wire.boolean or ("false", "true")
        return str(words[value])
    if kind == "date-time":
        return _format(_moment(value, zone), own or wire.query_date_time or wire.date_time or DATE_TIME)
    if kind == "date":
        return _format(_moment(value, zone), own or wire.query_date or wire.date or DATE)
    return value if isinstance(value, str) else number_text(value)
