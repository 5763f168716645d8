"""`etl validate`"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from etl import __version__
from etl.cli.offline import offline
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.errors import DocumentError
from etl.reporting.ink import counted
from etl.reporting.problems import problems_json, problems_text

if TYPE_CHECKING:
    from etl.model import Problem


@click.command("validate")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True, help="Output."
)
@click.option("--select", multiple=True, metavar="NAME", help="Only these: a glob, tag:NAME, connection:NAME, +NAME.")
@click.option("--exclude", multiple=True, metavar="NAME", help="All but these, in the same forms.")
@with_settings
def command(
    settings: Settings, paths: tuple[str, ...], form: str, select: tuple[str, ...], exclude: tuple[str, ...]
) -> int:
    """Check the project's documents without any request; every problem is reported in one go."""
    checked, problems = _check(settings, paths, select, exclude)
    screen = Screen(settings)
    if form == "json":
        screen.document(problems_json(problems))
    elif form == "sarif":
        from etl.reporting.sarif import sarif_json

        screen.document(sarif_json(problems, __version__))
    else:
        screen.out(problems_text(problems, screen.ink) or f"{counted(checked, 'mapping')} checked: no problems\n")
    return DocumentError.exit_code if any(problem.severity == "error" for problem in problems) else 0


def _check(
    settings: Settings, paths: tuple[str, ...], select: tuple[str, ...], exclude: tuple[str, ...]
) -> tuple[int, Sequence[Problem]]:
    from etl.assemble.workspace import open_workspace

    try:
        workspace = open_workspace(
            paths,
            project_file=settings.project,
            env=settings.env,
            vars=settings.vars,
            sandbox=_library_only(paths),
            select=select,
            exclude=exclude,
        )
        return len(workspace.mappings), workspace.check(whole=True)
    except DocumentError as error:
        return 0, error.problems


def _library_only(paths: tuple[str, ...]) -> dict[str, dict[str, Any]] | None:
    """The library needs no project to be checked: its connections are called as their connectors are."""
    from etl.mapping.builtin import is_builtin

    return offline() if paths and all(is_builtin(path) for path in paths) else None
