"""The mappings' own tests, all of a workspace: offline, without state and without any connection."""

from __future__ import annotations

from collections.abc import Iterator

from etl.assemble.compiled import target_of, transform_of
from etl.assemble.workspace import Workspace
from etl.coverage import Branch, measure
from etl.expressions.scope import Scope
from etl.rehearse import NOW, TestResult, rehearsals, rehearse
from etl.specs import MappingSpec
from etl.transform import Transform


def run_tests(workspace: Workspace) -> Iterator[TestResult]:
    """The result of each test of each selected mapping, in order. The workspace has been checked."""
    for spec in workspace.mappings:
        yield from rehearse(spec, _transform(workspace, spec), dict(target_of(workspace, spec).written()))


def covered(workspace: Workspace) -> dict[str, list[Branch]]:
    """What of each selected mapping its tests touch, and what they don't."""
    return {
        spec.name: measure(
            spec, dict(target_of(workspace, spec).written()), rehearsals(spec, _transform(workspace, spec))
        )
        for spec in workspace.mappings
    }


def _transform(workspace: Workspace, spec: MappingSpec) -> Transform:
    project = workspace.project
    return transform_of(workspace, spec, Scope(now=NOW, timezone=project.timezone, vars=project.vars))
