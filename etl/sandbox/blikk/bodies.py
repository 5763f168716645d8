"""Reading request bodies: required and well-typed properties, ids that exist; properties nobody knows are ignored."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from etl.sandbox.blikk.moments import is_clock, parse
from etl.sandbox.blikk.refusals import invalid
from etl.sandbox.exchange import Call, Json, Record
from etl.sandbox.storage import Store

_NUMBER = (int, float)
_KINDS: Mapping[str, Callable[[Json], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "decimal": lambda value: isinstance(value, _NUMBER) and not isinstance(value, bool) and math.isfinite(value),
    "boolean": lambda value: isinstance(value, bool),
    "datetime": lambda value: isinstance(value, str) and parse(value) is not None,
    "clock": lambda value: isinstance(value, str) and is_clock(value),
    "ids": lambda value: isinstance(value, list) and all(_KINDS["integer"](item) for item in value),
    "object": lambda value: isinstance(value, dict),
    "objects": lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
}


@dataclass(frozen=True)
class Property:
    """One property of a request body. `of` names the records that an id (or each of `ids`) has to be found in."""

    name: str
    kind: str
    required: bool = False
    of: str | tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    default: Json = None


def read_body(call: Call, properties: tuple[Property, ...], store: Store) -> Record:
    """The documented properties of the body, those left out with their defaults; 400 with all that is wrong."""
    try:
        body = call.json()
    except ValueError:
        raise invalid({"": ["The body is not valid JSON."]}) from None
    if not isinstance(body, dict):
        raise invalid({"": ["The body has to be an object."]})
    problems: dict[str, list[str]] = {}
    record = read_object(body, properties, store, problems)
    if problems:
        raise invalid(problems)
    return record


def read_object(
    body: Mapping[str, Json],
    properties: tuple[Property, ...],
    store: Store,
    problems: dict[str, list[str]],
    prefix: str = "",
) -> Record:
    """The properties of one object, problems noted under `prefix` + name."""
    record: Record = {}
    for prop in properties:
        value = body.get(prop.name)
        problem = _problem(prop, value, store)
        if problem:
            problems[prefix + prop.name] = [problem]
        record[prop.name] = prop.default if value is None else value
    return record


def _problem(prop: Property, value: Json, store: Store) -> str | None:
    if value is None or (prop.kind == "string" and prop.required and not str(value).strip()):
        return f"The {prop.name} field is required." if prop.required else None
    if not _KINDS[prop.kind](value):
        return f"The value is not valid for {prop.name}: {prop.kind} expected."
    if prop.values and value.casefold() not in (allowed.casefold() for allowed in prop.values):
        return f"The value '{value}' is not valid for {prop.name}."
    missing = [key for key in (value if prop.kind == "ids" else [value]) if not _exists(prop.of, key, store)]
    return f"{prop.name}: {missing[0]} does not exist." if missing else None


def _exists(collections: str | tuple[str, ...], key: Any, store: Store) -> bool:
    names = (collections,) if isinstance(collections, str) else collections
    return not names or any(key in store.rows(name) for name in names)
