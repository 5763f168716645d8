"""`etl check`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.cli.stopping import run_stoppable
from etl.reporting.values import to_json

if TYPE_CHECKING:
    import asyncio

    from etl.report import ConnectionCheck
    from etl.specs import ProjectSpec


@click.command("check")
@click.argument("connections", nargs=-1, metavar="[CONNECTION]...")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, connections: tuple[str, ...], as_json: bool) -> int:
    """Log in to each connection of the project, make one cheap read, and name permissions that are missing."""
    from etl.mapping.project import load_project, nowhere
    from etl.reporting.connections import checked_document

    screen = Screen(settings)
    project = load_project(file=settings.project, env=settings.env, variables=settings.vars)
    if project.file is None:
        raise nowhere("there are no connections to check", project.root)
    found = _check(project, connections, screen, silent=as_json)
    if as_json:
        screen.document(to_json({"connections": [checked_document(each) for each in found]}))
    elif not found:
        screen.out("the project has no connections\n")
    return 1 if any(each.faults for each in found) else 0


def _check(project: ProjectSpec, names: tuple[str, ...], screen: Screen, *, silent: bool) -> list[ConnectionCheck]:
    from etl.assemble.check import check_connections
    from etl.reporting.connections import checked_text

    async def work(stop: asyncio.Event) -> list[ConnectionCheck]:
        found = []
        async for checked in check_connections(project, names):
            found.append(checked)
            if not silent:
                screen.out(checked_text(checked, screen.ink))
            if stop.is_set():
                break
        return found

    return run_stoppable(work, lambda text: screen.note(text, "warning"))
