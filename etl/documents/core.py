"""YAML 1.2's core schema: which plain scalars are null, booleans and numbers. Everything else is text.

PyYAML resolves YAML 1.1, where `no`, `12:30` and `2026-01-01` are no text; so its resolvers are not used.
"""

from __future__ import annotations

import re
from decimal import Decimal

from etl.model import Json

_NULLS = {"", "~", "null", "Null", "NULL"}
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INFINITE = {".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"}
_NOT_A_NUMBER = {".nan", ".NaN", ".NAN"}
_INTEGER = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o[0-7]+")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]")
_NUMERIC = frozenset("+-.0123456789")


def resolve(text: str) -> Json:
    """What a plain scalar is. Raises ValueError for a number that no computer word can spell (4 300 digits)."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    return number(text) if text[0] in _NUMERIC else text


def number(text: str) -> Json:
    """The number that a plain text spells in YAML 1.2's core schema; the text itself where it spells none."""
    if _INTEGER.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text[2:], 8)
    if _HEXADECIMAL.fullmatch(text):
        return int(text[2:], 16)
    if _FLOAT.fullmatch(text):
        return _exact(text)
    if text in _INFINITE:
        return float("inf")
    if text[1:] in _INFINITE and text[0] == "-":
        return float("-inf")
    return float("nan") if text in _NOT_A_NUMBER else text


def _exact(text: str) -> float | Decimal:
    """The float, or a Decimal where a float would round what is written."""
    value = float(text)
    exact = Decimal(text)
    return value if Decimal(repr(value)) == exact else exact


def has_leading_zero(text: str) -> bool:
    """Whether a number loses zeros that its author may have meant (`007`)."""
    return _LEADING_ZERO.match(text) is not None
