"""A documented record and its surroundings, for the tests of static types."""

from __future__ import annotations

from typing import Any

from etl.expressions.findings import Surroundings
from etl.model import Schema


def always(type_name: str, **more: Any) -> Schema:
    """A field that is always there."""
    return Schema(type_name, nullable=False, required=True, **more)


def maybe(type_name: str, **more: Any) -> Schema:
    """A field that may be null or missing."""
    return Schema(type_name, **more)


PROJECT = always(
    "object",
    properties={
        "id": always("integer"),
        "title": maybe("string"),
        "orderNumber": maybe("string"),
        "customer": maybe("object", properties={"id": always("integer"), "name": maybe("string")}),
        "status": always(
            "object",
            properties={
                "name": always("string", values=("Ongoing", "Completed")),
                "isCompletedStatus": always("boolean"),
            },
        ),
        "tags": maybe("array", items=Schema("object", properties={"id": always("integer"), "name": always("string")})),
        "codes": always("array", items=Schema("integer")),
        "startDate": maybe("date"),
        "hours": maybe("number"),
        "isActive": always("boolean"),
        "custom": maybe("object"),
        "email": maybe("string", detail_only=True),
    },
)

CLIENTS = always("object", properties={"blikk_id": always("string"), "dimesheets_id": always("string")})

SURROUNDINGS = Surroundings(PROJECT, "a record of blikk projects", {"clients": CLIENTS}, {"prefix": "blikk"})
