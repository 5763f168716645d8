"""Data as it may be shown: no secret, no control character, no endless line.

A record comes from a system that we do not trust with somebody's terminal: an escape sequence in a customer's
name must not move a cursor, and a direction mark must not turn a line around.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from types import GeneratorType
from typing import Any

import orjson

from etl.model import Json, Record, Schema
from etl.secrets import MASK, redact

_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
_UNSAFE_IN_JSON = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_WIDEST_INTEGER = 2**63 - 1


def clean(text: str) -> str:
    """`text` on one line with secrets masked and every control or direction character written as an escape."""
    return _UNSAFE.sub(_escape, redact(text))


def clean_lines(text: str) -> str:
    """As `clean`, but line ends and tabs stay what they are."""
    return _UNSAFE.sub(lambda found: found[0] if found[0] in "\n\t" else _escape(found), redact(text))


def one_cell(text: str) -> str:
    """`text` with a single sign for each tab, control or direction character, so that columns stay where they are."""
    return _UNSAFE.sub(lambda found: " " if found[0] == "\t" else "�", text)


def _escape(found: re.Match[str]) -> str:
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
    code = ord(found[0])
    return named.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def clip(text: str, limit: int) -> str:
    """At most `limit` characters, the last of them an ellipsis where something was left out."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown(value: Json, limit: int = 200) -> str:
    """A value on one line as JSON spells it, cut at `limit` characters."""
    return clip(compact(value), limit)


def compact(value: Json) -> str:
    """A value on one line as JSON spells it, whole."""
    return _encode(value, 0)


def to_json(document: Json) -> str:
    """A whole JSON document, indented, ending in a newline; safe for a terminal and still exact."""
    return "".join(json_texts(document))


def json_texts(document: Json) -> Iterator[str]:
    """The same piece by piece: a generator in it is a list that is never there as a whole."""
    yield from _pieces(document, "\n")
    yield "\n"


def _pieces(value: Any, line: str) -> Iterator[str]:
    """`line`: what a line of the value begins with."""
    if not _grows(value):
        yield _encode(value, orjson.OPT_INDENT_2).replace("\n", line)
        return
    opening, closing = "{}" if isinstance(value, Mapping) else "[]"
    between = opening
    for head, item in _members(value):
        yield f"{between}{line}  {head}"
        yield from _pieces(item, line + "  ")
        between = ","
    yield line + closing if between == "," else opening + closing


def _grows(value: Any) -> bool:
    """Whether there is a generator in it."""
    if isinstance(value, Mapping):
        return any(_grows(item) for item in value.values())
    return isinstance(value, GeneratorType) or (isinstance(value, list) and any(_grows(item) for item in value))


def _members(value: Any) -> Iterable[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return ((f"{compact(str(name))}: ", item) for name, item in value.items())
    return (("", item) for item in value)


def _encode(value: Json, options: int) -> str:
    return _UNSAFE_IN_JSON.sub(
        lambda found: f"\\u{ord(found[0]):04x}", orjson.dumps(_plain(value), option=options).decode()
    )


def _plain(value: Json) -> Any:
    """What orjson can spell: secrets masked, wide numbers exact, lone surrogates replaced."""
    match value:
        case str():
            return _SURROGATE.sub("�", redact(value))
        case Mapping():
            return {_plain(str(key)): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case Decimal():
            return orjson.Fragment(str(value)) if value.is_finite() else None
        case bool() | None | float():
            return value
        case int():
            return value if abs(value) <= _WIDEST_INTEGER else orjson.Fragment(str(value))
        case _:
            return str(value)


def masked(record: Record, schemas: Mapping[str, Schema]) -> Record:
    """`record` with every value masked that its schema calls sensitive, at any depth."""
    return {name: _masked_value(value, schemas.get(name)) for name, value in record.items()}


def _masked_value(value: Json, schema: Schema | None) -> Json:
    if schema is None or value is None:
        return value
    if schema.sensitive:
        return MASK
    if isinstance(value, dict):
        return masked(value, schema.properties or {})
    if isinstance(value, list) and schema.items:
        return [_masked_value(item, schema.items) for item in value]
    return value


def width(text: str) -> int:
    """How many terminal cells `text` takes."""
    return len(text) if text.isascii() else sum(_cells(character) for character in text)


def _cells(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, cells: int) -> str:
    """`text` followed by as many spaces as fill `cells`."""
    return text + " " * max(0, cells - width(text))
