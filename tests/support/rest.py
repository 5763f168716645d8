"""Connections to small made-up APIs, for tests of the REST engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from etl.catalogue import Connector, Endpoint, Op, OperationName
from etl.connectors.rest import RestConnection
from etl.http.transport import current_turn
from etl.model import Json
from etl.ports import Clock
from etl.specs import ConnectionSpec, RetrySpec
from tests.support.clocks import FakeClock

PAGED = {
    "kind": "page_number",
    "page_param": "page",
    "size_param": "pageSize",
    "size": 10,
    "total": "totalItemCount",
    "total_pages": "totalPages",
    "page": "page",
    "page_size": "pageSize",
}


def op(name: OperationName, method: str, path: str, **more: Any) -> Op:
    return Op(name, method, path, **more)


def endpoint(*ops: Op, **more: Any) -> Endpoint:
    return Endpoint("things", {one.name: one for one in ops}, more.pop("fields", {}), **more)


def connect(
    url: str,
    *ops: Op,
    connector: Mapping[str, Any] | None = None,
    auth: Mapping[str, str] | None = None,
    clock: Clock | None = None,
    retry: RetrySpec | None = None,
    timeout: float = 5.0,
    transport: httpx.AsyncBaseTransport | None = None,
    folder: Path | None = None,
    spec: Mapping[str, Any] | None = None,
    **more: Any,
) -> RestConnection:
    """A connection named `acme` whose endpoint `things` has these operations; waiting takes no time unless said."""
    made = Connector("acme", url, {"things": endpoint(*ops, **more)}, **(connector or {}))
    return RestConnection(
        ConnectionSpec("acme", "acme", auth=auth or {}, retry=retry or RetrySpec(), timeout=timeout, **(spec or {})),
        made,
        clock or FakeClock(),
        throttle_folder=folder,
        transport=transport,
    )


def listed(**more: Any) -> Op:
    return op("list", "GET", "/things", records="items", paging=PAGED, **more)


def page_of(items: list[Json], number: int, size: int) -> dict[str, Json]:
    """An answer in the shape that PAGED describes."""
    return {
        "page": number,
        "pageSize": size,
        "totalItemCount": len(items),
        "totalPages": -(-len(items) // size),
        "items": items[(number - 1) * size : number * size],
    }


class InMemory(httpx.AsyncBaseTransport):
    """Answers without a socket, each request at the moment of its slot."""

    def __init__(self, handler: Callable[[httpx.Request], Awaitable[httpx.Response]]) -> None:
        self._handler = handler

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (turn := current_turn.get()) is not None:
            await turn.go()
        return await self._handler(request)
