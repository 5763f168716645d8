"""Names inside an endpoint of a connector that must exist: its keys, what it is matched by, what its paths hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from etl.connectors.rest_request import names_in
from etl.documents.marks import DocumentPath
from etl.expressions.parse import ExpressionError, names_used, parse
from etl.expressions.suggest import nearest
from etl.model import Json


@dataclass(frozen=True, slots=True)
class Unknown:
    """A name that nothing stands behind: where it stands, and what there is."""

    path: DocumentPath
    name: str
    known: tuple[str, ...]
    is_key: bool = False
    hint: str | None = None


def unknown_names(name: str, endpoint: Json) -> Iterator[Unknown]:
    """What an endpoint speaks of and does not have; nothing of one that says nothing of its fields."""
    if not isinstance(endpoint, dict):
        return
    read = {**_block(endpoint, "fields"), **_block(endpoint, "detail_fields")}
    written = _block(endpoint, "write_fields") or read
    root: DocumentPath = ("endpoints", name)
    if read:
        yield from _keys(root, endpoint, "key", read)
        yield from _looked_at(root, endpoint, read)
    if written:
        yield from _keys(root, endpoint, "target_key", written)
        yield from _compared(root, endpoint, written)
    if read or written:
        yield from _in_paths(root, endpoint, {**read, **written})


def strange_to_parent(name: str, endpoint: Json, parents: Json) -> Iterator[Unknown]:
    """What a list below another record takes from that, where it is nearly one of its fields and not quite."""
    params = _block(_block({"": endpoint}, ""), "parent")
    parent = _block(_block({"": parents}, ""), str(params.get("endpoint")))
    fields = {**_block(parent, "fields"), **_block(parent, "detail_fields")}
    for param, text in _block(params, "params").items():
        for each in _fields(("endpoints", name, "parent", "params", param), _used(text), fields) if fields else ():
            if nearest(each.name, fields):
                yield each


def _keys(root: DocumentPath, endpoint: Mapping[str, Any], key: str, fields: Mapping[str, Any]) -> Iterator[Unknown]:
    value = endpoint.get(key)
    if isinstance(value, str):
        yield from _fields((*root, key), [value], fields)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _fields((*root, key, index), [each], fields)


def _looked_at(root: DocumentPath, endpoint: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[Unknown]:
    """Fields of what is read: those of the version, the cursor, the match, and the present values of an update.

    Fields that the document does not name may be there all the same: only what is nearly one that it names is told.
    """
    match = _block(endpoint, "match")
    texts: list[tuple[DocumentPath, Json]] = [(("version",), endpoint.get("version"))]
    texts += [(("incremental", key), _block(endpoint, "incremental").get(key)) for key in ("cursor", "deleted")]
    texts += [(("match", key), match.get(key)) for key in ("id", "created")]
    texts += [(("match", "compare", name), text) for name, text in _block(match, "compare").items()]
    for name, spec in _block(endpoint, "write_fields").items():
        texts += [(("write_fields", name, key), _block({"": spec}, "").get(key)) for key in ("read_from", "lost_if")]
    for path, text in texts:
        for each in _fields((*root, *path), _used(text), fields):
            if near := nearest(each.name, fields):
                hint = f"did you mean '{near}'? If the API has both, name it under `fields`"
                yield replace(each, hint=hint)


def _compared(root: DocumentPath, endpoint: Mapping[str, Any], written: Mapping[str, Any]) -> Iterator[Unknown]:
    """Fields of what is written: those that a match compares and asks with, and those that name other records."""
    match = _block(endpoint, "match")
    for name in _block(match, "compare"):
        yield from _fields((*root, "match", "compare", name), [name], written, is_key=True)
    for name, text in _block(match, "params").items():
        yield from _fields((*root, "match", "params", name), _used(text), written)
    for names in _block(endpoint, "references"):
        yield from _fields((*root, "references", names), names.split(", "), written, is_key=True)


def _in_paths(root: DocumentPath, endpoint: Mapping[str, Any], fields: Mapping[str, Any]) -> Iterator[Unknown]:
    """Names in the braces of a path are filled from the record, its parent or the list's parameters."""
    for kind, op in _block(endpoint, "operations").items():
        filled = {"id", *fields, *_block(_block(endpoint, "parent"), "params"), *_block({"": op}, "params")}
        path = op.get("path") if isinstance(op, dict) else None
        if isinstance(path, str):
            place = (*root, "operations", kind, "path")
            yield from _fields(place, names_in(path), dict.fromkeys(sorted(filled)))


def _fields(
    path: DocumentPath, names: Iterable[Json], fields: Mapping[str, Any], *, is_key: bool = False
) -> Iterator[Unknown]:
    for name in names:
        if isinstance(name, str) and name not in fields:
            yield Unknown(path, name, tuple(fields), is_key)


def _used(text: Json) -> Iterable[str]:
    try:
        return sorted(names_used(parse(text)) or ()) if isinstance(text, str) else ()
    except ExpressionError:
        return ()


def _block(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}
