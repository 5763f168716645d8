"""`etl schema`"""

from __future__ import annotations

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen


@click.command("schema")
@click.argument("kind", metavar="KIND", type=click.Choice(["project", "mapping", "connector"]))
@with_settings
def command(settings: Settings, kind: str) -> None:
    """Print the JSON Schema of KIND: project, mapping or connector. For editors."""
    from etl.documents.schema import schema
    from etl.reporting.values import to_json

    Screen(settings).document(to_json(schema(kind)))
