"""What earlier runs stored: the project's state, or the sandbox's, opened for as long as a command looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from etl.cli.options import Settings
from etl.errors import UsageError

if TYPE_CHECKING:
    from etl.model import Reject
    from etl.ports import Scope, State
    from etl.report import RunReport
    from etl.specs import ProjectSpec

sandbox_option = click.option("--sandbox", is_flag=True, help="Look at what runs with --sandbox stored.")


@dataclass(frozen=True, slots=True)
class Stored:
    """A state, and whose it is."""

    project: ProjectSpec
    state: State

    def rejects(self, mapping: str | None = None) -> list[Reject]:
        """Open rejects, the newest first."""
        return list(self.state.all_rejects(self.project.name, self.project.environment, mapping))

    def scopes(self, mapping: str | None = None) -> list[Scope]:
        """Each mapping that has state, with its target; or only one mapping's."""
        found = self.state.scopes(self.project.name, self.project.environment)
        return [each for each in found if mapping in (None, each.mapping)]

    def runs(self, limit: int) -> list[RunReport]:
        """The newest first."""
        return self.state.runs(self.project.name, self.project.environment, limit)

    def run(self, run_id: str) -> RunReport:
        """One run by its id or the beginning of it. Raises UsageError."""
        found = self.state.run(run_id)
        if found is None:
            raise UsageError(f"there is no run '{run_id}'", "`etl runs` lists them; the first letters are enough")
        return found


@contextmanager
def stored(settings: Settings, sandbox: bool) -> Iterator[Stored]:
    """The project's state. Credentials that are not set are no error: nothing is sent."""
    from etl.assemble.stand_ins import SANDBOX_STATE
    from etl.mapping.project import load_project
    from etl.state import look_at_state

    project = load_project(file=settings.project, env=settings.env, variables=settings.vars, sandbox=True)
    url = SANDBOX_STATE if sandbox else project.state
    state = look_at_state(url, project.root)
    try:
        yield Stored(project, state)
    finally:
        state.close()
