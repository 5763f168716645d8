"""Later runs read what changed, in the way that each endpoint offers, and nothing that changed is missed."""

from __future__ import annotations

from typing import Any

import pytest

from etl.sandbox import Sandbox
from etl.sandbox.faults import Rule
from tests.support.projects import Folder, adds_up

CONTACTS = """\
version: 1
name: things
source: {connection: blikk, endpoint: contacts}
fields: {externalId: "concat('contact-', id)", name: name}
target: {connection: dimesheets, endpoint: projects}
"""
PROJECTS = """\
version: 1
name: things
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('project-', id)", name: title}
target: {connection: dimesheets, endpoint: projects}
"""
TIME = """\
version: 1
name: things
source: {connection: blikk, endpoint: time_reports}
fields: {externalId: "concat('time-', id)", name: "concat(user.name, ' ', date, ' ', comment)", budget: hours}
target: {connection: dimesheets, endpoint: projects}
"""
TASKS = """\
version: 1
name: things
source: {connection: blikk, endpoint: tasks}
fields: {externalId: "concat('task-', id)", name: title}
target: {connection: dimesheets, endpoint: projects}
"""
WAYS = {
    "contacts": (CONTACTS, "reads what changed since"),
    "projects": (PROJECTS, "reads the newest first"),
    "time_reports": (TIME, "reads the newest first"),
    "tasks": (TASKS, "reads all and compares"),
}
CHANGE: dict[str, dict[str, Any]] = {
    "contacts": {"name": "Changed"},
    "projects": {"title": "Changed"},
    "time_reports": {"comment": "Changed"},
    "tasks": {"title": "Changed"},
}


def once(folder: Folder, *words: str, code: int = 0) -> dict[str, Any]:
    """The one mapping's part of a run."""
    report = folder.run(*words, code=code)
    (mapping,) = report["mappings"]
    assert adds_up(mapping)
    return {**mapping, "requests": report["connections"]}


def reading(folder: Folder) -> str:
    """How the next run will read, as a plan says it."""
    return folder.etl("plan").stdout


def arrived(sandbox: Sandbox) -> dict[str, str]:
    """Names by external id of what came from Blikk."""
    records = sandbox.records("dimesheets", "projects")
    starts = ("contact-", "project-", "time-", "task-")
    return {each["externalId"]: each["name"] for each in records if str(each["externalId"]).startswith(starts)}


@pytest.mark.parametrize("endpoint", WAYS)
def test_a_second_run_reads_as_little_as_the_endpoint_allows(acme: Folder, sandbox: Sandbox, endpoint: str) -> None:
    text, words = WAYS[endpoint]
    acme.write("mappings/things.yaml", text)
    first = once(acme)
    assert first["written"] == len(sandbox.records("blikk", endpoint)) == len(arrived(sandbox))
    assert words in reading(acme)
    sandbox.forget_requests()
    second = once(acme)
    assert second["written"] == 0
    assert sandbox.requests("dimesheets") == []


