"""The connections of one run: opened when first used, shared by all mappings, closed together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etl.assemble.stand_ins import SANDBOX_FILES
from etl.assemble.workspace import Workspace
from etl.catalogue import Connector
from etl.connectors.files import FilesConnection
from etl.connectors.rest import RestConnection
from etl.errors import UsageError
from etl.ports import Clock, SlotBoard, Source, Target
from etl.report import ConnectionReport
from etl.specs import ConnectionSpec

Connection = RestConnection | FilesConnection


class Connections:
    """One open connection per name; `reports` fills as they are opened."""

    def __init__(
        self, workspace: Workspace, clock: Clock, reports: dict[str, ConnectionReport], board: SlotBoard | None = None
    ) -> None:
        self._connectors: Mapping[str, Connector] = workspace.connectors
        self._specs: Mapping[str, ConnectionSpec] = workspace.connections
        self._timezone = workspace.project.timezone
        self._root = workspace.project.root
        self._sandbox = workspace.in_sandbox
        self._require_stand_in = workspace.require_stand_in
        self.clock = clock
        self._board = board
        self._reports = reports
        self._open: dict[str, Connection] = {}
        self._kinds: dict[str, Callable[[str], Connection]] = {"rest": self._rest, "files": self._files}

    def source(self, connection: str, endpoint: str) -> Source:
        return self._get(connection).source(endpoint)

    def target(self, connection: str, endpoint: str, *, key: tuple[str, ...] = (), lossy: bool = False) -> Target:
        opened = self._get(connection)
        if isinstance(opened, FilesConnection):
            raise UsageError(f"'{connection}' leads to files", "they are written by a mapping, not through an endpoint")
        return opened.target(endpoint, key=key, lossy=lossy)

    def files(self, connection: str) -> FilesConnection:
        """A folder of files. Raises UsageError for any other connection."""
        opened = self._get(connection)
        if not isinstance(opened, FilesConnection):
            raise UsageError(f"'{connection}' does not lead to files", "name a connection of the `files` connector")
        return opened

    def origin(self, connection: str) -> str:
        """Where the connection leads, for what is stored about it. The sandbox is one place, whatever its ports; files
        are what they are outside of it."""
        connector = self._connectors[connection]
        in_sandbox = self._sandbox and connector.kind != "files"
        return f"sandbox:{connector.name}" if in_sandbox else self._get(connection).base_url

    async def close(self) -> None:
        for connection in self._open.values():
            await connection.close()
        self._open.clear()

    def _get(self, name: str) -> Connection:
        if name not in self._open:
            opened = self._kinds[self._connectors[name].kind](name)
            self._reports[name] = opened.report
            self._open[name] = opened
        return self._open[name]

    def _rest(self, name: str) -> Connection:
        self._require_stand_in(name)
        spec, connector = self._specs[name], self._connectors[name]
        return RestConnection(spec, connector, self.clock, timezone=self._timezone, root=self._root, board=self._board)

    def _files(self, name: str) -> Connection:
        aside = self._root / SANDBOX_FILES / name if self._sandbox else None  # made-up data must not meet real files
        return FilesConnection(self._specs[name], self._root, aside)
