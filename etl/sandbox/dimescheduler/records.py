"""Carrying out one procedure: what has to be there, what has to exist, what is stored."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from etl.sandbox.dimescheduler.catalogue import APPOINTMENT, Entity, Parameter, Verb
from etl.sandbox.dimescheduler.values import ZERO_GUID
from etl.sandbox.exchange import Json, Record
from etl.sandbox.storage import Store

_JOB = ("SourceApp", "SourceType", "JobNo")
_TASK = (*_JOB, "TaskNo")
_KEYS = {  # parameters that name a record of another entity, in the order of that entity's own identity
    "jobs": _JOB,
    "tasks": _TASK,
}
_SHARED = ("Category", "TimeMarker", "Importance", "Locked", "PlanningQty", "Subject", "Body")


class Failed(Exception):
    """A procedure that can't be carried out; the whole call fails with this text."""


class Procedures:
    """Appends, deletes and clears records; values come checked for their type."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def run(self, entity: Entity, verb: Verb, given: Mapping[str, Json]) -> list[Record]:
        """Carries out one procedure and gives the appointments it touched."""
        if verb == "clear":
            return self._clear(entity, given)
        for parameter in entity.parameters.values():
            _check(parameter, verb, given.get(parameter.name))
        if entity.collection == "appointments":
            return self._append_appointment(entity, given) if verb == "append" else self._delete_appointment(given)
        self._check_references(entity, given, verb)
        appointment = self._appointment_of(entity, given)
        key = _key(entity, given, appointment)
        if verb == "append":
            self._append(entity, key, given, appointment)
        else:
            self._delete(entity, key)
        return [appointment] if appointment else []

    def _append(self, entity: Entity, key: str, given: Mapping[str, Json], appointment: Record | None) -> None:
        """Parameters that are not sent keep their value."""
        before = self._store.get(entity.collection, key) or {"id": self._store.next_id(f"{entity.collection}.id")}
        self._store.put(entity.collection, key, {**before, **given})
        if appointment and entity.identity == (APPOINTMENT,):
            shared = {name: value for name, value in given.items() if name in _SHARED}
            self._store.put("appointments", appointment["id"], {**appointment, **shared})

    def _delete(self, entity: Entity, key: str) -> None:
        """What depends on a job or task goes with it."""
        stored = self._store.get(entity.collection, key)
        self._store.remove(entity.collection, key)
        if stored and entity.collection == "jobs":
            self._delete_matching("tasks", stored, _JOB)
        if stored and entity.collection in ("jobs", "tasks"):
            self._delete_matching("appointments", stored, _KEYS[entity.collection])

    def _delete_matching(self, collection: str, stored: Record, names: tuple[str, ...]) -> None:
        rows = self._store.rows(collection)
        gone = [key for key, row in rows.items() if all(row.get(name) == stored.get(name) for name in names)]
        for key in gone:
            self._store.remove(collection, key)

    def _clear(self, entity: Entity, given: Mapping[str, Json]) -> list[Record]:
        """Removes all filter values of one task or resource."""
        names = [name for name in entity.identity if name not in ("FilterGroup", "FilterValue")]
        if any(given.get(name) is None for name in names):
            raise Failed(f"{entity.clear} needs {', '.join(names)}")
        self._delete_matching(entity.collection, dict(given), tuple(names))
        return []

    def _append_appointment(self, entity: Entity, given: Mapping[str, Json]) -> list[Record]:
        """An id or GUID that is known means that appointment; otherwise a new one is made, each time."""
        self._check_references(entity, given, "append")
        before = self._find_appointment(given)
        if before is None and given.get("AppointmentId"):
            raise Failed(f"appointment {given['AppointmentId']} does not exist")
        if given["End"] < given["Start"]:
            raise Failed("End lies before Start")
        key = before["id"] if before else self._store.next_id("appointments")
        guid = before["AppointmentGuid"] if before else _guid_of(given) or str(uuid.uuid4())
        appointment = {**(before or {}), **given, "id": key, "AppointmentId": key, "AppointmentGuid": guid}
        self._store.put("appointments", key, appointment)
        return [appointment]

    def _delete_appointment(self, given: Mapping[str, Json]) -> list[Record]:
        appointment = self._find_appointment(given)
        if appointment is None:
            return []
        self._store.remove("appointments", appointment["id"])
        return [appointment]

    def _appointment_of(self, entity: Entity, given: Mapping[str, Json]) -> Record | None:
        """The appointment that a record belongs to, where its kind belongs to one."""
        if APPOINTMENT not in entity.identity and entity.collection != "appointment_containers":
            return None
        appointment = self._find_appointment(given)
        if appointment is None:
            raise Failed("the appointment does not exist")
        return appointment

    def _find_appointment(self, given: Mapping[str, Json]) -> Record | None:
        key = given.get("AppointmentId") or given.get("pAppointmentId")
        if key:
            return self._store.get("appointments", key)
        guid = _guid_of(given)
        rows: Iterable[Record] = self._store.rows("appointments").values() if guid else ()
        return next((row for row in rows if row["AppointmentGuid"] == guid), None)

    def _check_references(self, entity: Entity, given: Mapping[str, Json], verb: Verb) -> None:
        if verb == "delete":
            return
        for collection, names in entity.references.items():
            texts = [str(given.get(name)) for name in names]
            if self._store.get(collection, key_of(texts)) is None:
                raise Failed(f"{' / '.join(texts)} does not exist in {collection}")
        if entity.collection == "notifications":
            self._check_notified(given)

    def _check_notified(self, given: Mapping[str, Json]) -> None:
        """A notification may name a job, and a task of it."""
        for name, collection in (("TaskNo", "tasks"), ("JobNo", "jobs")):
            if given.get(name):
                texts = [str(given.get(part)) for part in _KEYS[collection]]
                if self._store.get(collection, key_of(texts)) is None:
                    raise Failed(f"{' / '.join(texts)} does not exist in {collection}")
                return


def key_of(parts: Iterable[Json]) -> str:
    """The key under which a record is stored; what Windows' collation calls equal is equal."""
    return "\x1f".join(str(part).casefold() for part in parts)


def _key(entity: Entity, given: Mapping[str, Json], appointment: Record | None) -> str:
    return key_of(
        appointment["id"] if name == APPOINTMENT and appointment else given.get(name) for name in entity.identity
    )


def _guid_of(given: Mapping[str, Json]) -> str | None:
    names = ("AppointmentGuid", "pAppointmentGuid", "Appointment")
    return next((given[name] for name in names if given.get(name) not in (None, ZERO_GUID)), None)


def _check(parameter: Parameter, verb: Verb, value: Json) -> None:
    if verb in parameter.required and (value is None or (isinstance(value, str) and not value.strip())):
        raise Failed(f"{parameter.name} is required")
    if parameter.max_length is not None and isinstance(value, str) and len(value) > parameter.max_length:
        raise Failed(f"{parameter.name} is longer than {parameter.max_length} characters")
