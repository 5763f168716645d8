"""A customer's folder on disk whose connections lead to servers of the test's own, and the commands run in it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import Result

from etl.sandbox import Sandbox
from tests.support.cli import etl, etl_process

ROOT = Path(__file__).parents[2]
LIBRARY = ROOT / "mappings" / "blikk-to-dimesheets"
SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected", "unsettled")
WIDE = "1000"
"""Columns, so that no message is broken where a port or a time happens to be longer."""

FAST = {"requests": 1000, "per": "1s", "force": True}
"""A throttle that never holds anybody back."""

PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields:
  externalId: "concat('blikk-', id)"
  name: {value: "title || orderNumber", required: true}
target: {connection: dimesheets, endpoint: projects}
"""
"""The smallest mapping that moves something."""


@dataclass(frozen=True)
class Folder:
    """A project's folder; commands run in it as a user would run them there."""

    path: Path

    def etl(self, *words: str, env: Mapping[str, str] | None = None) -> Result:
        """In this process."""
        with contextlib.chdir(self.path):
            return etl(*words, env={"COLUMNS": WIDE, **(env or {})})

    def process(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """In a process of its own."""
        return etl_process(*words, cwd=self.path, env=env)

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        """In a process of its own that the test goes on beside."""
        return subprocess.Popen(
            [sys.executable, "-m", "etl", *words],
            cwd=self.path,
            env={**os.environ, **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *words: str, code: int = 0) -> dict[str, Any]:
        """The document of `etl run --json`, which is all that stands on standard output."""
        result = self.etl("run", "--json", *words)
        assert result.exit_code == code, result.stderr + result.stdout
        document: dict[str, Any] = json.loads(result.stdout)
        assert document["exit_code"] == code
        return document

    def write(self, name: str, text: str | bytes) -> Path:
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode() if isinstance(text, str) else text)
        return file

    def read_all(self) -> str:
        """Everything that lies in the folder, whatever it is, but the files that hold the credentials."""
        files = [file for file in sorted(self.path.rglob("*")) if file.is_file() and file.name not in (".env",)]
        return "\n".join(file.read_bytes().decode("utf-8", "replace") for file in files)


def project(path: Path, connections: Mapping[str, Any], **mappings: str) -> Folder:
    """A folder with an etl.yaml of these connections and these mappings; credentials stand in its .env."""
    folder = Folder(path)
    secrets: dict[str, str] = {}
    blocks = {name: _hidden(name, block, secrets) for name, block in connections.items()}
    folder.write("etl.yaml", json.dumps({"version": 1, "name": "acme", "connections": blocks}, indent=1))
    folder.write(".env", "".join(f"{name}={value}\n" for name, value in secrets.items()))
    for name, text in mappings.items():
        folder.write(f"mappings/{name}.yaml", text)
    return folder


def _hidden(connection: str, block: Mapping[str, Any], secrets: dict[str, str]) -> dict[str, Any]:
    auth = {}
    for key, value in block.get("auth", {}).items():
        variable = f"{connection}_{key}".upper()
        secrets[variable] = value
        auth[key] = f"${{{variable}}}"
    return {**block, "auth": auth}


def to_sandbox(sandbox: Sandbox, **changes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Connections to a sandbox that go as fast as they can; `changes` by connection go over it."""
    usual = {"throttle": FAST, "retry": {"attempts": 3, "seconds": 2}}
    return {
        name: {"connector": name, **block, **usual, **changes.get(name, {})}
        for name, block in sandbox.connections.items()
    }


def library() -> dict[str, str]:
    """The main job's three mappings."""
    return {file.stem: file.read_text(encoding="utf-8") for file in sorted(LIBRARY.glob("*.yaml"))}


def adds_up(mapping: Mapping[str, Any]) -> bool:
    """Whether every record is accounted for."""
    return bool(mapping["read"] == sum(mapping[name] for name in SETTLED))


def plain(text: str, folder: Folder) -> str:
    """A message without what differs from run to run: the folder, ports, times, ids and durations."""
    text = text.replace(str(folder.path), "FOLDER").replace(str(folder.path.resolve()), "FOLDER")
    text = re.sub(r"(127\.0\.0\.1|localhost|\[::1\]):\d+", r"\1:PORT", text)
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"\b(run )[0-9a-f]{12}\b", r"\1ID", text)
    text = re.sub(r"\br-[0-9a-f-]{36}\b", "REQUEST-ID", text)
    return re.sub(r"\b\d+(\.\d+)? (ms|s)\b", "SECONDS", text)
