"""The made-up data: enough of it, plausible, consistent, and the same each time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from etl.sandbox import Sandbox

PHONE = re.compile(r"(070-17406\d\d|08-46 500 4\d\d|031-390 06 \d\d|040-628 04 \d\d)?")


@pytest.fixture(scope="module")
def full() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def values(value: Any) -> Iterator[Any]:
    """Every scalar in a value."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from values(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from values(inner)
    else:
        yield value


@pytest.mark.parametrize(
    ("resource", "least"),
    [
        ("projects", 300),
        ("tasks", 2000),
        ("users", 40),
        ("contacts", 500),
        ("time_reports", 3000),
        ("task_boards", 20),
        ("task_comments", 500),
        ("task_checklists", 100),
        ("task_attachments", 100),
        ("articles", 101),
    ],
)
def test_there_is_enough_of_everything(full: Sandbox, resource: str, least: int) -> None:
    assert len(full.records("blikk", resource)) >= least


def test_the_same_seed_gives_the_same_data_and_another_one_other_data() -> None:
    def made(seed: int) -> Any:
        with Sandbox(small=True, seed=seed) as sandbox:
            return [sandbox.records("blikk", "tasks"), sandbox.records("dimesheets", "time_entries")]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_active_users_have_an_email_and_an_employee_number_of_their_own(full: Sandbox) -> None:
    users = full.records("blikk", "users")
    active = [user for user in users if user["endDate"] is None]
    assert len(active) >= 40
    for name in ("email", "employeeNumber"):
        counts = Counter(str(user[name]).lower() for user in active)
        assert set(counts.values()) == {1}
        assert "none" not in counts
    former = [user for user in users if user["endDate"] is not None]
    assert len(former) == 4
    assert sum(1 for user in former if user["email"] is None and user["employeeNumber"] is None) == 2


def test_mail_and_phone_numbers_can_belong_to_nobody(full: Sandbox) -> None:
    people = full.records("blikk", "users") + full.records("blikk", "contacts")
    for person in people:
        for name in ("email", "invoiceEmail"):
            assert not person.get(name) or person[name].endswith("example.com")
        for name in ("phoneNumber", "cellPhoneNumber", "mobilePhoneNumber", "workPhoneNumber"):
            assert PHONE.fullmatch(person.get(name) or ""), person.get(name)


def test_every_project_and_task_has_what_a_mapping_needs(full: Sandbox) -> None:
    projects = full.records("blikk", "projects")
    assert all(project["title"].strip() and project["status"] and project["customer"] for project in projects)
    assert all(task["title"] for task in full.records("blikk", "tasks"))
    ids = {project["id"] for project in projects}
    linked = [task["project"]["id"] for task in full.records("blikk", "tasks") if task["project"]]
    assert set(linked) <= ids
    assert len(linked) > 0.9 * len(full.records("blikk", "tasks"))


def test_tags_columns_and_members_of_tasks_fit_their_boards(full: Sandbox) -> None:
    boards = {board["id"]: board for board in full.records("blikk", "task_boards")}
    on_boards = [task for task in full.records("blikk", "tasks") if task["board"]]
    assert on_boards
    for task in on_boards:
        board = boards[task["board"]["id"]]
        assert task["boardColumn"]["id"] in {column["id"] for column in board["columns"]}
        assert {tag["id"] for tag in task["tags"]} <= {tag["id"] for tag in board["tags"]}


def test_time_reports_have_exactly_one_kind_of_project_and_some_of_each_extra(full: Sandbox) -> None:
    reports = full.records("blikk", "time_reports")
    for report in reports:
        assert sum(1 for kind in ("project", "internalProject", "absenceProject") if report[kind]) == 1
        assert report["travelReport"] or not report["allowanceReport"]
    for extra in ("travelReport", "allowanceReport", "materials", "equipments", "additions", "task", "invoiceId"):
        assert 10 < sum(1 for report in reports if report[extra]) < len(reports), extra
    assert {report["attestedDate"] is None for report in reports} == {True, False}


@pytest.mark.parametrize("resource", ["projects", "contacts", "tasks", "users", "time_reports"])
def test_there_is_a_realistic_mess_of_nulls_empty_texts_and_records_never_changed(full: Sandbox, resource: str) -> None:
    records = full.records("blikk", resource)
    found = Counter(value for record in records for value in values(record) if value in (None, ""))
    assert found[None] > len(records) / 2
    assert resource == "projects" or found[""] > 0
    stamps = {record.get("updated", record.get("lastUpdated", record.get("updatedDate"))) is None for record in records}
    assert stamps == {True, False}


def test_swedish_letters_are_everywhere(full: Sandbox) -> None:
    for resource in ("users", "contacts", "projects", "tasks"):
        letters = {
            letter for record in full.records("blikk", resource) for text in values(record) for letter in str(text)
        }
        assert {"å", "ä", "ö"} <= letters


def test_nothing_made_up_lies_in_the_future(full: Sandbox) -> None:
    for resource in ("projects", "contacts", "tasks", "users", "time_reports", "activities"):
        for record in full.records("blikk", resource):
            for name in ("created", "createdDate", "updated", "updatedDate", "lastUpdated", "completedDate"):
                assert (record.get(name) or "") < "2025-12-14"


def test_dime_sheets_has_approved_hours_on_its_own_tasks_and_none_twice(full: Sandbox) -> None:
    entries = full.records("dimesheets", "time_entries")
    tasks = {task["id"] for task in full.records("dimesheets", "tasks")}
    assert {entry["taskId"] for entry in entries} <= tasks
    assert len({(entry["userId"], entry["taskId"], entry["date"]) for entry in entries}) == len(entries)
    assert {entry["timesheetStatus"] for entry in entries} == {0, 1, 2, 3, 4}
