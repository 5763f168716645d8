"""The networking: an aiohttp server per API, and the faults that only a socket can have."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

from aiohttp import BodyPartReader, web

from etl.sandbox.exchange import Answer, Call, Part
from etl.sandbox.faults import Faults, Strike
from etl.sandbox.front import Front, Reply
from etl.sandbox.journal import Entry, Journal

CONTROL = "/_sandbox"
_LARGEST_REQUEST = 256 * 1024**2
_LINGER = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # closing then sends RST, not FIN


class Door:
    """Takes one API's requests from the wire, and puts the answers there."""

    def __init__(
        self,
        name: str,
        front: Front,
        faults: Callable[[], Faults],
        journal: Journal,
        clock: Callable[[], float],
        control: Callable[[Call], Answer],
    ) -> None:
        self._name = name
        self._front = front
        self._faults = faults
        self._journal = journal
        self._clock = clock
        self._control = control

    def server(self) -> web.Server:
        return web.Server(self._serve, request_factory=_request, access_log=None)

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        call = await _read(request)
        if call.path.startswith(CONTROL):
            return _response(self._control(call))
        faults = self._faults()
        strike = faults.strike(self._name, call.method, call.path)
        await faults.hold(strike)
        at = self._clock()
        reply = self._front.reply(call, strike, faults)
        self._journal.note(self._entry(call, reply, strike, at))
        return await _send(request, reply)

    def _entry(self, call: Call, reply: Reply, strike: Strike, at: float) -> Entry:
        return Entry(
            api=self._name,
            method=call.method,
            path=call.path,
            query=dict(call.query),
            status=reply.status,
            at=at,
            seconds=self._clock() - at,
            fault=strike.label,
            raw=call.body,
        )


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_LARGEST_REQUEST)


async def _read(request: web.BaseRequest) -> Call:
    multipart = request.content_type == "multipart/form-data"
    query: dict[str, str] = {}
    for name, value in request.query.items():
        known = query.get(name.lower())
        query[name.lower()] = value if known is None else f"{known},{value}"
    return Call(
        method=request.method,
        path=request.rel_url.raw_path,
        query=query,
        headers={name.lower(): value for name, value in request.headers.items()},
        form=await _form(request) if multipart else None,
        body=b"" if multipart else await request.read(),
        remote=request.remote or "",
    )


async def _form(request: web.BaseRequest) -> dict[str, Part]:
    parts: dict[str, Part] = {}
    with contextlib.suppress(ValueError):  # a form that can't be read has the parts read so far
        async for part in await request.multipart():
            if isinstance(part, BodyPartReader) and part.name:
                content = bytes(await part.read(decode=True))
                parts[part.name] = Part(content, part.filename, part.headers.get("Content-Type"))
    return parts


async def _send(request: web.BaseRequest, reply: Reply) -> web.StreamResponse:
    if reply.answer is None:
        _reset(request)
        return web.Response()
    if reply.cut:
        return await _break_off(request, reply.answer)
    return _response(reply.answer)


def _response(answer: Answer) -> web.Response:
    headers = dict(answer.headers)
    if answer.body:
        headers["Content-Type"] = answer.content_type
    return web.Response(status=answer.status, body=answer.body, headers=headers)


def _reset(request: web.BaseRequest) -> None:
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER)
    transport.abort()


async def _break_off(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """States the whole length, sends half of it, and closes the connection."""
    length = str(len(answer.body))
    response = web.StreamResponse(
        status=answer.status, headers={"Content-Type": answer.content_type, "Content-Length": length}
    )
    await response.prepare(request)
    await response.write(answer.body[: len(answer.body) // 2])
    if request.transport is not None:
        request.transport.close()
    return response
