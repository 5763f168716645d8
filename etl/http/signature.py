"""What a request carries to prove who sends it, and the words for a login that is refused."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from etl import secrets
from etl.errors import LoginFailed
from etl.http.answer import Answer, Call
from etl.http.credentials import Block, spell_keys

Send = Callable[[Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Signature:
    """What a request carries to prove who sends it."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    login: int = 0
    """Which login it stems from: a refusal of an older one says nothing about a newer one."""


class Auth(Protocol):
    """One way of proving who we are."""

    async def sign(self, send: Send) -> Signature:
        """What the next request carries, after a login where one is needed. Raises LoginFailed, ConnectionFailed."""

    def refused(self, signature: Signature) -> bool:
        """The API answered 401; true where signing anew may help."""


def basic(username: str, password: str) -> str:
    """The value of an Authorization header with both, registered as a secret."""
    packed = base64.b64encode(f"{username}:{password}".encode()).decode()
    secrets.register(packed)
    return f"Basic {packed}"


def token_header(block: Block, token: str) -> dict[str, str]:
    """The header in which a block says that a token travels."""
    prefix = block.get("prefix", "Bearer")
    return {block.get("header", "Authorization"): f"{prefix} {token}" if prefix else token}


def login_failed(connection: str, keys: Sequence[str], what: str) -> LoginFailed:
    """Names what to check, never what it is."""
    entries = f"connections.{connection}.auth ({spell_keys(keys)})" if keys else f"connections.{connection}"
    return LoginFailed(f"{connection}: the login was refused: {what}", f"check {entries}")
