"""`etl connectors`"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli.folder import project_folder
from etl.cli.names import check_known
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.reporting.catalogue import connector_text, connectors_text, endpoint_text
from etl.reporting.catalogue_json import connector_document, connectors_document
from etl.reporting.values import to_json

if TYPE_CHECKING:
    from etl.catalogue import Connector, Endpoint


@click.command("connectors")
@click.argument("name", required=False)
@click.argument("endpoint", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, name: str | None, endpoint: str | None, as_json: bool) -> None:
    """List the connectors; with NAME its endpoints, with ENDPOINT its operations, params and fields.

    NAME may also be the path of a connector document of your own.
    """
    screen = Screen(settings)
    if name is None:
        found = [_load(each, settings) for each in known_names(settings)]
        screen.document(to_json(connectors_document(found))) if as_json else screen.out(
            connectors_text(found, screen.ink)
        )
        return
    connector = _load(name, settings)
    chosen = [_endpoint(connector, endpoint)] if endpoint else list(connector.endpoints.values())
    if as_json:
        screen.document(to_json(connector_document(connector, chosen)))
    elif endpoint:
        screen.out(endpoint_text(connector, chosen[0], screen.ink))
    else:
        screen.out(connector_text(connector, screen.ink))


def known_names(settings: Settings) -> list[str]:
    """The packaged connectors, then the project's own."""
    from etl.connectors.load import packaged

    own = sorted((project_folder(settings) / "connectors").glob("*.yaml"))
    return packaged() + [str(file) for file in own]


def _load(name: str, settings: Settings) -> Connector:
    from etl.connectors.load import load_connector

    if "/" not in name and "\\" not in name and not name.endswith(".yaml"):
        check_known(name, known_names(settings), "connector")
    return load_connector(name, project_folder(settings))


def _endpoint(connector: Connector, name: str) -> Endpoint:
    check_known(name, connector.endpoints, f"endpoint of {connector.name}")
    return connector.endpoints[name]
