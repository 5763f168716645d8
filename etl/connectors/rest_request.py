"""Requests from operations: addresses filled from records, parameters spelled, ids that can't change the path."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from urllib.parse import quote

from etl.catalogue import Op, Param, Wire
from etl.connectors.wire import query_pairs
from etl.errors import RecordRejected
from etl.keys import key_text
from etl.model import Json

_NAME = re.compile(r"\{([^{}]+)\}")


def names_in(template: str) -> list[str]:
    """The names in braces of a path or a query text, in their order."""
    return _NAME.findall(template)


def fill_path(template: str, values: Mapping[str, Json]) -> str:
    """The path with each name replaced by its percent-encoded value. Raises RecordRejected where one is missing."""

    def encoded(match: re.Match[str]) -> str:
        text = _value(match[1], values)
        if text in (".", ".."):
            raise RecordRejected(f"{text!r} can't be part of an address", field=match[1], code="required")
        return quote(text, safe="")

    return _NAME.sub(encoded, template)


def fill_query(query: Mapping[str, Json], values: Mapping[str, Json], wire: Wire) -> list[tuple[str, str]]:
    """The parameters that are always sent, names in braces replaced."""
    pairs: list[tuple[str, str]] = []
    for name, told in query.items():
        value = _NAME.sub(lambda match: _value(match[1], values), told) if isinstance(told, str) else told
        pairs += query_pairs(Param(name, "array" if isinstance(value, list) else "string"), value, wire)
    return pairs


def list_query(op: Op, params: Mapping[str, Json], wire: Wire, zone: tzinfo = UTC) -> list[tuple[str, str]]:
    """A mapping's `params` in the spelling of the API; names and types are the documented ones."""
    pairs: list[tuple[str, str]] = []
    for name, value in params.items():
        pairs += query_pairs(op.params.get(name) or Param(name), value, wire, zone)
    return pairs


def sort_query(op: Op, sort: tuple[str, str] | None) -> list[tuple[str, str]]:
    """The sort asked for, else the order in which records move least, where the list documents one."""
    if op.sort is None:
        return []
    if sort is None:
        if op.sort.stable is None:
            return []
        sort = (op.sort.stable, op.sort.ascending)
    return [(op.sort.by_param, sort[0]), (op.sort.order_param, sort[1])]


def _value(name: str, values: Mapping[str, Json]) -> str:
    text = key_text(values.get(name))
    if not text:
        raise RecordRejected("has no value, but the address of the request needs one", field=name, code="required")
    return text


def without(pairs: Sequence[tuple[str, str]], taken: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs whose name is not among those that follow them."""
    names = {name for name, _ in taken}
    return [pair for pair in pairs if pair[0] not in names]
