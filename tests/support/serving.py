"""Small purpose-made servers on loopback, for tests that must see real sockets."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Served:
    """A server that is up: its address, and every request it has had."""

    url: str
    requests: list[web.Request] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    def lines(self) -> list[str]:
        return [f"{request.method} {request.path_qs}" for request in self.requests]


@asynccontextmanager
async def serving(handler: Handler, tls: ssl.SSLContext | None = None) -> AsyncIterator[Served]:
    """Every request goes to `handler`."""
    served = Served("")

    async def noted(request: web.Request) -> web.StreamResponse:
        served.requests.append(request)
        served.times.append(asyncio.get_running_loop().time())
        return await handler(request)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", noted)
    runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    await site.start()
    port = runner.addresses[0][1]
    served.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    try:
        yield served
    finally:
        await runner.cleanup()


@asynccontextmanager
async def raw_server(*answers: bytes) -> AsyncIterator[str]:
    """Answers each connection's requests with these bytes, one after another, and hangs up after each; the last one
    repeats. An empty answer resets the connection."""
    left = list(answers)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        answer = left.pop(0) if len(left) > 1 else left[0]
        if answer:
            writer.write(answer)
            await writer.drain()
        else:
            writer.transport.abort()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await server.wait_closed()
