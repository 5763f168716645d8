"""State that can't be used, disks that are full, two runs at once: said in words, nothing lost, nothing doubled."""

from __future__ import annotations

import ctypes
import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.sandbox import Rule, Sandbox
from etl.state import open_state
from tests.support.projects import PROJECTS, Folder, plain, project, to_sandbox

posix = pytest.mark.skipif(sys.platform == "win32", reason="limits and capabilities of a process are a POSIX thing")


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Folder:
    return project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)


def refused(folder: Folder, code: int = 3) -> str:
    """What a run says that can't use its state."""
    result = folder.etl("run")
    assert result.exit_code == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    table, _, notes = result.stdout.partition("\n\n")
    return plain(result.stderr + (notes if "──" in table else result.stdout), folder)


def state(folder: Folder) -> Path:
    return folder.path / ".etl" / "state.db"


def arrived(sandbox: Sandbox) -> int:
    return sum(str(each["externalId"]).startswith("blikk-") for each in sandbox.records("dimesheets", "projects"))


# --- files that are no state ---------------------------------------------------------------------


def test_a_state_file_that_is_something_else(folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    file = folder.write(".etl/state.db", b"Dear diary, " * 1000)
    assert refused(folder) == snapshot
    assert file.read_bytes() == b"Dear diary, " * 1000
    assert sandbox.requests() == []


def test_a_state_file_that_is_damaged(folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder.run()
    damaged = state(folder).read_bytes()[:4096] + b"\xa5" * 40_000
    folder.write(".etl/state.db", damaged)
    sandbox.forget_requests()
    assert refused(folder) == snapshot
    assert state(folder).read_bytes() == damaged
    assert sandbox.requests() == []


def test_a_state_of_a_newer_etl(folder: Folder, snapshot: SnapshotAssertion) -> None:
    folder.run()
    with closing(sqlite3.connect(state(folder), isolation_level=None)) as file:
        file.execute("INSERT INTO etl_schema SELECT max(version) + 1, '' FROM etl_schema")
    assert refused(folder) == snapshot


def test_a_state_whose_folder_can_not_be_made(folder: Folder, snapshot: SnapshotAssertion) -> None:
    folder.write(".etl", "a file where the folder should be")
    assert refused(folder) == snapshot


def test_a_state_that_is_a_folder(folder: Folder, snapshot: SnapshotAssertion) -> None:
    state(folder).mkdir(parents=True)
    assert refused(folder) == snapshot


# --- files that others use, or that may not be written -------------------------------------------


def test_a_state_that_another_program_holds(
    folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.run()
    monkeypatch.setitem(open_state.__kwdefaults__, "wait", 0.1)  # half a minute is what a user has time for
    sandbox.forget_requests()
    with closing(sqlite3.connect(state(folder), isolation_level=None)) as viewer:
        viewer.execute("BEGIN EXCLUSIVE")
        assert refused(folder) == snapshot
    assert sandbox.requests() == []
    assert folder.run()["mappings"][0]["unchanged"] == arrived(sandbox)


def test_a_second_run_of_the_same_mapping_says_that_one_is_under_way(
    folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    sandbox.misbehave(Rule("latency", path="/Core/Projects", seconds=600))
    first = folder.start("run", "--json")
    while not sandbox.held() and first.poll() is None:
        time.sleep(0.01)
    assert refused(folder) == snapshot
    sandbox.behave()
    out, err = first.communicate(timeout=60)
    assert first.returncode == 0, err
    assert json.loads(out)["mappings"][0]["written"] == arrived(sandbox) > 0


@posix
@pytest.mark.parametrize("place", [".etl/state.db", ".etl"], ids=["file", "folder"])
def test_a_state_that_may_not_be_written(place: str, folder: Folder, snapshot: SnapshotAssertion) -> None:
    folder.run("--limit", "2")
    (folder.path / place).chmod(0o500)
    try:
        result = child(folder, without_privileges)
    finally:
        (folder.path / place).chmod(0o700)
    assert result.returncode == 3
    assert plain(result.stderr, folder) == snapshot


def child(folder: Folder, prepare: Callable[[], None]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "etl", "run"],
        cwd=folder.path,
        env={**os.environ, "COLUMNS": "1000"},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        preexec_fn=prepare,
        check=False,
    )


def without_privileges() -> None:
    """A superuser may write anywhere; the child shall not: CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH are dropped."""
    if sys.platform == "linux":
        drop_from_bounding_set = 24
        for capability in (1, 2):
            ctypes.CDLL(None).prctl(drop_from_bounding_set, capability, 0, 0, 0)


# --- a disk that is full -------------------------------------------------------------------------


def with_room_for(size: int) -> Callable[[], None]:
    """No file of the child grows beyond `size`: what a full disk looks like to it."""

    def limit() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


@posix
@pytest.mark.parametrize("size", [1_000, 20_000])
def test_a_disk_that_is_full_from_the_start(
    size: int, folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    result = child(folder, with_room_for(size))
    assert result.returncode == 3
    assert plain(result.stderr + result.stdout, folder) == snapshot
    assert sandbox.requests() == []
    assert folder.run()["mappings"][0]["written"] == arrived(sandbox) > 0


@posix
def test_a_disk_that_fills_up_in_the_middle_of_a_run(
    folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    for number in range(400):
        sandbox.add("blikk", "projects", title=f"{number} {'lång titel ' * 40}")
    folder.run("--limit", "2")
    result = child(folder, with_room_for(state(folder).stat().st_size + 8192))
    assert result.returncode == 3
    message = next(line for line in result.stdout.splitlines() if line.startswith("projects: "))
    assert plain(message, folder) == snapshot
    assert "failed" in result.stdout.splitlines()[-1]
    report = folder.run()["mappings"][0]
    every = len(sandbox.records("blikk", "projects"))
    assert (report["read"], report["unchanged"] + report["written"]) == (every, every)
    assert arrived(sandbox) == every
    assert folder.run()["mappings"][0]["unchanged"] == every


def test_a_run_whose_end_can_not_be_stored_still_tells_what_it_did(folder: Folder, sandbox: Sandbox) -> None:
    folder.run("--limit", "2")
    with closing(sqlite3.connect(state(folder), isolation_level=None)) as opened:
        opened.execute("create trigger broken before update on runs begin select json_extract('no JSON', '$'); end")
    result = folder.etl("run", "--json")
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert (report["status"], report["exit_code"]) == ("failed", 3)
    assert "error: the state file" in result.stderr
    assert report["mappings"][0]["written"] + 2 == arrived(sandbox)
    said = folder.etl("run").stdout
    assert "projects" in said
    assert "failed: the state file" in said.splitlines()[-1]


# --- the sandbox's own data ----------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"Dear diary, " * 1000, None], ids=["something else", "a file in the way"])
def test_sandbox_data_that_can_not_be_used(content: bytes | None, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    folder = Folder(tmp_path)
    folder.write(".etl/sandbox/sandbox.db" if content else ".etl", content or b"")
    result = folder.etl("run", "--sandbox", "builtin:blikk-to-dimesheets/projects")
    assert result.exit_code == 3
    assert plain(result.stderr, folder) == snapshot
