"""Servers that others wrote, as processes of their own on loopback: json-server and Datasette."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx

from tests.support.node import installed, node

JSON_SERVER = "0.17.4"
"""The last that tells the next page in a Link header."""

SECRET = "a-secret-of-this-test"


@dataclass(frozen=True)
class Running:
    """A server that is up, and what it has written of the requests it has had."""

    url: str
    log: Path
    token: str = ""

    def lines(self) -> list[str]:
        """The requests, as the server's own log has them: method and path."""
        requests = []
        for line in self.log.read_text(encoding="utf-8").splitlines():
            words = line.replace('"', " ").replace("\x1b[0m", "").split()
            for word, path in pairwise(words):
                if word in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                    requests.append(f"{word} {path}")
        return requests

    def get(self, path: str) -> Any:
        """What the server itself says, asked without our client."""
        return self.send("GET", path)

    def send(self, method: str, path: str, data: Any = None) -> Any:
        """A request of somebody else's."""
        signed = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        answer = httpx.request(method, f"{self.url}{path}", json=data, headers=signed)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def json_server(folder: Path, data: Mapping[str, Sequence[Mapping[str, Any]]]) -> Iterator[Running]:
    """json-server over a file with these collections."""
    home, file, port = installed("json-server", JSON_SERVER), folder / "db.json", free_port()
    file.write_text(json.dumps(data), encoding="utf-8")
    command = [node(), str(home / "lib" / "cli" / "bin.js"), "--host", "127.0.0.1", "--port", str(port), str(file)]
    with _process(command, folder / "json-server.log", port, "/db") as running:
        yield running


@contextmanager
def datasette(folder: Path, script: str) -> Iterator[Running]:
    """Datasette over a database `shop` that the SQL script makes; its token may do everything, who has none nothing."""
    file, port = folder / "shop.db", free_port()
    database = sqlite3.connect(file)
    database.executescript(script)
    database.close()
    module = [sys.executable, "-m", "datasette"]
    token = subprocess.run(
        [*module, "create-token", "root", "--secret", SECRET], capture_output=True, encoding="utf-8", check=True
    ).stdout.strip()
    options = ["--host", "127.0.0.1", "--port", str(port), "--secret", SECRET, "--root", "-s", "allow.id", "root"]
    with _process([*module, "serve", str(file), *options], folder / "datasette.log", port, "/-/versions.json") as ready:
        yield Running(ready.url, ready.log, token)


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextmanager
def _process(command: list[str], log: Path, port: int, ready: str) -> Iterator[Running]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    running = Running(f"http://127.0.0.1:{port}", log)
    try:
        _wait(process, running, ready)
        yield running
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(process: subprocess.Popen[bytes], running: Running, ready: str) -> None:
    """Until it answers."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        assert process.poll() is None, running.log.read_text(encoding="utf-8")
        try:
            httpx.get(f"{running.url}{ready}")
            return
        except httpx.TransportError:
            time.sleep(0.03)
    raise AssertionError(f"{process.args} does not answer: {running.log.read_text(encoding='utf-8')}")
