"""`etl show`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.reporting.merged import merged_document, merged_text
from etl.reporting.values import to_json

if TYPE_CHECKING:
    from etl.documents.source import Document


@click.command("show")
@click.argument("path")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, path: str, as_json: bool) -> None:
    """Print the mapping PATH as it is after all it extends was merged, each value with its file and line."""
    document = _document(settings, path)
    screen = Screen(settings)
    if as_json:
        values = merged_document(document.data, document.marks.value)
        screen.document(to_json({"name": document.data.get("name"), "values": values}))
    else:
        screen.out(merged_text(document.data, document.marks.value, screen.ink))


def _document(settings: Settings, path: str) -> Document:
    """The checked mapping; a template, which need not be complete, as it is written."""
    from etl.mapping.builtin import is_builtin
    from etl.mapping.load import load_mapping, merged, written
    from etl.mapping.project import load_project

    chain = written(path)
    if isinstance(chain[0].data, dict) and chain[0].data.get("template") is True:
        return merged(chain)
    start = None if is_builtin(path) else Path(path)
    project = load_project(start, file=settings.project, env=settings.env, variables=settings.vars, sandbox=True)
    return load_mapping(path, project, sandbox=True).document
