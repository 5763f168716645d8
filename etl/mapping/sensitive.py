"""What of the records that a mapping writes is nobody's business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from etl.catalogue import Endpoint
from etl.expressions.parse import Node, names_used, parse, walk
from etl.model import Schema
from etl.specs import EachSpec, MappingSpec


def sensitive_fields(
    spec: MappingSpec, source: Endpoint | None, target: Endpoint | None, tables: Mapping[str, Endpoint] | None = None
) -> frozenset[str]:
    """Target fields that are sensitive: by the mapping, by the target, or by where they come from: the source, or one
    of `tables`, the endpoints that lookups read."""
    hidden = _hidden_in(spec, source)
    rows = {name: _hidden(endpoint) for name, endpoint in (tables or {}).items()}
    schemas = target.written() if target else {}
    return frozenset(
        field.name
        for field in spec.fields
        if field.sensitive
        or schemas.get(field.name, Schema()).sensitive
        or (field.value is not None and _takes(field.value, hidden, rows))
    )


def where_is_sensitive(spec: MappingSpec, source: Endpoint, tables: Mapping[str, Endpoint]) -> bool:
    """Whether `where` looks at something hidden: by the connectors, or since a sensitive field is made of it."""
    rows = {name: _hidden(endpoint) for name, endpoint in tables.items()}
    return spec.source.where is not None and _takes(spec.source.where, _hidden_in(spec, source) | made_of(spec), rows)


def made_of(spec: MappingSpec) -> frozenset[str]:
    """Fields of the source record that a field is made of which the mapping calls sensitive: of one made of an item of
    `each`, the list that it comes from, too."""
    values = [field.value for field in spec.fields if field.sensitive and field.value is not None]
    names = {name for value in values for name in names_used(parse(value)) or ()}
    each = spec.source.each
    return frozenset(names | (_list_of(each) if each is not None and each.alias in names else frozenset()))


def looked_up(spec: MappingSpec, endpoint: Callable[[str, str], Endpoint | None]) -> dict[str, Endpoint]:
    """The endpoints that lookups read, by the lookups' names; `endpoint` gives one by connection and name."""
    found = {
        name: endpoint(lookup.connection, lookup.endpoint)
        for name, lookup in spec.lookups.items()
        if lookup.connection is not None and lookup.endpoint is not None
    }
    return {name: each for name, each in found.items() if each is not None}


def _hidden_in(spec: MappingSpec, source: Endpoint | None) -> frozenset[str]:
    """What the source calls sensitive, with the items of a list of it."""
    hidden, each = _hidden(source), spec.source.each
    return hidden | {each.alias} if each is not None and _takes(each.items, hidden, {}) else hidden


def _list_of(each: EachSpec) -> frozenset[str]:
    return names_used(parse(each.items)) or frozenset()


def _hidden(endpoint: Endpoint | None) -> frozenset[str]:
    return frozenset(name for name, field in endpoint.fields.items() if field.sensitive) if endpoint else frozenset()


def _takes(text: str, hidden: frozenset[str], rows: Mapping[str, frozenset[str]]) -> bool:
    """Whether an expression looks at something hidden; one that looks at the record as a whole does."""
    expression = parse(text)
    used = names_used(expression)
    if hidden & (hidden if used is None else used):
        return True
    nodes = list(walk(expression.ast))
    names = {node["value"] for node in nodes if node["type"] == "field"}
    return any(names & rows.get(table, frozenset()) for table in _tables(nodes))


def _tables(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node["type"] == "function_expression" and node["value"] == "lookup":
            for child in node["children"][:1]:
                if child["type"] == "literal" and isinstance(child["value"], str):
                    yield child["value"]
