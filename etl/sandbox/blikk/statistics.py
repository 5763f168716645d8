"""What each user has reported day by day (Blikk: List user day statistics)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.lists import Listing, answer_list, swedish
from etl.sandbox.blikk.moments import day_of
from etl.sandbox.blikk.refusals import invalid
from etl.sandbox.blikk.shapes import full_name, name_id
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

_LONGEST = 31  # days, both ends counted
_LISTING = Listing(
    sorts={"name": lambda user: swedish(full_name(user))},
    filters={
        "userids": filters.any_id(lambda user: [user["id"]]),
        "departmentids": filters.any_id(lambda user: [user["departmentId"]]),
    },
)


class UserDayStatistics:
    def __init__(self, desk: Desk) -> None:
        self._store = desk.store

    def routes(self) -> list[Route]:
        # stands before the route of a single time report, whose id it would else be taken for
        path = "/v1/Core/TimeReports/UserDayStatistics"
        return [Route("GET", path, self.list_page, "Timereport_Read", "user_day_statistics")]

    def list_page(self, call: Call) -> Answer:
        days = _days(call)
        reported = self._reported(days)
        users = self._store.rows("users").values()
        return answer_list(call, _LISTING, users, lambda user: self._show(user, days, reported))

    def _reported(self, days: list[date]) -> dict[tuple[int, str], list[Record]]:
        wanted = {day.isoformat() for day in days}
        found: dict[tuple[int, str], list[Record]] = {}
        for report in self._store.rows("time_reports").values():
            if report["date"] in wanted:
                found.setdefault((report["userId"], report["date"]), []).append(report)
        return found

    def _show(self, user: Record, days: list[date], reported: dict[tuple[int, str], list[Record]]) -> Json:
        return {
            "objectName": "timereport.userdaystatistics",
            "userId": user["id"],
            "name": full_name(user),
            "department": name_id(self._store, "departments", user["departmentId"]),
            "dates": [_show_day(day, reported.get((user["id"], day.isoformat()), [])) for day in days],
        }


def _show_day(day: date, reports: list[Record]) -> Json:
    attested = all(report["attestedDate"] for report in reports)
    return {
        "objectName": "timereport.userdaystatistics.datedata",
        "date": day.isoformat(),
        "reportedHours": float(sum((Decimal(repr(report["hours"])) for report in reports), Decimal())),
        "scheduledHours": 8.0 if day.weekday() < 5 else 0.0,
        "lockedDate": _latest(report["sentToAttestDate"] for report in reports),
        "attestedDate": _latest(report["attestedDate"] for report in reports) if attested else None,
    }


def _latest(texts: Iterable[str | None]) -> str | None:
    return max((text for text in texts if text), default=None)


def _days(call: Call) -> list[date]:
    """The days from first to last; 400 without both ends, as no span is known then, or with too many."""
    ends = [day_of(call.query.get(f"filter.{name}", "")) for name in ("from", "to")]
    problems = {
        f"filter.{name}": [f"The field {name.capitalize()} is required and has to be a date."]
        for name, day in zip(("from", "to"), ends, strict=True)
        if day is None
    }
    first, last = ends
    if first is None or last is None:
        raise invalid(problems)
    count = (last - first).days + 1
    if not 1 <= count <= _LONGEST:
        raise invalid({"filter.to": [f"The date span has to be between 1 and {_LONGEST} days."]})
    return [first + timedelta(days=number) for number in range(count)]
