"""`etl schema`"""

from __future__ import annotations

from typing import Any

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.errors import UsageError


@click.command("schema")
@click.argument("kind", metavar="KIND", type=click.Choice(["project", "mapping", "connector"]))
@click.option(
    "--connections",
    is_flag=True,
    help="Of mapping: made for this project, with its connections, their endpoints, params and target fields.",
)
@with_settings
def command(settings: Settings, kind: str, connections: bool) -> None:
    """Print the JSON Schema of KIND: project, mapping or connector. For editors."""
    from etl.documents.schema import schema
    from etl.reporting.values import to_json

    if connections and kind != "mapping":
        raise UsageError(f"--connections makes nothing of the schema of a {kind}", "etl schema mapping --connections")
    Screen(settings).document(to_json(_of_project(settings) if connections else schema(kind)))


def _of_project(settings: Settings) -> dict[str, Any]:
    from etl.connectors.load import load_connector, packaged
    from etl.documents.schema import schema
    from etl.mapping.project import load_project
    from etl.reporting.editor_schema import specialised

    project = load_project(file=settings.project, env=settings.env, variables=settings.vars, sandbox=True)
    named = {name: spec.connector for name, spec in project.connections.items()}
    connectors = named or {name: name for name in packaged()}
    return specialised(
        schema("mapping"), {name: load_connector(each, project.root) for name, each in connectors.items()}
    )
