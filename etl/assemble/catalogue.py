"""Which connections the mappings of a command have, and what their connectors document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from etl.catalogue import Connector
from etl.connectors.files import folder_of
from etl.connectors.files_endpoint import Use, with_files
from etl.connectors.load import load_connector
from etl.errors import DocumentError, EtlError
from etl.mapping.load import Loaded
from etl.model import Problem
from etl.specs import ConnectionSpec, MappingSpec, ProjectSpec


def specs_of(project: ProjectSpec, known: Sequence[Loaded], problems: list[Problem]) -> dict[str, ConnectionSpec]:
    """The project's connections, and over them those that mappings bring themselves."""
    own: dict[str, ConnectionSpec] = {}
    for each in known:
        for name, spec in each.project.connections.items():
            if spec != project.connections.get(name) and not _same(own.setdefault(name, spec), spec):
                message = f"another mapping that is run with this one has a connection '{name}' of its own, too"
                hint = "write one of them in etl.yaml for both, or run them one at a time"
                problems.append(Problem("two-connections", message, spec.location, hint))
    return {**project.connections, **own}


def _same(one: ConnectionSpec, other: ConnectionSpec) -> bool:
    return replace(one, location=None) == replace(other, location=None)


def read_connectors(
    connections: Mapping[str, ConnectionSpec], project: ProjectSpec, problems: list[Problem]
) -> dict[str, Connector]:
    """The connectors of connections; those that can't be read become problems. Without a name there is none."""
    connectors: dict[str, Connector] = {}
    for name, spec in connections.items():
        if not spec.connector:
            continue
        try:
            connectors[name] = load_connector(spec.connector, project.root)
        except DocumentError as error:
            problems += [_named(each, spec) for each in error.problems]
        except EtlError as error:
            place = spec.places.get("connector", spec.location)
            problems.append(Problem("connector", error.message, place, error.hint))
    return connectors


def _named(problem: Problem, spec: ConnectionSpec) -> Problem:
    """A file that is not there is a mistake where it is named."""
    place = problem.location
    missing = problem.code == "no-file" and place is not None and not Path(place.file).exists()
    return replace(problem, location=spec.places.get("connector", spec.location)) if missing else problem


def add_files(
    connectors: Mapping[str, Connector],
    connections: Mapping[str, ConnectionSpec],
    every: Sequence[Loaded],
    project: ProjectSpec,
) -> dict[str, Connector]:
    """Connections to folders, with each file that a mapping reads or writes as an endpoint."""
    found: dict[str, Connector] = {}
    for name, connector in connectors.items():
        if connector.kind == "files":
            uses = [use for each in every for connection, use in _uses(each.spec) if connection == name]
            found[name] = with_files(connector, folder_of(connections[name], project.root), uses)
    return found


def _uses(spec: MappingSpec) -> Iterator[tuple[str, Use]]:
    """What a mapping reads and writes, were it a file."""
    source, target = spec.source, spec.target
    yield source.connection, Use(source.endpoint, "list", source.params)
    for lookup in spec.lookups.values():
        if lookup.connection is not None and lookup.endpoint is not None:
            yield lookup.connection, Use(lookup.endpoint, "list", lookup.params)
    gone = target.missing if isinstance(target.missing, Mapping) else ()
    fields = (*(field.name for field in spec.fields), *gone)
    yield target.connection, Use(target.endpoint, target.operation, target.params, fields)
