"""`etl schema`"""

from __future__ import annotations

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen


@click.command("schema")
@click.argument("kind", type=click.Choice(["project", "mapping", "connector"]))
@with_settings
def command(settings: Settings, kind: str) -> None:
    """Print the JSON Schema of a kind of document, for editors."""
    from etl.documents.schema import schema
    from etl.reporting.values import to_json

    Screen(settings).document(to_json(schema(kind)))
