"""JSON in and out without losing a digit: orjson where that is exact, the slower standard decoder elsewhere."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from math import isfinite
from typing import NoReturn

import orjson

from etl.keys import canonical
from etl.model import Json

_DIGITS = bytes.maketrans(b"123456789.", b"0000000000")
_WIDE = b"0" * 17
_SURROGATE = re.compile("[\ud800-\udfff]")
_DEEPEST = 1024
"""As deep as orjson goes."""
_TOO_DEEP = "JSON that is nested too deeply"


def decode(text: bytes) -> Json:
    """The value that `text` spells. Numbers that a float can't hold become int or Decimal.

    Raises ValueError where it is not JSON, saying what it is instead; NaN and Infinity are not. Half a character (a
    lone surrogate, which no UTF-8 text can hold) becomes U+FFFD.
    """
    if _WIDE in text.translate(_DIGITS):
        return _decode_exactly(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _decode_exactly(text)  # which takes half characters and 1e400, or says what is wrong


def encode(value: Json) -> bytes:
    """The value as JSON; Decimals and integers of any size are spelled out digit by digit."""
    try:
        return orjson.dumps(value, default=_spell)
    except TypeError:
        return canonical(value)


def _spell(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _decode_exactly(text: bytes) -> Json:
    try:
        value = json.loads(text.decode("utf-8"), parse_float=_number, parse_constant=_refuse)
    except UnicodeDecodeError:
        raise ValueError("bytes that are not UTF-8") from None
    except json.JSONDecodeError:
        raise ValueError("JSON that breaks off or is malformed") from None
    except RecursionError:
        raise ValueError(_TOO_DEEP) from None
    if _is_deep(value):  # newer versions of Python read what nothing else can take
        raise ValueError(_TOO_DEEP)
    return _mended(value) if b"\\u" in text else value


def _is_deep(value: Json) -> bool:
    level, depth = [value], 0
    while level and depth < _DEEPEST:
        depth += 1
        lists = [each.values() if isinstance(each, dict) else each for each in level if isinstance(each, list | dict)]
        level = [item for items in lists for item in items]
    return bool(level)


def _number(text: str) -> float | Decimal:
    digits = text.lower().partition("e")[0].replace("-", "").replace(".", "").lstrip("0")
    near = float(text)
    return near if len(digits) <= 15 and isfinite(near) else Decimal(text)


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"JSON that holds {word} (only numbers and null can stand there)")


def _mended(value: Json) -> Json:
    if isinstance(value, str):
        return _SURROGATE.sub("�", value)
    if isinstance(value, list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(item) for key, item in value.items()}
    return value
