"""What the functions' examples and the tests of expressions run with."""

from __future__ import annotations

from datetime import UTC, datetime

from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope, table
from etl.model import MISSING, Json

CLIENTS = {"3": {"name": "Björk AB", "dimesheets_id": 41}, "true": {"name": "yes"}}


def scope(timezone: str = "UTC") -> Scope:
    """A run that began on 1 April 2026 at 10:00:00.25 UTC, with a table for each kind of miss."""
    return Scope(
        datetime(2026, 4, 1, 10, 0, 0, 250_000, tzinfo=UTC),
        timezone,
        {"prefix": "blikk", "nothing": None},
        {
            "clients": table(lambda key: CLIENTS.get(key, MISSING)),
            "users": table(lambda key: MISSING, "empty"),
            "gone": table(lambda key: MISSING, "skip"),
        },
    )


def search(text: str, record: Json = None, timezone: str = "UTC") -> Json:
    """The result of an expression."""
    return compile_expression(parse(text))(record, scope(timezone))
