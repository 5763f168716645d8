"""A document with its misspelt keys as they were meant: so one slip hides no other mistake, and causes none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from etl.documents.marks import DocumentPath, Mark, Marks
from etl.documents.source import Document
from etl.model import Json

Names = Mapping[DocumentPath, str]
"""The path of each misspelt key → the key that was meant."""


def respelt(document: Document, names: Names) -> Document:
    """The document with these keys called otherwise; every place is still where it is written."""
    marks = Marks(_mark(document.marks.root, (), names))
    return replace(document, data=_data(document.data, (), names), marks=marks)


def _data(data: Json, path: DocumentPath, names: Names) -> Json:
    if isinstance(data, dict):
        return {names.get((*path, key), key): _data(value, (*path, key), names) for key, value in data.items()}
    if isinstance(data, list):
        return [_data(value, (*path, index), names) for index, value in enumerate(data)]
    return data


def _mark(mark: Mark, path: DocumentPath, names: Names) -> Mark:
    if not any(each[: len(path)] == path for each in names):
        return mark
    children = {names.get((*path, key), key): _mark(each, (*path, key), names) for key, each in mark.children.items()}
    keys = {names.get((*path, key), key): each for key, each in mark.keys.items()}
    return replace(mark, children=children, keys=keys)
