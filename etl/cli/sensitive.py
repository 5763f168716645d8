"""What must not be shown of records: by the mapping's word, or by the connector's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from etl.cli.options import Settings
from etl.errors import EtlError
from etl.model import MappingSpec, Record, Reject, Schema
from etl.reporting.values import masked

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace

Fields = Mapping[str, Schema]


def hidden_fields(workspace: Workspace) -> dict[str, frozenset[str]]:
    """Mapping → target fields that are never shown."""
    return {
        mapping.name: frozenset(name for name, schema in _written(workspace, mapping).items() if schema.sensitive)
        for mapping in workspace.mappings
    }


def _written(workspace: Workspace, mapping: MappingSpec) -> Fields:
    endpoint = workspace.endpoint(mapping.target.connection, mapping.target.endpoint)
    own = {field.name: Schema(sensitive=True) for field in mapping.fields if field.sensitive}
    return dict(endpoint.written() if endpoint else {}) | own


def _read(workspace: Workspace, mapping: MappingSpec) -> Fields:
    endpoint = workspace.endpoint(mapping.source.connection, mapping.source.endpoint)
    return endpoint.fields if endpoint else {}


def shower(settings: Settings, mapping: str) -> Callable[[Reject], Reject] | None:
    """What makes a mapping's rejects fit to be shown; None where neither the project nor the library knows it."""
    schemas = [(_read(where, spec), _written(where, spec)) for where, spec in _specs(settings, mapping)]
    if not schemas:
        return None

    def show(reject: Reject) -> Reject:
        sources, targets = zip(*schemas, strict=True)
        return replace(reject, record=_masked(reject.record, sources), output=_masked(reject.output, targets))

    return show


def _masked(record: Record | None, schemas: Iterable[Fields]) -> Record | None:
    for each in schemas:
        record = masked(record, each) if record is not None else None
    return record


def _specs(settings: Settings, name: str) -> list[tuple[Workspace, MappingSpec]]:
    """The project's mapping of this name, else all that the library has under it."""
    from etl.resources import mappings

    for paths in ((), (str(mappings()),)):
        workspace = _opened(settings, paths)
        if workspace and (found := [each.spec for each in workspace.known if each.spec.name == name]):
            return [(workspace, spec) for spec in found]
    return []


def _opened(settings: Settings, paths: tuple[str, ...]) -> Workspace | None:
    """A workspace that only looks: credentials need not be set for it."""
    from etl.assemble.workspace import open_workspace

    try:
        return open_workspace(paths, project_file=settings.project, env=settings.env, vars=settings.vars, sandbox={})
    except EtlError:
        return None
