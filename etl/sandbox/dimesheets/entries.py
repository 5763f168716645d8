"""Time entries: list and create (Dime.Sheets: Time Entries API)."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from etl.sandbox.dimesheets.fields import Field, problems
from etl.sandbox.dimesheets.moments import day_or_moment, moment, written
from etl.sandbox.dimesheets.periods import TENANT, period_of
from etl.sandbox.dimesheets.problems import problem
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route
from etl.sandbox.storage import Store

KEY_OWNER = 1001  # entries that come through the API belong to the user whose key it is
_PATH = "/api/v1/time-entries"
_DRAFT = 0
_ENTRY = (
    Field("taskId", "int"),
    Field("date", "datetime", required=True, nullable=False),
    Field("startTime", "datetime"),
    Field("endTime", "datetime"),
    Field("duration", "number"),
    Field("description", "string"),
    Field("isBillable", "boolean", nullable=False),
    Field("tagNames", "strings"),
)
_COLOR = "#4F46E5"


class TimeEntries:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [Route("GET", _PATH, self.list_page), Route("POST", _PATH, self.create)]

    def list_page(self, call: Call) -> Answer:
        first, last = (_bound(call, name) for name in ("startDate", "endDate"))
        entries = [entry for entry in self._store.rows("time_entries").values() if _within(entry, first, last)]
        return json_answer([self.show(entry) for entry in entries])

    def create(self, call: Call) -> Answer:
        fields = self._read(call)
        period = period_of(self._store, fields["date"])
        key = self._store.next_id("time_entries")
        entry = {
            "id": key,
            "externalId": str(uuid.uuid4()),
            "userId": KEY_OWNER,
            "timesheetId": None,
            "periodId": period["id"] if period else None,
            "timesheetStatus": _DRAFT,
            **fields,
            "createdAt": written(call.now),
            "updatedAt": written(call.now),
        }
        self._store.put("time_entries", key, entry)
        return json_answer(self.show(entry), 201)

    def _read(self, call: Call) -> Record:
        """The fields that a client may set; what else it sends is ignored."""
        try:
            body = call.json()
        except ValueError:
            raise problem(400, "The body is not valid JSON.") from None
        if not isinstance(body, dict):
            raise problem(400, "The body has to be an object.")
        self._check(body)
        tags = [self._tag(name) for name in body.get("tagNames") or []]
        fields = {field.name: body.get(field.name) for field in _ENTRY if field.name != "tagNames"}
        return {**fields, "isBillable": bool(fields["isBillable"]), "tagIds": tags}

    def _check(self, body: Record) -> None:
        found = problems(body, _ENTRY)
        if not found:
            found = self._broken_rules(body)
        if found:
            raise problem(400, "; ".join(found.values()), {name: [text] for name, text in found.items()})

    def _broken_rules(self, body: Record) -> dict[str, str]:
        found = {}
        task = body.get("taskId")
        if task is not None and all(task != known["id"] for known in self._store.rows("tasks").values()):
            found["taskId"] = f"task {task} does not exist"
        if body.get("duration") is not None and not 0 <= body["duration"] <= 24:
            found["duration"] = "duration must be between 0 and 24 hours"
        start, end = (body.get(name) and moment(body[name]) for name in ("startTime", "endTime"))
        if start and end and end < start:
            found["endTime"] = "endTime must not be before startTime"
        return found

    def _tag(self, name: str) -> int:
        """The id of a tag, made if there is none of that name."""
        for tag in self._store.rows("tags").values():
            if tag["name"].casefold() == name.casefold():
                return int(tag["id"])
        key = self._store.next_id("tags")
        self._store.put("tags", key, {"id": key, "externalId": f"tag-{key}", "name": name, "color": _COLOR})
        return key

    def show(self, entry: Record) -> Json:
        tags = [self._store.rows("tags")[key] for key in entry["tagIds"]]
        shown = {name: value for name, value in entry.items() if name != "tagIds"}
        return {
            **shown,
            "tenantId": TENANT,
            "timesheetLineId": None,
            "tags": tags,
            "tagNames": [tag["name"] for tag in tags],
        }


def _bound(call: Call, name: str) -> datetime | None:
    """A filter's moment. A plain day as the end includes that day."""
    raw = call.query.get(name.lower())
    if raw is None:
        return None
    bound = day_or_moment(raw)
    if bound is None:
        raise problem(400, f"{name} is not an ISO 8601 date", {name: [f"'{raw}' is not an ISO 8601 date"]})
    return bound + timedelta(days=1, seconds=-1) if name == "endDate" and "T" not in raw else bound


def _within(entry: Record, first: datetime | None, last: datetime | None) -> bool:
    at = moment(entry["date"])
    return at is not None and (first is None or at >= first) and (last is None or at <= last)