@pytest.mark.parametrize("endpoint", WAYS)
def test_new_and_changed_records_are_found(acme: Folder, sandbox: Sandbox, endpoint: str) -> None:
    acme.write("mappings/things.yaml", WAYS[endpoint][0])
    once(acme)
    before = arrived(sandbox)
    keys = [record["id"] for record in sandbox.records("blikk", endpoint)]
    never_changed = sandbox.add("blikk", endpoint)
    changed_at_once = sandbox.add("blikk", endpoint)
    for key in (keys[0], keys[len(keys) // 2], keys[-1], changed_at_once):
        sandbox.change("blikk", endpoint, key, **CHANGE[endpoint])
    report = once(acme)
    assert report["written"] == 5
    after = arrived(sandbox)
    assert {name.split("-")[1] for name in after.keys() - before.keys()} == {str(never_changed), str(changed_at_once)}
    assert sum("Changed" in name for name in after.values()) == 4
    assert once(acme)["written"] == 0


def test_projects_are_read_newest_first_only_as_far_as_needed(acme: Folder, sandbox: Sandbox) -> None:
    for minute in range(250):
        sandbox.add("blikk", "projects", created=f"2026-01-02T{minute // 60:02}:{minute % 60:02}:00Z")
    acme.write("mappings/things.yaml", PROJECTS.replace("projects}", "projects, incremental: {lookback: 0s}}", 1))
    once(acme)
    sandbox.forget_requests()
    once(acme)
    pages = [entry.query["sortby"] for entry in sandbox.requests("blikk") if entry.path.endswith("/Projects")]
    assert set(pages) == {"updatedDate", "createdDate"}
    assert pages.count("createdDate") == 1


def test_the_cursor_goes_no_further_than_the_start_of_the_read(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/things.yaml", CONTACTS)
    sandbox.add("blikk", "contacts")
    report = acme.run()
    assert report["mappings"][0]["cursor"] <= report["started_at"]


def test_a_read_that_did_not_come_to_its_end_moves_no_cursor(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/things.yaml", CONTACTS)
    cursor = once(acme)["cursor"]
    sandbox.add("blikk", "contacts")
    sandbox.misbehave(Rule("503", api="dimesheets"))
    once(acme, code=3)
    sandbox.behave()
    sandbox.add("blikk", "contacts")
    report = once(acme)
    assert report["written"] == 2
    assert report["cursor"] > cursor


def test_a_limited_run_moves_no_cursor(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/things.yaml", CONTACTS)
    assert once(acme, "--limit", "5")["written"] == 5
    assert "first read" in reading(acme)
    assert once(acme)["unchanged"] == 5


def test_since_reads_from_a_date_and_moves_no_cursor(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/things.yaml", CONTACTS)
    assert once(acme, "--since", "2099-01-01")["read"] == 0
    assert "first read" in reading(acme)


@pytest.mark.parametrize(
    ("what", "words"),
    [("a changed field", "the mapping or its connector changed"), ("reread", "--reread"), ("full_every", "as every")],
)
def test_what_brings_a_full_read_again(acme: Folder, sandbox: Sandbox, what: str, words: str) -> None:
    acme.write("mappings/things.yaml", CONTACTS)
    once(acme)
    options = ["--reread"] if what == "reread" else []
    if what == "a changed field":
        acme.write("mappings/things.yaml", CONTACTS.replace("name: name", "name: upper(name)"))
    if what == "full_every":
        acme.write("mappings/things.yaml", CONTACTS.replace("contacts}", "contacts, incremental: {full_every: 0s}}"))
        once(acme)
    sandbox.forget_requests()
    assert words in acme.etl("plan", *options).stdout
    report = once(acme, *options)
    assert report["read"] == len(sandbox.records("blikk", "contacts"))
    assert (report["written"] > 0) == (what == "a changed field")


def test_a_changed_lookup_file_brings_a_full_read(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("names.csv", "id,name\n1,one\n")
    lookup = "lookups: {names: {file: ../names.csv, key: id, on_miss: empty}}\n"
    text = CONTACTS.replace("name: name", "name: \"lookup('names', id).name || name\"") + lookup
    acme.write("mappings/things.yaml", text)
    once(acme)
    key = sandbox.records("blikk", "contacts")[0]["id"]
    acme.write("names.csv", f"id,name\n{key},somebody\n")
    assert once(acme)["written"] == 1
    assert arrived(sandbox)[f"contact-{key}"] == "somebody"


def test_details_are_asked_for_only_where_something_changed(acme: Folder, sandbox: Sandbox) -> None:
    text = CONTACTS.replace("contacts}", "contacts, detail: true}").replace(
        "name: name", "name: name, description: email"
    )
    acme.write("mappings/things.yaml", text)
    once(acme, "--reread")
    sandbox.forget_requests()
    key = sandbox.records("blikk", "contacts")[3]["id"]
    sandbox.change("blikk", "contacts", key, email="new@example.com")
    assert once(acme, "--reread")["written"] == 1
    asked = [entry.path for entry in sandbox.requests("blikk") if entry.path.split("/")[-1].isdecimal()]
    assert asked == [f"/v1/Core/Contacts/{key}"]


def test_what_is_gone_needs_a_full_read_each_time(acme: Folder, sandbox: Sandbox) -> None:
    text = CONTACTS.replace("target: {", "target: {missing: {set: {description: gone}}, ")
    acme.write("mappings/things.yaml", text)
    once(acme)
    key = sandbox.records("blikk", "contacts")[2]["id"]
    sandbox.remove("blikk", "contacts", key)
    assert "to see what is gone" in reading(acme)
    assert once(acme)["deleted"] == 1
    marked = [each for each in sandbox.records("dimesheets", "projects") if each["description"] == "gone"]
    assert [each["externalId"] for each in marked] == [f"contact-{key}"]
    assert once(acme)["deleted"] == 0
