"""What runs stored is found wherever it lies, and moves from one place to another with nothing lost or sent again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from etl.ports import Scope
from etl.sandbox import Sandbox
from etl.state import open_state
from tests.support import postgres
from tests.support.projects import PROJECTS, Folder, plain, project, to_sandbox

NEVER = PROJECTS.replace("title || orderNumber", "to_string(divide(id, `0`))")
"""Refuses each record."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["from SQLite to PostgreSQL", "from PostgreSQL to SQLite"])
def places(request: pytest.FixtureRequest, server: str) -> tuple[str, str]:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("SET client_min_messages TO warning")
        connection.execute("DROP SCHEMA IF EXISTS etl CASCADE")
    both = "sqlite:///here.db", server
    return both if request.param.startswith("from SQLite") else both[::-1]


def kept_in(folder: Folder, state: str) -> None:
    document = json.loads((folder.path / "etl.yaml").read_text())
    folder.write("etl.yaml", json.dumps({**document, "state": state}))


def known(folder: Folder, *words: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(folder.etl("state", "show", "--json", *words).stdout)["mappings"]
    return found


def test_a_state_that_moved_takes_the_same_for_sent(tmp_path: Path, sandbox: Sandbox, places: tuple[str, str]) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    kept_in(folder, places[0])
    first = folder.run()["mappings"][0]
    before = known(folder)

    assert folder.etl("state", "export", "moved.jsonl").exit_code == 0
    kept_in(folder, places[1])
    result = folder.etl("state", "import", "moved.jsonl")
    assert result.exit_code == 0, result.stderr
    assert "of project 'acme' taken in" in result.stderr

    assert known(folder) == before
    again = folder.run("--reread")["mappings"][0]
    assert (again["unchanged"], again["written"]) == (first["written"], 0)
    assert len(json.loads(folder.etl("runs", "--json").stdout)["runs"]) == 2
    if os.name == "posix":
        assert (tmp_path / "moved.jsonl").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("why", ["there is one", "another project", "no export", "no file"])
def test_a_state_that_is_not_taken_in_changes_nothing(tmp_path: Path, sandbox: Sandbox, why: str) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    folder.run()
    folder.etl("state", "export", "moved.jsonl")
    if why == "another project":
        document = json.loads((tmp_path / "etl.yaml").read_text())
        folder.write("etl.yaml", json.dumps({**document, "name": "umbra", "state": "sqlite:///other.db"}))
    elif why != "there is one":
        kept_in(folder, "sqlite:///other.db")
        folder.write("moved.jsonl", "nonsense") if why == "no export" else (tmp_path / "moved.jsonl").unlink()
    before = known(folder)
    result = folder.etl("state", "import", "moved.jsonl")
    assert result.exit_code == 3
    expected = {
        "there is one": "FOLDER/.etl/state.db already holds state of project 'acme'",
        "another project": "moved.jsonl holds state of project 'acme', and this one is 'umbra'",
        "no export": "moved.jsonl is no export of etl's state",
        "no file": "moved.jsonl can't be read: No such file",
    }
    assert expected[why] in plain(result.stderr, folder)
    assert known(folder) == before


@pytest.mark.parametrize("words", [("state", "export", "x.jsonl"), ("state", "reset", "projects", "--yes")])
def test_nothing_stored_is_moved_or_forgotten_under_a_running_mapping(
    tmp_path: Path, sandbox: Sandbox, words: tuple[str, ...]
) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    folder.run()
    before = known(folder)
    state = open_state("sqlite:///.etl/state.db", tmp_path)
    (where,) = state.scopes("acme")
    assert state.claim(Scope("acme", where.environment, "projects", where.origin))
    result = folder.etl(*words)
    state.close()
    assert result.exit_code == 3
    assert "a run of 'projects' is under way" in result.stderr
    assert known(folder) == before
    assert folder.etl(*words).exit_code == 0


def test_what_a_mapping_with_a_state_of_its_own_stored_is_found_by_its_path(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, to_sandbox(sandbox))
    folder.write("jobs/projects.yaml", f"{NEVER}state: sqlite:///own.db\n")
    said = folder.etl("run", "jobs/projects.yaml")
    assert said.exit_code == 1, said.stderr
    assert "etl rejects list projects --path jobs/projects.yaml" in said.stdout

    path = ("--path", "jobs/projects.yaml")
    assert known(folder) == []
    assert known(folder, *path)[0]["mapping"] == "projects"
    assert len(json.loads(folder.etl("runs", "--json", *path).stdout)["runs"]) == 1
    listed = json.loads(folder.etl("rejects", "list", "--json", *path).stdout)["rejects"]
    assert listed
    key = listed[0]["key"]
    shown = json.loads(folder.etl("rejects", "show", "projects", key, "--json", *path).stdout)["rejects"]
    assert shown[0]["record"]["title"]
    assert folder.etl("rejects", "retry", "projects", key, *path).exit_code == 1
    assert folder.etl("rejects", "drop", "projects", key, *path).exit_code == 0
    assert len(json.loads(folder.etl("rejects", "list", "--json", *path).stdout)["rejects"]) == len(listed) - 1
    assert folder.etl("state", "reset", "projects", "--yes", *path).exit_code == 0
    assert known(folder, *path) == []


def test_what_another_project_stored_is_found_from_anywhere_by_its_path(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path / "customer", to_sandbox(sandbox), projects=NEVER)
    elsewhere = Folder(tmp_path / "elsewhere")
    elsewhere.path.mkdir()
    said = elsewhere.etl("run", "../customer/mappings")
    assert "etl rejects list projects --path ../customer/mappings" in said.stdout
    assert known(elsewhere, "--path", "../customer/mappings") == known(folder) != []
    shutil.rmtree(elsewhere.path / ".etl", ignore_errors=True)
    assert known(elsewhere) == []


def test_a_path_that_leads_to_no_mapping_says_so(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), projects=NEVER)
    result = folder.etl("runs", "--path", "nowhere.yaml")
    assert result.exit_code == 2
    assert "nowhere.yaml" in result.stderr
