"""`run --plan FILE`: reads again, compares with the plan record by record, and only then sends the first write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cli.plan_file import ASKED, SavedPlan, check_mappings, check_writes, load_plan
from etl.cli.request import Request
from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.assemble.workspace import Workspace
    from etl.report import RunOptions, RunReport

    Run = Callable[[Workspace, RunOptions], RunReport]


def as_asked(path: Path, request: Request) -> tuple[SavedPlan, Request]:
    """The plan, and the request with what it was made for. Raises UsageError where the command line says that, too."""
    saved = load_plan(path)
    usual = Request()
    named = [name for name in ASKED if getattr(request, name) != getattr(usual, name)]
    if named:
        raise UsageError(f"--plan {path}: the plan itself says what is run", f"leave out {_option(named[0])}")
    asked: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in saved.asked.items()
    }
    return saved, replace(request, **asked)


def carry_out(saved: SavedPlan, workspace: Workspace, options: RunOptions, run: Run) -> RunReport:
    """Raises LimitReached, and sends nothing, where the plan no longer holds."""
    check_mappings(saved, workspace)
    check_writes(saved, run(workspace, replace(options, plan=True)))
    return run(workspace, replace(options, only=saved.writes))


def _option(name: str) -> str:
    return "the PATHs" if name == "paths" else f"--{name}"
