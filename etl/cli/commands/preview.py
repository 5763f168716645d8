"""`etl preview`"""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from etl.cli.options import Settings, with_settings
from etl.cli.running import opened, sandboxed
from etl.cli.screen import Screen
from etl.cli.sensitive import Shower
from etl.cli.stopping import run_stoppable
from etl.errors import UsageError
from etl.model import Item, Outcome
from etl.reporting.values import to_json

if TYPE_CHECKING:
    import asyncio

    from etl.assemble.workspace import Workspace


@click.command("preview")
@click.argument("path")
@click.option(
    "--limit", type=click.IntRange(min=1), default=5, show_default=True, metavar="N", help="How many records."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--sandbox", is_flag=True, help="Read from made-up systems on loopback.")
@with_settings
def command(settings: Settings, path: str, limit: int, as_json: bool, sandbox: bool) -> None:
    """Show a few source records of the mapping PATH beside what they become; nothing is written."""
    from etl.reporting.preview import preview_document, preview_text

    screen = Screen(settings)
    with sandboxed(settings, (path,), sandbox) as stand_ins:
        workspace = opened(settings, (path,), stand_ins)
        if len(workspace.mappings) != 1:
            names = ", ".join(mapping.name for mapping in workspace.mappings)
            raise UsageError(f"'{path}' holds {len(workspace.mappings)} mappings: {names}", "name one of them")
        results = _read(workspace, limit, screen)
    show = Shower.of(workspace, workspace.mappings[0])
    fit = [_fit(result, show) for result in results]
    if as_json:
        screen.document(to_json({"mapping": workspace.mappings[0].name, "records": preview_document(fit)}))
    else:
        screen.out(preview_text(fit, shutil.get_terminal_size((100, 24)).columns, screen.ink))


def _read(workspace: Workspace, limit: int, screen: Screen) -> list[Item | Outcome]:
    from etl.assemble.preview import preview

    async def work(stop: asyncio.Event) -> list[Item | Outcome]:
        return await preview(workspace, workspace.loaded[0], limit)

    return run_stoppable(work, lambda text: screen.note(text, "warning"))


def _fit(result: Item | Outcome, show: Shower) -> Item | Outcome:
    return (
        replace(result, item=_fit_item(result.item, show)) if isinstance(result, Outcome) else _fit_item(result, show)
    )


def _fit_item(item: Item, show: Shower) -> Item:
    return replace(item, record=show.source(item.record), output=show.target(item.output))
