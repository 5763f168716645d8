"""What a document may say: the JSON Schemas, applied, with every problem in words and at its place.

The published schemas let `null` stand wherever an overlay may remove something. A document that is whole (merged,
or without a base) is checked by the strict reading: there, a key with nothing behind it is a mistake.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

from etl.documents.complaints import Complaints
from etl.documents.expression_text import suspicious
from etl.documents.kinds import KINDS, schema
from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.documents.spelling import respelt
from etl.model import Json, Problem

__all__ = ["KINDS", "check", "in_order", "schema", "spelt_right"]

_REMOVED = {"$ref": "#/$defs/removed"}


def check(document: Document, kind: str, *, partial: bool = False) -> list[Problem]:
    """Every way in which the document departs from its schema, in the order of its lines.

    `partial`: the document is merged over another or not filled in yet, so null may stand in it and `${…}` in
    place of any value.
    """
    return in_order(_check(document, kind, partial=partial)[0])


def spelt_right(document: Document, kind: str) -> Document:
    """The document with every misspelt key as it was probably meant."""
    return _check(document, kind, partial=False)[1]


def _check(document: Document, kind: str, *, partial: bool) -> tuple[list[Problem], Document]:
    """What is wrong, and the document spelt right: a key that was only misspelt is not missing besides."""
    complaints = Complaints(document, kind, partial=partial)
    if isinstance(document.data, dict) and document.data.get("version", 1) not in (1,):
        return [complaints.unknown_version()], document
    errors = list(_validator(kind, partial=partial).iter_errors(document.data))
    problems = [problem for error in errors for problem in complaints.of(error)]
    problems += [complaints.not_json(path) for path in _not_json(document.data, ())]
    if not complaints.meant:
        return problems, document
    more, right = _check(respelt(document, complaints.meant), kind, partial=partial)
    guessed = {document.marks.value(path) for path in complaints.meant}  # a value that does not fit refutes the guess
    more = [each for each in more if each.location not in guessed]
    return [each for each in problems if each.code != "missing-key"] + more, right


def in_order(problems: list[Problem]) -> list[Problem]:
    """The same problems by file and line, each once."""
    files = list(dict.fromkeys(problem.location.file for problem in problems if problem.location))
    return sorted(dict.fromkeys(problems), key=lambda problem: _order(problem, files))


def _order(problem: Problem, files: list[str]) -> tuple[int, int, int]:
    place = problem.location
    return (files.index(place.file), place.line, place.column) if place else (-1, 0, 0)


def _not_json(data: Json, path: DocumentPath) -> Iterator[DocumentPath]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _not_json(value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from _not_json(value, (*path, index))
    elif isinstance(data, float) and not math.isfinite(data):
        yield path


# --- the validator -------------------------------------------------------------------------------


@cache
def _validator(kind: str, *, partial: bool) -> Any:
    # jsonschema costs a tenth of a second to import: only a command that checks documents pays it
    from jsonschema import Draft202012Validator, FormatChecker

    formats = FormatChecker(formats=())
    formats.checks("jmespath")(lambda text: not isinstance(text, str) or not suspicious(text))
    wanted = schema(kind)
    return Draft202012Validator(wanted if partial else _strict(wanted), format_checker=formats)


def _strict(node: Any) -> Any:
    """The schema without the null that only overlays may write."""
    if isinstance(node, list):
        return [_strict(item) for item in node]
    if not isinstance(node, dict):
        return node
    result = {key: _strict(value) for key, value in node.items()}
    branches = result.get("anyOf")
    if isinstance(branches, list) and _REMOVED in branches:
        branches = [branch for branch in branches if branch != _REMOVED]
        if len(branches) > 1:
            return {**result, "anyOf": branches}
        del result["anyOf"]
        return {**branches[0], **result}
    return result
