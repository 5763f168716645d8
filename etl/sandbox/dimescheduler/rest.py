"""The REST routes: one path per entity, property names instead of parameter names, the envelope of an import."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etl.sandbox.dimescheduler.catalogue import Entity, Parameter, Verb, catalogue
from etl.sandbox.dimescheduler.envelope import failure, success
from etl.sandbox.dimescheduler.records import Failed, Procedures, key_of
from etl.sandbox.dimescheduler.values import from_json
from etl.sandbox.exchange import Answer, Call, Json, Record, Refusal, json_answer
from etl.sandbox.routing import Route
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store

_LOOKUPS = {"/calendar": "calendars", "/resourceType": "resource_types"}
_MESSAGE = (Parameter("Text", "string", ("append",)), Parameter("User", "string"), Parameter("Severity", "Severity"))
_USER = (
    Parameter("Name", "string", ("append",)),
    Parameter("Type", "LoginType"),
    *(Parameter(name, "string") for name in ("Email", "Password", "Language", "TimeZone")),
)
_USER_PATHS = (
    "/api/Administration/Users/Create",
    "/api/Administration/Users/Update",
    "/api/Administration/Users/Delete",
)
_CREATE_JOB = "createjob"  # with REST the server makes the missing job of a task


class Rest:
    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._procedures = Procedures(store)

    def routes(self) -> list[Route]:
        routes = [
            Route(method, entity.path, self._entity_handler(entity, method))
            for entity in catalogue().entities.values()
            for method in entity.methods
            if entity.path
        ]
        routes += [Route("GET", path, self._lookup(collection)) for path, collection in _LOOKUPS.items()]
        routes += [Route("POST", "/message", self.message)]
        routes += [Route("POST", path, self._user_handler("Delete" in path)) for path in _USER_PATHS]
        routes += [
            Route(method, "/user", self._user_handler(method == "DELETE")) for method in ("POST", "PUT", "DELETE")
        ]
        return routes

    def message(self, call: Call) -> Answer:
        for body in _bodies(call):
            given = self._checked(_MESSAGE, body)
            key = self._store.next_id("messages")
            self._store.put("messages", key, {"id": key, **given})
        return success("The message was sent", [])

    def _entity_handler(self, entity: Entity, method: str) -> Callable[[Call], Answer]:
        if method == "GET":
            return lambda call: json_answer(
                [_shown(entity, row) for row in self._store.rows(entity.collection).values()]
            )
        verb: Verb = "delete" if method == "DELETE" else "append"
        return lambda call: self._write(call, entity, verb)

    def _write(self, call: Call, entity: Entity, verb: Verb) -> Answer:
        """A single object or an array of them: the SDKs disagree on which it has to be."""
        touched: list[Record] = []
        for body in _bodies(call):
            try:
                self._make_job(entity, body)
                touched.extend(self._procedures.run(entity, verb, _given(entity, body)))
            except Failed as failed:
                raise failure(str(failed), self._settings) from None
        return success("OK", touched)

    def _make_job(self, entity: Entity, body: Record) -> None:
        lowered = {name.lower(): value for name, value in body.items()}
        if entity.collection != "tasks" or lowered.get(_CREATE_JOB) is not True:
            return
        job = {name: lowered.get(name.lower()) for name in ("SourceApp", "SourceType", "JobNo")}
        if self._store.get("jobs", key_of(job.values())) is None:
            job["ShortDescription"] = str(lowered.get("shortdescription") or job["JobNo"])
            self._procedures.run(catalogue().entities["jobs"], "append", job)

    def _lookup(self, collection: str) -> Callable[[Call], Answer]:
        return lambda call: json_answer(list(self._store.rows(collection).values()))

    def _user_handler(self, delete: bool) -> Callable[[Call], Answer]:
        def answer(call: Call) -> Answer:
            for body in _bodies(call):
                user = self._checked(_USER, body)
                if delete:
                    self._store.remove("users", key_of([user["Name"]]))
                else:
                    shown = {name: value for name, value in user.items() if name != "Password"}
                    self._store.put("users", key_of([user["Name"]]), shown)
            return success("OK", [])

        return answer

    def _checked(self, parameters: tuple[Parameter, ...], body: Record) -> Record:
        try:
            given = _read({parameter.name.lower(): parameter for parameter in parameters}, body, ())
        except Failed as failed:
            raise failure(str(failed), self._settings) from None
        for parameter in parameters:
            if parameter.required and not given.get(parameter.name):
                raise failure(f"{parameter.name} is required", self._settings)
        return given


def _bodies(call: Call) -> list[Record]:
    try:
        body = call.json()
    except ValueError:
        raise _malformed() from None
    bodies = body if isinstance(body, list) else [body]
    if not all(isinstance(item, dict) for item in bodies):
        raise _malformed()
    return bodies


def _malformed() -> Refusal:
    return Refusal(json_answer({"Error": "Bad Request", "Description": "An object or an array of them expected."}, 400))


def _given(entity: Entity, body: Record) -> Record:
    """Property names in any case; null means not given."""
    known = {parameter.name.lower(): parameter for parameter in entity.parameters.values()}
    known.update({(parameter.property or parameter.name).lower(): parameter for parameter in known.values()})
    return _read(known, body, (*entity.model_only, _CREATE_JOB))


def _read(known: Mapping[str, Parameter], body: Record, ignored: tuple[str, ...]) -> Record:
    given: Record = {}
    skipped = {name.lower() for name in ignored}
    for name, value in body.items():
        parameter = known.get(name.lower())
        if parameter is None and name.lower() not in skipped:
            raise Failed(f"there is no property {name}")
        if parameter is None or value is None:
            continue
        try:
            given[parameter.name] = from_json(parameter, value)
        except ValueError as error:
            raise Failed(f"{name}: {value!r} can't be read: {error}") from None
    return given


def _shown(entity: Entity, row: Record) -> Json:
    """A stored record with property names in camel case."""
    shown = {"id": row["id"]}
    for parameter in entity.parameters.values():
        name = parameter.property or parameter.name
        shown[name[0].lower() + name[1:]] = row.get(parameter.name)
    return shown
