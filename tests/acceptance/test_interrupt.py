"""Stopped in the middle: what was done is recorded, a rerun goes on, and in the end everything is there once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from etl.sandbox import Rule, Sandbox
from tests.support.projects import PROJECTS, Folder, adds_up, project, to_sandbox

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a signal to another process is a POSIX thing")

SMALL_BATCHES = PROJECTS.replace("endpoint: projects}\n", "endpoint: projects, batch_size: 3}\n").replace(
    "source: {connection: blikk, endpoint: projects, batch_size: 3}", "source: {connection: blikk, endpoint: projects}"
)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """One for each test: it may still be at work for a client that is gone when the test is over."""
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """Batches of three, so that there are several requests between which to stop."""
    return project(tmp_path, to_sandbox(sandbox), projects=SMALL_BATCHES)


def until(happened: Callable[[], object], process: subprocess.Popen[str]) -> None:
    while not happened() and process.poll() is None:
        time.sleep(0.01)


def sent(sandbox: Sandbox) -> int:
    return len(sandbox.requests("dimesheets"))


def arrived(sandbox: Sandbox) -> Counter[str]:
    names = (str(each["externalId"]) for each in sandbox.records("dimesheets", "projects"))
    return Counter(name for name in names if name.startswith("blikk-"))


def every(sandbox: Sandbox) -> Counter[str]:
    return Counter(f"blikk-{each['id']}" for each in sandbox.records("blikk", "projects"))


def stop(process: subprocess.Popen[str], number: int = signal.SIGINT) -> str:
    """Sends a signal; gives what the run says to it."""
    process.send_signal(number)
    assert process.stderr
    return process.stderr.readline()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_what_is_in_flight_is_finished_and_recorded(number: int, folder: Folder, sandbox: Sandbox) -> None:
    sandbox.misbehave(*(Rule("latency", api="dimesheets", nth=nth, seconds=600) for nth in range(2, 20)))
    process = folder.start("run", "--json")
    until(sandbox.held, process)
    assert "stopping" in stop(process, number)
    sandbox.behave()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    report = json.loads(out)
    (counts,) = report["mappings"]
    assert (report["status"], counts["status"], adds_up(counts)) == ("interrupted", "interrupted", True)
    assert 3 < counts["written"] == arrived(sandbox).total() < every(sandbox).total()
    (rest,) = folder.run()["mappings"]
    assert rest["unchanged"] + rest["written"] == rest["read"]
    assert rest["written"] == every(sandbox).total() - counts["written"]
    assert arrived(sandbox) == every(sandbox)


def test_an_interrupt_while_reading_starts_no_new_request(folder: Folder, sandbox: Sandbox) -> None:
    for number in range(300):
        sandbox.add("blikk", "projects", title=f"Etapp {number}")
    sandbox.misbehave(Rule("latency", api="blikk", path="Projects", seconds=600))
    process = folder.start("run", "--json")
    until(sandbox.held, process)
    stop(process)
    before = len(sandbox.requests()) + sandbox.held()
    sandbox.behave()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert adds_up(json.loads(out)["mappings"][0])
    assert len(sandbox.requests("blikk")) <= before
    folder.run()
    assert arrived(sandbox) == every(sandbox)


def test_the_second_signal_stops_at_once(folder: Folder, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("latency", api="dimesheets", seconds=600))
    process = folder.start("run")
    until(sandbox.held, process)
    assert "once more stops at once" in stop(process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in out + err
    sandbox.behave()
    folder.run()
    assert arrived(sandbox) == every(sandbox)


@pytest.mark.parametrize("place", [0, 1, 3])
def test_a_killed_run_is_made_good_by_the_next(place: int, folder: Folder, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("latency", api="dimesheets", seconds=0.15))
    process = folder.start("run")
    until(lambda: sent(sandbox) >= place and len(sandbox.requests("blikk")) > 1, process)
    process.kill()
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
    sandbox.behave()
    (rest,) = folder.run()["mappings"]
    assert adds_up(rest)
    assert rest["written"] > 0
    assert arrived(sandbox) == every(sandbox)
    assert folder.run()["mappings"][0]["written"] == 0


def test_a_run_killed_again_and_again_gets_there(folder: Folder, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("latency", api="dimesheets", seconds=0.05))
    for _ in range(3):
        before = sent(sandbox)
        process = folder.start("run")
        until(lambda before=before: sent(sandbox) > before, process)  # type: ignore[misc]
        process.kill()
        process.communicate(timeout=30)
    sandbox.behave()
    assert folder.process("run").returncode == 0
    assert arrived(sandbox) == every(sandbox)
