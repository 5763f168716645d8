"""Keys that are not known where they stand: what was meant, or where they belong."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from etl.documents import words
from etl.documents.kinds import schema
from etl.documents.marks import DocumentPath

_SYNONYMS = {
    "expr": "value", "expression": "value", "from": "value", "jmespath": "value", "constant": "const",
    "mandatory": "required", "max_length": "truncate", "length": "truncate", "destination": "target", "sink": "target",
    "filter": "where", "filters": "params", "columns": "fields", "mappings": "fields",
    "url": "base_url", "host": "base_url", "credentials": "auth", "depends_on": "after", "rate_limit": "throttle",
}  # fmt: skip
"""What other tools call it."""


def meant(key: str, known: Iterable[str]) -> str | None:
    """The key that was probably meant."""
    known = list(known)
    other = _SYNONYMS.get(key.lower())
    close = difflib.get_close_matches(key, known, 1)
    return other if other in known else close[0] if close else None


def belongs(key: str, path: DocumentPath, kind: str) -> str | None:
    """Where a key belongs that stands in the wrong block; None where it is no key of the document."""
    if kind != "mapping" or len(path) > 1:
        return None
    if path and key in schema(kind)["properties"]:
        return f"it belongs at the left margin, not under '{path[0]}'"
    names = [f"'{name}'" for name, keys in _blocks(kind).items() if key in keys and path[:1] != (name,)]
    return f"it belongs under {words.listed(names, 'or')}" if names else None


@cache
def _blocks(kind: str) -> Mapping[str, frozenset[str]]:
    """The blocks of a document that have keys of their own, such as `source`."""
    whole = schema(kind)
    found = {name: frozenset(_properties(part, whole)) for name, part in whole["properties"].items()}
    return {name: keys for name, keys in found.items() if keys}


def _properties(part: Any, whole: Mapping[str, Any]) -> Iterator[str]:
    yield from part.get("properties", ())
    for branch in part.get("anyOf", ()):
        yield from _properties(branch, whole)
    if "$ref" in part:
        yield from _properties(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
