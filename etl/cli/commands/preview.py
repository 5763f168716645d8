"""`etl preview`"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli.names import check_known
from etl.cli.one import one_mapping, opened_for_records
from etl.cli.options import Settings, WholeNumber, with_settings
from etl.cli.running import sandboxed
from etl.cli.screen import Screen
from etl.cli.sensitive import Shower
from etl.cli.stopping import run_stoppable
from etl.reporting.values import to_json

if TYPE_CHECKING:
    import asyncio

    from etl.assemble.workspace import Workspace
    from etl.model import Record
    from etl.story import Part


@click.command("preview")
@click.argument("path")
@click.option("--limit", type=WholeNumber(min=1), metavar="N", help="How many records; default 5, with --explain 1.")
@click.option(
    "--record",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Take the records of this file (json, jsonl or yaml: a record, a list, or a saved page), not the source's.",
)
@click.option("--explain", "name", metavar="FIELD", help="Show each step of this target field.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--sandbox", is_flag=True, help="Read from made-up systems on loopback.")
@with_settings
def command(
    settings: Settings,
    path: str,
    limit: int | None,
    record: Path | None,
    name: str | None,
    as_json: bool,
    sandbox: bool,
) -> None:
    """Show a few source records of the mapping PATH beside what they become; nothing is written."""
    screen = Screen(settings)
    with sandboxed(settings, (path,), sandbox) as stand_ins:
        workspace = opened_for_records(settings, path, stand_ins, offline_if_possible=record is not None)
        mapping = one_mapping(workspace, path).spec
        if name is not None:
            check_known(name, [field.name for field in mapping.fields], f"field of '{mapping.name}'")
        records = None if record is None else _saved(workspace, record)
        parts = _read(workspace, limit or (5 if name is None else 1), records, screen)
    show = Shower.of(workspace, mapping)
    _print(screen, mapping.name, [show.part(part) for part in parts], name, as_json)


def _saved(workspace: Workspace, file: Path) -> list[Record]:
    from etl.assemble.saved import saved_records

    return saved_records(workspace, workspace.mappings[0], file)


def _read(workspace: Workspace, limit: int, records: list[Record] | None, screen: Screen) -> list[Part]:
    from etl.assemble.preview import preview

    async def work(stop: asyncio.Event) -> list[Part]:
        return await preview(workspace, workspace.loaded[0], limit, records=records)

    return run_stoppable(work, lambda text: screen.note(text, "warning"))


def _print(screen: Screen, mapping: str, parts: list[Part], name: str | None, as_json: bool) -> None:
    from etl.reporting.preview import preview_document, preview_text
    from etl.reporting.story import explained_text, part_document

    results = [part.result for part in parts]
    if as_json:
        found = preview_document(results) if name is None else [part_document(part, [name]) for part in parts]
        screen.document(to_json({"mapping": mapping, "records": found}))
    elif name is not None:
        screen.out(explained_text(parts, name, screen.ink))
    else:
        screen.out(preview_text(results, shutil.get_terminal_size((100, 24)).columns, screen.ink))
