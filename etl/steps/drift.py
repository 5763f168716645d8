"""Source records against the connector's schema: fields it does not have, or of another type, are counted.

Live APIs carry more than their documents; that never stops a run by itself, but the operator should know.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from etl.model import Record, Schema

_TYPES: dict[str, type] = {
    "string": str,
    "date": str,
    "date-time": str,
    "time": str,
    "boolean": bool,
    "object": dict,
    "array": list,
}
"""Only kinds that can't be mistaken: a number may come as int, float or Decimal and is left alone here."""

_WORDS: dict[type, str] = {str: "a text", bool: "true or false", dict: "an object", list: "a list"}


class Drift:
    """Counts, per source field, how many records had it beside the schema or with another type."""

    def __init__(self, schema: Mapping[str, Schema], *, extra: Iterable[str] = ()) -> None:
        self._known = frozenset(schema) | frozenset(extra)
        typed = {name: _TYPES[field.type] for name, field in schema.items() if field.type in _TYPES}
        self._by_name = typed
        self._fits = _fits(typed)
        self.counts: dict[str, int] = {}

    def look(self, records: Iterable[Record]) -> None:
        """Adds one page of records to the counts."""
        if not self._known:
            return
        known, fits = self._known, self._fits
        for record in records:
            if not known.issuperset(record):
                for name in record.keys() - known:
                    self._count(name)
            if not fits(record):
                self._count_types(record)

    def _count_types(self, record: Record) -> None:
        for name, wanted in self._by_name.items():
            value = record.get(name)
            if value is not None and type(value) is not wanted:
                self._count(f"{name} ({_WORDS.get(type(value), 'a number')})")

    def _count(self, what: str) -> None:
        self.counts[what] = self.counts.get(what, 0) + 1


def _fits(typed: Mapping[str, type]) -> Callable[[Record], bool]:
    """One generated function for all fields: this is asked of every record, and hardly ever answered with no."""
    tests = [f"((v := get({name!r})) is None or type(v) is {wanted.__name__})" for name, wanted in typed.items()]
    source = "def fits(record):\n    get = record.get\n    return " + (" and ".join(tests) or "True")
    scope: dict[str, Callable[[Record], bool]] = {}
    exec(source, scope)  # noqa: S102 - built from reprs of documented names and names of built-in types only
    return scope["fits"]
