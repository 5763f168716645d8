"""Users (Blikk: Admin resources, Users)."""

from __future__ import annotations

from collections.abc import Callable

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.lists import Listing, answer_list, swedish
from etl.sandbox.blikk.shapes import address, full_name, name_id, tags, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route

ADMIN_PERMISSION = "Administration_Read"  # the document names none for admin resources
_LISTING = Listing(
    sorts={"name": lambda user: swedish(full_name(user))},
    filters={"query": filters.contains_in(lambda user: [full_name(user)])},
)
_TEXTS = ("email", "socialSecurityNumber", "mobilePhoneNumber", "workPhoneNumber", "note")
_EMPLOYMENT = ("salaryType", "costPerHour", "employeeNumber", "settlementAccount")
_NEXT_OF_KIN = ("nextOfKin", "nextOfKinRelation", "nextOfKinPhoneNumber")
_REFERENCES = {  # property: (stored id, records)
    "costCenter": ("costCenterId", "cost_centers"),
    "schedule": ("scheduleId", "schedules"),
    "standardTimeArticle": ("standardTimeArticleId", "time_articles"),
    "standardActivity": ("standardActivityId", "activities"),
}
_BLANK: Record = {
    "firstName": "Ny",
    "lastName": "Användare",
    "license": "standard",
    "permissions": [],
    **dict.fromkeys((*_TEXTS, *_EMPLOYMENT, *_NEXT_OF_KIN, "startDate", "endDate", "address")),
    **dict.fromkeys(stored for stored, _ in _REFERENCES.values()),
    **dict.fromkeys(("departmentId", "managerId", "timeReportingProfileId", "tagIds")),
    "timeBankEnabled": False,
    "currentTimeBank": None,
    "planningCapacityInPercent": None,
}


class Users:
    collection = "users"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def routes(self) -> list[Route]:
        return [
            Route("GET", "/v1/Admin/Users", self.list_page, ADMIN_PERMISSION, "users"),
            Route("GET", "/v1/Admin/Users/{id}", self.get, ADMIN_PERMISSION),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, _LISTING, self._store.rows("users").values(), self.show_row)

    def get(self, call: Call) -> Answer:
        return json_answer(self.show(self._desk.find("users", call, "user")))

    def show_row(self, user: Record) -> Json:
        """A user as the list has it: without e-mail and employee number."""
        profile = user["timeReportingProfileId"]
        return {
            "objectName": "user.list",
            **{name: user[name] for name in ("id", "firstName", "lastName", "startDate", "endDate")},
            "timeReportingProfile": name_id(self._store, "time_reporting_profiles", profile),
            "department": name_id(self._store, "departments", user["departmentId"]),
            "license": user["license"],
            "permissions": user["permissions"],
            "createdBy": user_name(self._store, user["createdById"]),
            "updatedBy": user_name(self._store, user["updatedById"]),
            "createdDate": user["created"],
            "updatedDate": user["updated"],
        }

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, user: Record) -> Json:
        """A user with all details; enum values begin with a capital here, as in the document."""
        salary = user["salaryType"]
        details = {
            **self.show_row(user),
            "objectName": "user.detail",
            "license": user["license"].capitalize(),
            **{name: user[name] for name in (*_TEXTS, *_EMPLOYMENT, *_NEXT_OF_KIN)},
            "salaryType": salary and salary.capitalize(),
            "address": address(self._store, user["address"]),
            "manager": user_name(self._store, user["managerId"]),
            "timeBankEnabled": user["timeBankEnabled"],
            "currentTimeBank": user["currentTimeBank"],
            "planningCapacityInPercent": user["planningCapacityInPercent"],
            "tags": None if user["tagIds"] is None else tags(self._store, "user_tags", user["tagIds"]),
        }
        for name, (stored, collection) in _REFERENCES.items():
            details[name] = name_id(self._store, collection, user[stored])
        return details
