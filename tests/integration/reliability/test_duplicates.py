"""Two records with one key in the target, in one run or over several: neither takes the other's place unsaid."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import Folder, adds_up, project, to_sandbox

PROJECTS = """\
version: 1
name: projects
source: {connection: local, endpoint: projects.jsonl, key: id}
fields: {externalId: no, name: name}
target: {connection: dimesheets, endpoint: projects}
"""
LAST = PROJECTS.replace("endpoint: projects}", "endpoint: projects, on_duplicate: last}")
TASKS = """\
version: 1
name: tasks
source: {connection: local, endpoint: tasks.jsonl, key: id}
fields:
  {externalId: no, projectExternalId: project, name: no, description: no, estimatedHours: 1, isBillable: true}
target: {connection: dimesheets, endpoint: tasks}
"""
INCREMENTAL = """\
version: 1
name: incremental
source: {connection: blikk, endpoint: projects, where: "starts_with(title || '', 'twin')"}
fields: {externalId: "'twins'", name: "title"}
target: {connection: dimesheets, endpoint: projects}
"""


@pytest.fixture
def acme(tmp_path: Path, sandbox: Sandbox) -> Folder:
    return project(tmp_path, {**to_sandbox(sandbox), "local": {"connector": "files"}})


def give(folder: Folder, *names: str, file: str = "projects") -> None:
    records = [{"id": number, "no": "twins", "name": name} for number, name in enumerate(names, 1)]
    folder.write(f"{file}.jsonl", "".join(json.dumps(record) + "\n" for record in records))


def there(sandbox: Sandbox) -> list[str]:
    return [each["name"] for each in sandbox.records("dimesheets", "projects") if each["externalId"] == "twins"]


def once(folder: Folder, *words: str, code: int = 0) -> dict[str, Any]:
    (mapping,) = folder.run(*words, code=code)["mappings"]
    assert adds_up(mapping)
    return dict(mapping)


def test_the_second_stays_refused_however_it_is_sent_again(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    give(acme, "first", "second")
    assert once(acme, code=1)["rejected"] == 1
    assert acme.etl("rejects", "retry").exit_code == 1
    assert once(acme, code=1)["rejected"] == 1
    assert there(sandbox) == ["first"]


def test_the_second_is_sent_once_its_key_is_another(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    give(acme, "first", "second")
    once(acme, code=1)
    acme.write("mappings/projects.yaml", PROJECTS.replace("externalId: no", "externalId: \"concat(no, '-', name)\""))
    assert acme.etl("rejects", "retry").exit_code == 0


def test_a_read_of_what_changed_minds_what_it_does_not_read(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/incremental.yaml", INCREMENTAL)
    sandbox.add("blikk", "projects", title="twin 1", created="2020-01-01 00:00:00 +00:00", updated=None)
    once(acme)
    sandbox.add("blikk", "projects", title="twin 2")
    mapping = once(acme, code=1)
    assert (mapping["rejected"], there(sandbox)) == (1, ["twin 1"])
    assert (once(acme, code=1)["rejected"], there(sandbox)) == (1, ["twin 1"])


def test_a_changed_source_key_makes_nobody_a_double(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    give(acme, "first")
    once(acme)
    acme.write("mappings/projects.yaml", PROJECTS.replace("key: id", "key: name"))
    assert once(acme, "--limit", "1")["rejected"] == 0


def test_the_last_holds_though_it_is_the_first_that_changed(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", LAST)
    give(acme, "first", "second", "third")
    assert (once(acme)["written"], there(sandbox)) == (3, ["third"])
    give(acme, "first", "changed", "third")
    assert (once(acme)["written"], there(sandbox)) == (2, ["third"])
    assert once(acme)["unchanged"] == 3


def test_children_of_a_parent_whose_double_was_refused_are_sent(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS)
    acme.write("mappings/tasks.yaml", TASKS)
    give(acme, "first", "second")
    acme.write("tasks.jsonl", json.dumps({"id": 1, "no": "t-1", "project": "twins"}))
    report = {each["name"]: each for each in acme.run(code=1)["mappings"]}
    assert (report["projects"]["rejected"], report["tasks"]["written"]) == (1, 1)


def test_children_of_a_parent_that_failed_a_check_are_not_sent_to_fail(acme: Folder, sandbox: Sandbox) -> None:
    acme.write(
        "mappings/projects.yaml",
        PROJECTS.replace("name: name", "clientId: {value: client, required: true}, name: name"),
    )
    acme.write("mappings/tasks.yaml", TASKS)
    give(acme, "first")
    acme.write("tasks.jsonl", json.dumps({"id": 1, "no": "t-1", "project": "twins"}))
    report = {each["name"]: each for each in acme.run(code=1)["mappings"]}
    assert (report["projects"]["rejected"], report["tasks"]["rejected"]) == (1, 1)
    assert sandbox.requests("dimesheets") == []
    acme.write("mappings/projects.yaml", PROJECTS)
    assert {each["written"] for each in acme.run()["mappings"]} == {1}


def test_a_record_without_a_key_is_refused_until_it_has_one_or_is_gone(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", PROJECTS.replace("key: id", "key: code"))
    give(acme, "first")
    assert once(acme, code=1)["rejected"] == 1
    assert acme.etl("rejects", "retry").exit_code == 1
    acme.write("mappings/projects.yaml", PROJECTS)
    assert (acme.etl("rejects", "retry").exit_code, there(sandbox)) == (0, ["first"])
    assert once(acme)["unchanged"] == 1
    acme.write("mappings/projects.yaml", PROJECTS.replace("key: id", "key: code"))
    once(acme, code=1)
    give(acme)
    assert once(acme)["rejected"] == 0
    assert json.loads(acme.etl("rejects", "list", "--json").stdout)["rejects"] == []
