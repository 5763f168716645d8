"""What is checked of a project beside what its mappings use: the rest of its connections, and its environments.

Only `etl validate` asks for it: a run reads no connector that it does not need.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.assemble.catalogue import read_connectors
from etl.catalogue import Connector
from etl.mapping.checks import check_connections
from etl.mapping.environments import judged, other_environments
from etl.model import Problem
from etl.specs import ConnectionSpec, ProjectSpec


def check_rest(
    project: ProjectSpec,
    connections: Mapping[str, ConnectionSpec],
    connectors: Mapping[str, Connector],
    known: Sequence[Problem],
) -> list[Problem]:
    """Problems of connections that no mapping uses, and of environments that are not chosen. Sends nothing.

    Each environment is the whole project with some changes: what is `known` to be wrong with that is not said again.
    """
    found: list[Problem] = []
    rest = {name: spec for name, spec in connections.items() if name not in connectors}
    found += check_connections(rest, read_connectors(rest, project, found))
    told = {_identity(each) for each in (*known, *found)}
    for other, wrong in other_environments(project.file, project.environment) if project.file else ():
        problems = list(wrong)
        problems += check_connections(other, read_connectors(other, project, problems))
        found += [each for each in judged(problems) if _identity(each) not in told]
        told |= {_identity(each) for each in problems}
    return found


_ABSENT = ("missing-key", "no-address", "credentials")
"""Codes of what is not there, and so has no place of its own: it is told where the environment changes the rest."""


def _identity(problem: Problem) -> object:
    """What makes a mistake the same in two environments."""
    return problem.message if problem.code in _ABSENT else problem.location
