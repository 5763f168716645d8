"""The bulk upserts: every item has its own result inside one 200 (Dime.Sheets: Integration API)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random

from etl.sandbox.dimesheets.fields import Field, problems
from etl.sandbox.dimesheets.moments import written
from etl.sandbox.dimesheets.problems import problem
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store

_PATH = "/api/v1/integration"
_PROJECT = (
    Field("externalId", "string", required=True, nullable=False),
    Field("name", "string", required=True, nullable=False),
    Field("description", "string"),
    Field("clientId", "int"),
    Field("startDate", "datetime"),
    Field("budget", "number"),
)
_TASK = (
    Field("externalId", "string", required=True, nullable=False),
    Field("projectExternalId", "string", required=True, nullable=False),
    Field("name", "string", required=True),
    Field("description", "string", required=True),
    Field("estimatedHours", "number", required=True),
    Field("isBillable", "boolean", required=True),
)
_EMPLOYEE = (
    Field("email", "string", required=True, nullable=False),
    Field("employeeNo", "string", required=True, nullable=False),
    Field("employeeExternalId", "string", required=True),
)


class Rejected(Exception):
    """One item of a batch that is not taken; its text is the item's error."""


class Integration:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def routes(self) -> list[Route]:
        return [
            Route("POST", f"{_PATH}/projects", self.projects),
            Route("POST", f"{_PATH}/tasks", self.tasks),
            Route("POST", f"{_PATH}/employees", self.employees),
        ]

    def projects(self, call: Call) -> Answer:
        return self._batch(call, "externalId", "externalId", self._project)

    def tasks(self, call: Call) -> Answer:
        return self._batch(call, "externalId", "externalId", self._task)

    def employees(self, call: Call) -> Answer:
        return self._batch(call, "email", "employeeExternalId", self._employee)

    def _batch(self, call: Call, key: str, shown: str, upsert: Callable[[Record, datetime], None]) -> Answer:
        items = _array(call)
        seen: set[Json] = set()
        results = [self._result(item, key, shown, seen, upsert, call.now) for item in items]
        if self._settings.shuffle_results:
            Random(len(results)).shuffle(results)  # noqa: S311
        succeeded = sum(1 for result in results if result["success"])
        return json_answer({"total": len(results), "succeeded": succeeded, "results": results})

    def _result(
        self,
        item: Json,
        key: str,
        shown: str,
        seen: set[Json],
        upsert: Callable[[Record, datetime], None],
        now: datetime,
    ) -> Record:
        error = None
        try:
            if not isinstance(item, dict):
                raise Rejected("the item must be an object")
            _refuse_second(item.get(key), key, seen)
            upsert(item, now)
        except Rejected as rejected:
            error = str(rejected)
        external = item.get(shown) if isinstance(item, dict) else None
        return {
            "externalId": external if isinstance(external, str) else None,
            "success": error is None,
            "error": error,
        }

    def _project(self, item: Record, now: datetime) -> None:
        _check(item, _PROJECT)
        client = item.get("clientId")
        if client is not None and self._store.get("clients", client) is None:
            raise Rejected(f"client {client} does not exist")
        self._upsert("projects", item["externalId"], _taken(item, _PROJECT), now)

    def _task(self, item: Record, now: datetime) -> None:
        _check(item, _TASK)
        if self._store.get("projects", item["projectExternalId"]) is None:
            raise Rejected(f"project '{item['projectExternalId']}' does not exist")
        self._upsert("tasks", item["externalId"], _taken(item, _TASK), now)

    def _employee(self, item: Record, now: datetime) -> None:
        _check(item, _EMPLOYEE)
        email = item["email"].casefold()
        user = next((user for user in self._store.rows("users").values() if user["email"].casefold() == email), None)
        if user is None:
            raise Rejected(f"no user with the email '{item['email']}'")
        linked = {name: item[name] for name in ("employeeNo", "employeeExternalId")}
        self._store.put("users", user["id"], {**user, **linked, "updatedAt": written(now)})

    def _upsert(self, collection: str, key: str, fields: Record, now: datetime) -> None:
        before = self._store.get(collection, key)
        stamp = {"createdAt": written(now)} if before is None else before
        key_id = before["id"] if before else self._store.next_id(f"{collection}.id")
        record = {"id": key_id, **fields, "createdAt": stamp["createdAt"], "updatedAt": written(now)}
        self._store.put(collection, key, record)


def _array(call: Call) -> list[Json]:
    try:
        items = call.json()
    except ValueError:
        raise problem(400, "The body is not valid JSON.") from None
    if not isinstance(items, list):
        raise problem(400, "The body has to be an array.")
    return items


def _refuse_second(key: Json, name: str, seen: set[Json]) -> None:
    if not isinstance(key, str):
        return  # said better by the check of its fields
    compared = key.casefold() if name == "email" else key
    if compared in seen:
        raise Rejected(f"{name} '{key}' occurs more than once in the request")
    seen.add(compared)


def _check(item: Record, fields: tuple[Field, ...]) -> None:
    found = problems(item, fields)
    if found:
        raise Rejected("; ".join(found.values()))


def _taken(item: Record, fields: tuple[Field, ...]) -> Record:
    return {field.name: item.get(field.name) for field in fields}
