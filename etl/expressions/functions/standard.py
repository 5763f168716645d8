"""JMESPath's own functions as its specification has them; sums and averages of decimals stay exact."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal

from etl.expressions.equality import contains_value
from etl.expressions.exact import EXACT, QUOTIENT, Number, calculate, decimal, number, read_number
from etl.expressions.fail import fail, kind_of, plain
from etl.expressions.functions.signature import (
    ANY,
    ARRAY,
    EXPREF,
    NUMBER,
    NUMBERS,
    OBJECT,
    STRING,
    STRINGS,
    Family,
    Parameter,
    array_of,
)
from etl.model import Json, Schema

FAMILY = Family("standard", standard=True)

_NUMBER = Parameter("n", NUMBER)
_NUMBERS = Parameter("l", NUMBERS)
_SORTABLE = Parameter("l", NUMBERS + STRINGS)
_TEXT = Parameter("s", STRING)
_LIST = Parameter("l", ARRAY)
_OBJECT = Parameter("o", OBJECT)
_ANY = Parameter("v", ANY, nullable=True)
_EXPRESSION = Parameter("expr", EXPREF)

Key = Callable[[Json], Json]


@FAMILY.function(_NUMBER, returns="number", example="abs(`-7`)", result=7)
def abs_(value: Number) -> Number:
    """The number without its sign."""
    return value.copy_abs() if isinstance(value, Decimal) else abs(value)


@FAMILY.function(_NUMBERS, returns="number", nullable=True, example="avg(@)", record=[1, 2, 6], result=3)
def avg(values: list[Number]) -> Number | None:
    """The average; of an empty list null."""
    if not values:
        return None
    total = decimal(_total(values))
    quotient = QUOTIENT.divide(total, Decimal(len(values)))
    exact = EXACT.multiply(quotient, Decimal(len(values))) == total
    return number(quotient) if exact else float(quotient)


@FAMILY.function(
    Parameter("subject", ("array", "string")),
    Parameter("search", ANY, nullable=True),
    returns="boolean",
    example="contains(@, 'b')",
    record=["a", "b"],
    result=True,
)
def contains(subject: list[Json] | str, search: Json) -> bool:
    """Whether a list holds the value, or a text the text."""
    if isinstance(subject, str):
        return isinstance(search, str) and search in subject
    return contains_value(subject, search)


@FAMILY.function(_NUMBER, returns="integer", example="ceil(`1.2`)", result=2)
def ceil(value: Number) -> Number:
    """The next whole number above."""
    return number(Decimal(math.ceil(decimal(value))))


@FAMILY.function(
    _TEXT, Parameter("suffix", STRING), returns="boolean", example="ends_with('4711-A', '-A')", result=True
)
def ends_with(text: str, suffix: str) -> bool:
    """Whether the text ends so."""
    return text.endswith(suffix)


@FAMILY.function(_NUMBER, returns="integer", example="floor(`1.8`)", result=1)
def floor(value: Number) -> Number:
    """The next whole number below."""
    return number(Decimal(math.floor(decimal(value))))


@FAMILY.function(
    Parameter("glue", STRING),
    Parameter("l", STRINGS),
    returns="string",
    example="join(', ', @)",
    record=["a", "b"],
    result="a, b",
)
def join(glue: str, texts: list[str]) -> str:
    """The texts of a list with `glue` between them."""
    return glue.join(texts)


@FAMILY.function(_OBJECT, returns=array_of("string"), example="keys(@)", record={"a": 1, "b": 2}, result=["a", "b"])
def keys(value: dict[str, Json]) -> list[str]:
    """The names of an object's properties."""
    return list(value)


@FAMILY.function(Parameter("v", ("string", "array", "object")), returns="integer", example="length('Björk')", result=5)
def length(value: str | list[Json] | dict[str, Json]) -> int:
    """How many characters, items or properties."""
    return len(value)


@FAMILY.function(
    _EXPRESSION,
    _LIST,
    returns=Schema("array", nullable=False),
    example="map(&id, @)",
    record=[{"id": 1}, {}],
    result=[1, None],
)
def map_(expression: Key, values: list[Json]) -> list[Json]:
    """What the expression gives for each item, null included."""
    return [expression(value) for value in values]


@FAMILY.function(_SORTABLE, returns=Schema("json"), nullable=True, example="max(@)", record=[3, 7, 5], result=7)
def max_(values: list[Json]) -> Json:
    """The largest number, or the last text of the alphabet; of an empty list null."""
    return max(values, key=_ordered) if values else None


@FAMILY.function(_SORTABLE, returns=Schema("json"), nullable=True, example="min(@)", record=[3, 7, 5], result=3)
def min_(values: list[Json]) -> Json:
    """The smallest number, or the first text of the alphabet; of an empty list null."""
    return min(values, key=_ordered) if values else None


_BY = (_LIST, _EXPRESSION)
_PEOPLE = [{"name": "Bo", "age": 41}, {"name": "Ada", "age": 36}]


@FAMILY.function(
    *_BY, returns=Schema("json"), nullable=True, example="max_by(@, &age)", record=_PEOPLE, result=_PEOPLE[0]
)
def max_by(values: list[Json], key: Key) -> Json:
    """The item for which the expression is largest; of an empty list null."""
    return max(_keyed("max_by", values, key), key=_first)[1] if values else None


