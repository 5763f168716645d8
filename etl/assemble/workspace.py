"""A project opened for a command: its mappings loaded, selected and put in order, its connectors read, all checked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from etl.assemble.catalogue import add_files, read_connectors, specs_of
from etl.assemble.selection import connections_of, needs_of, ordered, selected
from etl.assemble.stand_ins import StandIns, in_sandbox, placed, refuse_real
from etl.assemble.whole import check_rest
from etl.catalogue import Connector, Endpoint
from etl.connectors.load import packaged
from etl.documents import schema, source
from etl.documents.source import Document
from etl.errors import DocumentError, UsageError
from etl.http.credentials import choose
from etl.mapping.builtin import is_builtin
from etl.mapping.checks import check_connections, check_mapping, check_project, expressions_only
from etl.mapping.load import Loaded, load_mappings
from etl.mapping.project import MAPPINGS, find_project, nowhere, read_project
from etl.model import Problem
from etl.specs import ConnectionSpec, MappingSpec, ProjectSpec


@dataclass(slots=True)
class Workspace:
    """What a command works on. `connections` and `connectors` are keyed by the names of the connections."""

    project: ProjectSpec
    loaded: tuple[Loaded, ...]
    """The selected mappings, each after those it needs."""
    known: tuple[Loaded, ...]
    """All mappings that the paths stand for, templates and those that were not selected among them."""
    context: tuple[Loaded, ...]
    """Mappings beside those: nothing is done with them, but others may name them."""
    connections: dict[str, ConnectionSpec]
    connectors: dict[str, Connector]
    problems: tuple[Problem, ...]
    needs: dict[str, frozenset[str]]
    in_sandbox: bool = False
    complete: bool = True
    """Every mapping of the folders could be read, so that what they name is there or not."""

    @property
    def state(self) -> str:
        """Where the state of the selected mappings is: the project's, or their own. Raises UsageError for several."""
        return state_of(self.loaded, self.project)

    @property
    def mappings(self) -> tuple[MappingSpec, ...]:
        """The selected mappings, in order."""
        return tuple(each.spec for each in self.loaded)

    def check(self, *, whole: bool = False) -> list[Problem]:
        """Every problem of every mapping found, and of the project as a whole. Sends nothing.

        `whole`: of the connections that no mapping uses and of the other environments, too.
        """
        found = list(self.problems)
        found += check_connections(self.connections, self.connectors, stand_ins=self.in_sandbox)
        if whole and not self.in_sandbox:
            found += check_rest(self.project, self.connections, self.connectors, found)
        for each in self.known:
            problems = check_mapping(each.spec, each.document, each.project, self.connectors)
            found += expressions_only(problems) if each.rough else problems
        every = [(each.spec, each.document) for each in (*self.known, *self.context)]
        project = self._whole_project()
        ours = {document.file for each in self.known for document in (each.document, *each.chain)}
        ours |= {project.file} if project else set()
        found += [
            problem
            for problem in check_project(every, self.connectors, project, complete=self.complete)
            if problem.location is None or problem.location.file in ours
        ]
        return schema.in_order(found)

    def require_credentials(self) -> None:
        """Raises UsageError where a connection that stands in no document would need some: nothing can be sent then."""
        for name, connector in self.connectors.items():
            spec = self.connections[name]
            if connector.kind == "files" or spec.location is not None:
                continue
            try:
                choose(connector.auth, spec.auth, name)
            except UsageError:
                raise nowhere(f"connection '{name}' is declared nowhere", self.project.root) from None

    def require_stand_ins(self) -> None:
        """Raises UsageError where a selected mapping would leave the sandbox."""
        for name in sorted({name for each in self.loaded for name in connections_of(each.spec)} & set(self.connectors)):
            self.require_stand_in(name)

    def require_stand_in(self, name: str) -> None:
        """Raises UsageError where a connection would lead out of the sandbox."""
        if self.in_sandbox:
            refuse_real(self.connections[name], self.connectors[name])

    def _whole_project(self) -> Document | None:
        """The project's document, where all its mappings are here: only then can a variable be told to be unused."""
        file = self.project.file
        if file is None or self.context or not all(each.spec.file.is_relative_to(file.parent) for each in self.known):
            return None
        folder = file.parent / MAPPINGS
        here = {each.spec.file for each in self.known}
        return source.load(file) if all(path.resolve() in here for path in folder.rglob("*.yaml")) else None

    def goes_last(self, spec: MappingSpec) -> bool:
        """What is gone is deleted after the mappings that need this one have deleted theirs; not where one of them
        reads what this one writes, which must be as it should by then."""
        written = (spec.target.connection, spec.target.endpoint)
        needing = [each.spec.source for each in self.loaded if spec.name in self.needs.get(each.spec.name, ())]
        reads = any((source.connection, source.endpoint) == written for source in needing)
        return bool(needing) and not reads and self.connectors[spec.target.connection].kind != "files"

    def endpoint(self, connection: str, name: str) -> Endpoint:
        """The documented endpoint; for checked mappings there is one."""
        return self.connectors[connection].endpoints[name]


