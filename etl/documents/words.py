"""How messages name the things of a document: its places, its values and their kinds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from etl.documents.marks import DocumentPath
from etl.model import Json

AN_OBJECT = "an object (key: value)"
_KINDS = {
    "object": AN_OBJECT, "array": "a list", "string": "a text", "integer": "a whole number",
    "number": "a number", "boolean": "true or false", "null": "null",
}  # fmt: skip
_SECTIONS = {
    "fields": "field", "lookups": "lookup", "connections": "connection", "tests": "test", "environments": "environment",
    "endpoints": "endpoint", "operations": "operation", "params": "param", "instances": "instance",
}  # fmt: skip
_LONGEST = 40


def name(path: DocumentPath, kind: str) -> str:
    """`'where'`, `field 'name'`, `item 2 of 'tags'`; the document itself at its root."""
    if not path:
        return f"the {kind}"
    if isinstance(path[-1], int):
        return f"item {path[-1] + 1} of {name(path[:-1], kind)}"
    if len(path) > 1 and path[-2] in _SECTIONS:
        return f"{_SECTIONS[str(path[-2])]} '{path[-1]}'"
    return f"'{path[-1]}'"


def listed(names: Sequence[str], word: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)


def spelled(value: Json) -> str:
    """A scalar as YAML spells it."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value)


def kinds(types: str | Sequence[str]) -> list[str]:
    """JSON Schema's types in words; null is not spoken of."""
    return [_KINDS[each] for each in ([types] if isinstance(types, str) else types) if each != "null"]


def shown(value: Json, *, openly: bool) -> str:
    """What a value is. It is shown itself only where it stands `openly` in the file: not filled in, no credential."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, str):
        return f"'{value}'" if openly and len(value) <= _LONGEST and value.isprintable() else "a text"
    return spelled(value) if openly or value is None or isinstance(value, bool) else "a number"


def such_as(schema: Mapping[str, Any]) -> str:
    """` such as {requests: 2, per: 1s}`: an example of the schema's own, else one with the keys that it requires."""
    example = next((each for each in schema.get("examples", ()) if isinstance(each, dict)), None)
    keys = schema.get("required", ())
    if example is None and not keys:
        return ""
    return " such as " + (flow(example) if example is not None else f"{{{', '.join(f'{key}: …' for key in keys)}}}")


def flow(value: Json) -> str:
    """A value as YAML writes it in one line."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {flow(each)}' for key, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(flow, value))}]"
    text = spelled(value)
    return text if not isinstance(value, str) or re.fullmatch(r"[\w./%-]+", text) else f'"{text}"'


def snake(name: str) -> str:
    """A name in snake_case."""
    return re.sub(r"[^a-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()).strip("_")


def item(path: DocumentPath) -> str:
    """What the entries of a block are called: an `endpoint` of `endpoints`."""
    return _SECTIONS.get(str(path[-1]), "entry") if path else "entry"
