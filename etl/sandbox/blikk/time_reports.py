"""Time reports (Blikk: Core resources, Time reports)."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.bodies import Property, read_body
from etl.sandbox.blikk.desk import Desk, stamp_changed, stamp_new
from etl.sandbox.blikk.lists import Listing, answer_list, by_value, swedish
from etl.sandbox.blikk.moments import day_of
from etl.sandbox.blikk.refusals import invalid, refused
from etl.sandbox.blikk.report_parts import PartReader, PartViews
from etl.sandbox.blikk.shapes import full_name, name_id, project_name, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route

_KINDS = {"project": "projectId", "internalProject": "internalProjectId", "absenceProject": "absenceProjectId"}
_DEFAULT_RATE = 645.0
_PROPERTIES = (
    Property("date", "datetime", required=True),
    Property("clockStart", "clock"),
    Property("clockEnd", "clock"),
    Property("hours", "decimal", required=True),
    Property("invoiceableHours", "decimal", required=True),
    Property("breakMinutes", "integer"),
    Property("comment", "string"),
    Property("internalComment", "string"),
    Property("userId", "integer", required=True, of="users"),
    Property("projectId", "integer", of="projects"),
    Property("internalProjectId", "integer", of="internal_projects"),
    Property("absenceProjectId", "integer", of="absence_projects"),
    Property("activityId", "integer", required=True, of="activities"),
    Property("timeCodeId", "integer", required=True, of="time_codes"),
    Property("timeArticleId", "integer", required=True, of="time_articles"),
    Property("taskId", "integer", of="tasks"),
    Property("travelReport", "object"),
    Property("allowanceReport", "object"),
    Property("materials", "objects", default=[]),
    Property("equipments", "objects", default=[]),
    Property("additions", "objects", default=[]),
)
_PARTS = ("travelReport", "allowanceReport", "materials", "equipments", "additions")
_PLAIN = tuple(prop.name for prop in _PROPERTIES if prop.name not in _PARTS)
_SHOWN = (
    *("id", "date", "clockStart", "clockEnd", "hours", "invoiceableHours", "breakMinutes", "cost", "rate", "discount"),
    *("comment", "internalComment", "sentToAttestDate", "attestedDate"),
)
_UNSETTLED: Record = dict.fromkeys(
    ("sentToAttestDate", "attestedDate", "attestedById", "invoiceId", "discount", "bookingProjectId")
)
_BLANK: Record = {
    **dict.fromkeys(_PLAIN),
    "date": "2025-12-12",
    "hours": 8.0,
    "invoiceableHours": 8.0,
    "userId": 1,
    "internalProjectId": 3,
    "activityId": 1,
    "timeCodeId": 1,
    "timeArticleId": 11,
    **_UNSETTLED,
    **dict.fromkeys(("travel", "allowance", "cost", "rate", "costCenterId")),
    "materials": [],
    "equipments": [],
    "additions": [],
}


class TimeReports:
    collection = "time_reports"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._views = PartViews(desk.store)
        dated = ("date", "hours", "invoiceableHours", "sentToAttestDate", "attestedDate")
        self._listing = Listing(
            sorts={
                **{name: by_value(name) for name in dated},
                "userName": self._user_name,
                "createdDate": by_value("created"),
                "updatedDate": by_value("updated"),
            },
            filters={
                "from": filters.day_from("date"),
                "to": filters.day_to("date"),
                "userids": filters.any_id(lambda report: [report["userId"]]),
                **{stored.lower(): filters.equals_id(itemgetter(stored)) for stored in _KINDS.values()},
                "contactid": filters.equals_id(self._contact_id),
                "issenttoattest": filters.flag(lambda report: report["sentToAttestDate"] is not None),
                "isattested": filters.flag(lambda report: report["attestedDate"] is not None),
                "projecttype": filters.one_of(tuple(_KINDS), _kind),
            },
        )

    def routes(self) -> list[Route]:
        path = "/v1/Core/TimeReports"
        return [
            Route("GET", path, self.list_page, "Timereport_Read", "time_reports"),
            Route("GET", path + "/{id}", self.get, "Timereport_Read"),
            Route("POST", path, self.create, "Timereport_Write"),
            Route("PUT", path + "/{id}", self.update, "Timereport_Write"),
            Route("DELETE", path + "/{id}", self.delete, "Timereport_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._store.rows("time_reports").values(), self.show_row)

    def get(self, call: Call) -> Answer:
        return json_answer(self.show(self._desk.find("time_reports", call, "time report")))

    def create(self, call: Call) -> Answer:
        key = self._store.next_id("time_reports")
        report = {"id": key, **_UNSETTLED, **self._read(call, None), **stamp_new(call.now)}
        self._store.put("time_reports", key, report)
        return self._desk.written(key)

    def update(self, call: Call) -> Answer:
        before = self._desk.find("time_reports", call, "time report")
        kept = {name: before[name] for name in _UNSETTLED}
        report = {**kept, **self._read(call, before), **stamp_changed(before, call.now)}
        self._store.put("time_reports", before["id"], report)
        return self._desk.written(before["id"])

    def delete(self, call: Call) -> Answer:
        report = self._desk.find("time_reports", call, "time report")
        if report["attestedDate"] is not None or report["invoiceId"] is not None:
            raise refused("The time report could not be deleted as it is attested or invoiced.")
        self._store.remove("time_reports", report["id"])
        return Answer()

    def _read(self, call: Call, before: Record | None) -> Record:
        body = read_body(call, _PROPERTIES, self._store)
        parts = PartReader(self._store, before)
        read_parts = parts.read(body)
        problems = {**self._problems(body), **parts.problems}
        if problems:
            raise invalid(problems)
        user = self._store.rows("users")[body["userId"]]
        day = day_of(body["date"])
        return {
            **{name: body[name] for name in _PLAIN},
            "date": day and day.isoformat(),
            "cost": user["costPerHour"],
            "rate": _DEFAULT_RATE if body["projectId"] else None,
            "costCenterId": user["costCenterId"],
            **read_parts,
        }

    def _problems(self, body: Record) -> dict[str, list[str]]:
        problems = {}
        given = [name for name in _KINDS.values() if body[name] is not None]
        if len(given) != 1:
            problems["projectId"] = ["Exactly one of projectId, internalProjectId and absenceProjectId has to be set."]
        for name, collection in (
            ("activityId", "activities"),
            ("timeCodeId", "time_codes"),
            ("timeArticleId", "time_articles"),
        ):
            if not self._store.rows(collection)[body[name]]["isActive"]:
                problems[name] = [f"{name}: {body[name]} is not active."]
        for name, collection in (("internalProjectId", "internal_projects"), ("absenceProjectId", "absence_projects")):
            project = self._store.get(collection, body[name])
            silent = not (body["comment"] or body["internalComment"])
            if project and project["commentRequiredWhenTimeReporting"] and silent:
                problems["comment"] = [f"{project['name']} requires a comment."]
        task = self._store.get("tasks", body["taskId"])
        if task and not task["timeReportingEnabled"]:
            problems["taskId"] = [f"taskId: time can't be reported on task {task['id']}."]
        return problems

    def _user_name(self, report: Record) -> str:
        user = self._store.get("users", report["userId"])
        return swedish(full_name(user)) if user else ""

    def _contact_id(self, report: Record) -> Json:
        project = self._store.get("projects", report["projectId"])
        return project["customerId"] if project else None

    def show_row(self, report: Record) -> Json:
        """A time report as the list has it: of travel and allowance only the ids."""
        return {
            **self._common(report),
            "objectName": "timereport.list",
            "travelReportId": report["travel"]["id"] if report["travel"] else None,
            "allowanceReportId": report["allowance"]["id"] if report["allowance"] else None,
        }

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, report: Record) -> Json:
        """A time report with all that hangs on it."""
        task = self._store.get("tasks", report["taskId"])
        return {
            **self._common(report),
            "objectName": "timereport.detail",
            "attestedByUser": user_name(self._store, report["attestedById"]),
            "bookingProject": name_id(self._store, "booking_projects", report["bookingProjectId"]),
            "task": task and {"objectName": "generic.name_id", "id": task["id"], "name": task["title"]},
            **self._views.show(report),
        }

    def _common(self, report: Record) -> Record:
        store = self._store
        return {
            **{name: report[name] for name in _SHOWN},
            "user": user_name(store, report["userId"]),
            "project": project_name(store, report["projectId"]),
            "internalProject": name_id(store, "internal_projects", report["internalProjectId"]),
            "absenceProject": name_id(store, "absence_projects", report["absenceProjectId"]),
            "contact": name_id(store, "contacts", self._contact_id(report)),
            "activity": name_id(store, "activities", report["activityId"]),
            "timeCode": name_id(store, "time_codes", report["timeCodeId"]),
            "timeArticle": name_id(store, "time_articles", report["timeArticleId"]),
            "costCenter": name_id(store, "cost_centers", report["costCenterId"]),
            "invoiceId": report["invoiceId"],
            "createdDate": report["created"],
            "updatedDate": report["updated"],
        }


def _kind(report: Record) -> str | None:
    return next((kind for kind, stored in _KINDS.items() if report[stored] is not None), None)
