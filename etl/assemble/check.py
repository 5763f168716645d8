"""Whether a project's connections work: a login, a cheap read, and what permissions are missing."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from etl.clock import SystemClock
from etl.connectors.address import address_of
from etl.connectors.load import load_connector
from etl.connectors.rest import RestConnection
from etl.errors import ConnectionFailed, EtlError, Refused, UsageError
from etl.ports import Clock
from etl.report import ConnectionCheck
from etl.specs import ConnectionSpec, ProjectSpec


async def check_connections(
    project: ProjectSpec, names: Sequence[str] = (), *, clock: Clock | None = None
) -> AsyncIterator[ConnectionCheck]:
    """Checks the connections of these names, or all, one after the other.

    Raises UsageError for a name that the project does not have, DocumentError for a connector that is wrong.
    """
    unknown = [name for name in names if name not in project.connections]
    if unknown:
        have = ", ".join(project.connections) or "none"
        raise UsageError(f"there is no connection '{unknown[0]}'", f"the project has {have}")
    for name, spec in project.connections.items():
        if not names or name in names:
            yield await _check(project, spec, clock or SystemClock())


async def _check(project: ProjectSpec, spec: ConnectionSpec, clock: Clock) -> ConnectionCheck:
    connector = load_connector(spec.connector, project.root)
    if connector.kind == "files":
        return _check_folder(project, spec)
    faults: list[EtlError] = []
    try:
        connection = RestConnection(spec, connector, clock, timezone=project.timezone, root=project.root)
    except UsageError as error:
        return ConnectionCheck(spec.name, connector.name, spec.base_url or connector.base_url, (str(error),))
    try:
        faults += await connection.check()
    except (ConnectionFailed, Refused) as error:
        faults.append(error)
    finally:
        await connection.close()
    told = tuple(str(fault) for fault in faults)
    return ConnectionCheck(spec.name, connector.name, address_of(spec, connector), told, connection.report.requests > 0)


def _check_folder(project: ProjectSpec, spec: ConnectionSpec) -> ConnectionCheck:
    folder = spec.path or project.root
    missing = f"there is no folder {folder} — a run that writes there makes it; else mend connections.{spec.name}.path"
    return ConnectionCheck(spec.name, "files", str(folder), () if folder.is_dir() else (missing,))
