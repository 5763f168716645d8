"""The connections of one run: opened when first used, shared by all mappings, closed together."""

from __future__ import annotations

from collections.abc import Mapping

from etl.assemble.workspace import Workspace
from etl.catalogue import Connector
from etl.connectors.rest import RestConnection
from etl.model import ConnectionReport, ConnectionSpec
from etl.ports import Clock, Source, Target


class Connections:
    """One open connection per name; `reports` fills as they are opened."""

    def __init__(self, workspace: Workspace, clock: Clock, reports: dict[str, ConnectionReport]) -> None:
        self._connectors: Mapping[str, Connector] = workspace.connectors
        self._specs: Mapping[str, ConnectionSpec] = workspace.connections
        self._timezone = workspace.project.timezone
        self._root = workspace.project.root
        self._sandbox = workspace.in_sandbox
        self.clock = clock
        self._reports = reports
        self._open: dict[str, RestConnection] = {}

    def source(self, connection: str, endpoint: str) -> Source:
        return self._get(connection).source(endpoint)

    def target(self, connection: str, endpoint: str, *, lossy: bool = False) -> Target:
        return self._get(connection).target(endpoint, lossy=lossy)

    def origin(self, connection: str) -> str:
        """Where the connection leads, for what is stored about it. The sandbox is one place, whatever its ports."""
        return f"sandbox:{self._connectors[connection].name}" if self._sandbox else self._get(connection).base_url

    async def close(self) -> None:
        for connection in self._open.values():
            await connection.close()
        self._open.clear()

    def _get(self, name: str) -> RestConnection:
        if name not in self._open:
            opened = RestConnection(
                self._specs[name], self._connectors[name], self.clock, timezone=self._timezone, root=self._root
            )
            self._reports[name] = opened.report
            self._open[name] = opened
        return self._open[name]
