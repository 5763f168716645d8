"""JMESPaths of a connector document as functions; a plain `a.b` costs no more than the look-ups themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError

from etl.errors import ConnectionFailed
from etl.model import Json

Path = Callable[[Json], Json]

_STEPS = ("subexpression", "index_expression", "projection", "value_projection", "filter_projection", "pipe")
"""Whose later parts are looked for in what the first one gave."""

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")


@lru_cache(maxsize=1024)
def compile_path(text: str) -> Path:
    """What finds `text` in a value; null where it is not there.

    It raises ConnectionFailed where a function in it can't take what the API answered.
    """
    if not _PLAIN.match(text):
        expression = jmespath.compile(text)

        def search(value: Json) -> Json:
            try:
                return expression.search(value)
            except JMESPathError as error:
                raise ConnectionFailed(
                    f"the connector's `{text}` can't be evaluated on what the API answered: {_why(error)}",
                    "mend it there; most functions take no null: `join(', ', errors || `[]`)`",
                ) from None

        return search
    names = text.split(".")
    if len(names) == 1:
        name = names[0]
        return lambda value: value.get(name) if isinstance(value, dict) else None
    return lambda value: _walk(value, names)


@lru_cache(maxsize=1024)
def names_read(text: str) -> frozenset[str]:
    """The keys of a record that `text` looks at, of its first level only: of `tags[].id` it is `tags`."""
    return frozenset(_first_names(jmespath.compile(text).parsed))


def _first_names(node: Any) -> Iterator[str]:
    if node["type"] == "field":
        yield node["value"]
    elif node["type"] != "expref":
        for child in node["children"][:1] if node["type"] in _STEPS else node["children"]:
            yield from _first_names(child)


def lenient(path: Path) -> Path:
    """The same path, null where it can't be evaluated: for what an answer may also lack."""

    def search(value: Json) -> Json:
        try:
            return path(value)
        except ConnectionFailed:
            return None

    return search


def _why(error: JMESPathError) -> str:
    """Without the value: it may be anything that the API has answered."""
    if isinstance(error, JMESPathTypeError):
        return f"{error.function_name}() takes {' or '.join(error.expected_types)}, not {error.actual_type}"
    return str(error)


def _walk(value: Json, names: list[str]) -> Json:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
