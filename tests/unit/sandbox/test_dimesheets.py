"""Dime.Sheets: Integration, Time Entries and Timesheet Periods."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox

UPSERT = "/api/v1/integration"
ENTRIES = "/api/v1/time-entries"
PERIODS = "/api/v1/timesheet-periods"
PROJECT = {"externalId": "p-1", "name": "Elcentral", "description": None, "startDate": "2026-04-01T00:00:00Z"}
TASK = {
    "externalId": "t-1",
    "projectExternalId": "ds-project-1",
    "name": "Montage",
    "description": None,
    "estimatedHours": 8.5,
    "isBillable": True,
}
ENTRY = {"taskId": 3, "date": "2026-01-05T00:00:00Z", "duration": 2.0, "description": "x", "isBillable": True}


def upsert(sheets: httpx.Client, what: str, *items: Any) -> Any:
    answer = sheets.post(f"{UPSERT}/{what}", json=list(items))
    assert answer.status_code == 200, answer.text
    return answer.json()


def errors(body: Any) -> list[str | None]:
    return [result["error"] for result in body["results"]]


@pytest.mark.parametrize("headers", [{}, {"X-API-KEY": "wrong"}])
def test_without_the_key_nothing_goes(sandbox: Sandbox, headers: dict[str, str]) -> None:
    with httpx.Client(base_url=sandbox.connections["dimesheets"]["base_url"], headers=headers) as client:
        for method, path in (("GET", PERIODS), ("GET", ENTRIES), ("POST", f"{UPSERT}/projects")):
            assert client.request(method, path, json=[]).status_code == 401


def test_projects_are_created_and_then_updated_by_external_id(sandbox: Sandbox, sheets: httpx.Client) -> None:
    expected = {"total": 1, "succeeded": 1, "results": [{"externalId": "p-1", "success": True, "error": None}]}
    assert upsert(sheets, "projects", PROJECT) == expected
    assert upsert(sheets, "projects", {**PROJECT, "name": "Nytt namn", "budget": 75_000}) == expected
    stored = [record for record in sandbox.records("dimesheets", "projects") if record["externalId"] == "p-1"]
    assert [(record["name"], record["budget"]) for record in stored] == [("Nytt namn", 75_000)]


def test_each_item_has_its_own_result_inside_a_200(sheets: httpx.Client) -> None:
    body = upsert(
        sheets,
        "projects",
        PROJECT,
        {**PROJECT, "externalId": "p-2", "name": None},
        {**PROJECT, "externalId": "p-3", "clientId": 999},
        {**PROJECT, "externalId": "p-4", "budget": "75000"},
        {**PROJECT, "externalId": "p-5", "startDate": "2026-04-01"},
        {"name": "utan nyckel"},
        "text",
        {**PROJECT, "externalId": "p-6", "clientId": 1},
    )
    assert (body["total"], body["succeeded"]) == (8, 2)
    assert errors(body) == [
        None,
        "name must not be null",
        "client 999 does not exist",
        "budget must be a number",
        "startDate must be a datetime",
        "externalId is required",
        "the item must be an object",
        None,
    ]
    assert [result["externalId"] for result in body["results"]][:2] == ["p-1", "p-2"]


def test_a_key_that_occurs_twice_in_a_request_is_taken_once(sandbox: Sandbox, sheets: httpx.Client) -> None:
    body = upsert(sheets, "projects", PROJECT, {**PROJECT, "name": "zwei"})
    assert errors(body) == [None, "externalId 'p-1' occurs more than once in the request"]
    stored = {record["externalId"]: record["name"] for record in sandbox.records("dimesheets", "projects")}
    assert stored["p-1"] == "Elcentral"


@pytest.mark.parametrize("body", [b"{}", b"", b"[", b'"x"', b"null"])
def test_a_body_that_is_no_array_is_refused_as_a_whole(sheets: httpx.Client, body: bytes) -> None:
    for what in ("projects", "tasks", "employees"):
        answer = sheets.post(f"{UPSERT}/{what}", content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code == 400
        assert answer.json()["detail"]


def test_an_empty_array_is_no_error(sheets: httpx.Client) -> None:
    assert upsert(sheets, "tasks") == {"total": 0, "succeeded": 0, "results": []}


def test_a_task_needs_its_project_first(sheets: httpx.Client) -> None:
    assert errors(upsert(sheets, "tasks", {**TASK, "projectExternalId": "p-9"})) == ["project 'p-9' does not exist"]
    upsert(sheets, "projects", {**PROJECT, "externalId": "p-9"})
    assert errors(upsert(sheets, "tasks", {**TASK, "projectExternalId": "p-9"})) == [None]


@pytest.mark.parametrize("name", ["name", "description", "estimatedHours", "isBillable"])
def test_a_tasks_fields_have_to_be_there_but_may_be_null(sheets: httpx.Client, name: str) -> None:
    without = {key: value for key, value in TASK.items() if key != name}
    assert errors(upsert(sheets, "tasks", without)) == [f"{name} is required"]
    assert errors(upsert(sheets, "tasks", {**TASK, name: None})) == [None]


def test_employees_are_matched_by_email_whatever_its_case(sandbox: Sandbox, sheets: httpx.Client) -> None:
    user = sandbox.records("dimesheets", "users")[2]
    body = upsert(
        sheets,
        "employees",
        {"email": user["email"].upper(), "employeeNo": "E-1", "employeeExternalId": "blikk-3"},
        {"email": "nobody@example.com", "employeeNo": "E-2", "employeeExternalId": None},
        {"email": user["email"], "employeeNo": "E-3", "employeeExternalId": None},
        {"email": "x@example.com", "employeeNo": 7, "employeeExternalId": None},
        {"email": "x2@example.com", "employeeNo": "7"},
    )
    assert errors(body) == [
        None,
        "no user with the email 'nobody@example.com'",
        f"email '{user['email']}' occurs more than once in the request",
        "employeeNo must be a string",
        "employeeExternalId is required",
    ]
    assert [(e["id"], e["employeeNo"]) for e in sandbox.records("dimesheets", "employees")] == [(user["id"], "E-1")]


def test_every_blikk_user_with_an_email_has_a_user_here(sandbox: Sandbox, sheets: httpx.Client) -> None:
    items = [
        {"email": user["email"], "employeeNo": user["employeeNumber"], "employeeExternalId": f"blikk-{user['id']}"}
        for user in sandbox.records("blikk", "users")
        if user["email"]
    ]
    assert upsert(sheets, "employees", *items)["succeeded"] == len(items)


def test_results_may_come_in_another_order(sandbox: Sandbox, sheets: httpx.Client) -> None:
    sandbox.configure(shuffle_results=True)
    items = [{**PROJECT, "externalId": f"p-{number}"} for number in range(20)]
    ids = [result["externalId"] for result in upsert(sheets, "projects", *items)["results"]]
    assert ids != sorted(ids, key=lambda key: int(key[2:]))
    assert len(set(ids)) == 20


def test_time_entries_are_listed_between_two_days_both_included(sandbox: Sandbox, sheets: httpx.Client) -> None:
    everything = sheets.get(ENTRIES).json()
    assert len(everything) == len(sandbox.records("dimesheets", "time_entries"))

    def days(**params: str) -> set[str]:
        return {entry["date"][:10] for entry in sheets.get(ENTRIES, params=params).json()}

    known = {entry["date"][:10] for entry in everything}
    assert days(startDate="2025-11-01", endDate="2025-11-20") == {
        day for day in known if "2025-11-01" <= day <= "2025-11-20"
    }
    assert days(endDate="2025-10-01T00:00:00Z") == {day for day in known if day <= "2025-10-01"}
    assert days(startDate="2025-12-01T00:00:00Z") == {day for day in known if day >= "2025-12-01"}


@pytest.mark.parametrize("name", ["startDate", "endDate"])
def test_a_date_filter_that_is_no_date_is_refused(sheets: httpx.Client, name: str) -> None:
    assert sheets.get(ENTRIES, params={name: "yesterday"}).status_code == 400


def test_a_time_entry_has_the_documented_fields(sheets: httpx.Client) -> None:
    documented = (
        "id externalId tenantId userId timesheetId taskId periodId timesheetLineId startTime endTime duration date "
        "description isBillable tags tagNames timesheetStatus createdAt updatedAt"
    )
    for entry in sheets.get(ENTRIES).json():
        assert set(entry) == set(documented.split())


def test_a_created_time_entry_comes_back_as_a_draft_of_the_keys_owner(sheets: httpx.Client) -> None:
    answer = sheets.post(ENTRIES, json={**ENTRY, "tagNames": ["Möte", "Ny etikett"], "userId": 5, "externalId": "mine"})
    assert answer.status_code == 201
    entry = answer.json()
    assert (entry["taskId"], entry["duration"], entry["timesheetStatus"]) == (3, 2.0, 0)
    assert (entry["userId"], entry["tagNames"]) == (1001, ["Möte", "Ny etikett"])
    assert entry["externalId"] != "mine"
    assert [tag["name"] for tag in entry["tags"]] == ["Möte", "Ny etikett"]
    listed = sheets.get(ENTRIES, params={"startDate": "2026-01-05", "endDate": "2026-01-05"}).json()
    assert listed == [entry]


def test_the_same_entry_twice_is_two_entries(sheets: httpx.Client) -> None:
    for _ in range(2):
        assert sheets.post(ENTRIES, json=ENTRY).status_code == 201
    assert len(sheets.get(ENTRIES, params={"startDate": "2026-01-05", "endDate": "2026-01-05"}).json()) == 2


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"date": None}, "date"),
        ({"date": "2026-01-05"}, "date"),
        ({"taskId": 999}, "taskId"),
        ({"taskId": "3"}, "taskId"),
        ({"duration": -1}, "duration"),
        ({"duration": 25}, "duration"),
        ({"isBillable": None}, "isBillable"),
        ({"tagNames": "Möte"}, "tagNames"),
        ({"startTime": "2026-01-05T10:00:00Z", "endTime": "2026-01-05T09:00:00Z"}, "endTime"),
    ],
)
def test_an_entry_that_is_not_valid_is_refused(sheets: httpx.Client, fields: dict[str, Any], at: str) -> None:
    answer = sheets.post(ENTRIES, json={**ENTRY, **fields})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {at}


def test_an_entry_in_a_closed_period_is_a_conflict(sandbox: Sandbox, sheets: httpx.Client) -> None:
    before = len(sandbox.records("dimesheets", "time_entries"))
    for day in ("2025-11-03T00:00:00Z", "2025-11-30T23:59:59Z"):
        assert sheets.post(ENTRIES, json={**ENTRY, "date": day}).status_code == 409
    assert sheets.post(ENTRIES, json={**ENTRY, "date": "2025-12-01T00:00:00Z"}).status_code == 201
    assert len(sandbox.records("dimesheets", "time_entries")) == before + 1


def test_a_period_can_be_closed_and_reopened_in_the_middle(sandbox: Sandbox, sheets: httpx.Client) -> None:
    week = next(row for row in sheets.get(PERIODS).json() if row["name"] == "2026-W02")
    sandbox.change("dimesheets", "timesheet_periods", week["id"], status=1)
    assert sheets.post(ENTRIES, json=ENTRY).status_code == 409
    sandbox.change("dimesheets", "timesheet_periods", week["id"], status=0)
    assert sheets.post(ENTRIES, json=ENTRY).json()["periodId"] == week["id"]


def test_periods_are_filtered_by_template_status_and_year(sheets: httpx.Client) -> None:
    everything = sheets.get(PERIODS).json()
    for params in ({"templateId": 2}, {"status": 0}, {"status": 1}, {"year": 2026}, {"year": 2026, "templateId": 1}):
        found = sheets.get(PERIODS, params=params).json()
        assert 0 < len(found) < len(everything)
        for name in ("templateId", "status"):
            assert name not in params or {row[name] for row in found} == {params[name]}
    assert sheets.get(PERIODS, params={"year": "x"}).status_code == 400


def test_a_week_ends_a_second_before_the_next_begins(sheets: httpx.Client) -> None:
    week = sheets.get(f"{PERIODS}/period-2026-w14").json()
    assert (week["name"], week["startDate"], week["endDate"]) == (
        "2026-W14",
        "2026-03-30T00:00:00Z",
        "2026-04-05T23:59:59Z",
    )
    documented = (
        "id externalId tenantId templateId name startDate endDate status closedAt closedByUserId reopenedAt "
        "reopenedByUserId notes createdAt updatedAt"
    )
    assert set(week) == set(documented.split())


def test_a_period_that_does_not_exist_is_a_404(sheets: httpx.Client) -> None:
    assert sheets.get(f"{PERIODS}/nope").status_code == 404


def test_what_is_not_documented_is_not_there(sheets: httpx.Client) -> None:
    assert sheets.get("/api/v1/projects").status_code == 404
    assert sheets.get(f"{UPSERT}/projects").status_code == 405
    assert sheets.delete(f"{ENTRIES}").status_code == 405
