"""The mapping's JSON Schema made for one project: an editor completes its connections, endpoints, params and fields."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from etl.catalogue import Connector, Endpoint, Op, Param
from etl.model import Json, Schema
from etl.reporting.catalogue import param_type, schema_type

Block = dict[str, Any]
READS: Collection[str] = frozenset({"list"})
WRITES: Collection[str] = frozenset({"create", "update", "upsert", "delete"})


def specialised(published: Mapping[str, Any], connectors: Mapping[str, Connector]) -> Block:
    """The published schema, narrowed to these connections (name → connector). It offers, and refuses no more than
    the names of connections and endpoints: what else is wrong, `etl validate` says better."""
    schema: Block = copy.deepcopy(dict(published))
    schema["$id"] = f"{schema['$id']}:connections"
    defs: Block = schema["$defs"]
    for block, operations in (("source", READS), ("target", WRITES), ("lookup", READS)):
        defs[block]["properties"]["connection"] = _narrowed(defs[block]["properties"]["connection"], connectors)
        defs[block]["allOf"] = list(_rules(connectors, operations))
    schema["allOf"] = [_no_other(list(connectors)), *_field_rules(connectors)]
    defs |= {
        _name(connector, endpoint): {"properties": _fields(endpoint.written())}
        for connector in connectors.values()
        for endpoint in _with(connector, WRITES)
    }
    return schema


def _narrowed(known: Block, names: Collection[str]) -> Block:
    """Offers these names; `known`: what stood there."""
    kept = {key: known[key] for key in ("title", "description") if key in known}
    return kept | {"anyOf": [{"enum": list(names)}, {"$ref": "#/$defs/text"}]}


def _no_other(names: list[str]) -> Block:
    """A mapping that brings no connections of its own names one of the project's."""
    end = {"properties": {"connection": {"enum": names}}}
    blocks = {"source": end, "target": end, "lookups": {"additionalProperties": end}}
    return {"if": {"not": {"required": ["connections"]}}, "then": {"properties": blocks}}


def _with(connector: Connector, operations: Collection[str]) -> list[Endpoint]:
    return [each for each in connector.endpoints.values() if operations & each.operations.keys()]


# --- endpoints and params ------------------------------------------------------------------------


def _rules(connectors: Mapping[str, Connector], operations: Collection[str]) -> Iterator[Block]:
    """Where the connection is this one, its endpoints; where the endpoint is that one, its params."""
    for name, connector in connectors.items():
        endpoints = _with(connector, operations)
        if connector.kind == "files" or not endpoints:
            continue
        offered: Block = {"endpoint": {"enum": [each.name for each in endpoints]}}
        if operations is READS:
            offered["parent"] = {"properties": {"endpoint": {"enum": [each.name for each in endpoints]}}}
        yield _if({"connection": name}, {"properties": offered})
        for endpoint in endpoints:
            params = {param.name: param for op in _ops(endpoint, operations) for param in op.params.values()}
            if params:
                block = {"params": {"properties": {each.name: _param(each) for each in params.values()}}}
                yield _if({"connection": name, "endpoint": endpoint.name}, {"properties": block})


def _ops(endpoint: Endpoint, operations: Collection[str]) -> list[Op]:
    return [op for name, op in endpoint.operations.items() if name in operations]


def _if(values: Mapping[str, str], then: Block) -> Block:
    wanted = {key: {"const": value} for key, value in values.items()}
    return {"if": {"required": list(values), "properties": wanted}, "then": then}


def _param(param: Param) -> Block:
    text = ". ".join(filter(None, [param_type(param), "required" if param.required else "", param.description]))
    return _offered(param.name, text, param.values)


def _offered(title: str, text: str, values: Collection[Json]) -> Block:
    """Values are offered, others are not refused: there may be a placeholder, or an expression."""
    return {"title": title, "description": text} | ({"anyOf": [{"enum": list(values)}, {}]} if values else {})


# --- target fields -------------------------------------------------------------------------------


def _field_rules(connectors: Mapping[str, Connector]) -> Iterator[Block]:
    for name, connector in connectors.items():
        for endpoint in _with(connector, WRITES) if connector.kind != "files" else ():
            block = _if({"connection": name, "endpoint": endpoint.name}, {})["if"]
            fields = {"$ref": f"#/$defs/{_name(connector, endpoint)}"}
            yield {
                "if": {"required": ["target"], "properties": {"target": block}},
                "then": {"properties": {"fields": fields}},
            }


def _name(connector: Connector, endpoint: Endpoint) -> str:
    return f"fields_of_{connector.name}_{endpoint.name}"


def _fields(fields: Mapping[str, Schema]) -> Block:
    return {name: {"title": name, "description": _field(schema)} for name, schema in fields.items()}


def _field(schema: Schema) -> str:
    facts = [
        schema_type(schema),
        "required" if schema.required else "",
        f"at most {schema.max_length} characters" if schema.max_length else "",
        schema.description,
    ]
    return ". ".join(filter(None, facts))
