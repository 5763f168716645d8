"""What one mapping makes of one source record, without I/O: key, each, where, fields, target key, hash.

The pipeline, the preview and a mapping's own tests all go through here, so that they can't disagree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from etl.errors import RecordRejected
from etl.expressions.compile import compile_expression
from etl.expressions.parse import names_used, parse
from etl.expressions.scope import Scope
from etl.keys import canonical, compose, key_text, split
from etl.model import Action, Item, Json, Outcome, Record, Schema
from etl.specs import EachSpec, MappingSpec
from etl.steps.fields import compile_fields

Compiled = Callable[[Json, Scope], Json]


def truthy(value: Json) -> bool:
    """JMESPath's truth: null, false and everything empty are false; 0 is true."""
    return value is True or (value is not None and value is not False and value not in ("", [], {}))


def compile_text(text: str | None) -> Compiled | None:
    """The compiled expression, or None for None."""
    return None if text is None else compile_expression(parse(text))


@dataclass(slots=True)
class Transform:
    """The compiled parts of one mapping."""

    scope: Scope
    key: Sequence[Compiled]
    where: Compiled | None
    where_early: bool
    """The filter needs nothing that only the detail has: it is applied before a detail is asked for."""
    each: tuple[EachSpec, Compiled, Compiled | None] | None
    fields: Callable[[Record, Scope], Record]
    target_key: Sequence[str]
    keyed: blake2b
    """The start of every hash, with the project's secret in it: each goes on from a copy."""
    normalise: Sequence[str] = ()
    deleted: Compiled | None = None
    """The source's own mark of a record that is gone there."""
    key_fields: Callable[[Record, Scope], Record] | None = None
    """The fields that the target's key is made of, alone."""
    version: Callable[[Record], Json] | None = None
    """What of the source counts as a change beside the output (of a file that is downloaded, its size)."""

    def source_key(self, record: Record) -> str | None:
        """The record's identity as text; None where a part of it is null."""
        if len(self.key) == 1:
            return key_text(self.key[0](record, self.scope))
        parts = [key_text(part(record, self.scope)) for part in self.key]
        return None if None in parts else compose([part for part in parts if part is not None])

    def kept(self, record: Record) -> bool:
        """Whether `where` holds and the record is not marked deleted. Raises RecordRejected where it can't be told."""
        if self.deleted is not None and truthy(self.deleted(record, self.scope)):
            return False
        return self.where is None or truthy(self.where(record, self.scope))

    def apply(self, key: str, record: Record, page: int = 0) -> list[Item | Outcome]:
        """The items that the record becomes, and outcomes for those that end here (filtered, rejected)."""
        if self.each is None:
            return [self.shaped(Item(key, record, page=page))]
        try:
            parts = list(self.parts(key, record, page))
        except RecordRejected as rejected:
            return [refused(Item(key, record, page=page), rejected)]
        return [self.shaped(part) for part in parts]

    def shaped(self, item: Item) -> Item | Outcome:
        """The item (the record, or one part of it) with its output, or the outcome with which it ends here."""
        try:
            if not self.where_early and not self.kept(item.record):
                return Outcome(item, Action.FILTERED)
            item.output = self.fields(item.record, self.scope)
            item.target_key = self._target_key(item.output)
        except RecordRejected as rejected:
            return refused(item, rejected)
        item.encoded = canonical(item.output)
        item.hash = self._keyed(item.encoded) if self.version is None else self.digest(self._with_version(item))
        return item

    def digest(self, output: Record) -> bytes:
        """The keyed hash by which an output is compared with what the target last accepted."""
        return self._keyed(canonical(output))

    def _keyed(self, encoded: bytes) -> bytes:
        digest = self.keyed.copy()
        digest.update(encoded)
        return digest.digest()

    def _with_version(self, item: Item) -> Record:
        return {"output": item.output, "version": self.version(item.record) if self.version else None}

    def parts(self, key: str, record: Record, page: int = 0) -> Iterator[Item]:
        """The record, or one item per part of `each`. Raises RecordRejected where the parts can't be told apart."""
        if self.each is None:
            yield Item(key, record, page=page)
            return
        spec, items, item_key = self.each
        met: dict[str, int] = {}
        for index, part in enumerate(items(record, self.scope) or ()):
            inner = {**record, spec.alias: part}
            text = key_text(item_key(inner, self.scope)) if item_key else str(index)
            if text is None:
                raise RecordRejected(f"'{spec.key}', the key of `each`, is null for item {index + 1}", code="key")
            if met.setdefault(text, index) != index:
                same = f"items {met[text] + 1} and {index + 1} have the same '{spec.key}', the key of `each`"
                raise RecordRejected(f"{same}; without a key they are told apart by their places", code="key")
            yield Item(compose([*split(key), text]), inner, page=page)

    def is_part(self, key: str) -> bool:
        """Whether it is the key of one part of a record that `each` takes apart."""
        return self.each is not None and len(split(key)) > len(self.key)

    def whole_key(self, key: str) -> str:
        """The key of the record of which this is the key of a part; of a whole record the same."""
        return compose(split(key)[:-1]) if self.is_part(key) else key

    def key_alone(self, record: Record) -> str:
        """The target key of a record whose other fields give no output; empty where it has none either."""
        try:
            return "" if self.key_fields is None else self._target_key(self.key_fields(record, self.scope))
        except RecordRejected:
            return ""

    def _target_key(self, output: Record) -> str:
        """The record's identity in the target; empty where creates are told apart by their source alone."""
        parts = [key_text(output.get(name)) or "" for name in self.target_key]
        if "" in parts:
            name = self.target_key[parts.index("")]
            raise RecordRejected("is part of the target's key and has no value", field=name, code="required")
        text = compose(parts) if parts else ""
        if not self.normalise:
            return text
        if "trim" in self.normalise:
            text = text.strip()
        return text.casefold() if "lower" in self.normalise else text


