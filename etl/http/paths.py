"""JMESPaths of a connector document as functions; a plain `a.b` costs no more than the look-ups themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

import jmespath

from etl.model import Json

Path = Callable[[Json], Json]

_PLAIN = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")


@lru_cache(maxsize=1024)
def compile_path(text: str) -> Path:
    """What finds `text` in a value; null where it is not there."""
    if not _PLAIN.match(text):
        expression = jmespath.compile(text)
        return lambda value: expression.search(value)
    names = text.split(".")
    if len(names) == 1:
        name = names[0]
        return lambda value: value.get(name) if isinstance(value, dict) else None
    return lambda value: _walk(value, names)


def _walk(value: Json, names: list[str]) -> Json:
    for name in names:
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value
