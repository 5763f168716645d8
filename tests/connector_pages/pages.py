"""docs/connectors/*.md, made of the connectors and the words here: `python -m tests.connector_pages.pages`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from etl.catalogue import Connector, Endpoint, Op
from etl.connectors.load import load_connector
from etl.documents import source
from etl.model import Schema
from etl.reporting.catalogue import how_incremental, param_type

WORDS = Path(__file__).parent
PAGES = WORDS.parents[1] / "docs" / "connectors"
NAMES = ("blikk", "dimesheets", "dimescheduler")
_MADE = (
    "<!-- Made by `python -m tests.connector_pages.pages` of etl/connectors and the words beside it: change those. -->"
)
_TABLE = re.compile(r"^\{\{(\w+)\}\}$", re.M)


def page(name: str) -> str:
    """The whole page: its words, with each `{{table}}` replaced by that table."""
    connector = load_connector(name, Path())
    words = (WORDS / f"{name}.md").read_text(encoding="utf-8")
    notes = source.load(WORDS / f"{name}.yaml").data
    return f"{_MADE}\n" + _TABLE.sub(lambda found: TABLES[found[1]](connector, notes), words)


def note_keys(name: str) -> Iterator[tuple[str, str]]:
    """Endpoint and operation of each note in words."""
    for endpoint, notes in source.load(WORDS / f"{name}.yaml").data.items():
        for operation in notes:
            yield endpoint, operation


def _operations(connector: Connector, notes: Mapping[str, Mapping[str, str]]) -> str:
    rows = [
        [endpoint.name, op.name, f"`{op.method} {op.path}`", op.permission or "", _notes(endpoint, op, notes)]
        for endpoint in connector.endpoints.values()
        for op in endpoint.operations.values()
    ]
    return _table(["endpoint", "operation", "request", "permission", "how"], rows)


def _notes(endpoint: Endpoint, op: Op, notes: Mapping[str, Mapping[str, str]]) -> str:
    return "; ".join(
        text for text in (*_facts(endpoint, op), op.description, notes.get(endpoint.name, {}).get(op.name)) if text
    )


def _facts(endpoint: Endpoint, op: Op) -> Iterator[str]:
    """What the connector itself says of an operation."""
    if op.name == "list":
        if endpoint.parent:
            yield f"one list for each of the {endpoint.parent['endpoint']}"
        if op.window:
            yield f"asked for in slices of {op.window.days} days"
    if op.name == "update" and op.options.get("replace"):
        yield "reads the record and sends all of it, so that unmapped fields keep their values"
    if op.name == "upsert" and op.results:
        yield "a result for each record"
    if op.name == "create" and not op.idempotent:
        yield (
            "sent once: looked up by "
            + ", ".join((endpoint.match or {}).get("compare", {}))
            + " before it is sent again"
        )


def _lists(connector: Connector, notes: object) -> str:
    rows = [
        [
            endpoint.name,
            ", ".join(endpoint.key),
            how_incremental(endpoint),
            ", ".join(op.sort.values) if op.sort else "",
            ", ".join(f"`{param.name}` ({param_type(param)})" for param in op.params.values()),
        ]
        for endpoint in connector.endpoints.values()
        if (op := endpoint.operations.get("list"))
    ]
    return _table(["endpoint", "key", "only what changed", "sorts", "params"], rows)


def _procedures(connector: Connector, notes: Mapping[str, Mapping[str, str]]) -> str:
    rows = [
        [
            endpoint.name,
            ", ".join(endpoint.target_key),
            _procedure(endpoint.operations.get("upsert")),
            _procedure(endpoint.operations.get("delete")),
            _required(endpoint.fields),
            ", ".join(endpoint.depends_on),
            _remarks(endpoint, notes.get(endpoint.name, {})),
        ]
        for endpoint in connector.endpoints.values()
    ]
    return _table(["endpoint", "key", "upsert", "delete", "required", "after", "remarks"], rows)


def _procedure(op: Op | None) -> str:
    if op is None or not isinstance(op.body, Mapping):
        return ""
    block = op.body["name_value"]
    others = [
        f"{name}: `{other if isinstance(other, str) else other['procedure']}`"
        for name, other in block.get("alternatives", {}).items()
    ]
    return f"`{block['procedure']}`" + (f" ({', '.join(others)})" if others else "")


def _required(fields: Mapping[str, Schema]) -> str:
    return ", ".join(name for name, schema in fields.items() if schema.required)


def _remarks(endpoint: Endpoint, notes: Mapping[str, str]) -> str:
    again = "" if endpoint.operations["upsert"].idempotent else "not sent again after a lost answer"
    return "; ".join(text for text in (again, *notes.values()) if text)


def _table(head: list[str], rows: Iterable[list[str]]) -> str:
    cells = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in cells)


TABLES: Mapping[str, Callable[[Connector, Mapping[str, Mapping[str, str]]], str]] = {
    "operations": _operations,
    "lists": _lists,
    "procedures": _procedures,
}

if __name__ == "__main__":
    PAGES.mkdir(exist_ok=True)
    for each in NAMES:
        (PAGES / f"{each}.md").write_text(page(each), encoding="utf-8")
