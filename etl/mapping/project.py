"""From `etl.yaml` to a project: found, checked, its environment applied, its placeholders filled in."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from etl.documents import core, overlay, schema, source
from etl.documents.interpolate import Sources, environment, fill
from etl.documents.marks import DocumentPath, Marks
from etl.documents.source import Document
from etl.errors import DocumentError, UsageError
from etl.mapping import connections
from etl.model import Json, Problem
from etl.specs import ConnectionSpec, ProjectSpec

FILE = "etl.yaml"
MAPPINGS = "mappings"
"""The folder of a project's mappings, where a command names no path."""


def find_project(start: Path) -> Path | None:
    """The `etl.yaml` of a file's or folder's own folder, or of the nearest one above that has it."""
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    return next((each / FILE for each in (folder, *folder.parents) if (each / FILE).exists()), None)


def nowhere(what: str, folder: Path) -> UsageError:
    """What can't be done without a project's document, where there is none."""
    return UsageError(
        f"{what}: there is no {FILE} in {folder}, nor in a folder above it",
        "go to the project's folder or name it (--project); `etl init DIR` starts one, `etl run --sandbox` needs none",
    )


def bare_root(start: Path) -> Path:
    """The root of a project that has no `etl.yaml`: the folder that holds `mappings/`, else that of `start` itself."""
    start = start.resolve()
    folder = start if start.is_dir() else start.parent
    return next((each.parent for each in (folder, *folder.parents) if each.name == MAPPINGS), folder)


def load_project(
    start: Path | None = None,
    *,
    file: Path | None = None,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    sandbox: bool = False,
) -> ProjectSpec:
    """The project that `start` (a mapping, or a folder) belongs to, or that of `file`.

    Without any `etl.yaml` it is an empty one (see `bare_root`), for a mapping that brings its own
    connections. `variables` (texts, of `--var`) go before the project's; `environ` defaults to the process's;
    `sandbox`: credentials that are not set are no error. Raises DocumentError with all problems, UsageError for an
    environment that does not exist.
    """
    project, problems = read_project(start, file=file, env=env, variables=variables, environ=environ, sandbox=sandbox)
    if project is None or problems:
        raise DocumentError(problems)
    return project


def read_project(
    start: Path | None = None,
    *,
    file: Path | None = None,
    env: str | None = None,
    variables: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    sandbox: bool = False,
) -> tuple[ProjectSpec | None, list[Problem]]:
    """The same with its problems beside it: where there are some, it is there for mappings to be checked against.

    None where so much is wrong that what a mapping may name can't be told.
    """
    start = start or Path.cwd()
    found = _chosen(file) if file else find_project(start)
    if found:
        return _read(found, env or "", variables or {}, environ, sandbox=sandbox)
    if env:
        raise UsageError(f"there is no environment '{env}'", f"environments are part of {FILE}, and there is none here")
    folder = bare_root(start)
    return ProjectSpec(name=folder.name, root=folder, file=None, connections={}, vars=dict(variables or {})), []


def sources(project: ProjectSpec, environ: Mapping[str, str] | None = None, *, sandbox: bool = False) -> Sources:
    """Where the placeholders of the project's mappings get their values."""
    return Sources(environment(project.root, environ), project.root, project.vars, lenient=sandbox)


def is_credential(path: DocumentPath) -> bool:
    """Whether what stands at this path must never be shown."""
    return "connections" in path and "auth" in path[path.index("connections") + 2 :]


def _chosen(file: Path) -> Path:
    return file / FILE if file.is_dir() else file


