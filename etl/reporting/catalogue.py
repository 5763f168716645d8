"""Connectors as a reader of the catalogue wants them: what can be read and written, with which names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from etl.catalogue import Connector, Endpoint, Op, Param
from etl.model import Schema
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.tables import columns
from etl.reporting.values import clean


def connectors_text(connectors: Mapping[str, Connector], ink: Ink = PLAIN) -> str:
    """One line per connector, which stands under what a connection writes for it: its name, or the path of its file."""
    rows = [
        [written, counted(len(each.endpoints), "endpoint"), each.title or each.description]
        for written, each in connectors.items()
    ]
    return columns(rows, ["connector", "", ""], ink)


def connector_text(connector: Connector, ink: Ink = PLAIN) -> str:
    """What holds for the whole API, and a line per endpoint."""
    lines = [ink(clean(connector.name), "bold") + (f"  {clean(connector.title)}" if connector.title else "")]
    lines += [f"  {title}: {clean(text)}" for title, text in _frame(connector) if text]
    rows = [
        [each.name, " ".join(each.operations), ", ".join(each.key), how_incremental(each)]
        for each in connector.endpoints.values()
    ]
    return "\n".join(lines) + "\n\n" + columns(rows, ["endpoint", "operations", "key", "incremental"], ink, indent=2)


def _frame(connector: Connector) -> Iterator[tuple[str, str]]:
    yield "address", connector.base_url
    yield "instances", ", ".join(connector.instances)
    yield "auth", " or ".join(str(block.get("kind", "")) for block in connector.auth)
    yield "throttle", throttle_words(connector)


def throttle_words(connector: Connector) -> str:
    """`4 requests in any 1 s per app_id`."""
    windows = [f"{counted(each.requests, 'request')} in any {each.seconds:g} s" for each in connector.throttle]
    return " and ".join(windows) + (f" per {connector.throttle_by}" if windows and connector.throttle_by else "")


def how_incremental(endpoint: Endpoint) -> str:
    """How changed records are found, in a few words."""
    way = endpoint.incremental
    if way is None:
        return "no: all, with the diff" if "list" in endpoint.operations else ""
    return f"filter {way.param}" if way.param else "newest first until the cursor"


def endpoint_text(connector: Connector, endpoint: Endpoint, ink: Ink = PLAIN) -> str:
    """Every operation with its params, and every field."""
    blocks = [_heading(connector, endpoint, ink), *(_operation(each, ink) for each in endpoint.operations.values())]
    blocks.append(_fields("fields as read" if endpoint.write_fields else "fields", endpoint.fields, ink))
    if endpoint.write_fields:
        blocks.append(_fields("fields to write", endpoint.write_fields, ink))
    return "\n".join(block for block in blocks if block)


def _heading(connector: Connector, endpoint: Endpoint, ink: Ink) -> str:
    facts = [
        ("about", endpoint.title or endpoint.description),
        ("key", ", ".join(endpoint.key)),
        ("key in the target", ", ".join(endpoint.target_key)),
        ("incremental", how_incremental(endpoint)),
        ("throttle", throttle_words(connector)),
        ("nested in", str((endpoint.parent or {}).get("endpoint", ""))),
    ]
    lines = [ink(f"{clean(connector.name)} {clean(endpoint.name)}", "bold")]
    return "\n".join(lines + [f"  {title}: {clean(text)}" for title, text in facts if text]) + "\n"


def _operation(operation: Op, ink: Ink) -> str:
    needs = f"  needs {operation.permission}" if operation.permission else ""
    lines = [f"{ink(operation.name, 'bold')}  {operation.method} {clean(operation.path)}{clean(needs)}"]
    if paging := operation.paging.get("kind"):
        size = operation.paging.get("size")
        lines.append(f"  paging: {paging}" + (f", {size} records a page" if size else ""))
    if operation.window:
        lines.append(f"  asked in slices of {counted(operation.window.days, 'day')}")
    if operation.sort:
        lines.append(f"  sort: {operation.sort.by_param} = {', '.join(operation.sort.values)}")
    rows = [
        [f"  {each.name}", param_type(each), "required" if each.required else ""] for each in operation.params.values()
    ]
    return "\n".join(lines) + "\n" + (columns(rows, indent=2) if rows else "")


def param_type(param: Param) -> str:
    """`string`, `array of integer`, `one of Open, Closed`."""
    kind = f"array of {param.items or 'string'}" if param.type == "array" else param.type
    if param.values:
        kind += f" ({', '.join(str(value) for value in param.values)})"
    bounds = [
        f"from {param.minimum}" if param.minimum is not None else "",
        f"to {param.maximum}" if param.maximum is not None else "",
    ]
    return " ".join([kind, *filter(None, bounds)])


def _fields(title: str, fields: Mapping[str, Schema], ink: Ink) -> str:
    if not fields:
        return ""
    rows = [[name, schema_type(schema), ", ".join(_marks(schema))] for name, schema in _flat(fields)]
    return ink(title, "bold") + "\n" + columns(rows, indent=2)


def _flat(fields: Mapping[str, Schema], prefix: str = "") -> Iterator[tuple[str, Schema]]:
    for name, schema in fields.items():
        yield prefix + name, schema
        inner = schema.properties or (schema.items.properties if schema.items else None)
        if inner:
            yield from _flat(inner, f"{prefix}{name}{'[]' if schema.type == 'array' else ''}.")


def schema_type(schema: Schema) -> str:
    """`string`, `array of object`, with the values that it may have."""
    kind = f"array of {schema.items.type}" if schema.type == "array" and schema.items else schema.type
    names = schema.labels or schema.values
    return f"{kind} ({', '.join(str(name) for name in names)})" if names else kind


def _marks(schema: Schema) -> Iterator[str]:
    if schema.required:
        yield "required"
    if not schema.nullable:
        yield "never null"
    if schema.detail_only:
        yield "detail only"
    if schema.list_only:
        yield "list only"
    if schema.sensitive:
        yield "sensitive"
    if schema.max_length:
        yield f"at most {schema.max_length} characters"
