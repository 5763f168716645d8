"""Closed periods of a target: read once per run, so that what they would refuse is known before it is sent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from contextlib import aclosing

from etl.assemble.connections import Connections
from etl.catalogue import Endpoint
from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import MappingSpec, Record
from etl.ports import ReadRequest
from etl.transform import truthy


async def closed_periods(
    spec: MappingSpec, target: Endpoint, connections: Connections, scope: Scope
) -> Callable[[Record], str | None] | None:
    """Why an output's day lies in a closed period, or None; None instead of it where the target has no periods.

    Days are compared as calendar days, both ends inside; periods of several templates may overlap.
    """
    block = target.closed_periods
    if block is None:
        return None
    closed = compile_expression(parse(block["closed"]))
    source = connections.source(spec.target.connection, block["endpoint"])
    spans: list[tuple[str, str, str]] = []
    async with aclosing(source.pages(ReadRequest())) as pages:
        async for page in pages:
            spans += [
                (str(record[block["start"]])[:10], str(record[block["end"]])[:10], str(record.get("name") or ""))
                for record in page.records
                if truthy(closed(record, scope))
            ]
    spans.sort()
    starts = [start for start, _, _ in spans]

    def why(output: Record) -> str | None:
        day = str(output.get(block["date"]) or "")[:10]
        for start, end, name in spans[: bisect_right(starts, day)]:
            if day <= end:
                return (
                    f"{block['reason']} ({name}: {start} to {end})" if name else f"{block['reason']} ({start} to {end})"
                )
        return None

    return why if spans else None
