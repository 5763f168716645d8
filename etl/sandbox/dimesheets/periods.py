"""Timesheet periods, open and closed (Dime.Sheets: Timesheet Periods API)."""

from __future__ import annotations

from etl.sandbox.dimesheets.moments import moment
from etl.sandbox.dimesheets.problems import problem
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route
from etl.sandbox.storage import Store

TENANT = "tenant-sandbox"
_PATH = "/api/v1/timesheet-periods"
_CLOSED = 1


class Periods:
    def __init__(self, store: Store) -> None:
        self._store = store

    def routes(self) -> list[Route]:
        return [Route("GET", _PATH, self.list_page), Route("GET", _PATH + "/{externalId}", self.get)]

    def list_page(self, call: Call) -> Answer:
        template, status, year = (_number(call, name) for name in ("templateId", "status", "year"))
        found = [
            self.show(period)
            for period in self._store.rows("timesheet_periods").values()
            if template in (None, period["templateId"])
            and status in (None, period["status"])
            and (year is None or period["startDate"][:4] == str(year) or period["endDate"][:4] == str(year))
        ]
        return json_answer(found)

    def get(self, call: Call) -> Answer:
        wanted = call.ids["externalId"]
        for period in self._store.rows("timesheet_periods").values():
            if period["externalId"] == wanted:
                return json_answer(self.show(period))
        raise problem(404, f"There is no timesheet period '{wanted}'.")

    def show(self, period: Record) -> Json:
        return {**period, "tenantId": TENANT}


def period_of(store: Store, text: str) -> Record | None:
    """The first period that holds this moment; 409 where any that does is closed, both ends included."""
    at = moment(text)
    holding = [
        period
        for period in store.rows("timesheet_periods").values()
        if at and (moment(period["startDate"]) or at) <= at <= (moment(period["endDate"]) or at)
    ]
    closed = next((period for period in holding if period["status"] == _CLOSED), None)
    if closed:
        raise problem(409, f"The timesheet period '{closed['name']}' is closed.")
    return holding[0] if holding else None


def _number(call: Call, name: str) -> int | None:
    raw = call.query.get(name.lower())
    if raw is None:
        return None
    if not raw.lstrip("-").isdecimal():
        raise problem(400, f"{name} is not a number", {name: [f"The value '{raw}' is not valid."]})
    return int(raw)
