"""Tokens that are fetched with the connection's credentials, used by all requests and renewed before they expire."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from etl import secrets
from etl.durations import seconds
from etl.errors import ConnectionFailed, LoginFailed, UsageError
from etl.http.answer import Answer, Call
from etl.http.credentials import Block
from etl.http.decoding import encode
from etl.http.loopback import is_loopback
from etl.http.paths import Path, compile_path
from etl.http.signature import Auth, Send, Signature, basic, token_header
from etl.model import Json
from etl.ports import Clock

log = logging.getLogger("etl.http.auth")

RENEW_BEFORE = 60.0


@dataclass(frozen=True, slots=True)
class Lifetime:
    """Reads how long a token lives from the answer that brings it. Seconds; None where it is not said."""

    path: Path | None = None
    format: str | None = None
    seconds: Path | None = None

    @classmethod
    def from_config(cls, block: Mapping[str, Any] | None) -> Lifetime:
        block = block or {}
        path, lasting = block.get("path"), block.get("seconds")
        return cls(
            compile_path(path) if path else None, block.get("format"), compile_path(lasting) if lasting else None
        )

    def read(self, answer: Answer, now: datetime) -> float | None:
        """Raises ValueError where something stands there that is no lifetime."""
        if self.seconds is not None:
            told = self.seconds(answer.body)
            return None if told is None else float(told)
        told = self.path(answer.body) if self.path else None
        return None if told is None else (self._instant(told) - _server_time(answer, now)).total_seconds()

    def _instant(self, told: Json) -> datetime:
        if not isinstance(told, str):
            raise ValueError("not a text")
        for parse in (self._by_format, datetime.fromisoformat):
            try:
                moment = parse(told)
            except ValueError:
                continue
            return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        raise ValueError("not in the documented form")

    def _by_format(self, told: str) -> datetime:
        return datetime.strptime(told, self.format or "")  # noqa: DTZ007 (what has no zone is taken as UTC by the caller)


def _server_time(answer: Answer, now: datetime) -> datetime:
    """The server's own clock where its answer shows it: an instant of that clock is compared with nothing else."""
    try:
        return parsedate_to_datetime(answer.headers["date"])
    except (KeyError, ValueError, TypeError):
        return now


@dataclass(slots=True)
class TokenAuth:
    """A token that is fetched once for all requests, renewed before it expires and once after a 401."""

    call: Call
    token: Path
    lifetime: Lifetime
    dress: Callable[[str], dict[str, str]]
    renew_before: float
    clock: Clock
    connection: str
    _signature: Signature | None = None
    _renew_at: float = float("inf")
    _logins: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def sign(self, send: Send) -> Signature:
        if (current := self._current()) is not None:
            return current
        async with self._one_at_a_time:
            return self._current() or await self._login(send)

    def refused(self, signature: Signature) -> bool:
        if self._signature is not None and signature.login == self._signature.login:
            self._signature = None
        return True

    def _current(self) -> Signature | None:
        return self._signature if self.clock.monotonic() < self._renew_at else None

    async def _login(self, send: Send) -> Signature:
        answer = await send(self.call)
        token = self.token(answer.body)
        if not isinstance(token, str) or not token:
            raise LoginFailed(
                f"{self.connection}: {self.call.line} answered {answer.status}, but without a token",
                "check `base_url`, and where the connector's `auth.token` looks for it",
            )
        secrets.register(token)
        self._logins += 1
        self._signature = Signature(self.dress(token), login=self._logins)
        self._renew_at = self._deadline(answer)
        return self._signature

    def _deadline(self, answer: Answer) -> float:
        """Half of a short life is the latest: a token that lives for less than `renew_before` is still used."""
        try:
            lasting = self.lifetime.read(answer, self.clock.now())
        except (ValueError, TypeError, ConnectionFailed) as error:
            log.warning("%s: when its token expires can't be read (%s); it is used until a 401", self.connection, error)
            lasting = None
        if lasting is not None and lasting <= 0:
            log.warning("%s: its token has expired already, says the API; it is used until a 401", self.connection)
            lasting = None
        if lasting is None:
            return float("inf")
        return self.clock.monotonic() + lasting - min(self.renew_before, lasting / 2)


def token_exchange(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    """Kind `token_exchange`: a vendor's own way of trading credentials for a token."""
    credentials = block["credentials"]
    headers, content, form = dict(block.get("headers", {})), block.get("body"), None
    if "basic" in credentials:
        headers["Authorization"] = basic(*(given[key] for key in credentials["basic"]))
    elif "body" in credentials:
        content = {**(content or {}), **{name: given[key] for name, key in credentials["body"].items()}}
    elif "form" in credentials:
        form = {name: given[key] for name, key in credentials["form"].items()}
    else:
        headers |= {name: given[key] for name, key in credentials["headers"].items()}
    call = Call(
        method=block.get("method", "POST"),
        url=block["token_url"],
        content=None if content is None else encode(content),
        form=form,
        headers=headers,
        reads=True,
    )
    return _token_auth(block, call, clock, connection)


def client_credentials(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    """Kind `oauth2_client_credentials` (RFC 6749, section 4.4)."""
    form = {"grant_type": "client_credentials"} | dict(block.get("params", {}))
    form |= {name: block[name] for name in ("scope", "audience") if name in block}
    headers = {}
    if block.get("send", "basic") == "basic":
        headers["Authorization"] = basic(given["client_id"], given["client_secret"])
    else:
        form |= {name: given[name] for name in ("client_id", "client_secret")}
    call = Call("POST", block["token_url"], form=form, headers=headers, reads=True)
    usual = {"token": "access_token", "expires": {"seconds": "expires_in"}}
    return _token_auth({**usual, **block}, call, clock, connection)


def _token_auth(block: Block, call: Call, clock: Clock, connection: str) -> TokenAuth:
    if call.url.startswith("http:") and not is_loopback(urlsplit(call.url).hostname or ""):
        raise UsageError(
            f"{connection}: {call.url} would send credentials in the clear", "write https:// in `token_url`"
        )
    return TokenAuth(
        call=call,
        token=compile_path(block["token"]),
        lifetime=Lifetime.from_config(block.get("expires")),
        dress=lambda token: token_header(block, token),
        renew_before=seconds(block.get("renew_before", RENEW_BEFORE)),
        clock=clock,
        connection=connection,
    )
