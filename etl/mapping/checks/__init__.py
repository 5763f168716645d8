"""Static checks: everything about a mapping that can be known before the first request.

`check_mapping` looks at one mapping with the connectors that it uses, `check_project` at all of them together.
All problems are found in one go, in the order of the text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from etl.catalogue import Connector
from etl.documents.source import Document
from etl.mapping.checks.codes import CODES
from etl.mapping.checks.connections import check_connections
from etl.mapping.checks.endpoints import check_endpoints
from etl.mapping.checks.expressions import check_expressions
from etl.mapping.checks.fields import check_fields
from etl.mapping.checks.findings import Checked, ordered
from etl.mapping.checks.lookups import check_lookups, check_use
from etl.mapping.checks.project import check_project
from etl.mapping.checks.reading import check_detail_use, check_each_alias, check_reading
from etl.mapping.checks.tests import check_tests
from etl.model import Problem
from etl.specs import MappingSpec, ProjectSpec

__all__ = ["check_connections", "check_mapping", "check_project", "expressions_only"]


def check_mapping(
    spec: MappingSpec, document: Document, project: ProjectSpec, connectors: Mapping[str, Connector]
) -> list[Problem]:
    """Every problem of one mapping, by place. `connectors` are keyed by the names of the connections.

    A connection without its connector there is not looked into: that it could not be read is reported elsewhere,
    as is what reading the documents brought up.
    """
    checked = Checked(spec, document, project, connectors)
    check_endpoints(checked)
    check_reading(checked)
    check_each_alias(checked)
    tables = check_lookups(checked)
    typed = check_expressions(checked, None if spec.template else tables)
    check_fields(checked, typed)
    if not typed.broken:
        check_use(checked, typed.lookups)
        check_detail_use(checked, typed)
    check_tests(checked, typed.vars)
    return ordered(checked.problems)


def expressions_only(problems: Sequence[Problem]) -> list[Problem]:
    """Those that an expression has by itself, whatever the rest of the mapping says."""
    return [each for each in problems if each.code in CODES["Expressions"] and each.code != "unknown-lookup"]
