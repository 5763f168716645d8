"""Commands in processes that die: `python -m tests.support.mortals` forks one per line that it is given.

A line is JSON: {folder, words, kill: {what: request | state, at: n} | null, env}. The child counts its requests and its
writes to the state, each before and after it is done, and kills itself with SIGKILL at the n-th. The answer is a line
with its exit code, -9 for a kill, and how much it counted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parents[2]


# --- on the test's side --------------------------------------------------------------------------


@dataclass(frozen=True)
class End:
    """How a process ended; `counted`: what it had come past by then."""

    code: int
    counted: Mapping[str, int]
    log: str

    @property
    def killed(self) -> bool:
        return self.code == -signal.SIGKILL


class Mother:
    """A process with everything imported, whose children are there at once."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, folder: Path, *words: str, what: str = "", at: int = 0) -> End:
        """Runs a command to its end, or until it kills itself."""
        kill = {"what": what, "at": at} if what else None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "words": words, "kill": kill}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the mother process has ended"
        return End(**json.loads(answer))


@contextmanager
def mother() -> Iterator[Mother]:
    """Runs for as long as the block does."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.mortals"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    ) as process:
        try:
            yield Mother(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()


# --- on the side of the mortals -------------------------------------------------------------------


@dataclass
class Fate:
    """Counts, and ends the process when its time has come."""

    what: str
    at: int
    ledger: Path
    counted: dict[str, int]

    def tick(self, what: str) -> None:
        self.counted[what] = self.counted.get(what, 0) + 1
        if self.what == what and self.counted[what] == self.at:
            self.note()
            os.kill(os.getpid(), signal.SIGKILL)

    def note(self) -> None:
        self.ledger.write_text(json.dumps(self.counted))


class CountedTransport(httpx.AsyncBaseTransport):
    """Each request counts before it is sent and after its answer has come."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._fate.tick("request")
        response = await self._inner.handle_async_request(request)
        self._fate.tick("request")
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def _meet(fate: Fate) -> None:
    """Puts the counting around the network and around both stores."""
    from datetime import timedelta

    from etl import checkpoints
    from etl.connectors import rest
    from etl.state.postgres import PostgresDatabase
    from etl.state.sqlite import SqliteDatabase
    from etl.writers import once

    once.GRACE = timedelta(0)  # the sandbox is done with a request when its client dies
    checkpoints.EVERY = 0.0  # a test's reads are over before the usual moment comes
    build = rest.build_transport
    rest.build_transport = lambda *words: CountedTransport(build(*words), fate)
    for database in (SqliteDatabase, PostgresDatabase):
        _count_writes(database, fate)


def _count_writes(database: Any, fate: Fate) -> None:
    transaction, write = database.transaction, database.write

    @contextmanager
    def counted(self: Any, *, durable: bool = False) -> Iterator[None]:
        with transaction(self, durable=durable):
            yield
            fate.tick("state")
        fate.tick("state")

    def counted_write(self: Any, sql: str, parameters: Any = ()) -> None:
        fate.tick("state")
        write(self, sql, parameters)
        fate.tick("state")

    database.transaction, database.write = counted, counted_write


def _live(order: Mapping[str, Any], ledger: Path) -> None:
    """The child's whole life."""
    from etl.cli.main import cli

    kill = order["kill"] or {"what": "", "at": 0}
    fate = Fate(kill["what"], kill["at"], ledger, {})
    os.chdir(order["folder"])
    log = os.open("log.txt", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for stream in (1, 2):
        os.dup2(log, stream)
    _meet(fate)
    code = 70
    try:
        cli.main([*order["words"]], prog_name="etl")
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else 0
    finally:
        fate.note()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def main() -> None:
    import etl.assemble.runner
    import etl.cli.running
    import etl.connectors.files
    import etl.state.postgres  # noqa: F401 - all of it before the first child

    for line in sys.stdin:
        order = json.loads(line)
        ledger = Path(order["folder"]) / "counted.json"
        ledger.unlink(missing_ok=True)
        child = os.fork()
        if child == 0:
            _live(order, ledger)
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        counted = json.loads(ledger.read_text()) if ledger.exists() else {}
        log = (Path(order["folder"]) / "log.txt").read_text(errors="replace")
        print(json.dumps({"code": code, "counted": counted, "log": log}), flush=True)


if __name__ == "__main__":
    main()
