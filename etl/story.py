"""One record's way through a mapping, told step by step: for explanations, and to see what tests touch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal

from etl.errors import RecordRejected
from etl.expressions.scope import LookupMiss, Scope, Table
from etl.model import MISSING, Action, Item, Json, LedgerEntry, Missing, Outcome, Record, Reject, Schema
from etl.ports import Intent
from etl.specs import FieldSpec, MappingSpec
from etl.steps.explain import Explained, explain_fields
from etl.transform import Transform, refused


@dataclass(frozen=True, slots=True)
class Looked:
    """A row that was looked up; MISSING where the table has none."""

    table: str
    key: str
    row: Json | Missing


@dataclass(frozen=True, slots=True)
class FieldStory:
    """How one field came about, and what it looked up."""

    spec: FieldSpec
    told: Explained
    looked: tuple[Looked, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """What became of a record, or of one item of its `each`. Without `fields`: it ended before them."""

    key: str
    record: Record
    kept: bool | None
    """Whether `where` holds; None where it can't be told."""
    result: Item | Outcome
    fields: tuple[FieldStory, ...] = ()
    looked: tuple[Looked, ...] = ()
    """What `where` looked up."""


Verdict = Literal["create", "update", "unchanged", "reject", "leave out", "delete", "gone"]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the state knows of one key, and what a run would do with it now."""

    key: str
    verdict: Verdict
    sent: LedgerEntry | None = None
    reject: Reject | None = None
    intent: Intent | None = None
    changes: Mapping[str, list[Json]] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of one record. `record`: as the source lists it, None where it has none (any more);
    `full`: with its detail, where that was asked for."""

    key: str
    by: Literal["source key", "target key"]
    record: Record | None = None
    full: Record | None = None
    parts: tuple[Part, ...] = ()
    memories: tuple[Memory, ...] = ()


class Teller:
    """Tells what the mapping makes of a record, with the very rules of a run. `hidden`: fields whose values and
    reasons are nobody's business."""

    def __init__(
        self,
        spec: MappingSpec,
        transform: Transform,
        target_fields: Mapping[str, Schema],
        hidden: Collection[str] = frozenset(),
    ) -> None:
        self.transform = transform
        update = spec.target.operation == "update"
        specs = [replace(each, sensitive=True) if each.name in hidden else each for each in spec.fields]
        self._fields = [
            (each, explain_fields([each], target_fields, nulls=spec.target.nulls, update=update)) for each in specs
        ]

    def tell(self, key: str, record: Record, full: Record | None = None) -> list[Part]:
        """`full`: the record's full form, which `where` does not wait for if it needs nothing of it."""
        seen = _Seen(self.transform.scope)
        transform = replace(self.transform, scope=seen.scope)
        if transform.where_early:
            ended = _ended(transform, Item(key, record), seen)
            if ended is not None:
                return [ended]
        whole = record if full is None else full
        try:
            parts = list(transform.parts(key, whole))
        except RecordRejected as rejected:
            return [Part(key, whole, None, refused(Item(key, whole), rejected), (), seen.taken())]
        early = seen.taken()
        return [self._part(transform, part, seen, early) for part in parts]

    def _part(self, transform: Transform, item: Item, seen: _Seen, early: tuple[Looked, ...]) -> Part:
        if not transform.where_early:
            ended = _ended(transform, item, seen)
            if ended is not None:
                return ended
            early += seen.taken()
        fields = tuple(
            FieldStory(spec, explain(item.record, transform.scope)[0], seen.taken()) for spec, explain in self._fields
        )
        result = self.transform.shaped(Item(item.key, item.record))
        return Part(item.key, item.record, True, result, fields, early)


def _ended(transform: Transform, item: Item, seen: _Seen) -> Part | None:
    """The part that `where` ends; None where it goes on."""
    try:
        kept = transform.kept(item.record)
    except RecordRejected as rejected:
        return Part(item.key, item.record, None, refused(item, rejected), (), seen.taken())
    return None if kept else Part(item.key, item.record, False, Outcome(item, Action.FILTERED), (), seen.taken())


class _Seen:
    """Notes what is looked up; `scope` is the given one, watched."""

    def __init__(self, scope: Scope) -> None:
        self._looked: list[Looked] = []
        self.scope = replace(scope, tables={name: partial(self._row, name, row) for name, row in scope.tables.items()})

    def taken(self) -> tuple[Looked, ...]:
        """What was looked up since the last call, each once."""
        looked, self._looked = self._looked, []
        return tuple({(each.table, each.key): each for each in looked}.values())

    def _row(self, name: str, row: Table, key: str) -> Json:
        try:
            found = row(key)
        except (LookupMiss, RecordRejected):
            self._looked.append(Looked(name, key, MISSING))
            raise
        self._looked.append(Looked(name, key, found))
        return found
