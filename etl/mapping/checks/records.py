"""The documented shape of what a mapping's expressions are evaluated on: fields, parent, each, extra fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from etl.catalogue import Endpoint
from etl.expressions.findings import Surroundings
from etl.mapping.checks.findings import Checked
from etl.model import Json, Schema
from etl.specs import DetailSpec

UNKNOWN = Schema("object", nullable=False)
"""A record of which nothing is documented."""


def record_of(endpoint: Endpoint | None, extra: Mapping[str, Schema] | None = None) -> Schema:
    """The record as an endpoint documents it, with the mapping's own `extra_fields`."""
    if endpoint is None or not endpoint.fields:
        return UNKNOWN
    return Schema("object", nullable=False, properties={**endpoint.fields, **(extra or {})})


def noun(connector: str | None, endpoint: str) -> str:
    """What a message calls a record: `a record of blikk projects`."""
    return f"a record of {connector} {endpoint}" if connector else f"a record of {endpoint}"


@dataclass(frozen=True, slots=True)
class Records:
    """The surroundings of each kind of expression in a mapping."""

    full: Surroundings
    """Fields, `where`: the record with its detail (if asked for), its parent and its `each` item."""
    listed: Surroundings
    """`key`: the record as the list gives it."""
    parent: Surroundings | None
    """`parent.where`: the parent's own record."""
    lenient: Surroundings
    """`detail.when` and `detail.reuse`: the list's record, which may hold what only the detail documents."""


def records_of(checked: Checked, tables: Mapping[str, Schema] | None) -> Records:
    """The surroundings in a mapping; its `each` item is of any type until `with_item` says more."""
    source = checked.spec.source
    connector = checked.connectors.get(source.connection)
    name = noun(connector.name if connector else None, source.endpoint)
    plain = record_of(checked.source, source.extra_fields)
    listed = Surroundings(plain, name, tables, variables(checked), detail=_way_to_detail(checked.source))
    full = replace(listed, record=_with_parent(checked, plain), full=source.detail is not None)
    return Records(full, listed, _parent(checked, listed), replace(listed, full=True))


def variables(checked: Checked) -> Mapping[str, Json] | None:
    """The vars that an expression may name; of a template not known before it is extended."""
    return None if checked.spec.template else checked.project.vars


def with_item(around: Surroundings, alias: str, item: Schema) -> Surroundings:
    """The same with the item of `each` under its key."""
    return replace(around, record=_plus(around.record, alias, replace(item, required=True)))


def row_of(endpoint: Endpoint | None, detail: DetailSpec | None, *, nullable: bool) -> Schema:
    """A row of a lookup that is read from an endpoint."""
    record = record_of(endpoint)
    if detail is not None and record.properties is not None:
        record = replace(record, properties={key: _shown(inner) for key, inner in record.properties.items()})
    return replace(record, nullable=nullable, required=True)


def _shown(schema: Schema) -> Schema:
    return replace(schema, detail_only=False) if schema.detail_only else schema


def _way_to_detail(endpoint: Endpoint | None) -> str:
    if endpoint is not None and "get" not in endpoint.operations and endpoint.read_one is None:
        return "this endpoint has no operation that reads it"
    return "add `detail: true` under `source`, so that each record's full form is read"


def _with_parent(checked: Checked, record: Schema) -> Schema:
    source, documented = checked.spec.source, parent_of(checked.source)
    if source.parent is None and (documented is None or checked.spec.template):
        return record
    alias = source.parent.alias if source.parent else alias_for(documented or "")  # as the message has it
    return _plus(record, alias, replace(record_of(_parent_endpoint(checked)), required=True))


def parent_of(endpoint: Endpoint | None) -> str | None:
    """The endpoint below whose records this one is listed."""
    return endpoint.parent.get("endpoint") if endpoint is not None and endpoint.parent else None


def alias_for(parent: str) -> str:
    """Under which key a record of the parent is best put: `task` for tasks."""
    return parent.removesuffix("s")


def _parent_endpoint(checked: Checked) -> Endpoint | None:
    """The documented parent, else the one that the mapping names."""
    source = checked.spec.source
    name = parent_of(checked.source) or (source.parent.endpoint if source.parent else "")
    return checked.endpoint(source.connection, name)


def _parent(checked: Checked, listed: Surroundings) -> Surroundings | None:
    source = checked.spec.source
    if source.parent is None:
        return None
    endpoint = _parent_endpoint(checked)
    connector = checked.connectors.get(source.connection)
    name = noun(connector.name if connector else None, parent_of(checked.source) or source.parent.endpoint)
    return replace(listed, record=record_of(endpoint), noun=name, detail="a parent is read as the list gives it")


def _plus(record: Schema, name: str, schema: Schema) -> Schema:
    if record.properties is None:
        return record
    return replace(record, properties={**record.properties, name: schema})
