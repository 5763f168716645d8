"""What must never be printed: every secret read in this process, and the one function that hides them.

Process-wide on purpose: a message may be written by any part (a log line, an error of a library, a report),
and a secret forgotten in one registry of many is a secret shown.
"""

from __future__ import annotations

import base64
import re
import urllib.parse
from collections.abc import Iterable

_known: set[str] = set()
_pattern: re.Pattern[str] | None = None

MASK = "•••"
SHORTEST = 4
"""Shorter values are not hidden: they would blank out ordinary text, and are no secrets."""


def register(value: str) -> None:
    """Hides `value` from now on, also URL-encoded and in base64 as a Basic header carries it."""
    global _pattern
    if len(value) < SHORTEST:
        return
    _known.update({value, urllib.parse.quote(value, safe=""), base64.b64encode(value.encode()).decode()})
    _pattern = None


def redact(text: str) -> str:
    """`text` with every registered secret replaced by a mask."""
    global _pattern
    if not _known:
        return text
    if _pattern is None:
        _pattern = re.compile("|".join(re.escape(secret) for secret in sorted(_known, key=len, reverse=True)))
    return _pattern.sub(MASK, text)


def hide(text: str, values: Iterable[str]) -> str:
    """`text` with these masked, too: short ones only where they stand alone, or they would blank out ordinary text."""
    for value in sorted(set(values) - {""}, key=len, reverse=True):
        found = re.escape(value)
        text = re.sub(found if len(value) >= SHORTEST else rf"(?<!\w){found}(?!\w)", MASK, text)
    return text


def forget() -> None:
    """Empties the registry: for tests, which share a process."""
    global _pattern
    _known.clear()
    _pattern = None
