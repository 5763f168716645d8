"""The way to the network: aiohttp under httpx's transport interface, at half of httpx's own CPU time per request.

`etl.http.client` calls the transport directly: redirects, logins, retries and cookies of `httpx.AsyncClient` would be
done twice or have to be switched off, and cost another third (docs/decisions).
"""

from __future__ import annotations

import urllib.request
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from ssl import SSLContext
from urllib.parse import urlsplit

import aiohttp
import httpx
from aiohttp.client_reqrep import ClientRequest
from aiohttp.connector import Connection
from aiohttp.tracing import Trace
from httpx_aiohttp import AiohttpTransport

from etl.errors import UsageError
from etl.http.loopback import is_loopback
from etl.http.throttle import Turn

MOST_CONNECTIONS = 64

KEEP_ALIVE = 4.0
"""Seconds that an idle connection is kept: shorter than servers do (5 s is common), so that a request seldom meets one
that is being closed, which for a write means not knowing whether it was applied."""

current_turn: ContextVar[Turn | None] = ContextVar("current_turn", default=None)
"""The turn of the request that this task is sending: its slot is taken when the connection stands."""


def build_transport(base_url: str, ca_file: Path | None = None, proxy: str | None = None) -> httpx.AsyncBaseTransport:
    """A transport for one origin. Raises UsageError where `ca_file` can't be read."""
    tls = tls_context(ca_file) if base_url.startswith("https:") else None
    way = proxy or proxy_of_environment(base_url)
    return AiohttpTransport(
        verify=False if tls is None else tls,
        client=lambda: _session(tls),
        proxy=httpx.Proxy(way) if way else None,
    )


def _session(tls: SSLContext | None) -> aiohttp.ClientSession:
    session = aiohttp.ClientSession(
        connector=_SlottedConnector(
            limit=MOST_CONNECTIONS, keepalive_timeout=KEEP_ALIVE, ssl=True if tls is None else tls
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        max_line_size=65536,
        max_field_size=65536,
    )
    session._retry_connection = False  # a repeat that the throttle and the counts don't know of
    return session


class _SlottedConnector(aiohttp.TCPConnector):
    """Hands a connection over at the moment at which its request may be written.

    One that the server closed while the request waited is replaced: writing to it would look like a lost answer.
    """

    async def connect(
        self,
        req: ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 (the signature is aiohttp's)
    ) -> Connection:
        connection = await super().connect(req, traces, timeout)
        if (turn := current_turn.get()) is None:
            return connection
        try:
            await turn.go()
        except BaseException:
            connection.close()
            raise
        if connection.protocol is not None and connection.protocol.is_connected():
            return connection
        connection.close()
        return await super().connect(req, traces, timeout)


@lru_cache
def tls_context(ca_file: Path | None) -> SSLContext:
    """The usual authorities, and those of `ca_file` beside them."""
    context = httpx.create_ssl_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError:
            raise UsageError(
                f"the certificates in {ca_file} can't be read",
                "`ca_file` must be a readable PEM file with one or more certificates",
            ) from None
    return context


def proxy_of_environment(url: str) -> str | None:
    """The proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY (or the system's settings) give for this address."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    return urllib.request.getproxies().get(parts.scheme)
