"""A run that is stopped (SIGSTOP, a laptop that sleeps) on one machine while another one runs the same mapping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from etl.sandbox import Rule, Sandbox
from tests.support import postgres
from tests.support.projects import Folder, project, to_sandbox

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="signals of POSIX")

ENTRIES = """\
version: 1
name: entries
source: {connection: blikk, endpoint: projects, incremental: false}
fields: {date: {const: "2031-05-01"}, duration: 2, description: "concat('for ', id)", isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create}
"""
PAGE = 100


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def machines(server: str, sandbox: Sandbox, tmp_path: Path) -> list[Folder]:
    """Two that share nothing but PostgreSQL."""
    for number in range(PAGE):
        sandbox.add("blikk", "projects", title=f"Project {number}")
    folders = [project(tmp_path / name, to_sandbox(sandbox), entries=ENTRIES) for name in ("one", "two")]
    for folder in folders:
        document = json.loads((folder.path / "etl.yaml").read_text())
        folder.write("etl.yaml", json.dumps({**document, "name": tmp_path.name, "state": server}))
    return folders


@pytest.fixture
def stopped(machines: list[Folder], sandbox: Sandbox) -> Iterator[subprocess.Popen[str]]:
    """A run on the first machine that has written the first page, and was stopped while it waited for the second."""
    sandbox.misbehave(Rule("latency", api="blikk", path="/Core/Projects$", nth=2, seconds=600))
    elsewhere = {"XDG_STATE_HOME": str(machines[0].path / "home"), "LOCALAPPDATA": str(machines[0].path / "home")}
    with machines[0].start("run", "--json", env=elsewhere) as run:
        try:
            while run.poll() is None and not (sandbox.held() and len(_made(sandbox)) >= PAGE):
                time.sleep(0.01)
            run.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WNOWAIT)
            yield run
        finally:
            run.kill()


def _made(sandbox: Sandbox) -> Counter[str]:
    entries = sandbox.records("dimesheets", "time_entries")
    return Counter(each["description"] for each in entries if str(each["description"]).startswith("for "))


def _wanted(sandbox: Sandbox) -> Counter[str]:
    return Counter(f"for {each['id']}" for each in sandbox.records("blikk", "projects"))


def _ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code and what it says stopped its mapping, once it goes on."""
    run.send_signal(signal.SIGCONT)
    out, _ = run.communicate(timeout=300)
    return run.returncode, str(json.loads(out)["mappings"][0]["error"])


def test_others_are_told_that_a_run_is_under_way_and_it_ends_as_if_nothing_had_been(
    stopped: subprocess.Popen[str], machines: list[Folder], sandbox: Sandbox
) -> None:
    second = machines[1].run(code=3)["mappings"][0]
    assert second["error"].startswith("another run of 'entries' is under way — wait until it is done")
    assert machines[1].etl("plan").exit_code == 0
    assert "under way" in machines[1].etl("state", "reset", "entries", "--yes").stderr
    sandbox.behave()
    assert _ended(stopped) == (0, "None")
    assert _made(sandbox) == _wanted(sandbox)
    assert machines[1].run()["mappings"][0]["written"] == 0


def test_one_that_wakes_up_without_its_claim_writes_nothing_twice(
    stopped: subprocess.Popen[str], machines: list[Folder], sandbox: Sandbox, server: str
) -> None:
    with psycopg.connect(server, autocommit=True) as connection:  # what the server does once nobody answers
        connection.execute(
            "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
        )
    sandbox.behave()
    assert machines[1].run()["mappings"][0]["unsettled"] == 0
    assert _made(sandbox) == _wanted(sandbox)
    code, error = _ended(stopped)
    assert (code, "can't be used" in error) == (3, True)
    assert _made(sandbox) == _wanted(sandbox)


def test_one_that_waits_says_so_and_runs_when_the_other_is_done(
    stopped: subprocess.Popen[str], machines: list[Folder], sandbox: Sandbox
) -> None:
    with machines[1].start("run", "--json", "--wait") as waiting:
        assert waiting.stderr is not None
        try:
            said = waiting.stderr.readline()
            assert "another run of 'entries' is under way: this one waits until that is done" in said
            sandbox.behave()
            assert _ended(stopped) == (0, "None")
            out, _ = waiting.communicate(timeout=300)
        finally:
            waiting.kill()
    assert json.loads(out)["mappings"][0]["unchanged"] == sum(_wanted(sandbox).values())
