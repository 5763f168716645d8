"""`etl explain`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli.one import one_mapping
from etl.cli.options import Settings, with_settings
from etl.cli.running import opened, sandboxed
from etl.cli.screen import Screen
from etl.cli.sensitive import Shower
from etl.cli.stopping import run_stoppable
from etl.errors import UsageError
from etl.reporting.values import to_json

if TYPE_CHECKING:
    import asyncio

    from etl.assemble.workspace import Workspace
    from etl.story import Story


@click.command("explain")
@click.argument("path")
@click.option("--key", required=True, metavar="K", help="Its source key (a,b if composed), else its target key.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--sandbox", is_flag=True, help="Read from made-up systems on loopback, and what was sent to them.")
@with_settings
def command(settings: Settings, path: str, key: str, as_json: bool, sandbox: bool) -> None:
    """Tell one record's whole story in the mapping PATH: its source, each step of each field, what was last sent."""
    from etl.reporting.story import story_document, story_text

    screen = Screen(settings)
    with sandboxed(settings, (path,), sandbox) as stand_ins:
        workspace = opened(settings, (path,), stand_ins)
        spec = one_mapping(workspace, path).spec
        story = _explained(workspace, key, screen)
    if story is None:
        raise UsageError(
            f"neither the source of '{spec.name}' nor what was stored of it has a record with the key '{key}'",
            "give its source key as the source spells it, or its key in the target",
        )
    story = Shower.of(workspace, spec).story(story)
    if as_json:
        screen.document(to_json(story_document(spec, story)))
    else:
        screen.out(story_text(spec, story, screen.ink))


def _explained(workspace: Workspace, key: str, screen: Screen) -> Story | None:
    from etl.assemble.explain import explain

    async def work(stop: asyncio.Event) -> Story | None:
        return await explain(workspace, workspace.loaded[0], key)

    return run_stoppable(work, lambda text: screen.note(text, "warning"))
