"""Dime.Scheduler's door: API key or JSON web token; behind it imports and REST routes."""

from __future__ import annotations

import uuid
from datetime import datetime

from etl.sandbox.dimescheduler.catalogue import APPOINTMENT, catalogue
from etl.sandbox.dimescheduler.imports import Imports
from etl.sandbox.dimescheduler.records import key_of
from etl.sandbox.dimescheduler.rest import Rest
from etl.sandbox.exchange import Answer, Call, Key, Record, Refusal, json_answer
from etl.sandbox.routing import Route, Router
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store
from etl.sandbox.tokens import Tokens

USERNAME = "sandbox@example.com"
PASSWORD = "sandbox-password"  # noqa: S105 - made up, valid on this machine's loopback only
API_KEY = "sandbox-scheduler-key"
_TOKEN_PATH = "/token"  # noqa: S105
_OTHERS = ("users", "messages", "calendars", "resource_types")


class DimeScheduler:
    """Answers calls as Dime.Scheduler would."""

    name = "dimescheduler"

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._tokens = Tokens()
        self.router = Router(
            [
                Route("POST", _TOKEN_PATH, self._issue_token),
                *Imports(store, settings).routes(),
                *Rest(store, settings).routes(),
            ]
        )

    def admit(self, call: Call) -> Answer | None:
        """The rate limit is not published."""
        return None

    def handle(self, call: Call, route: Route) -> Answer:
        if route.path != _TOKEN_PATH and not self._known(call):
            raise Refusal(Answer(401))
        return route.handler(call)

    def revoke_tokens(self) -> int:
        """Makes every token invalid that was ever issued; the API key stays."""
        return self._tokens.revoke_all()

    def punish(self, call: Call, seconds: float) -> Answer:
        """No source mentions Retry-After, so there is none."""
        return Answer(429)

    @property
    def resources(self) -> tuple[str, ...]:
        """The names under which records can be looked at and changed."""
        return (*catalogue().entities, *_OTHERS)

    def records(self, resource: str) -> list[Record]:
        """All records of a resource under their import parameter names, typed; decimals are texts as they came."""
        return list(self._store.rows(resource).values())

    def keys(self, resource: str) -> list[Key]:
        return list(self._store.rows(resource))

    def stored(self, resource: str, key: Key) -> Record | None:
        return self._store.get(resource, key)

    def add(self, resource: str, fields: Record, now: datetime) -> Key:
        """Stores a new record as it is."""
        entity = catalogue().entities.get(resource)
        numbered = entity is None or not entity.identity or APPOINTMENT in entity.identity
        number = self._store.next_id(resource if numbered else f"{resource}.id")
        key = number if entity is None or numbered else key_of(fields.get(name) for name in entity.identity)
        record = {"id": number, **fields}
        if resource == "appointments":
            record = {"AppointmentId": number, "AppointmentGuid": str(uuid.uuid4()), **record}
        self._store.put(resource, key, record)
        return key

    def change(self, resource: str, key: Key, fields: Record, now: datetime) -> None:
        self._store.put(resource, key, {**self._store.rows(resource)[key], **fields})

    def remove(self, resource: str, key: Key) -> None:
        self._store.remove(resource, key)

    def _known(self, call: Call) -> bool:
        if call.headers.get("x-api-key") == API_KEY:
            return True
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self._tokens.valid(token.strip(), call.now)

    def _issue_token(self, call: Call) -> Answer:
        try:
            body = call.json()
        except ValueError:
            raise Refusal(Answer(400)) from None
        if not isinstance(body, dict) or (body.get("username"), body.get("password")) != (USERNAME, PASSWORD):
            raise Refusal(Answer(401))
        token = f"ey{uuid.uuid4().hex}.{uuid.uuid4().hex}.{uuid.uuid4().hex}"
        self._tokens.issue(token, call.now, self._settings.token_lifetime)
        return json_answer({"token": token})
