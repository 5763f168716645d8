"""Ctrl-C: the first asks, the second ends at once."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="a process can't send itself Ctrl-C there")

SCRIPT = """
import asyncio, os, signal, sys
from etl.cli.stopping import run_stoppable

async def obedient(stop):
    os.kill(os.getpid(), signal.{signal})
    await stop.wait()
    return "finished"

async def stubborn(stop):
    os.kill(os.getpid(), signal.{signal})
    await stop.wait()
    os.kill(os.getpid(), signal.{signal})
    await asyncio.sleep(600)

async def deaf(stop):
    try:
        await stubborn(stop)
    finally:
        await asyncio.shield(asyncio.sleep(600))

try:
    print(run_stoppable({work}, lambda text: print(text)))
except KeyboardInterrupt:
    print("ended at once")
    sys.exit(130)
"""


def stopped(work: str, signal: str = "SIGINT") -> tuple[int, str]:
    script = SCRIPT.format(signal=signal, work=work)
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    return found.returncode, found.stdout


@pytest.mark.parametrize("signal", ["SIGINT", "SIGTERM"])
def test_the_first_signal_lets_the_work_finish(signal: str) -> None:
    code, said = stopped("obedient", signal)
    assert code == 0
    assert said.splitlines()[0].startswith("stopping:")
    assert said.splitlines()[1] == "finished"


def test_the_second_signal_ends_it() -> None:
    code, said = stopped("stubborn")
    assert code == 130
    assert "ended at once" in said


def test_work_that_does_not_let_go_is_left_behind() -> None:
    code, _ = stopped("deaf")
    assert code == 130
