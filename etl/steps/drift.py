"""Source records against the connector's schema: fields it does not have, or of another type, are counted.

Live APIs carry more than their documents; that never stops a run by itself, but the operator should know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from etl.model import Record, Schema

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "date": (str,),
    "date-time": (str,),
    "time": (str,),
    "boolean": (bool,),
    "object": (dict,),
    "array": (list,),
}
"""Only kinds that can't be mistaken: a number may come as int, float or Decimal and is left alone here."""

_WORDS: dict[type, str] = {str: "a text", bool: "true or false", dict: "an object", list: "a list"}


class Drift:
    """Counts, per source field, how many records had it beside the schema or with another type."""

    def __init__(self, schema: Mapping[str, Schema], *, extra: Iterable[str] = ()) -> None:
        self._known = frozenset(schema) | frozenset(extra)
        self._typed = tuple((name, _TYPES[field.type]) for name, field in schema.items() if field.type in _TYPES)
        self.counts: dict[str, int] = {}

    def look(self, records: Iterable[Record]) -> None:
        """Adds one page of records to the counts."""
        if not self._known:
            return
        for record in records:
            if not record.keys() <= self._known:
                for name in record.keys() - self._known:
                    self._count(name)
            for name, types in self._typed:
                value = record.get(name)
                if value is not None and type(value) not in types:
                    self._count(f"{name} ({_WORDS.get(type(value), 'a number')})")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1
