"""What is wrong with a connector of one's own: against the schema, and what a schema can't say (names, expressions)."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from etl.connectors.fields import KINDS
from etl.connectors.names import strange_to_parent, unknown_names
from etl.documents import schema
from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.expressions.checks import check_calls
from etl.expressions.findings import Finding
from etl.expressions.functions import FUNCTIONS
from etl.expressions.parse import Expression, ExpressionError, parse, walk
from etl.http.loopback import is_loopback
from etl.model import Json, Location, Problem

_OPERATION: tuple[DocumentPath, ...] = (
    ("records",), ("record",), ("id",), ("results", "*"), ("envelope", "*"), ("options", "without"),
    *(("paging", key) for key in ("total", "total_pages", "page", "page_size", "next", "more")),
)  # fmt: skip
_ENDPOINT: tuple[DocumentPath, ...] = (
    ("version",), ("incremental", "cursor"), ("incremental", "deleted"), ("parent", "params", "*"), ("parent", "where"),
    ("match", "params", "*"), ("match", "compare", "*"), ("match", "id"), ("match", "created"),
    ("read_one", "params", "*"), *(("closed_periods", key) for key in ("start", "end", "closed")),
    ("write_fields", "*", "read_from"), ("write_fields", "*", "lost_if"),
)  # fmt: skip
EXPRESSIONS: tuple[DocumentPath, ...] = (
    ("auth", "token"), ("auth", "expires", "*"), ("auth", "*", "token"), ("auth", "*", "expires", "*"),
    ("retry", "wait"), ("error", "*"),
    *(("defaults", "*", *path) for path in _OPERATION),
    *(("endpoints", "*", *path) for path in _ENDPOINT),
    *(("endpoints", "*", "operations", "*", *path) for path in _OPERATION),
)  # fmt: skip
"""Where JMESPath stands in a connector document; `*` is any key or item."""
_OF_RECORDS = (("parent", "where"), ("options", "without"))
"""Where it is evaluated on records, with the functions of mappings."""
_FIELDS = ("fields", "detail_fields", "write_fields")
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?")


def check_connector(document: Document) -> list[Problem]:
    """Every problem of a connector that is whole (its `extends` merged), in the order of its lines."""
    kinds = (_expressions, _types, _values, _names, _paths, _addresses)
    return schema.in_order([*schema.check(document, "connector"), *(each for kind in kinds for each in kind(document))])


def expressions(data: Json) -> Iterator[tuple[DocumentPath, str]]:
    """Each JMESPath of a connector document, with where it stands."""
    for pattern in EXPRESSIONS:
        for path, value in _at(data, pattern):
            if isinstance(value, str) and path[-1] != "format":
                yield path, value


def _at(data: Json, pattern: DocumentPath, path: DocumentPath = ()) -> Iterator[tuple[DocumentPath, Json]]:
    if not pattern:
        yield path, data
        return
    step, *rest = pattern
    keys = [key for key, _ in _items(data)] if step == "*" else [step]
    for key, value in _items(data):
        if key in keys:
            yield from _at(value, tuple(rest), (*path, key))


def _items(data: Json) -> list[tuple[str | int, Json]]:
    if isinstance(data, dict):
        return list(data.items())
    return list(enumerate(data)) if isinstance(data, list) else []


# --- expressions ---------------------------------------------------------------------------------


def _expressions(document: Document) -> Iterator[Problem]:
    for path, text in expressions(document.data):
        try:
            expression = parse(text)
        except ExpressionError as error:
            place = document.marks.inside(path, error.offset, error.length)
            yield Problem("expression", error.message, place, error.hint)
            continue
        of_records = path[-2:] in _OF_RECORDS
        for each in (*check_calls(expression), *(() if of_records else _beyond(expression))):
            place = document.marks.inside(path, each.offset, each.length)
            yield Problem(each.code, each.message, place, each.hint)


def _beyond(expression: Expression) -> Iterator[Finding]:
    """Calls of the functions that mappings have and answers are not read with."""
    for node in walk(expression.ast):
        name = str(node.get("value"))
        if node["type"] == "function_expression" and name in FUNCTIONS and not FUNCTIONS[name].standard:
            message = f"{name}() is a function of mappings; connectors have those of JMESPath"
            yield Finding(
                "unknown-function",
                message,
                "take the value as it is, and change it in a mapping",
                node["start"],
                len(name),
            )


# --- types of fields -----------------------------------------------------------------------------


def _types(document: Document) -> Iterator[Problem]:
    shared = document.data.get("types", {}) if isinstance(document.data, dict) else {}
    names = list(shared) if isinstance(shared, dict) else []
    roots: list[tuple[DocumentPath, Json]] = [(("types",), shared)]
    roots += [pair for block in _FIELDS for pair in _at(document.data, ("endpoints", "*", block))]
    for root, fields in roots:
        for name, spec in _items(fields):
            for path, kind in _named(spec, (*root, name)):
                if kind not in KINDS and kind not in names:
                    yield _unknown(document, "unknown-type", "type", path, kind, [*names, *KINDS])
    yield from _circles(document, shared if isinstance(shared, dict) else {})


def _named(spec: Json, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    """Every type named in a field, with where it stands."""
    if isinstance(spec, str):
        yield path, spec
    elif isinstance(spec, list):
        for index, item in enumerate(spec):
            yield from _named(item, (*path, index))
    elif isinstance(spec, dict):
        if "type" in spec:
            yield from _named(spec["type"], (*path, "type"))
        if "items" in spec:
            yield from _named(spec["items"], (*path, "items"))
        for name, inner in _items(spec.get("properties")):
            yield from _named(inner, (*path, "properties", name))


def _circles(document: Document, shared: Mapping[str, Any]) -> Iterator[Problem]:
    uses = {name: {kind for _, kind in _named(spec, ())} for name, spec in shared.items()}
    for name in shared:
        seen: set[str] = set()
        ahead = set(uses[name])
        while ahead - seen:
            seen |= ahead
            ahead = {kind for known in seen for kind in uses.get(known, ())}
        if name in seen:
            hint = "write `json` or `object` where it comes back to itself"
            yield Problem("type-cycle", f"type '{name}' contains itself", document.marks.key(("types", name)), hint)


def _values(document: Document) -> Iterator[Problem]:
    """Values that a number can never have: each record that holds one would be refused."""
    patterns: list[DocumentPath] = [("types", "*"), ("endpoints", "*", "operations", "*", "params", "*")]
    patterns += [("endpoints", "*", block, "*") for block in _FIELDS]
    for path, spec in (found for pattern in patterns for found in _at(document.data, pattern)):
        if not isinstance(spec, dict) or spec.get("type") not in ("integer", "number"):
            continue
        texts = [(index, value) for index, value in _items(spec.get("values")) if isinstance(value, str)]
        for index, value in [each for each in texts if not _NUMBER.fullmatch(each[1])][:1]:
            place = document.marks.value((*path, "values", index))
            message = f"'{value}' is not of the type {spec['type']}"
            yield Problem("wrong-value", message, place, "write `type: string`, or numbers as values")


# --- names of other things ------------------------------------------------------------------------


def _names(document: Document) -> Iterator[Problem]:
    """Endpoints that are spoken of, and sort values."""
    data = document.data if isinstance(document.data, dict) else {}
    known = [str(name) for name, _ in _items(data.get("endpoints"))]
    patterns: list[DocumentPath] = [("check", "endpoint"), ("check", "permissions", "*")]
    patterns += [("endpoints", "*", *path) for path in (("parent", "endpoint"), ("closed_periods", "endpoint"))]
    patterns += [("endpoints", "*", "depends_on"), ("endpoints", "*", "depends_on", "*")]
    patterns += [("endpoints", "*", "references", "*")]
    for pattern in patterns:
        for path, name in _at(data, pattern):
            if isinstance(name, str) and name not in known and not _of_base(document, pattern, path):
                yield _unknown(document, "unknown-endpoint", "endpoint", path, name, known)
    for path, endpoint in _at(data, ("endpoints", "*")):
        name, endpoints = str(path[-1]), data["endpoints"]
        for each in (*unknown_names(name, endpoint), *strange_to_parent(name, endpoint, endpoints)):
            place = document.marks.key(each.path) if each.is_key else document.marks.value(each.path)
            problem = _unknown(document, "unknown-field", "field", each.path, each.name, list(each.known), place)
            yield replace(problem, hint=each.hint or problem.hint)
    for path, sort in _at(data, ("endpoints", "*", "operations", "*", "sort")):
        values = sort.get("values", []) if isinstance(sort, dict) else []
        if isinstance(sort, dict) and isinstance(values, list) and sort.get("stable") not in (None, *values):
            yield _unknown(document, "unknown-sort", "sort value", (*path, "stable"), str(sort["stable"]), values)


def _of_base(document: Document, pattern: DocumentPath, path: DocumentPath) -> bool:
    """A base speaks of an endpoint that was taken out over it: where nothing is read by that name, it does no harm."""
    harmless = pattern[-1] == "*" or pattern[-1] == "depends_on"
    return harmless and document.marks.value(path).file != document.file


def _paths(document: Document) -> Iterator[Problem]:
    """What an operation must have once the defaults of its kind are under it."""
    for path, op in _at(document.data, ("endpoints", "*", "operations", "*")):
        if not isinstance(op, dict):
            continue
        usual: Json = next((block for _, block in _at(document.data, ("defaults", path[-1]))), {})
        if "path" not in _together(usual, op):
            yield _missing(document, path, "path")
        for block, keys in (("sort", ("by_param", "order_param", "values")), ("paging", ("kind",))):
            known = _together(_inner(usual, block), _inner(op, block))
            for key in keys if block in op and op[block] is not None else ():
                if key not in known:
                    yield _missing(document, (*path, block), key)
            if known.get("kind") == "next_link" and not {"next", "header"} & known.keys():
                yield _neither(document, (*path, block) if block in op else path, "next", "header")
    for path, auth in _auths(document.data):
        if auth.get("kind") == "api_key" and auth.keys() <= {"kind", "prefix"}:
            yield _neither(document, path, "header", "query")


def _addresses(document: Document) -> Iterator[Problem]:
    for pattern in (("base_url",), ("instances", "*", "base_url")):
        for path, address in _at(document.data, pattern):
            parts = urlsplit(address) if isinstance(address, str) else None
            if parts and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
                message = "http:// would send credentials unencrypted"
                hint = "write https:// (http:// is for this machine only)"
                yield Problem("wrong-value", message, document.marks.value(path), hint)


def _auths(data: Json) -> Iterator[tuple[DocumentPath, dict[str, Json]]]:
    """Every kind of login on offer."""
    for pattern in (("auth",), ("auth", "*")):
        for path, block in _at(data, pattern):
            if isinstance(block, dict):
                yield path, block


def _neither(document: Document, path: DocumentPath, one: str, other: str) -> Problem:
    message = f"'{path[-1]}' has neither '{one}' nor '{other}'"
    return Problem("missing-key", message, document.marks.value(path), f"add '{one}: …' or '{other}: …'")


def _inner(block: Json, key: str) -> Json:
    return block.get(key) if isinstance(block, dict) else None


def _together(*blocks: Json) -> dict[str, Json]:
    """The keys of all blocks, later ones over earlier ones; null removes."""
    merged = {key: value for block in blocks if isinstance(block, dict) for key, value in block.items()}
    return {key: value for key, value in merged.items() if value is not None}


def _missing(document: Document, path: DocumentPath, key: str) -> Problem:
    message = f"'{key}' is missing in '{path[-1]}'"
    return Problem("missing-key", message, document.marks.key(path), f"add '{key}: …'")


def _unknown(
    document: Document,
    code: str,
    what: str,
    path: DocumentPath,
    name: str,
    known: list[str],
    place: Location | None = None,
) -> Problem:
    close = difflib.get_close_matches(name, [str(each) for each in known], 1)
    hint = f"did you mean '{close[0]}'?" if close else f"there is {', '.join(map(str, known[:12]))}" if known else None
    return Problem(code, f"there is no {what} '{name}'", place or document.marks.value(path), hint)
