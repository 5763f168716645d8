"""Ten typical mapped fields per record: generated code beside jmespath's interpreter and a hand-written function.

    python benchmarks/fields.py [records]

Prints microseconds per record and ratios to the hand-written function, all measured in one run; then what it costs to
check records against their schemas: as they come from a source, and as they go to a target.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import jmespath

from etl.expressions.scope import Scope, table
from etl.model import MISSING, Record, Schema
from etl.specs import FieldSpec
from etl.steps.drift import Drift
from etl.steps.fields import compile_fields

CLIENTS = {str(number): {"dimesheets_id": number + 1000} for number in range(50)}
SCOPE = Scope(
    datetime(2026, 4, 1, tzinfo=UTC),
    "Europe/Stockholm",
    {"prefix": "blikk"},
    {"clients": table(lambda key: CLIENTS.get(key, MISSING))},
)

FIELDS = (
    FieldSpec("externalId", "join('-', [var('prefix'), 'project', to_string(id)])"),
    FieldSpec("name", "title", required=True),
    FieldSpec("number", "orderNumber"),
    FieldSpec("clientId", "lookup('clients', customer.id).dimesheets_id", required=True),
    FieldSpec("startDate", "startDate", type="date-time"),
    FieldSpec("endDate", "endDate"),
    FieldSpec("description", "join(' / ', [customer.name, orderNumber][?@])", default="", truncate=250),
    FieldSpec("status", "status.name", map={"Ongoing": 1, "Completed": 2}, otherwise=0),
    FieldSpec("manager", "responsible.name"),
    FieldSpec("source", const="Blikk"),
)

SCHEMAS = {
    "externalId": Schema("string", required=True, nullable=False, max_length=100),
    "name": Schema("string", required=True, nullable=False, max_length=200),
    "number": Schema("string"),
    "clientId": Schema("integer"),
    "startDate": Schema("date-time"),
    "endDate": Schema("date-time"),
    "description": Schema("string", max_length=250),
    "status": Schema("integer"),
    "manager": Schema("string"),
    "source": Schema("string"),
}

SOURCE = {
    "id": Schema("integer"),
    "title": Schema("string"),
    "orderNumber": Schema("string"),
    "customer": Schema("object"),
    "startDate": Schema("date"),
    "endDate": Schema("date-time"),
    "status": Schema("object"),
    "responsible": Schema("object"),
}


def records(count: int) -> list[Record]:
    """Made-up projects, with days and names that repeat as they do in life."""
    return [
        {
            "id": number,
            "title": f"Villa Björk {number}",
            "orderNumber": f"P-{number:05}",
            "customer": {"id": number % 50, "name": f"Björk {number % 50} AB"},
            "startDate": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}",
            "endDate": f"2026-{number % 12 + 1:02}-{number % 28 + 1:02} 05:43:12 +00:00",
            "status": {"id": 1, "name": "Ongoing" if number % 3 else "Completed"},
            "responsible": {"id": 4, "name": "Åsa Lind"},
        }
        for number in range(count)
    ]


def by_hand(record: Record) -> Record:
    """What somebody would write for this one job, with no check of anything."""
    customer = record.get("customer") or {}
    row = CLIENTS[str(customer["id"])]
    parts = [part for part in (customer.get("name"), record.get("orderNumber")) if part]
    ended = record.get("endDate")
    return {
        "externalId": f"blikk-project-{record['id']}",
        "name": record["title"],
        "number": record.get("orderNumber"),
        "clientId": row["dimesheets_id"],
        "startDate": record.get("startDate"),
        "endDate": f"{ended[:10]}T{ended[11:19]}Z" if ended else None,
        "description": " / ".join(parts)[:250],
        "status": {"Ongoing": 1, "Completed": 2}.get((record.get("status") or {}).get("name"), 0),
        "manager": (record.get("responsible") or {}).get("name"),
        "source": "Blikk",
    }


def interpreter() -> Callable[[Record], Record]:
    """jmespath's own interpreter over the same expressions, without types, maps and dates."""
    spelled = {field.name: (field.value or "`1`") for field in FIELDS}
    spelled["externalId"] = "join('-', ['blikk', 'project', to_string(id)])"
    spelled["clientId"] = "customer.id"
    compiled = {name: jmespath.compile(text) for name, text in spelled.items()}
    return lambda record: {name: expression.search(record) for name, expression in compiled.items()}


def microseconds(function: Callable[..., Any], data: list[Any], *rest: Any) -> float:
    """CPU per record, of the best of seven rounds."""
    best = float("inf")
    for _ in range(7):
        start = time.process_time()
        for record in data:
            function(record, *rest)
        best = min(best, time.process_time() - start)
    return best / len(data) * 1e6


def checked(data: list[Record]) -> dict[str, float]:
    """Of a source record: types and names. Of an output, types, lengths and what is required, beside taking it over
    without any check."""
    drift, outputs = Drift(SOURCE), [compile_fields(FIELDS, SCHEMAS)(record, SCOPE) for record in data]
    same = compile_fields([FieldSpec(name, name) for name in SCHEMAS], SCHEMAS)
    taken = eval("lambda r: {" + ", ".join(f"{name!r}: r.get({name!r})" for name in SCHEMAS) + "}")  # noqa: S307
    return {
        "a source record": microseconds(drift.look, [data]) / len(data),
        "an output": microseconds(same, outputs, SCOPE) - microseconds(taken, outputs),
    }


def main(count: int) -> None:
    """Measures and prints."""
    data = records(count)
    hand = microseconds(by_hand, data)
    results = {
        "by hand": hand,
        "generated": microseconds(compile_fields(FIELDS, SCHEMAS), data, SCOPE),
        "jmespath": microseconds(interpreter(), data[:2000]),
    }
    for name, value in results.items():
        print(f"{name:12}{value:8.2f} µs/record {value / hand:8.2f} × by hand")
    for name, value in checked(data).items():
        print(f"check of {name:16}{value:8.2f} µs")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
