"""Calling a function with arguments of any kind: what generated code falls back on where its quick test fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from etl.expressions.fail import fail, kind_of, shown
from etl.expressions.functions import Function
from etl.expressions.scope import Scope
from etl.model import Json

_ORDINALS = ("1st", "2nd", "3rd")
_NOUNS = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "expref": "an expression such as &name",
    "array-string": "a list of texts",
    "array-number": "a list of numbers",
}
_HINTS = {
    ("string", "number"): "; write to_string(…)",
    ("number", "string"): "; write to_number(…)",
    ("string", "null"): "; give it another value with coalesce(…, '')",
    ("array", "null"): "; give it another value with coalesce(…, `[]`)",
}


def strings(value: Json) -> bool:
    """Whether the value is a list of nothing but texts."""
    if type(value) is not list:
        return False
    for item in value:  # noqa: SIM110 - a generator costs twice as much here
        if type(item) is not str:
            return False
    return True


def caller(function: Function) -> Callable[..., Json]:
    """`call(scope, *arguments)`: the function with its arguments checked. Rejects the record where they don't fit."""
    implementation = function.implementation

    def call(scope: Scope, *arguments: Json) -> Json:
        for index, argument in enumerate(arguments):
            parameter = function.parameter(index)
            if argument is None and not function.standard and not parameter.nullable:
                return None
            if (
                parameter.kinds
                and not (argument is None and parameter.nullable)
                and not fits(argument, parameter.kinds)
            ):
                _refuse(function, len(arguments), index, argument)
        return implementation(scope, *arguments) if function.scoped else implementation(*arguments)

    return call


def fits(value: Json, kinds: Sequence[str]) -> bool:
    """Whether a value is of one of these kinds."""
    kind = kind_of(value)
    if kind in kinds:
        return True
    return kind == "array" and any(
        all(kind_of(item) == each[6:] for item in value) for each in kinds if each[:6] == "array-"
    )


def _refuse(function: Function, count: int, index: int, value: Json) -> None:
    parameter = function.parameter(index)
    wanted = " or ".join(_NOUNS[kind] for kind in parameter.kinds)
    which = "" if count == 1 else f" as its {_ordinal(index + 1)} argument"
    got = "null" if value is None else shown(value)
    kind = kind_of(value)
    hint = next((_HINTS[pair] for each in parameter.kinds if (pair := (each.split("-")[0], kind)) in _HINTS), "")
    fail(f"{function.name}() needs {wanted}{which}, not {got}{hint}")


def _ordinal(number: int) -> str:
    return _ORDINALS[number - 1] if number <= len(_ORDINALS) else f"{number}th"
