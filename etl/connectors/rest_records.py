"""Records out of answers: found, freed of the API's own decoration, flattened, under their documented names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from etl.catalogue import Op
from etl.errors import ConnectionFailed
from etl.http.answer import Answer
from etl.http.paths import Path, compile_path
from etl.model import Json, Record, Schema

Renames = dict[str, tuple[str, "Renames | None"]]


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads the records of one operation's answers."""

    what: str
    """Connection and endpoint, for messages."""
    records: Path | None
    record: Path | None
    strip: frozenset[str]
    items: str | None
    rename: Callable[[Record], None] | None

    @classmethod
    def build(cls, what: str, op: Op, fields: Mapping[str, Schema], strip: tuple[str, ...]) -> RecordReader:
        return cls(
            what,
            compile_path(op.records) if op.records else None,
            compile_path(op.record) if op.record else None,
            frozenset(strip),
            op.flatten["items"] if op.flatten else None,
            renamer(fields),
        )

    def raw(self, answer: Answer) -> list[Json]:
        """The records of a list's answer as they stand there. Raises ConnectionFailed where there are none to find."""
        found = self.records(answer.body) if self.records else answer.body
        if isinstance(found, list):
            return found
        held = f"an object with {', '.join(map(repr, list(answer.body)[:6]))}" if isinstance(answer.body, dict) else ""
        raise ConnectionFailed(
            f"{self.what}: a page came without its records: the answer is {held or _kind(answer.body)}",
            "the connector's `records` says where they stand; a page without records is no end",
        )

    def clean(self, raw: list[Json]) -> list[Record]:
        """The records ready for a mapping. Raises ConnectionFailed where one is not an object."""
        untidy = bool(self.strip) or self.rename is not None
        for record in raw:
            if not isinstance(record, dict):
                raise ConnectionFailed(
                    f"{self.what}: a record of the answer is {_kind(record)}, not an object",
                    "the connector's `records` may point one level too deep",
                )
            if untidy:
                self._tidy(record)
        return raw if self.items is None else [flat for record in raw for flat in self._flattened(record)]

    def one(self, answer: Answer) -> Record:
        """The single record of an answer."""
        found = self.record(answer.body) if self.record else answer.body
        if not isinstance(found, dict):
            raise ConnectionFailed(
                f"{self.what}: the answer holds no record but {_kind(found)}",
                "the connector's `record` says where it stands",
            )
        self._tidy(found)
        return found

    def _tidy(self, record: Record) -> None:
        if self.strip:
            strip_keys(record, self.strip)
        if self.rename is not None:
            self.rename(record)

    def _flattened(self, record: Record) -> list[Record]:
        inner = record.pop(self.items or "", None)
        if not isinstance(inner, list):
            return []
        return [{**record, **item} for item in inner if isinstance(item, dict)]


def strip_keys(value: Json, keys: frozenset[str]) -> None:
    """Takes the keys out of every object inside `value`, in place."""
    if type(value) is dict:
        for key in keys:
            value.pop(key, None)
        value = value.values()
    for inner in value:
        kind = type(inner)
        if kind is dict or kind is list:
            strip_keys(inner, keys)


def renamer(fields: Mapping[str, Schema]) -> Callable[[Record], None] | None:
    """What gives fields that the API spells in several ways their documented name, in place; None where none is."""
    renames = _renames(fields)
    return (lambda record: _rename(record, renames)) if renames else None


def _renames(fields: Mapping[str, Schema]) -> Renames:
    found: Renames = {}
    for name, schema in fields.items():
        inner = schema.properties or (schema.items.properties if schema.items else None)
        below = _renames(inner) if inner else {}
        for alias in schema.aliases:
            found[alias] = (name, below or None)
        if below:
            found[name] = (name, below)
    return found


def _rename(value: Json, renames: Renames) -> None:
    if isinstance(value, list):
        for item in value:
            _rename(item, renames)
    elif isinstance(value, dict):
        for spelled, (name, below) in renames.items():
            if spelled in value:
                inner = value.pop(spelled) if name != spelled else value[spelled]
                value.setdefault(name, inner)
                if below:
                    _rename(inner, below)


def _kind(value: Json) -> str:
    names = {dict: "an object", list: "a list", str: "a text", bool: "a boolean", type(None): "empty"}
    return names.get(type(value), "a number")
