"""The sandbox's side of a project: made-up systems in place of the real ones, and no way out to those."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from etl.catalogue import Connector
from etl.connectors.address import address_of
from etl.connectors.load import packaged, packaged_base
from etl.errors import UsageError
from etl.http.credentials import choose
from etl.http.loopback import is_loopback
from etl.mapping.load import Loaded
from etl.secrets import register
from etl.specs import ConnectionSpec, ProjectSpec

SANDBOX_STATE = "sqlite:///.etl/sandbox/state.db"
SANDBOX_FILES = ".etl/sandbox/files"
"""Where mappings write files in the sandbox, each connection below its own name."""

StandIns = Mapping[str, Mapping[str, Any]]
"""Connector name → the base_url and auth of what stands in for it."""


def in_sandbox(project: ProjectSpec, stand_ins: StandIns) -> ProjectSpec:
    """The project with every connection at its stand-in; the connectors' own names are connections, too."""
    implied = {name: ConnectionSpec(name, name) for name in packaged()}
    every = {**implied, **project.connections}
    own = {name: _stand_in(spec, stand_ins, project.root) for name, spec in every.items()}
    return replace(project, connections=own, state=SANDBOX_STATE)


def placed(loaded: Loaded, project: ProjectSpec, stand_ins: StandIns | None) -> Loaded:
    """A mapping that brings its own connections has these in the sandbox as well."""
    if stand_ins is None:
        return loaded
    given = loaded.project.connections
    own = {name: _stand_in(spec, stand_ins, loaded.project.root) for name, spec in given.items()}
    return replace(loaded, project=replace(loaded.project, connections=own, state=SANDBOX_STATE))


def _stand_in(spec: ConnectionSpec, stand_ins: StandIns, root: Path) -> ConnectionSpec:
    """A connector that extends a packaged one has the stand-in of that."""
    block = stand_ins.get(spec.connector) or stand_ins.get(packaged_base(spec.connector, root) or "")
    if block is None:
        return spec
    for value in block["auth"].values():
        register(value)
    return replace(spec, base_url=block["base_url"], auth=block["auth"], instance=None, proxy=None, ca_file=None)


def refuse_real(spec: ConnectionSpec, connector: Connector) -> None:
    """Raises UsageError where a connection leads to no made-up system: to an address that is not of this machine."""
    if connector.kind == "files":
        return
    for what, address in _addresses(spec, connector):
        if not is_loopback(urlsplit(address).hostname or ""):
            raise UsageError(
                f"the sandbox has nothing that stands in for connection '{spec.name}': {what} would lead to {address}",
                f"leave out what needs it (--exclude connection:{spec.name}), or name an address here with --env",
            )


def _addresses(spec: ConnectionSpec, connector: Connector) -> Iterator[tuple[str, str]]:
    """Everywhere that it sends something to: its address, and that of its login where this is an address of its own."""
    yield "it", address_of(spec, connector)
    login = str(choose(connector.auth, spec.auth, spec.name).get("token_url", ""))
    if urlsplit(login).scheme:
        yield "its login", login
