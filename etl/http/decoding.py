"""JSON in and out without losing a digit: orjson where that is exact, the slower standard decoder elsewhere."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import NoReturn

import orjson

from etl.model import Json

_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")
_WIDE = b"0" * 17
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(text: bytes) -> Json:
    """The value that `text` spells. Numbers that a float can't hold become int or Decimal.

    Raises ValueError where it is not JSON; NaN and Infinity are not. Half a character (a lone surrogate, which no UTF-8
    text can hold) becomes U+FFFD.
    """
    if _WIDE in text.translate(_DIGITS):
        return _decode_exactly(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if b"\\ud" in text or b"\\uD" in text:
            return _decode_exactly(text)
        raise


def encode(value: Json) -> bytes:
    """The value as JSON; Decimals are spelled out digit by digit."""
    return orjson.dumps(value, default=_spell)


def _spell(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _decode_exactly(text: bytes) -> Json:
    try:
        value = json.loads(text.decode("utf-8"), parse_float=_number, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return _mended(value) if b"\\u" in text else value


def _number(text: str) -> float | Decimal:
    digits = text.lower().partition("e")[0].replace("-", "").replace(".", "").lstrip("0")
    return float(text) if len(digits) <= 15 else Decimal(text)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON number")


def _mended(value: Json) -> Json:
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
