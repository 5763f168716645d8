"""Blikk's door: tokens, rate limit, permissions; behind it one module per family of resources."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from datetime import datetime

from etl.sandbox.blikk import statistics
from etl.sandbox.blikk.desk import Desk, stamp_changed, stamp_new
from etl.sandbox.blikk.moments import instant
from etl.sandbox.blikk.refusals import missing_permission, refused_address, too_many, unauthorized
from etl.sandbox.blikk.resources import all_resources
from etl.sandbox.exchange import Answer, Call, Key, Record, json_answer
from etl.sandbox.routing import Route, Router
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store
from etl.sandbox.throttle import Throttle
from etl.sandbox.tokens import Tokens, fresh_token

APP_ID = "sandbox-app"
APP_SECRET = "sandbox-secret"  # noqa: S105 - made up, valid on this machine's loopback only
_TOKEN_PATH = "/v1/Auth/Token"  # noqa: S105


class Blikk:
    """Answers calls as Blikk would. `clock` gives the seconds that the rate limit counts by."""

    name = "blikk"

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float]) -> None:
        desk = Desk(store, settings)
        self._settings = settings
        self._clock = clock
        self._tokens = Tokens()
        self.throttle = Throttle(settings)
        self._store = store
        found = all_resources(desk)
        self._resources = {resource.collection: resource for resource in found}
        routes = [*statistics.UserDayStatistics(desk).routes(), *(route for item in found for route in item.routes())]
        self.router = Router([Route("POST", _TOKEN_PATH, self._issue_token), *routes])

    def admit(self, call: Call) -> Answer | None:
        """Login and rate limit; an answer only where the call goes no further."""
        token = _bearer(call)
        if token is None or not self._tokens.valid(token, call.now):
            return None
        seconds = self.throttle.wait(token, self._clock())
        return too_many(seconds) if seconds else None

    def handle(self, call: Call, route: Route) -> Answer:
        """Carries out a call that has a route."""
        if route.path == _TOKEN_PATH:
            return route.handler(call)
        token = _bearer(call)
        if token is None or not self._tokens.valid(token, call.now):
            raise unauthorized()
        if self._settings.refuse_ip:
            raise refused_address(call.remote)
        missing = {name.lower() for name in self._settings.missing_permissions}
        if route.permission and route.permission.lower() in missing:
            raise missing_permission(route.permission)
        return route.handler(call)

    def revoke_tokens(self) -> int:
        """Makes every token invalid that was ever issued."""
        return self._tokens.revoke_all()

    def punish(self, call: Call, seconds: float) -> Answer:
        """Closes the caller's token for a while."""
        return too_many(self.throttle.punish(_bearer(call) or "", self._clock(), seconds))

    @property
    def resources(self) -> tuple[str, ...]:
        """The names under which records can be looked at and changed."""
        return tuple(self._resources)

    def records(self, resource: str) -> list[Record]:
        """All records of a resource in the fullest form that the API shows."""
        show = self._resources[resource].view()
        return [show(record) for record in self._store.rows(resource).values()]

    def keys(self, resource: str) -> list[Key]:
        return list(self._store.rows(resource))

    def stored(self, resource: str, key: Key) -> Record | None:
        """A record as it is stored: references by id (`customerId`), `created` and `updated` under one name."""
        return self._store.get(resource, key)

    def add(self, resource: str, fields: Record, now: datetime) -> Key:
        """Stores a new record; what `fields` leaves out is filled in plausibly."""
        key = self._store.next_id(resource)
        self._store.put(resource, key, {"id": key, **self._resources[resource].blank, **stamp_new(now), **fields})
        return key

    def change(self, resource: str, key: Key, fields: Record, now: datetime) -> None:
        """Changes stored fields, as somebody in the office would: `updated` moves."""
        before = self._store.rows(resource)[key]
        self._store.put(resource, key, {**before, **stamp_changed(before, now), **fields})

    def remove(self, resource: str, key: Key) -> None:
        self._store.remove(resource, key)

    def _issue_token(self, call: Call) -> Answer:
        if _basic(call) != (APP_ID, APP_SECRET):
            raise unauthorized()
        token = fresh_token()
        expires = self._tokens.issue(token, call.now, self._settings.token_lifetime)
        return json_answer({"objectName": "auth.token", "accessToken": token, "expires": instant(expires)})


def _bearer(call: Call) -> str | None:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None


def _basic(call: Call) -> tuple[str, str] | None:
    scheme, _, encoded = call.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return name, secret
