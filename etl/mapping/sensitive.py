"""What of the records that a mapping writes is nobody's business."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from etl.catalogue import Endpoint
from etl.expressions.parse import Node, names_used, parse, walk
from etl.model import Schema
from etl.specs import EachSpec, MappingSpec


def sensitive_fields(
    spec: MappingSpec, source: Endpoint | None, target: Endpoint | None, tables: Mapping[str, Endpoint] | None = None
) -> frozenset[str]:
    """Target fields that are sensitive: by the mapping, by the target, or by where they come from: the source, or one
    of `tables`, the endpoints that lookups read."""
    hidden, ways = _hidden_in(spec, source), _ways_in(spec, source)
    rows = _rows(tables or {})
    schemas = target.written() if target else {}
    return frozenset(
        field.name
        for field in spec.fields
        if field.sensitive
        or schemas.get(field.name, Schema()).sensitive
        or (field.value is not None and _takes(field.value, hidden, rows, ways))
    )


def where_is_sensitive(spec: MappingSpec, source: Endpoint, tables: Mapping[str, Endpoint]) -> bool:
    """Whether `where` looks at something hidden: by the connectors, or since a sensitive field is made of it."""
    hidden = _hidden_in(spec, source) | made_of(spec)
    where = spec.source.where
    return where is not None and _takes(where, hidden, _rows(tables), _ways_in(spec, source))


def made_of(spec: MappingSpec) -> frozenset[str]:
    """Fields of the source record that a field is made of which the mapping calls sensitive: of one made of an item of
    `each`, the list that it comes from, too."""
    values = [field.value for field in spec.fields if field.sensitive and field.value is not None]
    names = {name for value in values for name in names_used(parse(value)) or ()}
    each = spec.source.each
    return frozenset(names | (_list_of(each) if each is not None and each.alias in names else frozenset()))


def holding_sensitive(endpoint: Endpoint) -> frozenset[str]:
    """Fields that the connector calls sensitive, or something inside of them."""
    return frozenset(name for name, field in endpoint.fields.items() if field.sensitive or _ways(field))


def with_parent(spec: MappingSpec, source: Endpoint, endpoint: Callable[[str, str], Endpoint | None]) -> Endpoint:
    """The endpoint that is read, its records with their parent's inside, where the mapping takes them so."""
    parent = spec.source.parent
    outer = endpoint(spec.source.connection, parent.endpoint) if parent is not None else None
    if parent is None or outer is None:
        return source
    return replace(source, fields={**source.fields, parent.alias: Schema("object", properties=outer.fields)})


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


def _ways_in(spec: MappingSpec, source: Endpoint | None) -> dict[str, frozenset[str]]:
    """Fields of the record that hold something sensitive inside → the names on the ways to it."""
    fields = source.fields if source else {}
    ways = {name: way for name, field in fields.items() if (way := _ways(field))}
    each = spec.source.each
    if each is not None and (lists := _list_of(each) & ways.keys()):
        ways[each.alias] = frozenset[str]().union(*(ways[name] for name in lists))
    return ways


def _ways(field: Schema) -> frozenset[str]:
    below = {name: _ways(inner) for name, inner in (field.properties or {}).items()}
    names = {name for name, inner in (field.properties or {}).items() if inner.sensitive or below[name]}
    return frozenset(names).union(*below.values(), _ways(field.items) if field.items else ())


def _rows(tables: Mapping[str, Endpoint]) -> dict[str, frozenset[str]]:
    """What is sensitive in the rows of each lookup, with the names on the ways to it."""
    return {
        name: _hidden(endpoint).union(*(_ways(field) for field in endpoint.fields.values()))
        for name, endpoint in tables.items()
    }


def _list_of(each: EachSpec) -> frozenset[str]:
    return names_used(parse(each.items)) or frozenset()


def _hidden(endpoint: Endpoint | None) -> frozenset[str]:
    return frozenset(name for name, field in endpoint.fields.items() if field.sensitive) if endpoint else frozenset()


def _takes(
    text: str,
    hidden: frozenset[str],
    rows: Mapping[str, frozenset[str]],
    ways: Mapping[str, frozenset[str]] | None = None,
) -> bool:
    """Whether an expression looks at something hidden; one that looks at the record as a whole does, or at the whole
    of a field that has something hidden inside."""
    expression = parse(text)
    used = names_used(expression)
    if hidden & (hidden if used is None else used):
        return True
    nodes = list(walk(expression.ast))
    names = {node["value"] for node in nodes if node["type"] == "field"}
    for name, way in (ways or {}).items():
        if used is None or (name in used and (names & way or _as_a_whole(name, nodes))):
            return True
    return any(names & rows.get(table, frozenset()) for table in _tables(nodes))


def _as_a_whole(name: str, nodes: list[Node]) -> bool:
    """Whether a field is taken otherwise than by one of its own: `owner`, `owner.*`, not `owner.id`, `owners[0].id`."""
    taken = sum(1 for node in nodes if node["type"] == "field" and node["value"] == name)
    return taken > sum(1 for node in nodes if _taken_from(node) == name and not _looks_at_all(node))


def _taken_from(node: Node) -> str | None:
    """The field from which a path goes on."""
    if node["type"] not in {"subexpression", "projection", "filter_projection"}:
        return None
    start = node["children"][0]
    while start["type"] in {"flatten", "index_expression"}:
        start = start["children"][0]
    return start["value"] if start["type"] == "field" else None


def _looks_at_all(path: Node) -> bool:
    return any(node["type"] in {"identity", "current"} for child in path["children"][1:] for node in walk(child))


def _tables(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node["type"] == "function_expression" and node["value"] == "lookup":
            for child in node["children"][:1]:
                if child["type"] == "literal" and isinstance(child["value"], str):
                    yield child["value"]
