"""Dime.Sheets' door: the API key; behind it the bulk upserts, time entries and periods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from etl.sandbox.dimesheets.entries import KEY_OWNER, TimeEntries
from etl.sandbox.dimesheets.integration import Integration
from etl.sandbox.dimesheets.moments import written
from etl.sandbox.dimesheets.periods import Periods
from etl.sandbox.dimesheets.problems import problem
from etl.sandbox.exchange import Answer, Call, Json, Key, Record, json_answer
from etl.sandbox.routing import Route, Router
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store

API_KEY = "sandbox-key"
_BLANKS: dict[str, Record] = {
    "projects": {
        "name": "Nytt projekt",
        "description": None,
        "clientId": None,
        "startDate": None,
        "budget": None,
    },
    "tasks": {
        "projectExternalId": None,
        "name": "Ny uppgift",
        "description": None,
        "estimatedHours": None,
        "isBillable": None,
    },
    "users": {"name": "Ny användare", "email": "ny@example.com", "employeeNo": None, "employeeExternalId": None},
    "clients": {"name": "Ny kund"},
    "time_entries": {
        "userId": KEY_OWNER,
        "timesheetId": None,
        "periodId": None,
        "timesheetStatus": 0,
        "taskId": None,
        "date": "2026-01-05T00:00:00Z",
        "startTime": None,
        "endTime": None,
        "duration": 1.0,
        "description": None,
        "isBillable": False,
        "tagIds": [],
    },
    "timesheet_periods": {
        "templateId": 1,
        "name": "Ny period",
        "startDate": "2027-01-04T00:00:00Z",
        "endDate": "2027-01-10T23:59:59Z",
        "status": 0,
        **dict.fromkeys(("closedAt", "closedByUserId", "reopenedAt", "reopenedByUserId", "notes")),
    },
}
_BY_EXTERNAL_ID = ("projects", "tasks")  # stored under the key that upserts match on


class DimeSheets:
    """Answers calls as Dime.Sheets would."""

    name = "dimesheets"

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        entries, periods = TimeEntries(store), Periods(store)
        self._shows: dict[str, Callable[[Record], Json]] = {
            "time_entries": entries.show,
            "timesheet_periods": periods.show,
        }
        routes = [*Integration(store, settings).routes(), *entries.routes(), *periods.routes()]
        self.router = Router(routes)

    def admit(self, call: Call) -> Answer | None:
        """No rate limit is documented."""
        return None

    def handle(self, call: Call, route: Route) -> Answer:
        if call.headers.get("x-api-key") != API_KEY:
            raise problem(401, "The API key is missing or not valid.")
        return route.handler(call)

    def revoke_tokens(self) -> int:
        """There are no tokens here, only the key."""
        return 0

    def punish(self, call: Call, seconds: float) -> Answer:
        """A 429 as a gateway in front would send it."""
        answer = json_answer({"title": "Too Many Requests", "status": 429}, 429)
        return Answer(429, answer.body, answer.content_type, {"Retry-After": str(int(seconds))})

    @property
    def resources(self) -> tuple[str, ...]:
        """The names under which records can be looked at and changed; `employees` are the users that were linked."""
        return (*_BLANKS, "employees")

    def records(self, resource: str) -> list[Record]:
        """All records of a resource as they are stored, entries and periods as they are shown."""
        if resource == "employees":
            return [user for user in self._store.rows("users").values() if user["employeeNo"] is not None]
        show = self._shows.get(resource)
        return [show(record) if show else record for record in self._store.rows(resource).values()]

    def keys(self, resource: str) -> list[Key]:
        return list(self._store.rows(resource))

    def stored(self, resource: str, key: Key) -> Record | None:
        return self._store.get(resource, key)

    def add(self, resource: str, fields: Record, now: datetime) -> Key:
        """Stores a new record; what `fields` leaves out is filled in plausibly."""
        number = self._store.next_id(f"{resource}.id" if resource in _BY_EXTERNAL_ID else resource)
        stamps = {"createdAt": written(now), "updatedAt": written(now)}
        external = {"externalId": f"{resource.rstrip('s')}-{number}"}
        record = {"id": number, **external, **_BLANKS[resource], **stamps, **fields}
        key: Key = record["externalId"] if resource in _BY_EXTERNAL_ID else number
        self._store.put(resource, key, record)
        return key

    def change(self, resource: str, key: Key, fields: Record, now: datetime) -> None:
        before = self._store.rows(resource)[key]
        self._store.put(resource, key, {**before, "updatedAt": written(now), **fields})

    def remove(self, resource: str, key: Key) -> None:
        self._store.remove(resource, key)
