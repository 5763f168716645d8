"""Blikk: Lists, sorting and filtering."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox

Read = Callable[..., Any]

AUDITED = ("name", "createdDate", "updatedDate")
SORTS = {
    "/v1/Core/Contacts": ("name", "customerNumber", "created", "updated"),
    "/v1/Core/Projects": ("orderNumber", "title", "createdDate", "updatedDate"),
    "/v1/Core/TaskBoards": ("createdDate", "updatedDate", "name"),
    "/v1/Core/Tasks": ("createdDate", "title", "startDate", "endDate"),
    "/v1/Core/Tasks/10001/Comments": ("createdDate",),
    "/v1/Core/Tasks/10001/Checklists": ("name",),
    "/v1/Core/Tasks/10001/Attachments": ("name",),
    "/v1/Core/TimeReports": (
        *("date", "userName", "hours", "invoiceableHours", "sentToAttestDate", "attestedDate"),
        *("createdDate", "updatedDate"),
    ),
    "/v1/Admin/AbsenceProjects": ("name",),
    "/v1/Admin/Activities": AUDITED,
    "/v1/Admin/Allowances": AUDITED,
    "/v1/Admin/Articles": ("name", "articleNumber", "createdDate", "updatedDate"),
    "/v1/Admin/CompanyCars": AUDITED,
    "/v1/Admin/ContactTags": ("name", "createdDate"),
    "/v1/Admin/Countries": ("name",),
    "/v1/Admin/Equipments": AUDITED,
    "/v1/Admin/InternalProjects": ("name",),
    "/v1/Admin/TimeAdditions": AUDITED,
    "/v1/Admin/TimeArticles": AUDITED,
    "/v1/Admin/TimeCodes": AUDITED,
    "/v1/Admin/Users": ("name",),
}
ALL_SORTS = sorted({name for names in SORTS.values() for name in names})


def test_the_page_is_required(refusal: Read) -> None:
    assert refusal("/v1/Core/Contacts") == {"page": ["The field Page must be greater than or equal to 1."]}


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5"])
def test_pages_count_from_one(refusal: Read, page: str) -> None:
    assert "page" in refusal("/v1/Core/Contacts", page=page)


@pytest.mark.parametrize("size", ["0", "101", "200", "x", ""])
def test_a_page_holds_between_1_and_100_records(refusal: Read, size: str) -> None:
    assert "pageSize" in refusal("/v1/Core/Contacts", page=1, pageSize=size)


def test_a_page_holds_25_records_unless_asked_otherwise(page: Read) -> None:
    assert (page("/v1/Core/Tasks")["pageSize"], len(page("/v1/Core/Tasks")["items"])) == (25, 25)
    assert len(page("/v1/Core/Tasks", pageSize=100)["items"]) == 100


def test_every_wrong_parameter_is_named_at_once(refusal: Read) -> None:
    found = refusal("/v1/Core/Contacts", pageSize=0, sortBy="x", sortOrder="up", **{"filter.contactType": "dog"})
    assert set(found) == {"page", "pageSize", "sortBy", "sortOrder", "filter.contacttype"}


def test_pages_together_hold_every_record_once_and_the_counters_say_so(page: Read) -> None:
    first = page("/v1/Core/Tasks", pageSize=50)
    pages = [page("/v1/Core/Tasks", pageSize=50, page=number + 1) for number in range(first["totalPages"])]
    ids = [item["id"] for body in pages for item in body["items"]]
    assert len(ids) == len(set(ids)) == first["totalItemCount"] == 120
    assert [body["itemCount"] for body in pages] == [50, 50, 20]
    assert {body["objectName"] for body in pages} == {"generic.pagedlist"}


def test_a_page_after_the_last_is_empty(page: Read) -> None:
    body = page("/v1/Core/Tasks", page=99)
    assert (body["items"], body["itemCount"], body["totalItemCount"]) == ([], 0, 120)


def test_what_a_list_does_not_know_is_ignored(page: Read) -> None:
    plain = page("/v1/Core/Contacts")
    assert page("/v1/Core/Contacts", limit=3, query="x", fromDate="2024-01-01", **{"filter.nope": "1"}) == plain


def test_the_case_of_paths_and_parameter_names_does_not_matter(page: Read) -> None:
    wanted = page("/v1/Core/Tasks", pageSize=3, sortOrder="descending")
    assert page("/V1/core/tasks", PAGESIZE=3, sortorder="descending") == wanted


@pytest.mark.parametrize(("path", "names"), SORTS.items())
def test_each_list_takes_its_documented_sort_values_and_no_others(
    blikk: httpx.Client, path: str, names: tuple[str, ...]
) -> None:
    statuses = {name: blikk.get(path, params={"page": 1, "sortBy": name}).status_code for name in ALL_SORTS}
    assert {name for name, status in statuses.items() if status == 200} == set(names)


def test_names_are_sorted_as_in_swedish(page: Read, sandbox: Sandbox) -> None:
    for name in ("Zebra", "Ärlan", "Ödlan", "Åkaren", "adam"):
        sandbox.add("blikk", "countries", name=name)
    names = [item["name"] for item in page("/v1/Admin/Countries", sortBy="name")["items"]]
    assert names == ["adam", "Danmark", "Finland", "Norge", "Sverige", "Tyskland", "Zebra", *names[7:]]
    assert names[7:] == ["Åkaren", "Åland", "Ärlan", "Ödlan"]


def test_records_that_were_never_changed_come_last_when_the_newest_change_comes_first(page: Read) -> None:
    items = page("/v1/Core/Projects", sortBy="updatedDate", sortOrder="descending", pageSize=100)["items"]
    updated = [item["updated"] for item in items]
    changed = [moment for moment in updated if moment]
    assert changed == sorted(changed, reverse=True)
    assert updated[: len(changed)] == changed
    assert None in updated


@pytest.mark.parametrize(
    "params",
    [
        {"filter.tagIds": "1,x"},
        {"filter.tagIds": ""},
        {"filter.createdOrUpdatedSince": "yesterday"},
        {"filter.createdOrUpdatedSince": "2024-13-01"},
        {"filter.contactType": "Person "},
    ],
)
def test_a_filter_value_of_the_wrong_type_is_refused(refusal: Read, params: dict[str, str]) -> None:
    assert set(refusal("/v1/Core/Contacts", page=1, **params)) == {next(iter(params)).lower()}


def test_contacts_are_found_by_name_or_customer_number(page: Read, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "contacts", name="Ögonblickets Bygg", customerNumber="77-12")
    for query in ("ögonBLICK", "77-1"):
        assert [item["id"] for item in page("/v1/Core/Contacts", **{"filter.query": query})["items"]] == [key]


def test_contacts_are_found_by_their_tags_and_type(page: Read, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "contacts", tagIds=[1, 4, 7], contactType="person")
    found = page("/v1/Core/Contacts", **{"filter.tagids": "1,4,7", "filter.contactType": "person"})
    assert [item["id"] for item in found["items"]] == [key]
    assert page("/v1/Core/Contacts", **{"filter.tagIds": "1,4,7", "filter.contactType": "company"})["items"] == []


def test_contacts_created_or_changed_since_a_moment_are_found(page: Read, sandbox: Sandbox) -> None:
    new = sandbox.add("blikk", "contacts", created="2026-02-01 08:00:00 +00:00")
    sandbox.change("blikk", "contacts", 101, updated="2026-02-01 09:00:00 +00:00")
    for since in ("2026-02-01", "2026-02-01 08:00:00", "2026-02-01T09:00:00+01:00", "2026-02-01 08:00:00 +00:00"):
        found = page("/v1/Core/Contacts", **{"filter.createdOrUpdatedSince": since})
        assert [item["id"] for item in found["items"]] == [101, new], since
    later = page("/v1/Core/Contacts", **{"filter.createdOrUpdatedSince": "2026-02-01 08:00:01"})
    assert [item["id"] for item in later["items"]] == [101]


def test_projects_are_found_by_number_title_or_customer(page: Read, sandbox: Sandbox) -> None:
    customer = sandbox.add("blikk", "contacts", name="Kvarnens Kvarn AB")
    key = sandbox.add("blikk", "projects", customerId=customer, title="Vattenhjul", orderNumber="Q-900")
    for query in ("kvarnens", "VATTEN", "q-9"):
        assert [item["id"] for item in page("/v1/Core/Projects", **{"filter.query": query})["items"]] == [key]


def test_task_boards_are_found_by_name_and_project(page: Read) -> None:
    boards = page("/v1/Core/TaskBoards")["items"]
    project = next(board["project"]["id"] for board in boards if board["project"])
    found = page("/v1/Core/TaskBoards", **{"filter.projectIds": f"{project},1"})["items"]
    assert found
    assert {board["project"]["id"] for board in found} == {project}
    assert page("/v1/Core/TaskBoards", **{"filter.query": "jour"})["items"][0]["project"] is None


def task_ids(body: Any) -> set[int]:
    return {item["id"] for item in body["items"]}


def test_tasks_are_found_by_all_their_documented_filters(page: Read) -> None:
    tasks = page("/v1/Core/Tasks", pageSize=100)["items"] + page("/v1/Core/Tasks", pageSize=100, page=2)["items"]

    def expect(name: str, value: object, holds: Callable[[Any], bool]) -> None:
        found = page("/v1/Core/Tasks", pageSize=100, **{f"filter.{name}": value})
        expected = {task["id"] for task in tasks if holds(task)}
        assert expected
        assert found["totalItemCount"] == len(expected)
        assert task_ids(found) <= expected

    expect("from", "2025-01-01", lambda task: (task["startDate"] or "") >= "2025-01-01")
    expect("to", "2025-01-01 00:00:00", lambda task: bool(task["endDate"]) and task["endDate"] <= "2025-01-01")
    expect("memberIds", "1,2", lambda task: any(member["userId"] in (1, 2) for member in task["members"]))
    expect("createdByUserIds", "3", lambda task: task["createdByUser"]["id"] == 3)
    expect("taskIds", "10003,10005,4", lambda task: task["id"] in (10003, 10005))
    expect("taskBoardId", "301", lambda task: bool(task["board"]) and task["board"]["id"] == 301)
    expect("taskBoardId", "-1", lambda task: task["board"] is None)
    column = next(task["boardColumn"]["id"] for task in tasks if task["boardColumn"])
    expect("taskBoardColumnId", column, lambda task: (task["boardColumn"] or {}).get("id") == column)


def test_time_reports_are_found_by_all_their_documented_filters(page: Read) -> None:
    path = "/v1/Core/TimeReports"
    rows = page(path, pageSize=100)["items"] + page(path, pageSize=100, page=2)["items"]

    def expect(name: str, value: object, holds: Callable[[Any], bool]) -> None:
        found = page(path, pageSize=100, **{f"filter.{name}": value})
        expected = {row["id"] for row in rows if holds(row)}
        assert expected, name
        assert found["totalItemCount"] == len(expected), name
        assert {row["id"] for row in found["items"]} <= expected

    def named(row: Any, name: str, key: int) -> bool:
        return bool(row[name]) and row[name]["id"] == key

    project = next(row for row in rows if row["project"])
    expect("from", "2025-11-01", lambda row: row["date"] >= "2025-11-01")
    expect("to", "2025-10-31", lambda row: row["date"] <= "2025-10-31")
    expect("userIds", "1,2", lambda row: row["user"]["id"] in (1, 2))
    expect("projectId", project["project"]["id"], lambda row: named(row, "project", project["project"]["id"]))
    internal = next(row["internalProject"]["id"] for row in rows if row["internalProject"])
    expect("internalProjectId", internal, lambda row: named(row, "internalProject", internal))
    absence = next(row["absenceProject"]["id"] for row in rows if row["absenceProject"])
    expect("absenceProjectId", absence, lambda row: named(row, "absenceProject", absence))
    expect("contactId", project["contact"]["id"], lambda row: named(row, "contact", project["contact"]["id"]))
    expect("isSentToAttest", "true", lambda row: row["sentToAttestDate"] is not None)
    expect("isAttested", "false", lambda row: row["attestedDate"] is None)
    for kind in ("project", "internalProject", "absenceProject"):
        expect("projectType", kind, lambda row, kind=kind: row[kind] is not None)


def test_articles_and_users_are_found_by_text(page: Read, sandbox: Sandbox) -> None:
    article = sandbox.add("blikk", "articles", articleNumber="ZZ-1", name="Glödlampa")
    for query in ("zz-", "glöd"):
        assert [row["id"] for row in page("/v1/Admin/Articles", **{"filter.query": query})["items"]] == [article]
    user = sandbox.add("blikk", "users", firstName="Östen", lastName="Quist")
    assert [row["id"] for row in page("/v1/Admin/Users", **{"filter.query": "östen q"})["items"]] == [user]
