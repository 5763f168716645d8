"""Functions on lists and objects, after JMESPath Community (JEP 13)."""

from __future__ import annotations

from collections.abc import Callable

from etl.expressions.fail import fail, kind_of, shown
from etl.expressions.functions.signature import ANY, ARRAY, EXPREF, OBJECT, Family, Parameter
from etl.model import Json, Schema

FAMILY = Family("collections")

_PAIRS = Schema("array", nullable=False, items=Schema("array", nullable=False))


@FAMILY.function(
    Parameter("o", OBJECT), returns=_PAIRS, example="items(@)", record={"a": 1, "b": 2}, result=[["a", 1], ["b", 2]]
)
def items(value: dict[str, Json]) -> list[list[Json]]:
    """An object as a list of [key, value]."""
    return [[key, item] for key, item in value.items()]


@FAMILY.function(
    Parameter("l", ARRAY),
    returns="object",
    example="from_items(@)",
    record=[["a", 1], ["b", 2]],
    result={"a": 1, "b": 2},
)
def from_items(pairs: list[Json]) -> dict[str, Json]:
    """An object from a list of [key, value]; of two equal keys the later holds."""
    result: dict[str, Json] = {}
    for pair in pairs:
        if type(pair) is not list or len(pair) != 2 or type(pair[0]) is not str:
            fail(f"from_items() needs a list of [key, value] with a text as key, not {shown(pair)}")
        result[pair[0]] = pair[1]
    return result


@FAMILY.function(
    Parameter("a", ARRAY),
    Parameter("b", ARRAY, variadic=True),
    returns=_PAIRS,
    example="zip(names, ages)",
    record={"names": ["Ada", "Bo"], "ages": [36, 41]},
    result=[["Ada", 36], ["Bo", 41]],
)
def zip_(*lists: list[Json]) -> list[list[Json]]:
    """The first items together, the second ones, and so on, as far as the shortest list goes."""
    return [list(together) for together in zip(*lists, strict=False)]


@FAMILY.function(
    Parameter("l", ARRAY),
    Parameter("expr", EXPREF),
    returns="object",
    example="group_by(@, &kind)",
    record=[{"kind": "a", "n": 1}, {"kind": "b", "n": 2}, {"kind": "a", "n": 3}],
    result={"a": [{"kind": "a", "n": 1}, {"kind": "a", "n": 3}], "b": [{"kind": "b", "n": 2}]},
)
def group_by(values: list[Json], key: Callable[[Json], Json]) -> dict[str, list[Json]]:
    """An object of lists by the text that the expression gives; items for which it is null are left out."""
    groups: dict[str, list[Json]] = {}
    for value in values:
        name = key(value)
        if name is None:
            continue
        if type(name) is not str:
            fail(f"group_by() needs a text to group by, not a value of type {kind_of(name)}; write to_string(…)")
        groups.setdefault(name, []).append(value)
    return groups


@FAMILY.function(
    Parameter("a", ANY, variadic=True, nullable=True),
    returns=Schema("json"),
    nullable=True,
    example="coalesce(`null`, `0`, `1`)",
    result=0,
)
def coalesce(*values: Json) -> Json:
    """The first that is not null; `||` would pass over 0-length text, false and [] too."""
    return next((value for value in values if value is not None), None)
