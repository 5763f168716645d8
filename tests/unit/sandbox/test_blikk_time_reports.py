"""Blikk: Time reports and user day statistics."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox

PATH = "/v1/Core/TimeReports"
STATISTICS = f"{PATH}/UserDayStatistics"
NEW = {
    "date": "2026-01-10 00:00:00",
    "hours": 7.75,
    "invoiceableHours": 9.0,
    "userId": 3,
    "projectId": 2001,
    "activityId": 1,
    "timeCodeId": 1,
    "timeArticleId": 11,
}
FULL = {
    **NEW,
    "clockStart": "10:00",
    "clockEnd": "18:00",
    "breakMinutes": 15,
    "comment": "syns",
    "internalComment": "syns ej",
    "travelReport": {
        "place": "Piteå–Luleå",
        "distance": 100.0,
        "invoiceableDistance": 120.0,
        "toSalary": True,
        "companyCar": {"id": 1, "tripStart": 15000.0, "tripEnd": 15100.0, "addressStart": "A", "addressGoal": "B"},
    },
    "allowanceReport": {"allowanceTypeId": 1, "description": "Lunch", "toBeInvoiced": True},
    "materials": [
        {"id": None, "articleId": 101, "title": "Kabel", "unitPrice": 600.1, "units": 3.0, "invoiceableUnits": 5.0},
        {"id": None, "title": "Bara text", "isTextOnly": True},
    ],
    "equipments": [{"id": None, "hours": 4.5, "articleId": 31, "comment": "borrade"}],
    "additions": [{"id": None, "articleId": 51, "numberCount": 3.0}, {"id": None, "articleId": 52, "yesNo": True}],
}


def create(blikk: httpx.Client, body: dict[str, Any]) -> Any:
    """Creates a report, which gives no id, and finds it again as the newest one."""
    answer = blikk.post(PATH, json=body)
    assert (answer.status_code, answer.content) == (200, b""), answer.text
    params = {"page": 1, "sortBy": "createdDate", "sortOrder": "descending"}
    row = blikk.get(PATH, params=params).json()["items"][0]
    return blikk.get(f"{PATH}/{row['id']}").json()


def problems(blikk: httpx.Client, body: dict[str, Any]) -> set[str]:
    answer = blikk.post(PATH, json=body)
    assert answer.status_code == 400, answer.text
    return set(answer.json()["modelState"])


def test_a_report_is_stored_with_all_that_hangs_on_it_under_the_names_of_the_detail(blikk: httpx.Client) -> None:
    report = create(blikk, FULL)
    assert (report["date"], report["clockStart"], report["hours"]) == ("2026-01-10", "10:00", 7.75)
    assert report["user"]["id"] == 3
    assert report["project"]["id"] == 2001
    assert report["contact"] is not None
    travel = report["travelReport"]
    assert (travel["distance"], travel["invoicableDistance"], travel["toBeInvoiced"]) == (100.0, 120.0, True)
    assert (travel["companyCar"]["name"], travel["companyCar"]["tripEnd"]) == ("Servicebil 1", 15100.0)
    assert report["allowanceReport"]["invoicableSpecification"] == "Heldag"
    cable, text = report["materials"]
    assert (cable["amount"], cable["tax"], cable["invoicableUnits"]) == (1800.3, 450.08, 5.0)
    assert (cable["article"]["id"], cable["articleNumber"]) == (101, "A001")
    assert (text["title"], text["toBeInvoiced"], text["article"]) == ("Bara text", False, None)
    assert report["equipments"][0]["article"]["name"] == "Bilningshammare"
    assert [(part["salaryCount"], part["article"]["id"]) for part in report["additions"]] == [(3.0, 51), (1.0, 52)]
    assert (report["attestedDate"], report["invoiceId"], report["updatedDate"]) == (None, None, None)


def test_the_list_shows_only_the_ids_of_travel_and_allowance(blikk: httpx.Client) -> None:
    detail = create(blikk, FULL)
    row = blikk.get(PATH, params={"page": 1, "sortBy": "createdDate", "sortOrder": "descending"}).json()["items"][0]
    assert row["travelReportId"] == detail["travelReport"]["id"]
    assert row["allowanceReportId"] == detail["allowanceReport"]["id"]
    assert set(detail) - set(row) == {
        *("attestedByUser", "bookingProject", "task", "travelReport", "allowanceReport"),
        *("materials", "equipments", "additions"),
    }
    assert set(row) - set(detail) == {"travelReportId", "allowanceReportId"}


@pytest.mark.parametrize(
    "name", ["date", "hours", "invoiceableHours", "userId", "activityId", "timeCodeId", "timeArticleId"]
)
def test_required_fields_are_named_when_they_are_missing(blikk: httpx.Client, name: str) -> None:
    assert problems(blikk, {key: value for key, value in NEW.items() if key != name}) == {name}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"projectId": None}, "projectId"),
        ({"internalProjectId": 3}, "projectId"),
        ({"projectId": 1}, "projectId"),
        ({"userId": 999}, "userId"),
        ({"taskId": 1}, "taskId"),
        ({"activityId": 12}, "activityId"),
        ({"clockStart": "7.30"}, "clockStart"),
        ({"clockStart": "25:00"}, "clockStart"),
        ({"date": "10/1 2026"}, "date"),
        ({"hours": True}, "hours"),
        ({"travelReport": {}}, "travelReport.distance"),
        ({"travelReport": {"distance": 1.0, "companyCar": {"id": 99}}}, "travelReport.companyCar.id"),
        ({"materials": [{"articleId": 9}]}, "materials[0].articleId"),
        ({"materials": [{"id": 4, "title": "x"}]}, "materials[0].id"),
        ({"equipments": [{"articleId": 31}]}, "equipments[0].hours"),
        ({"additions": [{"articleId": 1}]}, "additions[0].articleId"),
        ({"materials": {}}, "materials"),
    ],
)
def test_wrong_values_and_ids_that_do_not_exist_are_refused(
    blikk: httpx.Client, fields: dict[str, Any], at: str
) -> None:
    assert problems(blikk, {**NEW, **fields}) == {at}


def test_an_allowance_needs_a_travel_report(blikk: httpx.Client) -> None:
    assert problems(blikk, {**NEW, "allowanceReport": {"allowanceTypeId": 1}}) == {"allowanceReport"}


def test_a_project_that_requires_a_comment_gets_none_without(blikk: httpx.Client) -> None:
    internal = {**NEW, "projectId": None, "internalProjectId": 1}
    assert problems(blikk, internal) == {"comment"}
    report = create(blikk, {**internal, "comment": "möte"})
    assert (report["internalProject"]["id"], report["project"], report["contact"]) == (1, None, None)


def test_time_can_not_be_reported_on_a_task_that_does_not_take_it(sandbox: Sandbox, blikk: httpx.Client) -> None:
    task = sandbox.add("blikk", "tasks", timeReportingEnabled=False)
    assert problems(blikk, {**NEW, "taskId": task}) == {"taskId"}


def test_an_update_replaces_the_whole_report_and_drops_parts_that_are_left_out(blikk: httpx.Client) -> None:
    before = create(blikk, FULL)
    cable = before["materials"][0]
    kept = {"id": cable["id"], "articleId": 102, "title": "Kabel 2", "units": 1.0, "unitPrice": 2.0}
    answer = blikk.put(f"{PATH}/{before['id']}", json={**NEW, "materials": [kept, {"id": None, "title": "ny"}]})
    assert (answer.status_code, answer.content) == (200, b"")
    after = blikk.get(f"{PATH}/{before['id']}").json()
    assert [part["title"] for part in after["materials"]] == ["Kabel 2", "ny"]
    assert after["materials"][0]["id"] == cable["id"]
    assert (after["travelReport"], after["equipments"], after["additions"]) == (None, [], [])
    assert (after["comment"], after["clockStart"]) == (None, None)
    assert after["updatedDate"] is not None


def test_an_attested_or_invoiced_report_can_not_be_deleted(sandbox: Sandbox, blikk: httpx.Client) -> None:
    attested = next(row["id"] for row in sandbox.records("blikk", "time_reports") if row["attestedDate"])
    assert blikk.delete(f"{PATH}/{attested}").status_code == 400
    invoiced = sandbox.add("blikk", "time_reports", invoiceId=5)
    assert blikk.delete(f"{PATH}/{invoiced}").status_code == 400
    open_one = sandbox.add("blikk", "time_reports")
    assert blikk.delete(f"{PATH}/{open_one}").content == b""
    assert blikk.get(f"{PATH}/{open_one}").status_code == 400


def statistics(blikk: httpx.Client, first: str, last: str, **filters: str) -> httpx.Response:
    named = {f"filter.{name}": value for name, value in filters.items()}
    params = {"page": 1, "pageSize": 100, "filter.from": first, "filter.to": last, **named}
    return blikk.get(STATISTICS, params=params)


def test_day_statistics_hold_each_users_hours_of_each_day(sandbox: Sandbox, blikk: httpx.Client) -> None:
    items = statistics(blikk, "2025-12-01", "2025-12-12").json()["items"]
    assert [len(item["dates"]) for item in items] == [12] * len(items)
    rows = sandbox.records("blikk", "time_reports")
    for item in items:
        for day in item["dates"]:
            own = [row for row in rows if row["user"]["id"] == item["userId"] and row["date"] == day["date"]]
            hours = sum((Decimal(str(row["hours"])) for row in own), Decimal())
            assert Decimal(str(day["reportedHours"])) == hours
    assert {day["scheduledHours"] for item in items for day in item["dates"]} == {0.0, 8.0}


def test_day_statistics_span_31_days_at_most_both_ends_counted(blikk: httpx.Client) -> None:
    assert statistics(blikk, "2025-10-01", "2025-10-31").status_code == 200
    assert set(statistics(blikk, "2025-10-01", "2025-11-01").json()["modelState"]) == {"filter.to"}
    assert set(statistics(blikk, "2025-10-02", "2025-10-01").json()["modelState"]) == {"filter.to"}


def test_day_statistics_need_both_ends_of_the_span(blikk: httpx.Client) -> None:
    assert set(blikk.get(STATISTICS, params={"page": 1}).json()["modelState"]) == {"filter.from", "filter.to"}


def test_day_statistics_are_filtered_by_users_and_departments(blikk: httpx.Client) -> None:
    assert [
        item["userId"] for item in statistics(blikk, "2025-12-01", "2025-12-02", userIds="3,1").json()["items"]
    ] == [1, 3]
    items = statistics(blikk, "2025-12-01", "2025-12-02", departmentIds="5").json()["items"]
    assert {item["department"]["name"] for item in items} == {"Kontor"}
