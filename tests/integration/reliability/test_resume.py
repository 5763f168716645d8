"""A long read that was cut off goes on from its last settled page; where that is not safe, it starts anew."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Rule, Sandbox
from etl.state import open_state
from tests.support.mortals import Mother, mother
from tests.support.projects import Folder, project, to_sandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

PAGES = 36
SMALL_PAGES = """\
version: 1
name: blikk
extends: blikk
endpoints: {tasks: {operations: {list: {paging: {size: 10}}}}}
"""
TASKS = """\
version: 1
name: tasks
source: {connection: blikk, endpoint: tasks}
fields: {externalId: "concat('task-', id)", name: title}
target: {connection: dimesheets, endpoint: projects, batch_size: 7}
"""


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mother]:
    with mother() as process:
        yield process


@pytest.fixture
def acme(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """Some pages of tasks, read at about sixty a second."""
    for number in range(PAGES * 10 - len(sandbox.records("blikk", "tasks"))):
        sandbox.add("blikk", "tasks", created=f"2026-01-02T10:{number // 60:02}:{number % 60:02}Z")
    slow = {"requests": 4, "per": "40ms", "force": True}
    connections = to_sandbox(sandbox, blikk={"connector": "./connectors/blikk.yaml", "throttle": slow})
    folder = project(tmp_path / "acme", connections, tasks=TASKS)
    folder.write("connectors/blikk.yaml", SMALL_PAGES)
    sandbox.forget_requests()
    return folder


def asked(sandbox: Sandbox) -> list[int]:
    """The pages of tasks that were asked for, sorted; forgets them."""
    pages = [int(entry.query["page"]) for entry in sandbox.requests("blikk") if entry.path.endswith("/Tasks")]
    sandbox.forget_requests()
    return sorted(pages)


def place(folder: Folder) -> int:
    """The page behind which the next read goes on."""
    state = open_state("sqlite:///.etl/state.db", folder.path)
    try:
        (scope,) = state.scopes("acme", "")
        checkpoint = state.mapping(scope).checkpoint()
        return checkpoint.page if checkpoint else 0
    finally:
        state.close()


def arrived(sandbox: Sandbox) -> set[str]:
    names = {str(each["externalId"]) for each in sandbox.records("dimesheets", "projects")}
    return {name for name in names if name.startswith("task-")}


def wanted(sandbox: Sandbox) -> set[str]:
    return {f"task-{each['id']}" for each in sandbox.records("blikk", "tasks")}


def cut_off(acme: Folder, mortals: Mother) -> int:
    """A run that is killed about two thirds into its read."""
    assert mortals.run(acme.path, "run", what="request", at=64).killed
    return place(acme)


def test_a_read_that_was_killed_goes_on_where_it_was(acme: Folder, sandbox: Sandbox, mortals: Mother) -> None:
    at = cut_off(acme, mortals)
    assert 3 < at < PAGES
    asked(sandbox)
    report = acme.run()
    assert asked(sandbox) == list(range(at, PAGES + 1))
    assert report["mappings"][0]["read"] < PAGES * 10
    assert arrived(sandbox) == wanted(sandbox)
    assert place(acme) == 0
    acme.run()
    assert asked(sandbox)[0] == 1


def test_it_is_killed_again_and_again_and_still_comes_to_its_end(
    acme: Folder, sandbox: Sandbox, mortals: Mother
) -> None:
    kills, places = 0, [0]
    while mortals.run(acme.path, "run", what="request", at=44).killed:
        kills += 1
        places.append(place(acme))
        assert kills < 30
    assert kills >= 2
    assert places == sorted(places)
    assert arrived(sandbox) == wanted(sandbox)


def test_an_interrupt_notes_the_place_too(acme: Folder, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("latency", api="blikk", path="/Tasks$", nth=20, seconds=600))
    process = acme.start("run", "--json")
    while not sandbox.held() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert "stopping" in process.stderr.readline()
    sandbox.behave()
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    assert json.loads(out)["status"] == "interrupted"
    at = place(acme)
    assert 3 < at < PAGES
    asked(sandbox)
    acme.run()
    assert asked(sandbox)[0] == at
    assert arrived(sandbox) == wanted(sandbox)


@pytest.mark.parametrize("what", ["mapping", "--reread", "--resend", "--full"])
def test_where_it_would_not_be_the_same_read_it_starts_anew(
    acme: Folder, sandbox: Sandbox, mortals: Mother, what: str
) -> None:
    assert cut_off(acme, mortals) > 3
    asked(sandbox)
    if what == "mapping":
        acme.write("mappings/tasks.yaml", TASKS.replace("name: title", "name: upper(title)"))
    acme.run(*([what] if what.startswith("--") else []))
    assert asked(sandbox)[0] == 1
    assert arrived(sandbox) == wanted(sandbox)


def test_a_look_at_a_few_records_leaves_the_place_alone(acme: Folder, sandbox: Sandbox, mortals: Mother) -> None:
    at = cut_off(acme, mortals)
    acme.run("--limit", "3")
    acme.etl("plan")
    assert place(acme) == at


def test_a_read_that_was_resumed_deletes_nothing(acme: Folder, sandbox: Sandbox, mortals: Mother) -> None:
    text = TASKS.replace("target: {", "target: {missing: {set: {description: gone}}, ")
    acme.write("mappings/tasks.yaml", text)
    acme.run()
    first = sandbox.records("blikk", "tasks")[0]
    sandbox.remove("blikk", "tasks", first["id"])
    assert mortals.run(acme.path, "run", what="request", at=64).killed
    report: dict[str, Any] = acme.run()
    assert report["mappings"][0]["deleted"] == 0
    report = acme.run()
    assert report["mappings"][0]["deleted"] == 1


def test_after_a_read_that_went_on_the_next_one_finds_what_moved_to_pages_before_it(
    tmp_path: Path, sandbox: Sandbox, mortals: Mother
) -> None:
    """Deleted while nothing ran: those behind moved up over more than the page that is read twice."""
    connections = to_sandbox(sandbox, blikk={"connector": "./connectors/blikk.yaml"})
    projects = TASKS.replace("endpoint: tasks", "endpoint: projects")
    folder = project(tmp_path / "acme", connections, projects=projects)
    folder.write("connectors/blikk.yaml", SMALL_PAGES.replace("tasks:", "projects:"))
    for number in range(200):
        sandbox.add("blikk", "projects", created=f"{1900 + number // 12}-{number % 12 + 1:02}-02T10:00:00Z")
    assert mortals.run(folder.path, "run", what="request", at=64).killed
    oldest = sorted(sandbox.records("blikk", "projects"), key=lambda each: str(each["created"]))
    for each in oldest[:40]:
        sandbox.remove("blikk", "projects", each["id"])
    left = {f"task-{each['id']}" for each in sandbox.records("blikk", "projects")}
    folder.run()
    assert not left <= arrived(sandbox), "the read did not go on, or nothing moved"
    folder.run()
    assert left <= arrived(sandbox)


def test_pages_that_had_to_be_read_again_are_not_skipped(acme: Folder, sandbox: Sandbox, mortals: Mother) -> None:
    """Deletions in front make the read go back; a kill meanwhile must not lose what moved."""
    sandbox.misbehave(Rule("delete", api="blikk", path="/Tasks$", every=9))
    kills = 0
    while mortals.run(acme.path, "run", what="request", at=64).killed and kills < 20:
        kills += 1
    sandbox.behave()
    acme.run()
    assert wanted(sandbox) <= arrived(sandbox)
