"""One connection over HTTP: every request with its turn, its login, its repeats, and its errors in words."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx

from etl import __version__
from etl.durations import spell
from etl.http.answer import Answer, Call, Files, address, origin, resolve, signed
from etl.http.bodies import body_of
from etl.http.faults import TRANSPORT_ERRORS, AttemptFailed, Failure, fault
from etl.http.judge import Judge
from etl.http.retry import Retry
from etl.http.signature import Auth, Signature
from etl.http.throttle import Throttle
from etl.http.transport import current_turn
from etl.model import Json
from etl.ports import Clock
from etl.report import ConnectionReport

log = logging.getLogger("etl.http")

MOST_REDIRECTS = 5
WHOLE = 10
"""How many timeouts a whole answer may take: one that comes drop by drop is never silent for long, and never ends."""
REDIRECTS = (301, 302, 303, 307, 308)
UNSIGNED = Signature()


@dataclass(slots=True)
class HttpClient:
    """Sends calls below `base_url`. `request` and `download` raise ConnectionFailed and its kinds, and Refused.

    Requests (logins, repeats and redirects among them), repeats, 429s and seconds waited are counted in `report`.
    """

    base_url: str
    transport: httpx.AsyncBaseTransport
    auth: Auth
    throttle: Throttle
    retry: Retry
    judge: Judge
    clock: Clock
    report: ConnectionReport
    timeout: float = 30.0
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0
    """Seconds that an answer takes from its request's start, a running mean."""
    _reached: bool = False

    async def request(self, call: Call) -> Answer:
        """The answer to a call that was accepted."""
        signature = await self.auth.sign(self._login)
        answer = await self._attempts(call, signature)
        if answer.status == 401 and self.auth.refused(signature):
            answer = await self._attempts(call, await self.auth.sign(self._login))
        return self.judge.accepted(call, answer)

    async def login(self) -> None:
        """Takes a token where this connection needs one."""
        await self.auth.sign(self._login)

    async def download(self, call: Call, path: Path) -> int:
        """Writes the content of an answer to `path`, in one step once it is complete. Returns its size in bytes."""
        part = path.with_name(path.name + ".part")
        try:
            await self.request(replace(call, into=part))
            return _put_in_place(part, path)
        finally:
            part.unlink(missing_ok=True)

    async def close(self) -> None:
        await self.transport.aclose()

    # --- attempts ------------------------------------------------------------------------------------

    async def _login(self, call: Call) -> Answer:
        self.report.logins += 1
        return self.judge.logged_in(call, await self._attempts(call, UNSIGNED))

    async def _attempts(self, call: Call, signature: Signature) -> Answer:
        """The first usable answer, whatever its status. Raises what the judge makes of the last failure."""
        begin, waited, attempts = self.clock.monotonic(), 0.0, 0
        while True:
            attempts += 1
            try:
                return await self._follow(call, signature)
            except AttemptFailed as failed:
                failure = failed.failure
            again = self.retry.whether(failure, repeatable=call.repeatable, attempts=attempts)
            pause = self.retry.how_long(failure, attempts=attempts, waited=waited) if again else None
            if pause is None:
                raise self.judge.given_up(call, failure, attempts, self.clock.monotonic() - begin)
            if self.retry.too_long(failure):
                raise self.judge.too_long(call, failure, self.retry.spec.max_wait)
            waited += pause if failure.wait is None else 0.0
            log.info("%s: %s %s; trying again in %s", self.report.name, call.line, failure.what, spell(pause))
            await self._wait(failure, pause, self.retry.apart(failure, attempts=attempts))
            self.report.retries += 1

    async def _wait(self, failure: Failure, pause: float, apart: float) -> None:
        """A 429 concerns every request of these credentials, anything else only this one."""
        if failure.status == 429:
            await self.throttle.pause(pause)
        if failure.status != 429 or apart:
            await self.clock.sleep(pause + apart)

    async def _follow(self, call: Call, signature: Signature) -> Answer:
        """One attempt; redirects within the origin are followed for reads, and never carry credentials elsewhere."""
        url = address(self.base_url, call, signature.query)
        for _ in range(MOST_REDIRECTS):
            answer = await self._once(call, url, signature)
            target = answer.headers.get("location") if answer.status in REDIRECTS else None
            if target is None:
                return answer
            target = resolve(url, target)
            if origin(target) != origin(url) or call.method != "GET":
                raise self.judge.redirected(call, answer.status, target, same_origin=origin(target) == origin(url))
            url = signed(target, signature.query)
        raise self.judge.redirected(call, answer.status, url, same_origin=True)

    async def _once(self, call: Call, url: str, signature: Signature) -> Answer:
        begin = self.clock.monotonic()
        async with self.throttle.turn() as turn:
            token = current_turn.set(turn)
            self.report.requests += 1
            try:
                with ExitStack() as files:
                    answer = await self._exchange(call, self._build(call, url, signature, files))
            except TRANSPORT_ERRORS as error:
                raise AttemptFailed(fault(error, urlsplit(url).netloc, self.timeout, reached=self._reached)) from error
            finally:
                current_turn.reset(token)
                self.report.waited_seconds = self.throttle.waited
        self._reached = True
        self._note(call, answer, self.clock.monotonic() - begin - turn.waited)
        return self._usable(answer)

    def _build(self, call: Call, url: str, signature: Signature, files: ExitStack) -> httpx.Request:
        headers = {**self.headers, **call.headers, **signature.headers}
        if call.content is not None:
            headers.setdefault("Content-Type", "application/json")
        build = partial(
            httpx.Request,
            call.method,
            _parsed(url),
            headers=_encoded(tuple(headers.items())),
            extensions={"timeout": {"connect": self.timeout, "read": self.timeout}},
        )
        if call.form or call.files:
            return build(data=call.form, files=_opened(call.files, files) if call.files else None)
        request = build(stream=httpx.ByteStream(call.content or b""))  # `content` goes through all headers twice
        request.read()
        return request

    async def _exchange(self, call: Call, request: httpx.Request) -> Answer:
        response = await self.transport.handle_async_request(request)
        try:
            if (turn := current_turn.get()) is not None:
                await turn.answered()
            body = await self._in_time(call, response)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body, str(request.url))

    async def _in_time(self, call: Call, response: httpx.Response) -> Json:
        """The body. A download, which may be of any size, only has to go on."""
        longest = None if call.into else WHOLE * self.timeout
        try:
            async with asyncio.timeout(longest) as limit:
                return await _taken(call, response)
        except TimeoutError as error:
            if longest is None or not limit.expired():
                raise
            raise AttemptFailed(Failure(f"got an answer that had no end within {spell(longest)}")) from error

    def _usable(self, answer: Answer) -> Answer:
        """Raises AttemptFailed for a status that another try may change."""
        if answer.status == 429:
            self.report.throttled += 1
        if answer.status not in self.retry.statuses:
            return answer
        wait = self.retry.asked(answer.headers, answer.body, self.clock.now())
        reason = self.judge.reason(answer)
        raise AttemptFailed(Failure(f"answered {answer.status}", status=answer.status, wait=wait, reason=reason))

    def _note(self, call: Call, answer: Answer, seconds: float) -> None:
        self.latency = seconds if not self.latency else 0.8 * self.latency + 0.2 * seconds
        if log.isEnabledFor(logging.DEBUG):
            log.debug("%s: %s answered %d in %.0f ms", self.report.name, call.line, answer.status, seconds * 1000)


