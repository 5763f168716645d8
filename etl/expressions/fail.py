"""How an expression refuses a record: one reason in words."""

from __future__ import annotations

from decimal import Decimal
from typing import NoReturn

import orjson

from etl.errors import RecordRejected
from etl.keys import canonical
from etl.model import Json

_SHOWN = 40


def fail(reason: str, code: str = "expression") -> NoReturn:
    """Rejects the record that is being transformed."""
    raise RecordRejected(reason, code=code)


def shown(value: Json) -> str:
    """A value for a message: as an author would write it, cut where it is long."""
    if isinstance(value, str):
        return f"'{_cut(value, _SHOWN - 2)}'"
    if isinstance(value, list | dict):
        text = f"{'a list' if isinstance(value, list) else 'an object'} {_json(value)}"
    else:
        text = plain(value)
    return _cut(text, _SHOWN)


def _cut(text: str, longest: int) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def plain(value: Json) -> str:
    """A scalar as text: 7.0 is 7, Decimal('1E+2') is 100, true is true."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, float):
        return _decimal_text(Decimal(repr(value))) if 1e-7 < abs(value) < 1e22 else repr(value)
    return str(value)


def _decimal_text(value: Decimal) -> str:
    if not value.is_finite() or abs(value.adjusted()) > 400:
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _json(value: Json) -> str:
    try:
        return canonical(value).decode()
    except (orjson.JSONEncodeError, TypeError):
        return repr(value)


def kind_of(value: Json) -> str:
    """The JMESPath type of a value."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "expref"
