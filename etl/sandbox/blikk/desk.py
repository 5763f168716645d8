"""What every resource works with, and what all writes have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from etl.sandbox.blikk.moments import instant
from etl.sandbox.blikk.refusals import not_found
from etl.sandbox.exchange import Answer, Call, Record, json_answer
from etl.sandbox.settings import Settings
from etl.sandbox.storage import Store

APP_USER = 1  # a token belongs to an application; what it writes is signed by the user responsible for that


@dataclass(frozen=True)
class Desk:
    """The records and the settings of the sandbox."""

    store: Store
    settings: Settings

    def find(self, collection: str, call: Call, what: str, param: str = "id") -> Record:
        """The record that a path parameter names; 400 where there is none."""
        raw = call.ids[param]
        record = self.store.get(collection, int(raw) if raw.isdecimal() else None)
        if record is None:
            raise not_found(what, param)
        return record

    def written(self, key: int) -> Answer:
        """The answer to a write without a documented body."""
        return json_answer({"id": key}) if self.settings.create_answer == "id" else Answer()


def stamp_new(now: datetime) -> Record:
    """Who made a record and when; `updated` stays null until the first change."""
    return {"created": instant(now), "createdById": APP_USER, "updated": None, "updatedById": None}


def stamp_changed(before: Record, now: datetime) -> Record:
    """Keeps who made a record, notes who changed it."""
    kept = {name: before[name] for name in ("id", "created", "createdById")}
    return {**kept, "updated": instant(now), "updatedById": APP_USER}
