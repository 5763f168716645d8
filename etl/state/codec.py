"""How records and keys are written into a store so that exactly what went in comes out again.

JSON is kept as text, not in a database's own JSON type, so that no digit and no character is reinterpreted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import orjson

from etl.keys import canonical
from etl.model import Json

_ESCAPED = "\x1b"
"""Begins a text that is stored in escaped form. Not printable itself, so no plain text begins with it."""

_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")
_TOO_LONG = b"0" * 17
"""A number this long may hold more than a float does."""


def dump(value: Json) -> str:
    """Canonical JSON: sorted keys, exact numbers. Takes every JSON value, wide integers and lone surrogates too."""
    return canonical(value).decode()


def load(text: str | bytes) -> Json:
    """The value of stored JSON. A number that a float can't hold exactly comes back as Decimal or int."""
    raw = text.encode() if isinstance(text, str) else text
    if _TOO_LONG in raw.translate(_DIGITS):
        return json.loads(raw, parse_float=_exact)
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw, parse_float=_exact)


def _exact(text: str) -> float | Decimal:
    value = float(text)
    return value if Decimal(repr(value)) == Decimal(text) else Decimal(text)


def dump_optional(value: Json) -> str | None:
    """NULL for None, so that what is absent takes no room."""
    return None if value is None else dump(value)


def load_optional(text: str | None) -> Any:
    """The value of stored JSON; None for NULL."""
    return None if text is None else load(text)


def pack(text: str) -> str:
    """`text` as every store can hold and compare it: NUL and lone surrogates, which some can't, are escaped."""
    return text if text.isprintable() else _ESCAPED + json.dumps(text)


def pack_all(texts: Sequence[str]) -> Sequence[str]:
    """Every text packed; the usual page of plain keys costs next to nothing."""
    return texts if all(map(str.isprintable, texts)) else [pack(text) for text in texts]


def unpack(text: str) -> str:
    """The text that was packed."""
    return json.loads(text[1:]) if text[:1] == _ESCAPED else text


def pack_optional(text: str | None) -> str | None:
    """A text packed; NULL for None."""
    return None if text is None else pack(text)


def unpack_optional(text: str | None) -> str | None:
    """The text that was packed; None for NULL."""
    return None if text is None else unpack(text)