def open_workspace(
    paths: Sequence[str],
    *,
    project_file: Path | None = None,
    env: str | None = None,
    vars: Mapping[str, str] | None = None,  # noqa: A002 - named as the option and the document name it
    sandbox: StandIns | None = None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Workspace:
    """Loads what the command line names; `sandbox` points every connection at its stand-ins.

    Problems of mappings are gathered in the workspace; those of the project document are raised as DocumentError,
    with what is wrong with the mappings whatever their project says.
    Raises UsageError where nothing is selected.
    """
    start, lenient = start_of(paths), sandbox is not None
    project, found = read_project(start, file=project_file, env=env, variables=vars, sandbox=lenient)
    if project is None or (lenient and found):
        raise DocumentError([*found, *_of_mappings(paths, project_file)])
    if sandbox is not None:
        project = in_sandbox(project, sandbox)
    elif project.file is None:
        project = _bare(project)
    loads = load_mappings(list(paths) or [_default(project)], project, sandbox=sandbox is not None)
    known = tuple(placed(each, project, sandbox) for each in loads.mappings)
    context, complete = _beside(known, project)
    problems = [*found, *loads.problems]
    connections = specs_of(project, known, problems)
    used = sorted({name for each in known for name in connections_of(each.spec)} & connections.keys())
    connectors = read_connectors({name: connections[name] for name in used}, project, problems)
    connectors |= add_files(connectors, connections, (*known, *context), project)
    needs = needs_of(known, connectors)
    return Workspace(
        project,
        ordered(selected(known, needs, select, exclude, complete=loads.complete), needs),
        known,
        context,
        connections,
        connectors,
        tuple(problems),
        needs,
        in_sandbox=sandbox is not None,
        complete=complete and loads.complete,
    )


def state_of(mappings: Iterable[Loaded], project: ProjectSpec) -> str:
    """Where the state of these mappings is: the project's, or their own. Raises UsageError for several places."""
    places = {each.project.state for each in mappings} or {project.state}
    if len(places) > 1:
        hint = "name those with a `state` of their own by themselves"
        raise UsageError("these mappings keep their state in different places", hint)
    return places.pop()


def _of_mappings(paths: Sequence[str], file: Path | None) -> Sequence[Problem]:
    """What is wrong with the mappings themselves, where their project can't be read."""
    file = file or find_project(start_of(paths))
    root = (file if file.is_dir() else file.parent) if file else Path.cwd()
    places = list(paths) or [str(root / MAPPINGS)]
    project = ProjectSpec(name=root.name, root=root, file=None, connections={})
    found = load_mappings([each for each in places if Path(each).exists()], project, sandbox=True).problems
    return [each for each in found if each.code != "interpolation"]


def start_of(paths: Sequence[str]) -> Path:
    """Where to look for the project of what a command line names."""
    first = next((path for path in paths if not is_builtin(path)), None)
    return Path(first) if first else Path.cwd()


def _bare(project: ProjectSpec) -> ProjectSpec:
    """Without any etl.yaml each packaged connector is a connection by its own name: enough to check and to test."""
    implied = {name: ConnectionSpec(name, name) for name in packaged()}
    return replace(project, connections={**implied, **project.connections})


def _default(project: ProjectSpec) -> Path:
    folder = project.root / MAPPINGS
    if folder.is_dir():
        return folder
    raise UsageError(
        f"there is no folder '{MAPPINGS}' beside {project.file.name if project.file else 'here'}",
        "name the mapping file or folder to run, or start a project with `etl init`",
    )


def _beside(known: Sequence[Loaded], project: ProjectSpec) -> tuple[tuple[Loaded, ...], bool]:
    """The other mappings of the same folders, and whether all could be read. What else is wrong with them is not
    this command's business."""
    files = {each.spec.file for each in known}
    folders = sorted({file.parent for file in files})
    beside = load_mappings(folders, project, sandbox=True, without=files)
    return beside.mappings, beside.complete
