"""Checking the fields of one object in a request body."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from etl.sandbox.dimesheets.moments import moment
from etl.sandbox.exchange import Json

_KINDS: Mapping[str, Callable[[Json], bool]] = {
    "string": lambda value: isinstance(value, str),
    "int": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and moment(value) is not None,
    "strings": lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
}


@dataclass(frozen=True)
class Field:
    """`required` fields have to be there, but may be null where they are `nullable`."""

    name: str
    kind: str
    required: bool = False
    nullable: bool = True


def problems(item: Mapping[str, Json], fields: Iterable[Field]) -> dict[str, str]:
    """What is wrong, by field."""
    return {field.name: text for field in fields if (text := _problem(item, field))}


def _problem(item: Mapping[str, Json], field: Field) -> str | None:
    if field.name not in item:
        return f"{field.name} is required" if field.required else None
    value = item[field.name]
    if value is None:
        return None if field.nullable else f"{field.name} must not be null"
    if not _KINDS[field.kind](value):
        return f"{field.name} must be a {field.kind}"
    if value == "" and field.required and not field.nullable:
        return f"{field.name} must not be empty"
    return None
