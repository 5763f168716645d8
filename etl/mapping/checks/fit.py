"""Whether a value can become a target field's value without loss, as the coercions of a run would have it."""

from __future__ import annotations

from collections.abc import Mapping

from etl.errors import RecordRejected
from etl.expressions.suggest import listed, nearest
from etl.expressions.types import Type, kind, possible, words
from etl.keys import key_text
from etl.model import Json, Schema
from etl.steps.coerce import coercion

Refusal = tuple[str, str, str | None]
"""Code, message and hint."""

_TEXTS = {"string", "integer", "number", "boolean", "date", "date-time", "time"}
_FITS: Mapping[str, set[str]] = {
    "string": _TEXTS,
    "integer": {"integer", "number", "string"},
    "number": {"integer", "number", "string"},
    "boolean": {"boolean", "string"},
    "date": {"date", "date-time", "string"},
    "date-time": {"date", "date-time", "string"},
    "time": {"time", "date-time", "string"},
    "array": {"array"},
    "object": {"object"},
}
"""For each type of a target: the types of values, some of which can become one."""


def any_fits(given: Type, wanted: Schema) -> bool:
    """Whether some value of the type can become a value of the target's field."""
    return not given.options or any(_fits(option, wanted) for option in given.options)


def _fits(option: Schema, wanted: Schema) -> bool:
    if kind(option) == "any" or wanted.type not in _FITS:
        return True
    values, allowed = possible(option), possible(wanted)
    if allowed and not values:
        return _overlaps(option, allowed)
    if not allowed and option.type not in _FITS[wanted.type]:
        return False
    return not values or any(converts(value, wanted) for value in values)


def _overlaps(option: Schema, allowed: tuple[Json, ...]) -> bool:
    """Whether any value of a type may be among the allowed ones; they are compared as text."""
    if option.type == "boolean":
        return any(converts(value, Schema("boolean")) for value in allowed)
    if kind(option) == "number":
        return any(converts(value, Schema("number")) for value in allowed)
    return kind(option) == "string"


def refusal(name: str, given: Type, wanted: Schema) -> Refusal:
    """Why a computed value never fits, for a message."""
    allowed = possible(wanted)
    values = [value for option in given.options for value in possible(option)]
    if allowed and values and kind(given.options[0]) not in ("array", "object", "boolean"):
        shown = listed([repr(value) for value in values], 4)
        return "value-not-allowed", f"'{name}' takes {listed(map(str, allowed), 12)}, and this gives {shown}", None
    return "type-mismatch", f"'{name}' is {words(Type((wanted,)))}, and this gives {words(given)}", None


def value_refusal(name: str, value: Json, wanted: Schema) -> Refusal | None:
    """Why a fixed value does not fit; None where it does."""
    allowed = possible(wanted)
    if converts(value, wanted):
        return None
    return _not_allowed(name, value, allowed) if allowed else _mismatch(name, value, wanted)


def _not_allowed(name: str, value: Json, allowed: tuple[Json, ...]) -> Refusal:
    texts = [str(each) for each in allowed]
    meant = nearest(str(value), texts)
    hint = f"did you mean {meant}?" if meant else f"it takes {listed(texts, 20)}"
    return "value-not-allowed", f"'{name}' does not take {value!r}", hint


def _mismatch(name: str, value: Json, wanted: Schema) -> Refusal:
    shown = "a list" if isinstance(value, list) else "an object" if isinstance(value, dict) else repr(value)
    hint = {
        "date": "write it as 2026-04-01",
        "date-time": "write it as 2026-04-01T10:00:00Z",
        "time": "write it as 10:30",
        "boolean": "write true or false",
    }.get(wanted.type)
    return "type-mismatch", f"'{name}' is {words(Type((wanted,)))}, and {shown} is none", hint


def _folded(value: Json) -> str:
    return (key_text(value) or "").casefold()


def converts(value: Json, wanted: Schema) -> bool:
    """Whether a value becomes one of the field without loss; a text that is too long is another matter."""
    try:
        coercion(wanted, truncated=True)(value, "UTC")
    except RecordRejected:
        return False
    return True
