"""What the target has no upsert for: created once, found again, updated without losing what nobody mapped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.sandbox import Sandbox
from etl.sandbox.faults import Rule
from etl.writers.once import GRACE
from tests.support.projects import Folder, adds_up, project, to_sandbox

CONTACTS = """\
version: 1
name: contacts
source: {connection: local, endpoint: contacts.jsonl, key: no}
fields: {customerNumber: no, name: name, contactType: "`company`", responsibleId: 1}
target: {connection: blikk, endpoint: contacts}
"""
ENTRIES = """\
version: 1
name: entries
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {date: date, duration: hours, description: text, isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create}
"""
REPORTS = """\
version: 1
name: reports
source: {connection: local, endpoint: reports.jsonl, key: id}
fields:
  {date: date, userId: user, projectId: project, hours: hours, invoiceableHours: hours, comment: text,
   activityId: activity, timeCodeId: code, timeArticleId: article}
target: {connection: blikk, endpoint: time_reports, operation: create}
"""
TASKS = """\
version: 1
name: tasks
source: {connection: local, endpoint: tasks.jsonl, key: id}
fields: {title: title, description: text, taskBoardColumnId: column}
target: {connection: blikk, endpoint: tasks, operation: create}
"""


@pytest.fixture
def acme(tmp_path: Any, sandbox: Sandbox) -> Folder:
    return project(tmp_path, {**to_sandbox(sandbox), "local": {"connector": "files"}})


def give(folder: Folder, name: str, records: list[dict[str, Any]]) -> None:
    folder.write(f"{name}.jsonl", "".join(json.dumps(record) + "\n" for record in records))


def once(folder: Folder, *words: str, code: int = 0) -> dict[str, Any]:
    (mapping,) = folder.run(*words, code=code)["mappings"]
    assert adds_up(mapping)
    return dict(mapping)


def posts(sandbox: Sandbox, path: str) -> int:
    return sum(entry.method == "POST" and path in entry.path for entry in sandbox.requests())


def alone(contact: dict[str, Any]) -> dict[str, Any]:
    """Without the names of companies that it belongs to."""
    return {name: value for name, value in contact.items() if name not in ("company", "parentCompany")}


# --- contacts: an upsert by hand -----------------------------------------------------------------


def test_contacts_that_are_there_keep_what_the_mapping_does_not_name(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    theirs = [
        each
        for each in sandbox.records("blikk", "contacts")
        if each["tags"] and each["contactType"].lower() == "company"
    ]
    old = theirs[0]
    before = {each["id"]: each for each in sandbox.records("blikk", "contacts")}
    give(acme, "contacts", [{"no": old["customerNumber"], "name": "Renamed AB"}, {"no": "K-77001", "name": "New AB"}])
    report = once(acme)
    assert (report["updated"], report["created"]) == (1, 1)
    after = {each["id"]: each for each in sandbox.records("blikk", "contacts")}
    assert len(after) == len(before) + 1
    changed = {name for name, value in after[old["id"]].items() if value != before[old["id"]][name]}
    assert changed <= {"name", "lastUpdated", "lastUpdatedBy", "responsible"}
    assert (after[old["id"]]["name"], after[old["id"]]["tags"]) == ("Renamed AB", old["tags"])
    assert {key: alone(after[key]) for key in before if key != old["id"]} == {
        key: alone(value) for key, value in before.items() if key != old["id"]
    }
    sandbox.forget_requests()
    assert once(acme)["unchanged"] == 2
    assert sandbox.requests("blikk") == []


def test_a_changed_contact_is_updated_by_the_id_that_is_known(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    give(acme, "contacts", [{"no": "K-77001", "name": "New AB"}])
    once(acme)
    give(acme, "contacts", [{"no": "K-77001", "name": "Newer AB"}])
    sandbox.forget_requests()
    assert once(acme)["updated"] == 1
    methods = [entry.method for entry in sandbox.requests("blikk") if "/Contacts" in entry.path]
    assert methods == ["GET", "PUT"]


def test_a_contact_that_somebody_deleted_is_made_again(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    give(acme, "contacts", [{"no": "K-77001", "name": "New AB"}])
    once(acme)
    (made,) = (each for each in sandbox.records("blikk", "contacts") if each["customerNumber"] == "K-77001")
    sandbox.remove("blikk", "contacts", made["id"])
    give(acme, "contacts", [{"no": "K-77001", "name": "Newer AB"}])
    assert once(acme)["created"] == 1
    assert [each["name"] for each in sandbox.records("blikk", "contacts") if each["customerNumber"] == "K-77001"] == [
        "Newer AB"
    ]


def test_contacts_that_are_gone_are_marked_one_by_one(acme: Folder, sandbox: Sandbox) -> None:
    text = CONTACTS.replace("target: {", "target: {missing: {set: {isActive: false}}, ")
    acme.write("mappings/contacts.yaml", text)
    give(acme, "contacts", [{"no": f"K-7700{number}", "name": f"New {number} AB"} for number in range(3)])
    once(acme)
    give(acme, "contacts", [{"no": "K-77001", "name": "New 1 AB"}])
    assert once(acme)["deleted"] == 2
    active = {each["customerNumber"]: each["isActive"] for each in sandbox.records("blikk", "contacts")}
    assert [active[f"K-7700{number}"] for number in range(3)] == [False, True, False]
    assert once(acme)["deleted"] == 0


def test_contacts_that_are_gone_are_deleted_where_the_mapping_says_so(acme: Folder, sandbox: Sandbox) -> None:
    text = CONTACTS.replace("target: {", "target: {missing: delete, ")
    acme.write("mappings/contacts.yaml", text)
    before = len(sandbox.records("blikk", "contacts"))
    give(acme, "contacts", [{"no": f"K-7700{number}", "name": f"New {number} AB"} for number in range(3)])
    once(acme)
    give(acme, "contacts", [{"no": "K-77001", "name": "New 1 AB"}])
    assert once(acme)["deleted"] == 2
    assert len(sandbox.records("blikk", "contacts")) == before + 1


# --- time entries: no id of ours, no update ------------------------------------------------------


def entries(count: int) -> list[dict[str, Any]]:
    """Some of them are twins that nobody can tell apart."""
    return [{"id": n, "date": open_day(n // 2), "hours": 1 + n // 4, "text": f"work {n // 2}"} for n in range(count)]


def open_day(number: int) -> str:
    return f"2031-05-{number % 28 + 1:02}"


def made(sandbox: Sandbox) -> list[Any]:
    return [each for each in sandbox.records("dimesheets", "time_entries") if each["date"].startswith("2031-05")]


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "cut-json", "empty", "reset", "500", "503"])
def test_time_entries_are_there_once_whatever_happens_to_the_answers(
    acme: Folder, sandbox: Sandbox, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.writers.once.GRACE", type(GRACE)(0))
    acme.write("mappings/entries.yaml", ENTRIES)
    give(acme, "entries", entries(12))
    sandbox.misbehave(Rule(fault, api="dimesheets", method="POST", every=3))
    report = once(acme)
    assert report["created"] == 12
    assert sorted(each["description"] for each in made(sandbox)) == sorted(f"work {n // 2}" for n in range(12))
    sandbox.behave()
    assert once(acme)["unchanged"] == 12
    assert len(made(sandbox)) == 12


def test_a_time_entry_that_changed_is_refused_once_per_version(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/entries.yaml", ENTRIES)
    give(acme, "entries", entries(2))
    once(acme)
    changed = [{**entries(2)[0], "hours": 7}, entries(2)[1]]
    give(acme, "entries", changed)
    assert once(acme, code=1)["rejected"] == 1
    assert (once(acme)["rejected"], len(made(sandbox))) == (0, 2)
    give(acme, "entries", [{**changed[0], "hours": 6}, changed[1]])
    assert once(acme, code=1)["rejected"] == 1
    give(acme, "entries", entries(2))
    report = once(acme)
    assert (report["unchanged"], json.loads(acme.etl("rejects", "list", "--json").stdout)["rejects"]) == (2, [])


# --- closed periods ------------------------------------------------------------------------------


def test_closed_periods_refuse_before_any_request_and_let_pass_once_they_are_open_again(
    acme: Folder, sandbox: Sandbox
) -> None:
    periods = sandbox.records("dimesheets", "timesheet_periods")
    closed = next(each for each in periods if each["status"] == 1 and _alone(each, periods))
    acme.write("mappings/entries.yaml", ENTRIES)
    give(acme, "entries", [{"id": 1, "date": closed["startDate"][:10], "hours": 2, "text": "late"}, *entries(1)])
    planned = json.loads(acme.etl("plan", "--json").stdout)["mappings"][0]
    assert (planned["created"], planned["rejected"]) == (1, 1)
    assert posts(sandbox, "time-entries") == 0
    assert once(acme, code=1)["created"] == 1
    assert posts(sandbox, "time-entries") == 1
    (reject,) = json.loads(acme.etl("rejects", "list", "--json").stdout)["rejects"]
    assert "its timesheet period is closed" in reject["reason"]
    sandbox.change("dimesheets", "timesheet_periods", closed["id"], status=0)
    report = once(acme)
    assert (report["created"], report["unchanged"]) == (1, 1)
    sandbox.change("dimesheets", "timesheet_periods", closed["id"], status=1)
    assert once(acme)["unchanged"] == 2


def test_what_may_have_been_created_before_its_period_was_closed_is_looked_up(
    acme: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.writers.once.GRACE", type(GRACE)(0))
    periods = sandbox.records("dimesheets", "timesheet_periods")
    period = next(each for each in periods if each["status"] == 1 and _alone(each, periods))
    sandbox.change("dimesheets", "timesheet_periods", period["id"], status=0)
    acme.write("mappings/entries.yaml", ENTRIES)
    give(acme, "entries", [{"id": 1, "date": period["startDate"][:10], "hours": 2, "text": "in time"}])
    sandbox.misbehave(Rule("reset-after", api="dimesheets", method="POST"))
    sandbox.misbehave(Rule("500", api="dimesheets", method="GET", path="time-entries"))
    assert once(acme, code=3)["unsettled"] == 1
    sandbox.behave()
    sandbox.change("dimesheets", "timesheet_periods", period["id"], status=1)
    assert once(acme)["created"] == 1
    sandbox.change("dimesheets", "timesheet_periods", period["id"], status=0)
    assert sum(each["description"] == "in time" for each in sandbox.records("dimesheets", "time_entries")) == 1


def _alone(period: Any, periods: list[Any]) -> bool:
    day = period["startDate"][:10]
    return sum(each["startDate"][:10] <= day <= each["endDate"][:10] for each in periods) == 1


# --- time reports and tasks: the answer gives no id ----------------------------------------------


def reports(sandbox: Sandbox, count: int) -> list[dict[str, Any]]:
    sample = next(each for each in sandbox.records("blikk", "time_reports") if each["project"])
    ids = {"activity": "activity", "code": "timeCode", "article": "timeArticle", "user": "user", "project": "project"}
    found = {name: sample[field]["id"] for name, field in ids.items()}
    return [{**found, "id": n, "date": open_day(n // 2), "hours": 2, "text": f"work {n // 2}"} for n in range(count)]


def reported(sandbox: Sandbox) -> list[Any]:
    return [each for each in sandbox.records("blikk", "time_reports") if each["date"].startswith("2031-05")]


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "500"])
def test_time_reports_are_there_once_and_updated_by_their_ids(
    acme: Folder, sandbox: Sandbox, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.writers.once.GRACE", type(GRACE)(0))
    acme.write("mappings/reports.yaml", REPORTS)
    wanted = reports(sandbox, 10)
    give(acme, "reports", wanted)
    sandbox.misbehave(Rule(fault, api="blikk", method="POST", path="TimeReports", every=3))
    assert once(acme)["created"] == 10
    sandbox.behave()
    assert sorted(each["comment"] for each in reported(sandbox)) == sorted(f"work {n // 2}" for n in range(10))
    changed = [{**each, "text": f"changed {each['id']}"} for each in wanted]
    give(acme, "reports", changed)
    assert once(acme)["updated"] == 10
    assert sorted(each["comment"] for each in reported(sandbox)) == sorted(each["text"] for each in changed)


def test_tasks_are_created_once_and_updated(acme: Folder, sandbox: Sandbox) -> None:
    column = next(each["columns"][0]["id"] for each in sandbox.records("blikk", "task_boards") if each["columns"])
    acme.write("mappings/tasks.yaml", TASKS)
    wanted = [{"id": n, "title": f"Uppgift {n // 2}", "text": "enligt plan", "column": column} for n in range(8)]
    give(acme, "tasks", wanted)
    before = len(sandbox.records("blikk", "tasks"))
    sandbox.misbehave(Rule("reset-after", api="blikk", method="POST", path="/Tasks$", every=3))
    assert once(acme)["created"] == 8
    sandbox.behave()
    assert len(sandbox.records("blikk", "tasks")) == before + 8
    give(acme, "tasks", [{**each, "title": f"Ändrad {each['id']}"} for each in wanted])
    assert once(acme)["updated"] == 8
    titles = [each["title"] for each in sandbox.records("blikk", "tasks")]
    assert sorted(title for title in titles if title.startswith("Ändrad")) == [f"Ändrad {n}" for n in range(8)]
    assert len(titles) == before + 8