def refused(item: Item, rejected: RecordRejected) -> Outcome:
    """The outcome of a record that a step refused."""
    action = Action.FILTERED if rejected.filtered else Action.REJECTED
    return Outcome(item, action, reason=rejected.reason, field=rejected.field, code=rejected.code)


def build_transform(
    spec: MappingSpec,
    scope: Scope,
    *,
    source_key: Sequence[str],
    detail_only: frozenset[str],
    target_fields: Mapping[str, Schema],
    target_key: Sequence[str],
    normalise: Sequence[str] = (),
    deleted: str | None = None,
    quiet_where: bool = False,
    secret: bytes = b"",
) -> Transform:
    """Compiles a mapping once for a run. `detail_only`: source fields that a list record does not have; `quiet_where`:
    it looks at something sensitive; `secret` keys the hashes that are stored."""
    source = spec.source
    each = source.each
    where = compile_text(source.where)
    return Transform(
        scope=scope,
        key=[compile_expression(parse(part)) for part in source_key],
        where=_quiet(where) if where is not None and quiet_where else where,
        where_early=each is None and _needs_only_list(source.where, detail_only),
        each=None if each is None else (each, compile_expression(parse(each.items)), compile_text(each.key)),
        fields=compile_fields(
            spec.fields, target_fields, nulls=spec.target.nulls, update=spec.target.operation == "update"
        ),
        target_key=target_key,
        key_fields=compile_fields([field for field in spec.fields if field.name in target_key], target_fields),
        keyed=blake2b(digest_size=16, key=secret),
        normalise=normalise,
        deleted=compile_text(deleted),
    )


def _quiet(where: Compiled) -> Compiled:
    """The same; its errors do not tell what it looked at."""

    def search(record: Json, scope: Scope) -> Json:
        try:
            return where(record, scope)
        except RecordRejected as error:
            reason = "`where` fails on this record (the reason is not shown, as it looks at a sensitive field)"
            raise RecordRejected(reason, code=error.code, filtered=error.filtered) from None

    return search


def _needs_only_list(where: str | None, detail_only: frozenset[str]) -> bool:
    if where is None:
        return True
    names = names_used(parse(where))
    return names is not None and not names & detail_only
