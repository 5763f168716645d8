"""Keys as text: how identities of records are written so that 3, 3.0 and "3" are one key."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, Context, Decimal
from hashlib import blake2b

import orjson

from etl.model import Json

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN)
_LONGEST = 400
"""Decimals with so many places before or behind the point keep their exponent: 1e999999 is a megabyte of digits."""


def key_text(value: Json) -> str | None:
    """One key part as text; None for null. Lists and objects become their canonical JSON."""
    if type(value) is str:
        return value
    if value is None:
        return None
    if type(value) is int:
        return str(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Decimal):
        return _digits(value)
    return canonical(value).decode()


def compose(parts: Sequence[str]) -> str:
    """The text of a key of several parts; a single part is its own text."""
    return parts[0] if len(parts) == 1 else orjson.dumps(list(parts)).decode()


VEILED = "$hash:"
"""How a veiled key begins."""


def veiled(key: str, secret: bytes) -> str:
    """What is kept of a key that is nobody's business: the same each time, and nothing that leads back to it."""
    if not key or key.startswith(VEILED):
        return key
    return VEILED + blake2b(key.encode("utf-8", "surrogatepass"), digest_size=12, key=secret).hexdigest()


def split(key: str) -> tuple[str, ...]:
    """The parts of a composed key's text."""
    if not key.startswith("["):
        return (key,)
    try:
        return tuple(str(part) for part in orjson.loads(key))
    except orjson.JSONDecodeError:
        return (key,)


def canonical(value: Json) -> bytes:
    """JSON with sorted keys and exact numbers. Takes every JSON value, wide integers and lone surrogates too.

    One number has one spelling: a decimal's scale (1.50) is of the wire, not of what is compared.
    """
    try:
        return orjson.dumps(value, default=_decimal, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        return _spelled(value).encode()


def _decimal(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(_digits(value))
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _digits(value: Decimal) -> str:
    """Every digit of it; of equal numbers the same."""
    if not value:
        return "0"
    if abs(value.adjusted()) >= _LONGEST:
        return str(_EXACT.normalize(value))
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _spelled(value: Json) -> str:
    """What orjson refuses, part by part in ASCII."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{_spelled(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_spelled, value)) + "]"
    if isinstance(value, float) and not math.isfinite(value):
        return "null"  # as orjson spells it
    return _digits(value) if isinstance(value, Decimal) else json.dumps(value)
