"""A saved plan is carried out exactly, or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import Folder, adds_up

PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('blikk-project-', id)", name: "title || orderNumber"}
target: {connection: dimesheets, endpoint: projects}
"""
TASKS = """\
version: 1
name: tasks
source: {connection: blikk, endpoint: tasks, where: project}
lookups: {projects: {mapping: projects}}
fields:
  {externalId: "concat('blikk-task-', id)", projectExternalId: "lookup('projects', project.id)", name: title,
   description: description, estimatedHours: estimate, isBillable: true}
target: {connection: dimesheets, endpoint: tasks, missing: {set: {description: gone}}}
"""


@pytest.fixture
def planned(acme: Folder, sandbox: Sandbox) -> Folder:
    """Two mappings, the second on top of the first, planned and saved; nothing sent."""
    acme.write("mappings/projects.yaml", PROJECTS)
    acme.write("mappings/tasks.yaml", TASKS)
    result = acme.etl("plan", "-o", "plan.etl")
    assert result.exit_code == 0, result.stderr
    assert sandbox.requests("dimesheets") == []
    return acme


def carried_out(folder: Folder, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
    report = folder.run("--plan", "plan.etl", *words, code=code)
    assert all(adds_up(each) for each in report["mappings"])
    return {each["name"]: each for each in report["mappings"]}


def test_a_plan_that_holds_is_carried_out(planned: Folder, sandbox: Sandbox) -> None:
    done = carried_out(planned)
    assert done["projects"]["written"] == len(sandbox.records("blikk", "projects"))
    assert done["tasks"]["written"] > 0
    assert {each["written"] for each in planned.run()["mappings"]} == {0}


def test_the_file_is_nobody_else_s_business(planned: Folder) -> None:
    if os.name == "posix":
        assert (planned.path / "plan.etl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("what", ["changed", "added", "removed", "written meanwhile"])
def test_where_source_or_target_moved_on_nothing_is_sent(planned: Folder, sandbox: Sandbox, what: str) -> None:
    task = next(each for each in sandbox.records("blikk", "tasks") if each["project"])
    if what == "changed":
        sandbox.change("blikk", "tasks", task["id"], title="changed")
    elif what == "added":
        sandbox.add("blikk", "projects", title="new")
    elif what == "removed":
        sandbox.remove("blikk", "tasks", task["id"])
    else:
        planned.run("--select", "projects")
    sandbox.forget_requests()
    result = planned.etl("run", "--plan", "plan.etl")
    assert result.exit_code == 3
    assert "no longer holds" in result.stderr
    assert "nothing was sent" in result.stderr
    assert sandbox.requests("dimesheets") == []


def test_a_changed_mapping_is_not_the_one_that_was_planned(planned: Folder) -> None:
    planned.write("mappings/projects.yaml", PROJECTS.replace("title || orderNumber", "title"))
    result = planned.etl("run", "--plan", "plan.etl")
    assert (result.exit_code, "'projects' changed since" in result.stderr) == (3, True)


def test_what_moves_on_after_the_comparison_is_not_sent(
    planned: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from etl.cli import carrying_out

    check = carrying_out.check_writes

    def meanwhile(*words: Any) -> None:
        check(*words)
        sandbox.change("blikk", "projects", sandbox.records("blikk", "projects")[0]["id"], title="changed")

    monkeypatch.setattr(carrying_out, "check_writes", meanwhile)
    done = carried_out(planned, code=3)
    assert "is not in the plan" in done["projects"]["error"]
    assert "changed" not in {each["name"] for each in sandbox.records("dimesheets", "projects")}


def test_deletions_and_marks_are_part_of_it(planned: Folder, sandbox: Sandbox) -> None:
    planned.run()
    gone = next(each for each in sandbox.records("blikk", "tasks") if each["project"])
    sandbox.remove("blikk", "tasks", gone["id"])
    planned.etl("plan", "-o", "plan.etl")
    assert carried_out(planned)["tasks"]["deleted"] == 1
    assert planned.etl("run", "--plan", "plan.etl").exit_code == 3


def test_what_a_limit_stops_is_shown_and_not_saved(acme: Folder) -> None:
    acme.write(
        "mappings/projects.yaml", PROJECTS.replace('name: "', 'description: {const: null, required: true}, name: "')
    )
    with (acme.path / "mappings/projects.yaml").open("a", encoding="utf-8") as file:
        file.write("limits: {max_rejects: 2}\n")

    result = acme.etl("plan", "-o", "plan.etl")

    assert result.exit_code == 3
    assert "would be rejected, more than `limits.max_rejects` allows" in result.stdout
    assert "a run would stop here, too" in result.stdout
    assert "not saved, since projects stopped before the end" in result.stderr
    assert not (acme.path / "plan.etl").exists()


def test_it_says_itself_what_is_run(planned: Folder) -> None:
    assert planned.etl("plan", "-o", "plan.etl", "--select", "projects", "--limit", "3").exit_code == 0
    assert list(carried_out(planned)) == ["projects"]
    for words in (["--select", "projects"], ["mappings"], ["--full"]):
        result = planned.etl("run", "--plan", "plan.etl", *words)
        assert (result.exit_code, "the plan itself says what is run" in result.stderr) == (2, True)


def test_what_could_not_be_looked_at_is_no_plan(planned: Folder, sandbox: Sandbox) -> None:
    (planned.path / "plan.etl").unlink()
    sandbox.configure(missing_permissions=["Task_Read"])
    result = planned.etl("plan", "-o", "plan.etl")
    assert result.exit_code == 3
    assert not (planned.path / "plan.etl").exists()


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff\x00", b"[1]", b'{"etl_plan": 99}'])
def test_a_file_that_is_no_plan(planned: Folder, content: bytes | None) -> None:
    path: Path = planned.path / "plan.etl"
    path.unlink() if content is None else path.write_bytes(content)
    result = planned.etl("run", "--plan", "plan.etl")
    assert result.exit_code == 2
    assert "etl plan" in result.stderr or "make a new plan" in result.stderr


def test_the_documents_on_standard_output_are_json_whatever_happens(planned: Folder, sandbox: Sandbox) -> None:
    sandbox.add("blikk", "projects", title="new")
    result = planned.etl("run", "--plan", "plan.etl", "--json")
    assert (result.exit_code, json.loads(result.stdout)["exit_code"]) == (3, 3)
