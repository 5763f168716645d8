"""`etl connectors`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli.folder import project_folder
from etl.cli.names import check_known
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.errors import DocumentError
from etl.reporting.catalogue import connector_text, connectors_text, endpoint_text
from etl.reporting.catalogue_json import connector_document, connectors_document
from etl.reporting.values import to_json

if TYPE_CHECKING:
    from etl.catalogue import Connector, Endpoint
    from etl.model import Problem


@click.command("connectors")
@click.argument("name", required=False)
@click.argument("endpoint", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, name: str | None, endpoint: str | None, as_json: bool) -> None:
    """List the connectors; with NAME its endpoints, with ENDPOINT its operations, params and fields.

    The project's own connectors are listed as its connections write them. NAME may also be the path of any.
    """
    screen = Screen(settings)
    if name is None:
        _list(screen, settings, as_json=as_json)
        return
    connector = _load(name, settings)
    chosen = [_endpoint(connector, endpoint)] if endpoint else list(connector.endpoints.values())
    if as_json:
        screen.document(to_json(connector_document(connector, chosen)))
    elif endpoint:
        screen.out(endpoint_text(connector, chosen[0], screen.ink))
    else:
        screen.out(connector_text(connector, screen.ink))


def _list(screen: Screen, settings: Settings, *, as_json: bool) -> None:
    """All that can be read; what is wrong with the others comes after them."""
    found: dict[str, Connector] = {}
    problems: list[Problem] = []
    for written in known(settings).values():
        try:
            found[written] = _load(written, settings)
        except DocumentError as wrong:
            problems += wrong.problems
    if as_json:
        screen.document(to_json(connectors_document(found)))
    else:
        screen.out(connectors_text(found, screen.ink))
    if problems:
        raise DocumentError(problems)


def known(settings: Settings) -> dict[str, str]:
    """Name → what a connection writes for it: the packaged connectors, then the project's own."""
    from etl.connectors.load import ENDINGS, packaged

    files = sorted(file for ending in ENDINGS for file in (project_folder(settings) / "connectors").glob(f"*{ending}"))
    named = {name: name for name in packaged()}
    return named | {file.stem: f"./connectors/{file.name}" for file in files if file.stem not in named}


def _load(name: str, settings: Settings) -> Connector:
    """By name, by a path from here, or by a path as the project's connections write it."""
    from etl.connectors.load import ENDINGS, load_connector

    root = project_folder(settings)
    if "/" not in name and "\\" not in name and not name.endswith(ENDINGS):
        names = known(settings)
        check_known(name, names, "connector")
        name = names[name]
    elif (here := Path(name)).is_file():
        name = str(here.resolve())
    return load_connector(name, root)


def _endpoint(connector: Connector, name: str) -> Endpoint:
    check_known(name, connector.endpoints, f"endpoint of {connector.name}")
    return connector.endpoints[name]
