"""How a connection proves who it is. A connector offers one or more blocks; the keys that the connection gives choose.

{kind: none}
{kind: api_key, header: X-Key}                  connection: api_key     (or `query: key`; optional `prefix: "Token "`)
{kind: basic}                                   connection: username, password
{kind: bearer}                                  connection: token       (optional `header`, `prefix`, default `Bearer`)
{kind: oauth2_client_credentials,               connection: client_id, client_secret
 token_url: /oauth/token, scope: things.read,   optional `audience`, `send: basic | body` (default basic),
 renew_before: 60}                              `params: {…}` (further form fields)
{kind: token_exchange,                          connection: the keys that `credentials` names
 token_url: /v1/Auth/Token,                     an address, or a path below the connection's base_url
 method: POST,                                  the default
 credentials: {basic: [app_id, app_secret]},    or {body: {username: username, password: password}} (JSON: property →
                                                connection key), or {form: {…}} likewise, or {headers: {…}} likewise
 headers: {…}, body: {…},                       constants sent along; both optional
 token: accessToken,                            JMESPath of the token in the answer
 expires: {path: expires, format: "%Y-%m-%d %H:%M:%S %z"},   JMESPath of an instant and its strptime pattern (ISO 8601
                                                is always understood), or {seconds: expires_in}; optional: without it
                                                the token is used until a 401
 renew_before: 60,                              seconds, or `60s`, `2m`; default 60
 header: Authorization, prefix: Bearer}         the defaults; `prefix: ""` sends the bare token
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from etl import secrets
from etl.errors import UsageError
from etl.http.signature import Auth, Block, Send, Signature, basic, spell_keys, token_header
from etl.http.tokens import client_credentials, token_exchange
from etl.ports import Clock


def keys_of(block: Block) -> tuple[str, ...]:
    """The keys of a connection's `auth` that this kind needs."""
    if block["kind"] != "token_exchange":
        return _KEYS[block["kind"]]
    credentials = block["credentials"]
    return tuple(credentials["basic"]) if "basic" in credentials else tuple(_placed(credentials).values())


def choose(blocks: Sequence[Block], given: Mapping[str, str], connection: str) -> Block:
    """The kind on offer whose keys the connection gives. Raises UsageError naming the keys expected."""
    offers = list(blocks) or [{"kind": "none"}]
    for block in offers:
        if set(keys_of(block)) == set(given):
            return block
    wanted = " or ".join(spell_keys(keys_of(block)) for block in offers)
    known = [key for block in offers for key in keys_of(block)]
    close = {key: difflib.get_close_matches(key, known, 1) for key in given if key not in known}
    hints = [f"'{key}': did you mean '{match[0]}'?" for key, match in close.items() if match]
    raise UsageError(
        f"connection '{connection}': its `auth` must have {wanted}; it has {spell_keys(tuple(given))}",
        "; ".join(hints) or f"write these keys under connections.{connection}.auth",
    )


def build_auth(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    """The auth that a block describes, with the connection's credentials. Registers every one of them as a secret."""
    for value in given.values():
        secrets.register(value)
    return _KINDS[block["kind"]](block, given, clock, connection)


def _placed(credentials: Mapping[str, Any]) -> Mapping[str, str]:
    """property or header → connection key."""
    return next(credentials[place] for place in ("body", "form", "headers") if place in credentials)


@dataclass(frozen=True, slots=True)
class StaticAuth:
    """Credentials that go with each request as they are."""

    signature: Signature

    async def sign(self, send: Send) -> Signature:
        return self.signature

    def refused(self, signature: Signature) -> bool:
        return False


def _none(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    return StaticAuth(Signature())


def _api_key(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    if "query" in block:
        return StaticAuth(Signature(query={block["query"]: given["api_key"]}))
    return StaticAuth(Signature({block["header"]: block.get("prefix", "") + given["api_key"]}))


def _basic(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    return StaticAuth(Signature({"Authorization": basic(given["username"], given["password"])}))


def _bearer(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    return StaticAuth(Signature(token_header(block, given["token"])))


_KEYS: dict[str, tuple[str, ...]] = {
    "none": (),
    "api_key": ("api_key",),
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2_client_credentials": ("client_id", "client_secret"),
}

_KINDS: dict[str, Callable[[Block, Mapping[str, str], Clock, str], Auth]] = {
    "none": _none,
    "api_key": _api_key,
    "basic": _basic,
    "bearer": _bearer,
    "token_exchange": token_exchange,
    "oauth2_client_credentials": client_credentials,
}
