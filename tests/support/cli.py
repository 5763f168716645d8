"""The command line as a user meets it: in this process through click's runner, or as a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from etl.cli.main import cli


def etl(*args: str, env: Mapping[str, str] | None = None) -> Result:
    """Runs a command in this process; standard output and standard error apart."""
    return CliRunner().invoke(cli, list(args), env=env)


def etl_process(
    *args: str, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Runs a command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "etl", *args],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )


def normalised(text: str, folder: Path | None = None) -> str:
    """The text without what differs from run to run: times, ports, ids, the folder."""
    if folder is not None:
        text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "TIME", text)
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"\brun [0-9a-f]{12}\b", "run ID", text)
    return re.sub(r"\b\d+(\.\d+)? s\b", "N s", text)