def _read(
    file: Path, env: str, variables: Mapping[str, str], environ: Mapping[str, str] | None, *, sandbox: bool
) -> tuple[ProjectSpec | None, list[Problem]]:
    try:
        written = source.load(file)
        root = file.resolve().parent
        sources = Sources(environment(root, environ), root, lenient=sandbox)
    except DocumentError as error:
        return None, list(error.problems)
    fill(written, sources, secret=is_credential, within=lambda _: False)  # only makes literal credentials known
    problems = schema.check(written, "project", partial=True)
    document = with_environment(written, env)
    document, vars_, unset = _with_vars(document, sources, variables)
    document, more = fill(
        document, replace(sources, vars=vars_), secret=is_credential, within=lambda path: path[:1] != ("vars",)
    )
    unset += more
    problems += unset + [each for each in schema.check(document, "project") if not _is_at(each, unset)]
    built, wrong = connections.build(document)
    problems += [each for each in wrong + connections.check_place(document) if not _is_at(each, unset)]
    if problems:
        problems = schema.in_order([*document.problems, *problems])
    return _spec(document, root, file, env, vars_, built) if _tells(document, problems) else None, problems


def _tells(document: Document, problems: Sequence[Problem]) -> bool:
    """Whether a project's document says what its mappings may name, whatever else is wrong with it."""
    data = document.data
    if not problems or not isinstance(data, dict):
        return not problems
    strange = any(key not in schema.schema("project")["properties"] for key in data)
    blocks = [data.get(key, None if strange else {}) for key in ("connections", "vars")]
    return data.get("version", 1) == 1 and all(isinstance(block, dict) for block in blocks)


def _spec(
    document: Document, root: Path, file: Path, env: str, vars_: Mapping[str, Json], built: Mapping[str, ConnectionSpec]
) -> ProjectSpec:
    data = document.data
    known = {key: data[key] for key in ("state", "timezone", "name") if isinstance(data.get(key), str)}
    return ProjectSpec(
        **{"name": root.name, **known},
        root=root,
        file=file.resolve(),
        connections=built,
        vars=vars_,
        environment=env,
        warnings=document.problems,
    )


def _is_at(problem: Problem, others: list[Problem]) -> bool:
    """Whether another problem was found on the same line: a text that could not be filled in."""
    place = problem.location
    return place is not None and any(
        each.location and (each.location.file, each.location.line) == (place.file, place.line) for each in others
    )


# --- environments and variables ------------------------------------------------------------------


def with_environment(document: Document, env: str) -> Document:
    """The project's document with an environment merged over it, and without the others ('' for none of them)."""
    data = document.data if isinstance(document.data, dict) else {}
    rest = replace(document, data={key: value for key, value in data.items() if key != "environments"})
    if not isinstance(document.data, dict):
        return document
    if not env:
        return rest
    known = data.get("environments")
    known = known if isinstance(known, dict) else {}
    if env not in known:
        close = difflib.get_close_matches(env, list(known), 1)
        have = f"{document.file} has {', '.join(known)}" if known else f"{document.file} has no 'environments'"
        raise UsageError(f"there is no environment '{env}'", f"did you mean '{close[0]}'?" if close else have)
    mark, _ = document.marks.find(("environments", env))
    return overlay.merge(rest, Document(document.file, known[env] or {}, Marks(mark)), kind="project")


def _with_vars(
    document: Document, sources: Sources, overrides: Mapping[str, str]
) -> tuple[Document, dict[str, Json], list[Problem]]:
    """The variables, filled in from top to bottom: each may use those above it."""
    data = document.data if isinstance(document.data, dict) else {}
    declared = data.get("vars")
    values: dict[str, Json] = dict(overrides)
    problems: list[Problem] = []
    for name, written in declared.items() if isinstance(declared, dict) else ():
        if name in overrides:
            values[name] = _typed(overrides[name], written)
            continue
        filled, unset = fill(
            document,
            replace(sources, vars=values),
            secret=lambda _: False,
            within=lambda path, name=name: path[:2] == ("vars", name),  # type: ignore[misc]
        )
        values[name] = filled.data["vars"][name]
        problems += unset
    if not isinstance(declared, dict):
        return document, values, problems
    return replace(document, data={**data, "vars": values}), values, problems


def _typed(text: str, like: Json) -> Json:
    """A variable of the command line as the kind of value that it takes the place of, where it can be."""
    if isinstance(like, str) or like is None:
        return text
    value = core.resolve(text)
    alike = isinstance(value, bool) == isinstance(like, bool)
    return value if alike and not isinstance(value, str) else text
