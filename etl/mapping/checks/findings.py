"""One mapping under the checks: what it names in its project, and the problems found so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from etl.catalogue import Connector, Endpoint
from etl.documents.source import Document
from etl.mapping.checks.operations import offers
from etl.model import Location, Problem, Severity
from etl.specs import MappingSpec, ProjectSpec

Path = tuple[str | int, ...]


@dataclass(slots=True)
class Checked:
    """A mapping with its document and surroundings. `connectors` are keyed by the names of the connections."""

    spec: MappingSpec
    document: Document
    project: ProjectSpec
    connectors: Mapping[str, Connector]
    problems: list[Problem] = field(default_factory=list)

    # --- what it names

    def endpoint(self, connection: str, name: str) -> Endpoint | None:
        """The documented endpoint, or None where it is unknown or the connector documents none (files)."""
        connector = self.connectors.get(connection)
        return None if connector is None else connector.endpoints.get(name)

    def read(self, connection: str, name: str) -> Endpoint | None:
        """The same where it can be read: of what can't, no record is documented."""
        endpoint = self.endpoint(connection, name)
        return endpoint if endpoint is not None and offers(endpoint, "list") else None

    def rows(self, connection: str, name: str) -> Endpoint | None:
        """The same of a lookup, whose rows stand in no list below another record."""
        endpoint = self.read(connection, name)
        return endpoint if endpoint is not None and not endpoint.parent else None

    @property
    def source(self) -> Endpoint | None:
        return self.read(self.spec.source.connection, self.spec.source.endpoint)

    @property
    def target(self) -> Endpoint | None:
        return self.endpoint(self.spec.target.connection, self.spec.target.endpoint)

    # --- what is wrong

    def at_value(self, path: Path, code: str, message: str, hint: str | None = None) -> None:
        """An error at a value."""
        self.add(self.document.marks.value(path), code, message, hint)

    def at_key(self, path: Path, code: str, message: str, hint: str | None = None) -> None:
        """An error at a key."""
        self.add(self.document.marks.key(path), code, message, hint)

    def warn_value(self, path: Path, code: str, message: str, hint: str | None = None) -> None:
        """A warning at a value."""
        self.add(self.document.marks.value(path), code, message, hint, "warning")

    def warn_key(self, path: Path, code: str, message: str, hint: str | None = None) -> None:
        """A warning at a key."""
        self.add(self.document.marks.key(path), code, message, hint, "warning")

    def add(
        self, location: Location, code: str, message: str, hint: str | None = None, severity: Severity = "error"
    ) -> None:
        """One more problem."""
        self.problems.append(Problem(code, message, location, hint, severity))


def ordered(problems: list[Problem]) -> list[Problem]:
    """Problems by file and place, each once."""
    unique = {_place(problem): problem for problem in problems}
    return [unique[place] for place in sorted(unique)]


def _place(problem: Problem) -> tuple[str, int, int, str, str]:
    where = problem.location
    if where is None:
        return ("", 0, 0, problem.code, problem.message)
    return (where.file, where.line, where.column, problem.code, problem.message)
