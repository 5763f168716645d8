"""Connectors as JSON: the same catalogue for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.catalogue import Connector, Endpoint, Op, Param
from etl.model import Json, Schema
from etl.reporting.catalogue import how_incremental


def connectors_document(connectors: Mapping[str, Connector]) -> dict[str, Json]:
    """`{"connectors": [{"name", "connector", …}]}`; `connector` is what a connection writes for it."""
    rows = [
        {
            "name": each.name,
            "connector": written,
            "title": each.title,
            "base_url": each.base_url,
            "endpoints": list(each.endpoints),
        }
        for written, each in connectors.items()
    ]
    return {"connectors": rows}


def connector_document(connector: Connector, endpoints: Sequence[Endpoint]) -> dict[str, Json]:
    """`{"name", "endpoints": [{"name", "operations", "fields"}]}` and what holds for the whole API."""
    return {
        "name": connector.name,
        "title": connector.title,
        "base_url": connector.base_url,
        "auth": [str(block.get("kind", "")) for block in connector.auth],
        "throttle": [{"requests": each.requests, "seconds": each.seconds} for each in connector.throttle],
        "endpoints": [_endpoint_document(each) for each in endpoints],
    }


def _endpoint_document(endpoint: Endpoint) -> dict[str, Json]:
    document: dict[str, Json] = {
        "name": endpoint.name,
        "title": endpoint.title,
        "key": list(endpoint.key),
        "target_key": list(endpoint.target_key),
        "incremental": how_incremental(endpoint),
        "operations": {name: _operation_document(each) for name, each in endpoint.operations.items()},
        "fields": _fields_document(endpoint.fields),
    }
    return document | ({"write_fields": _fields_document(endpoint.write_fields)} if endpoint.write_fields else {})


def _operation_document(operation: Op) -> dict[str, Json]:
    """A filter is a param that narrows the list, as against those that sort it."""
    sorting = {operation.sort.by_param, operation.sort.order_param} if operation.sort else set()
    document: dict[str, Json] = {"method": operation.method, "path": operation.path, "permission": operation.permission}
    document["params"] = {name: _param_document(each) for name, each in operation.params.items()}
    document["sort"] = list(operation.sort.values) if operation.sort else []
    document["filters"] = [name for name in operation.params if name not in sorting]
    return document | ({"paging": operation.paging["kind"]} if operation.paging.get("kind") else {})


def _param_document(param: Param) -> dict[str, Json]:
    return {"type": param.type, "items": param.items, "values": list(param.values), "required": param.required}


def _fields_document(fields: Mapping[str, Schema]) -> dict[str, Json]:
    return {
        name: {"type": schema.type, "required": schema.required, "detail_only": schema.detail_only}
        | ({"values": list(schema.values)} if schema.values else {})
        | ({"fields": _fields_document(schema.properties)} if schema.properties else {})
        | ({"items": _item_document(schema.items)} if schema.items else {})
        for name, schema in fields.items()
    }


def _item_document(schema: Schema) -> dict[str, Json]:
    return {"type": schema.type} | ({"fields": _fields_document(schema.properties)} if schema.properties else {})
