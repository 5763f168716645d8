"""What must not be shown of records: by the mapping's word, or by the connector's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING

from etl.cli.offline import offline
from etl.cli.options import Settings
from etl.errors import EtlError
from etl.model import MappingSpec, Record, Reject, Schema
from etl.reporting.values import masked

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace

Fields = Mapping[str, Schema]


@dataclass(frozen=True, slots=True)
class Shower:
    """Makes records fit to be shown. Several schemas, where several mappings have the name."""

    sources: tuple[Fields, ...]
    targets: tuple[Fields, ...]

    @classmethod
    def of(cls, workspace: Workspace, *mappings: MappingSpec) -> Shower:
        """For records of these mappings."""
        return cls(
            tuple(_read(workspace, mapping) for mapping in mappings),
            tuple(_written(workspace, mapping) for mapping in mappings),
        )

    def source(self, record: Record) -> Record:
        """A source record with its sensitive values masked."""
        return reduce(masked, self.sources, record)

    def target(self, record: Record) -> Record:
        """What a record became, with its sensitive values masked."""
        return reduce(masked, self.targets, record)

    def reject(self, reject: Reject) -> Reject:
        """A reject with both records masked."""
        record = self.source(reject.record) if reject.record is not None else None
        return replace(reject, record=record, output=self.target(reject.output) if reject.output is not None else None)


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


def shower(settings: Settings, mapping: str) -> Shower | None:
    """For a mapping by its name: the project's, else all that the library has under it; None where there is none."""
    from etl.resources import mappings

    for paths in ((), (str(mappings()),)):
        workspace = _opened(settings, paths)
        if workspace and (found := [each.spec for each in workspace.known if each.spec.name == mapping]):
            return Shower.of(workspace, *found)
    return None


def _opened(settings: Settings, paths: tuple[str, ...]) -> Workspace | None:
    """A workspace that only looks: credentials need not be set for it."""
    from etl.assemble.workspace import open_workspace

    try:
        return open_workspace(
            paths, project_file=settings.project, env=settings.env, vars=settings.vars, sandbox=offline()
        )
    except EtlError:
        return None
