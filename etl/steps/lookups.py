"""Lookup tables: rows of a file or an endpoint by their key, loaded once per run and only if used."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from etl.expressions.parse import parse, walk
from etl.keys import key_text
from etl.model import MISSING, Json, Record
from etl.specs import MappingSpec


class Rows:
    """A table in memory: rows by key text. Of two rows with one key the first holds."""

    def __init__(self, rows: Iterable[Record], key: Callable[[Record], Json]) -> None:
        self.rows: dict[str, Json] = {}
        for row in rows:
            text = key_text(key(row))
            if text is not None:
                self.rows.setdefault(text, row)

    def __call__(self, key: str) -> Json:
        return self.rows.get(key, MISSING)


def used_tables(spec: MappingSpec) -> set[str]:
    """The names of the tables that the mapping's expressions look into."""
    texts = [field.value for field in spec.fields]
    source = spec.source
    texts += [source.where, *(source.key or ())]
    texts += [source.detail.when, source.detail.reuse] if source.detail else []
    texts += [source.each.items, source.each.key] if source.each else []
    return {
        node["children"][0]["value"]
        for text in texts
        if text is not None
        for node in walk(parse(text).ast)
        if node["type"] == "function_expression"
        and node["value"] == "lookup"
        and node["children"][0]["type"] == "literal"
    }