@FAMILY.function(
    *_BY, returns=Schema("json"), nullable=True, example="min_by(@, &age)", record=_PEOPLE, result=_PEOPLE[1]
)
def min_by(values: list[Json], key: Key) -> Json:
    """The item for which the expression is smallest; of an empty list null."""
    return min(_keyed("min_by", values, key), key=_first)[1] if values else None


@FAMILY.function(
    *_BY,
    returns=Schema("array", nullable=False),
    example="sort_by(@, &age)[].name",
    record=_PEOPLE,
    result=["Ada", "Bo"],
)
def sort_by(values: list[Json], key: Key) -> list[Json]:
    """The items in the order of what the expression gives."""
    return [value for _, value in sorted(_keyed("sort_by", values, key), key=_first)]


def _keyed(name: str, values: list[Json], key: Key) -> list[tuple[Json, Json]]:
    """Each item beside its key; all keys are numbers, or all are texts."""
    pairs = [(key(value), value) for value in values]
    kinds = {kind_of(found) for found, _ in pairs}
    if not kinds <= {"number"} and not kinds <= {"string"}:
        given = " and ".join(sorted(kinds))
        fail(f"{name}() needs only numbers or only texts to compare; its expression gives {given}")
    return [(_ordered(found), value) for found, value in pairs]


def _first(pair: tuple[Json, Json]) -> Json:
    return pair[0]


def _ordered(value: Json) -> Json:
    """Numbers by what they spell: Decimal('0.1') and 0.1 are the same."""
    return decimal(value) if isinstance(value, float) else value


@FAMILY.function(
    Parameter("o", OBJECT, variadic=True),
    returns="object",
    example="merge(a, b)",
    record={"a": {"x": 1, "y": 1}, "b": {"y": 2}},
    result={"x": 1, "y": 2},
)
def merge(*objects: dict[str, Json]) -> dict[str, Json]:
    """One object of all; later properties replace earlier ones."""
    merged: dict[str, Json] = {}
    for each in objects:
        merged.update(each)
    return merged


@FAMILY.function(
    Parameter("v", ANY, variadic=True, nullable=True),
    returns=Schema("json"),
    nullable=True,
    example="not_null(a, b)",
    record={"a": None, "b": 2},
    result=2,
)
def not_null(*values: Json) -> Json:
    """The first value that is not null."""
    return next((value for value in values if value is not None), None)


@FAMILY.function(
    Parameter("v", ("array", "string")),
    returns=Schema("json"),
    example="reverse(@)",
    record=[1, 2, 3],
    result=[3, 2, 1],
)
def reverse(value: list[Json] | str) -> list[Json] | str:
    """The items or characters from the last to the first."""
    return value[::-1]


@FAMILY.function(
    _SORTABLE, returns=Schema("array", nullable=False), example="sort(@)", record=[3, 1, 2], result=[1, 2, 3]
)
def sort(values: list[Json]) -> list[Json]:
    """Numbers by size, texts by their characters' codes."""
    return sorted(values, key=_ordered)


@FAMILY.function(
    _TEXT, Parameter("prefix", STRING), returns="boolean", example="starts_with('SE-55', 'SE')", result=True
)
def starts_with(text: str, prefix: str) -> bool:
    """Whether the text begins so."""
    return text.startswith(prefix)


@FAMILY.function(_NUMBERS, returns="number", example="sum(@)", record=[1, 2, 3], result=6)
def sum_(values: list[Number]) -> Number:
    """The sum; of an empty list 0."""
    return _total(values)


def _total(values: list[Number]) -> Number:
    return calculate(EXACT.add, (0, *values))


@FAMILY.function(_ANY, returns=Schema("array", nullable=False), example="to_array('a')", result=["a"])
def to_array(value: Json) -> list[Json]:
    """A list as it is, anything else as a list of one."""
    return value if isinstance(value, list) else [value]


@FAMILY.function(_ANY, returns="number", nullable=True, example="to_number('7.50')", result=7.5)
def to_number(value: Json) -> Number | None:
    """A number as it is, a text that spells one as JSON does read, anything else null."""
    if isinstance(value, str):
        return read_number(value)
    return value if kind_of(value) == "number" else None


@FAMILY.function(_ANY, returns="string", example="to_string(@)", record={"a": [1, True]}, result='{"a":[1,true]}')
def to_string(value: Json) -> str:
    """A text as it is, anything else as JSON; null is 'null'."""
    if type(value) is str:
        return value
    return str(value) if type(value) is int else _json(value)


def _json(value: Json) -> str:
    if isinstance(value, list):
        return f"[{','.join(_json(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_json(str(key))}:{_json(item)}' for key, item in value.items())}}}"
    return plain(value) if isinstance(value, Decimal) else json.dumps(value, ensure_ascii=False)


@FAMILY.function(_ANY, returns="string", example="type(`1`)", result="number")
def type_(value: Json) -> str:
    """number, string, boolean, array, object or null."""
    return kind_of(value)


@FAMILY.function(
    _OBJECT, returns=Schema("array", nullable=False), example="values(@)", record={"a": 1, "b": 2}, result=[1, 2]
)
def values(value: dict[str, Json]) -> list[Json]:
    """The values of an object's properties."""
    return list(value.values())
