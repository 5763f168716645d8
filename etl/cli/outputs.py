"""The files that a run or a plan is asked to leave behind: looked at before it, written after it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import EtlError, UsageError

if TYPE_CHECKING:
    from etl.report import RunReport
    from etl.reporting.runs import Sensitive


def check_report(path: Path) -> None:
    """Raises UsageError for a `--report` that can't be written."""
    if path.suffix not in (".html", ".json"):
        raise UsageError(f"--report {path}: the name tells the form", "end it in .html or .json")
    check_place("--report", path)


def check_place(option: str, path: Path) -> None:
    """Before anything is sent: a run of an hour must not end with a file that can't be written. Raises UsageError."""
    folder = path.resolve().parent
    if path.is_dir():
        raise UsageError(f"{option} {path}: that is a folder", "name a file in it")
    if not folder.is_dir():
        raise UsageError(f"{option} {path}: there is no folder {path.parent}", "create it first")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise UsageError(f"{option} {path}: this user may not write there", "name a file where you may")


@contextmanager
def written(option: str, path: Path, hint: str) -> Iterator[None]:
    """For the block that writes the file: EtlError with `hint` where the system refuses, and no half of it left."""
    try:
        yield
    except OSError as error:
        if path.is_file():
            with suppress(OSError):
                path.unlink()
        raise EtlError(f"{option} {path}: it can't be written: {error.strerror or error}", hint) from error


def write_report(report: RunReport, path: Path, hidden: Sensitive, options: str) -> None:
    """`options`: those that a next command needs to find the run. Raises EtlError."""
    if path.suffix == ".json":
        from etl.reporting.runs import run_json_texts as form
    else:
        from etl.reporting.html import run_html_texts as form
    again = (
        f"`{' '.join(filter(None, ['etl runs', report.run_id, options, _form(path)]))}` writes it once there is room"
    )
    hint = (
        "make room, or name another file, and plan again" if report.planned else f"what was done is recorded: {again}"
    )
    with written("--report", path, hint), path.open("w", encoding="utf-8") as file:
        file.writelines(form(report, hidden))


def _form(path: Path) -> str:
    return f"--json > {path}" if path.suffix == ".json" else f"--html {path}"
