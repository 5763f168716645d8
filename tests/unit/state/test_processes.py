"""Several processes on one store, and processes that are killed; in both stores."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.unit.state.conftest import SCOPE, Open

ROOT = Path(__file__).parents[3]


@contextmanager
def child(role: str, url: str, root: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.unit.state.children", role, url, str(root)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.mark.parametrize("lines", [1, 2, 7, 40])
def test_what_was_stored_survives_kill_9_at_any_point(
    store_url: str, tmp_path: Path, open_store: Open, lines: int
) -> None:
    with child("create", store_url, tmp_path) as process:
        said = [line(process) for _ in range(lines)]
        process.kill()
        assert process.stdout is not None
        said += process.stdout.read().splitlines()
    mapping = open_store().mapping(SCOPE)
    intended = {intent.key for intent in mapping.intents()}
    last = int(said[-1].split()[1])
    keys = [f"{number}{part}" for number in range(last + 2) for part in "ab"]
    accepted = set(mapping.known(keys))
    assert not intended & accepted, "a key has both an intent and a ledger entry"
    assert {key[:-1] for key in keys if f"{key[:-1]}a" in accepted} == {key[:-1] for key in accepted}
    assert len(accepted) % 2 == len(intended) % 2 == 0, "half of a call was stored"
    for word, number in (each.split() for each in said):
        assert f"{number}b" in accepted or (word == "intended" and f"{number}b" in intended)


def test_a_claim_ends_with_the_process_that_holds_it(store_url: str, tmp_path: Path, open_store: Open) -> None:
    state = open_store()
    with child("hold", store_url, tmp_path) as process:
        assert line(process) == "claimed"
        assert not state.claim(SCOPE)
        process.kill()
        process.wait()
    for _ in range(1000):  # the server notices the lost connection by itself, a moment later
        if state.claim(SCOPE):
            return
        time.sleep(0.01)
    pytest.fail("the killed process still holds its claim")


def test_a_second_process_is_refused_what_is_claimed_here(store_url: str, tmp_path: Path, open_store: Open) -> None:
    state = open_store()
    assert state.claim(SCOPE)
    with child("hold", store_url, tmp_path) as process:
        assert line(process) == "refused"


def test_processes_that_open_a_new_store_at_once_and_write_the_same_keys_lose_nothing(
    store_url: str, tmp_path: Path, open_store: Open
) -> None:
    with child("count_up", store_url, tmp_path) as a, child("count_up", store_url, tmp_path) as b:
        for process, name in ((a, "a"), (b, "b")):
            assert process.stdin is not None
            process.stdin.write(f"{name}\n")
            process.stdin.flush()
        said = {line(a), line(b)}
    assert len(said) == 1, "both know the same secret"
    assert said.pop().startswith("done ")
    mapping = open_store().mapping(SCOPE)
    assert mapping.count() == 101
    assert mapping.known(["shared"])["shared"].hash in (b"a", b"b")
