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

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from etl import secrets
from etl.http.credentials import Block
from etl.http.signature import Auth, Send, Signature, basic, token_header
from etl.http.tokens import client_credentials, token_exchange
from etl.ports import Clock


def build_auth(block: Block, given: Mapping[str, str], clock: Clock, connection: str) -> Auth:
    """The auth that a block describes, with the connection's credentials. Registers every one of them as a secret."""
    for value in given.values():
        secrets.register(value)
    return _KINDS[block["kind"]](block, given, clock, connection)


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


_KINDS: dict[str, Callable[[Block, Mapping[str, str], Clock, str], Auth]] = {
    "none": _none,
    "api_key": _api_key,
    "basic": _basic,
    "bearer": _bearer,
    "token_exchange": token_exchange,
    "oauth2_client_credentials": client_credentials,
}
