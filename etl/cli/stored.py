"""What earlier runs stored: the project's state, or the sandbox's, opened for as long as a command looks at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from etl.cli.options import Settings
from etl.errors import DocumentError, StateError, UsageError

if TYPE_CHECKING:
    from etl.model import Reject
    from etl.ports import Scope
    from etl.report import RunReport
    from etl.specs import ProjectSpec
    from etl.state import StoredState

sandbox_option = click.option("--sandbox", is_flag=True, help="What runs with --sandbox stored.")
path_option = click.option(
    "--path",
    "paths",
    multiple=True,
    metavar="PATH",
    help="Where the mappings are: for those of another project, or with a state of their own.",
)


@dataclass(frozen=True, slots=True)
class Stored:
    """A state, and whose it is."""

    project: ProjectSpec
    state: StoredState

    def rejects(self, mapping: str | None = None) -> list[Reject]:
        """Open rejects, the newest first."""
        return list(self.state.all_rejects(self.project.name, self.project.environment, mapping))

    def scopes(self, mapping: str | None = None) -> list[Scope]:
        """Each mapping that has state, with its target; or only one mapping's."""
        found = self.state.scopes(self.project.name, self.project.environment)
        return [each for each in found if mapping in (None, each.mapping)]

    @contextmanager
    def held(self, scopes: Sequence[Scope]) -> Iterator[None]:
        """Keeps runs of these mappings away for as long as the block runs. Raises StateError where one is under way."""
        with ExitStack() as stack:
            for scope in scopes:
                if not self.state.hold(scope):
                    raise StateError(f"a run of '{scope.mapping}' is under way", "try again when it is done")
                stack.callback(self.state.release, scope)
            yield

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
def stored(settings: Settings, sandbox: bool, paths: Sequence[str] = (), *, make: bool = False) -> Iterator[Stored]:
    """The state of the project, or of the mappings at `paths`. `make`: where there is none yet, one is made.

    Credentials that are not set are no error: nothing is sent.
    """
    from etl.assemble.stand_ins import SANDBOX_STATE
    from etl.assemble.workspace import start_of
    from etl.mapping.project import load_project
    from etl.state import look_at_state, open_state

    start = start_of(paths)
    project = load_project(start, file=settings.project, env=settings.env, variables=settings.vars, sandbox=True)
    url = SANDBOX_STATE if sandbox else _place(paths, project)
    state = (open_state if make else look_at_state)(url, project.root)
    try:
        yield Stored(project, state)
    finally:
        state.close()


def _place(paths: Sequence[str], project: ProjectSpec) -> str:
    """Where the mappings at `paths` keep their state: the project's place, or their own."""
    from etl.assemble.workspace import state_of
    from etl.mapping.load import load_mappings

    loads = load_mappings(paths, project, sandbox=True)
    if loads.problems and not loads.mappings:
        raise DocumentError(loads.problems)
    return state_of(loads.mappings, project)
