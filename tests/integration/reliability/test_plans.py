"""A plan says what the run would do: it looks at targets that can be read, and never takes the unknown for known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import Folder, adds_up, project, to_sandbox

CONTACTS = """\
version: 1
name: contacts
source: {connection: local, endpoint: contacts.jsonl, key: no}
fields: {customerNumber: no, name: name, contactType: "`company`", responsibleId: 1}
target: {connection: blikk, endpoint: contacts}
"""
CHILDREN = """\
version: 1
name: children
source: {connection: local, endpoint: children.jsonl, key: no}
lookups: {contacts: {mapping: contacts}}
fields:
  {customerNumber: no, name: no, contactType: "`company`", responsibleId: 1,
   parentCompanyId: "lookup('contacts', parent)"}
target: {connection: blikk, endpoint: contacts}
"""
ENTRIES = """\
version: 1
name: entries
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {date: date, duration: hours, description: text, isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create}
"""
LINES = """\
version: 1
name: lines
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {id: id, text: text}
target: {connection: local, endpoint: out.jsonl, operation: create}
"""
RENAMED = """\
version: 1
name: renamed
source: {connection: local, endpoint: tasks.jsonl, key: id}
fields: {id: id, title: title}
target: {connection: blikk, endpoint: tasks, operation: update}
"""
PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('blikk-', id)", name: "title || orderNumber"}
target: {connection: dimesheets, endpoint: projects}
"""


@pytest.fixture
def acme(tmp_path: Path, sandbox: Sandbox) -> Folder:
    return project(tmp_path, {**to_sandbox(sandbox), "local": {"connector": "files"}})


def give(folder: Folder, name: str, *records: dict[str, Any]) -> None:
    folder.write(f"{name}.jsonl", "".join(json.dumps(record) + "\n" for record in records))


def planned(folder: Folder) -> dict[str, Any]:
    report = json.loads(folder.etl("plan", "--json").stdout)
    assert all(adds_up(mapping) for mapping in report["mappings"])
    return {mapping["name"]: mapping for mapping in report["mappings"]}


def company(sandbox: Sandbox) -> dict[str, Any]:
    """A company of theirs."""
    contacts = sandbox.records("blikk", "contacts")
    return next(each for each in contacts if each["customerNumber"] and each["contactType"].lower() == "company")


def writes(sandbox: Sandbox) -> list[str]:
    return [each.method for each in sandbox.requests() if each.method != "GET" and "Token" not in each.path]


def test_what_stands_in_the_target_already_is_an_update_from_what_stands_there(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    old = company(sandbox)
    give(acme, "contacts", {"no": old["customerNumber"], "name": "Renamed AB"}, {"no": "K-77001", "name": "New AB"})
    theirs, ours = planned(acme)["contacts"]["changes"]
    assert (theirs["action"], theirs["fields"]["name"]) == ("update", [old["name"], "Renamed AB"])
    assert "customerNumber" not in theirs["fields"]
    assert (ours["action"], ours["fields"]["name"]) == ("create", [None, "New AB"])
    assert writes(sandbox) == []


def test_an_update_of_what_the_mapping_sent_is_compared_with_what_became_of_it(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    give(acme, "contacts", {"no": "K-77001", "name": "New AB"})
    acme.run()
    (made,) = (each for each in sandbox.records("blikk", "contacts") if each["customerNumber"] == "K-77001")
    sandbox.change("blikk", "contacts", made["id"], name="By hand AB")
    give(acme, "contacts", {"no": "K-77001", "name": "Newer AB"})
    (change,) = planned(acme)["contacts"]["changes"]
    assert change["fields"] == {"name": ["By hand AB", "Newer AB"]}


def test_an_update_by_id_is_none_of_a_new_record(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/renamed.yaml", RENAMED)
    task = sandbox.records("blikk", "tasks")[0]
    give(acme, "tasks", {"id": task["id"], "title": "Ny"}, {"id": 987654, "title": "nobody"})
    mapping = planned(acme)["renamed"]
    (change,) = mapping["changes"]
    assert (change["action"], change["fields"]) == ("update", {"title": [task["title"], "Ny"]})
    assert mapping["rejected"] == 1


@pytest.mark.parametrize(("name", "text"), [("entries", ENTRIES), ("lines", LINES)])
def test_what_changed_and_can_t_be_updated_is_a_reject_in_the_plan_as_in_the_run(
    acme: Folder, name: str, text: str
) -> None:
    acme.write(f"mappings/{name}.yaml", text)
    entry = {"id": 1, "date": "2031-05-01", "hours": 2, "text": "work"}
    give(acme, "entries", entry)
    acme.run()
    give(acme, "entries", {**entry, "text": "other work"})
    mapping = planned(acme)[name]
    assert (mapping["changes"], mapping["rejected"]) == ([], 1)
    assert acme.run(code=1)["mappings"][0]["rejected"] == 1


def test_what_a_target_does_not_tell_is_called_create_or_update(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    count = len(sandbox.records("blikk", "projects"))
    text = acme.etl("plan").stdout
    assert text.count("  create or update") == count
    assert f"Plan: {count} to create or update, 0 to update, 0 to delete, 0 unchanged" in text
    assert {change["action"] for change in planned(acme)["projects"]["changes"]} == {"create"}


def test_an_id_that_comes_with_the_run_is_not_made_up_before(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    acme.write("mappings/children.yaml", CHILDREN)
    give(acme, "contacts", {"no": "K-77001", "name": "New AB"})
    give(acme, "children", {"no": "K-77002", "parent": "K-77001"})
    result = acme.etl("plan", "-o", "plan.etl")
    assert (result.exit_code, "gets an id only when mapping 'contacts' is run" in result.stdout) == (1, True)
    done = {each["name"]: each for each in acme.run("--plan", "plan.etl", code=1)["mappings"]}
    assert (done["contacts"]["created"], done["children"]["rejected"]) == (1, 1)
    assert all(adds_up(mapping) for mapping in done.values())
    after = {each["name"]: each for each in acme.run()["mappings"]}
    assert after["children"]["created"] == 1


def test_a_saved_plan_refuses_a_target_that_moved_on(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/contacts.yaml", CONTACTS)
    old = company(sandbox)
    give(acme, "contacts", {"no": old["customerNumber"], "name": "Renamed AB"})
    acme.etl("plan", "-o", "plan.etl")
    sandbox.change("blikk", "contacts", old["id"], name="By hand AB")
    result = acme.etl("run", "--plan", "plan.etl")
    assert (result.exit_code, "no longer holds: 1 record is not as it says" in result.stderr) == (3, True)
    assert writes(sandbox) == []


def test_a_saved_plan_refuses_another_address_or_environment(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    acme.etl("plan", "-o", "plan.etl")
    document = json.loads((acme.path / "etl.yaml").read_text())
    elsewhere = {"connections": {"dimesheets": {"base_url": "http://127.0.0.1:9"}}}
    acme.write("etl.yaml", json.dumps({**document, "environments": {"test": elsewhere}}))
    other = acme.etl("--env", "test", "run", "--plan", "plan.etl")
    assert (other.exit_code, "the plan is for environment none" in other.stderr) == (3, True)
    document["connections"]["dimesheets"] |= elsewhere["connections"]["dimesheets"]
    acme.write("etl.yaml", json.dumps(document))
    moved = acme.etl("run", "--plan", "plan.etl")
    assert (moved.exit_code, "'projects' changed since" in moved.stderr) == (3, True)
    assert writes(sandbox) == []
