"""Regular expressions in linear time (RE2), compiled once."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

import re2

from etl.expressions.fail import fail

_GROUP = re.compile(r"\\(.?)", re.DOTALL)


def _quiet() -> Any:
    options = re2.Options()
    options.log_errors = False  # RE2 would write to standard error by itself
    return options


@lru_cache(maxsize=256)
def compiled(regex: str) -> Any:
    """The compiled pattern. Rejects one that RE2 does not take, with its reason."""
    try:
        return re2.compile(regex, _quiet())
    except re2.error as error:
        reason = error.args[0]
        reason = reason.decode("utf-8", "replace") if isinstance(reason, bytes) else reason
        fail(f"'{regex}' is no regular expression: {reason}")
    except UnicodeEncodeError:
        fail("the regular expression holds half a character (a lone surrogate)")


def search(text: str, regex: str) -> bool:
    """Whether the pattern is found anywhere."""
    try:
        return compiled(regex).search(text) is not None
    except UnicodeEncodeError:
        fail("the text holds half a character (a lone surrogate)")


def replace(text: str, regex: str, replacement: str) -> str:
    """Every match replaced; groups by `\\1`, a backslash by two."""
    pattern = compiled(regex)
    parts = _template(replacement, pattern.groups)
    try:
        return str(pattern.sub(lambda found: _filled(parts, found), text))
    except UnicodeEncodeError:
        fail("the text holds half a character (a lone surrogate)")


@lru_cache(maxsize=256)
def _template(replacement: str, groups: int) -> tuple[str | int, ...]:
    parts: list[str | int] = []
    place = 0
    for found in _GROUP.finditer(replacement):
        parts.append(replacement[place : found.start()])
        place = found.end()
        if found[1] == "\\":
            parts.append("\\")
        elif found[1] in "0123456789" and found[1] and int(found[1]) <= groups:
            parts.append(int(found[1]))
        else:
            fail(f"'{found[0]}' in a replacement is neither a group (\\0 to \\{groups}) nor a backslash (\\\\)")
    return (*parts, replacement[place:])


def _filled(parts: tuple[str | int, ...], found: Any) -> str:
    return "".join(part if isinstance(part, str) else found.group(part) or "" for part in parts)
