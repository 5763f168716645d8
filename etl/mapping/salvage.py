"""What of a mapping can still be checked although its document does not fit the schema.

One misspelt key must not hide a misspelt field path three lines below: keys that are unknown, and blocks on which no
expression depends, are left out, and the rest is looked into. Where more is wrong, the whole of a field or a lookup is
left out, and only what the other expressions say by themselves is judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.model import Json, Location, Problem

_APART = ("limits", "tests", "tags", "description", "after", "template", "renamed_from")
"""Top-level keys of a mapping that can be left out without another check seeing a difference."""

_APART_INSIDE = {
    "source": {"incremental"},
    "target": {"batch_size", "missing", "nulls", "on_duplicate", "lossy"},
    "lookups": {"on_miss"},
    "fields": {"truncate", "required", "sensitive"},
}
"""Top-level key → keys in it, or in its entries, of which the same is true."""

_ROUGHLY = {"source": {"where", "params", "key"}, "target": {"operation", "key", "params"}}
"""Top-level key → keys in it without which other expressions mean the same, though not every check can be made."""


def salvage(document: Document, problems: Sequence[Problem], *, roughly: bool = False) -> Document | None:
    """The document without the parts at fault; None where these are not the kind that can be left out.

    `roughly`: without more of it, so that only its expressions can be judged.
    """
    problems = [each for each in problems if not (roughly and each.code == "duplicate-key")]
    places = {_place(problem.location) for problem in problems if problem.location}
    unknown = {_place(problem.location) for problem in problems if problem.location and problem.code == "unknown-key"}
    found: set[tuple[str, int, int]] = set()
    without: list[DocumentPath] = []
    for path in _paths(document.data, ()):
        here = {_place(document.marks.key(path)), _place(document.marks.value(path))}
        if here & unknown & {_place(document.marks.key(path))}:
            without.append(path)
            found |= here
        elif here & places and (apart := _apart(path) or (_roughly(path) if roughly else None)):
            without.append(apart)
            found |= here
    if not places <= found:
        return None
    return replace(document, data=_without(document.data, (), set(without)))


def _apart(path: DocumentPath) -> DocumentPath | None:
    """The whole of what a place belongs to, if that can be left out."""
    if path[0] in _APART:
        return path[:1]
    inner = _APART_INSIDE.get(str(path[0]), set())
    depth = next((depth for depth in (1, 2) if path[depth : depth + 1] and path[depth] in inner), None)
    return path[: depth + 1] if depth else None


def _roughly(path: DocumentPath) -> DocumentPath | None:
    within = path[0] in ("fields", "lookups") or (path[1:2] and path[1] in _ROUGHLY.get(str(path[0]), ()))
    return path[:2] if within and len(path) > 1 else None


def _place(location: Location | None) -> tuple[str, int, int]:
    return (location.file, location.line, location.column) if location else ("", 0, 0)


def _paths(data: Json, path: DocumentPath) -> Iterator[DocumentPath]:
    entries = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in entries:
        yield (*path, key)
        yield from _paths(value, (*path, key))


def _without(data: Json, path: DocumentPath, left_out: set[DocumentPath]) -> Json:
    if isinstance(data, dict):
        return {
            key: _without(value, (*path, key), left_out) for key, value in data.items() if (*path, key) not in left_out
        }
    if isinstance(data, list):
        return [_without(value, (*path, index), left_out) for index, value in enumerate(data)]
    return data
