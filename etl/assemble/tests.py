"""The mappings' own tests, all of a workspace: offline, without state and without any connection."""

from __future__ import annotations

from collections.abc import Iterator

from etl.assemble.compiled import target_of, transform_of
from etl.assemble.workspace import Workspace
from etl.expressions.scope import Scope
from etl.rehearse import NOW, TestResult, rehearse


def run_tests(workspace: Workspace) -> Iterator[TestResult]:
    """The result of each test of each selected mapping, in order. The workspace has been checked."""
    project = workspace.project
    for spec in workspace.mappings:
        scope = Scope(now=NOW, timezone=project.timezone, vars=project.vars)
        schemas = dict(target_of(workspace, spec).written())
        yield from rehearse(spec, transform_of(workspace, spec, scope), schemas)