_parsed = lru_cache(maxsize=64)(httpx.URL)
"""Writes go to the same address time and again."""

_encoded = lru_cache(maxsize=64)(httpx.Headers)
"""Nearly all requests of a connection carry the same."""


def _opened(files: Callable[[], Files], stack: ExitStack) -> Files:
    """The parts of a multipart body, each file open until the stack ends."""
    parts = files()
    for _, part in parts:
        if len(part) == 3:
            stack.enter_context(part[1])
    return parts


async def _taken(call: Call, response: httpx.Response) -> Json:
    """The decoded body; of a download None, once its content is in its file."""
    if call.into is None or not response.is_success:
        return body_of(call, response.status_code, response.headers, await _content(response))
    with call.into.open("wb") as file:
        async for chunk in response.aiter_bytes():
            file.write(chunk)
    return None


async def _content(response: httpx.Response) -> bytes:
    """The whole body. What is not compressed is taken as it comes: the way through the response's decoders is a sixth
    of what a request costs."""
    if "content-encoding" in response.headers:
        return await response.aread()
    return b"".join([chunk async for chunk in cast(httpx.AsyncByteStream, response.stream)])


def _put_in_place(part: Path, path: Path) -> int:
    part.replace(path)
    return path.stat().st_size


def standard_headers(added: Mapping[str, str]) -> dict[str, str]:
    """What every request carries."""
    usual = {"Accept": "application/json", "Accept-Encoding": "gzip, deflate", "User-Agent": f"etl/{__version__}"}
    return {**usual, **added}
