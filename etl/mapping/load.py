"""From a path to a mapping: its files found, its chain of `extends` merged, checked, filled in and typed."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from etl.documents import overlay, schema, source
from etl.documents.interpolate import Sources, fill
from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.documents.text import shown
from etl.errors import DocumentError, UsageError
from etl.mapping import builtin, connections, spec
from etl.mapping.fingerprint import fingerprint
from etl.mapping.project import FILE, is_credential, sources
from etl.mapping.salvage import salvage
from etl.model import Json, Location, Problem
from etl.secrets import register
from etl.specs import MappingSpec, ProjectSpec

_REQUIRED = ("version", "name", "source", "fields", "target")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A mapping with the merged document it was read from. Where `problems` holds errors, it is there to be checked
    only, without the parts that they are about."""

    spec: MappingSpec
    document: Document
    problems: tuple[Problem, ...]
    project: ProjectSpec
    """The project as this mapping sees it: with the connections and the state that it brings itself."""
    chain: tuple[Document, ...] = ()
    """The documents as written, the mapping's own first, then what each extends."""
    rough: bool = False
    """Parts are left out without which only its expressions can be judged."""


@dataclass(frozen=True, slots=True)
class Loads:
    """All mappings that could be read, in order of their paths, and every problem of all files."""

    mappings: tuple[Loaded, ...]
    problems: tuple[Problem, ...]
    complete: bool = True
    """No file is left out as it could not be read: a name that no mapping has is nobody's."""


def load_mapping(
    path: Path | str, project: ProjectSpec, *, environ: Mapping[str, str] | None = None, sandbox: bool = False
) -> Loaded:
    """One mapping, by its file or `builtin:…` name. Raises DocumentError with every error in it."""
    loads = load_mappings([path], project, environ=environ, sandbox=sandbox)
    if any(problem.severity == "error" for problem in loads.problems):
        raise DocumentError(loads.problems)
    if len(loads.mappings) != 1:
        message = "this is a template, which can't be used by itself" if not loads.mappings else "this is a folder"
        place = Location(shown(mapping_files([path])[0]) if not loads.mappings else str(path), 1, 1)
        raise DocumentError([Problem("no-mapping", message, place, "name one mapping")])
    return loads.mappings[0]


def load_mappings(
    paths: Sequence[Path | str],
    project: ProjectSpec,
    *,
    environ: Mapping[str, str] | None = None,
    sandbox: bool = False,
    without: Collection[Path] = (),
) -> Loads:
    """The mappings of files, folders and `builtin:…` names, `without` files that are known. Problems are gathered.

    Templates that are complete are among them (`spec.template`); those that are not are only checked.
    """
    problems: list[Problem] = []
    mappings: list[Loaded] = []
    places = sources(project, environ, sandbox=sandbox)
    try:
        files = [file for file in mapping_files(paths) if file.resolve() not in without]
    except DocumentError as error:
        return Loads((), error.problems, complete=False)
    complete = True
    for file in files:
        try:
            loaded, found = _load(file, project, places)
        except DocumentError as error:
            loaded, found = None, list(error.problems)
        problems += found
        mappings += [loaded] if loaded else []
        complete = complete and (loaded is not None or not any(each.severity == "error" for each in found))
    return Loads(tuple(mappings), tuple(dict.fromkeys(problems)), complete)


def written(path: Path | str) -> list[Document]:
    """A mapping's documents as written, its own first, then what each extends; not checked, and nothing filled in.

    Raises DocumentError where one can't be read, UsageError where the path is a folder.
    """
    files = mapping_files([path])
    if len(files) != 1 or Path(path).is_dir():
        raise UsageError(f"'{path}' is a folder", "name one mapping")
    return overlay.chain(source.load(files[0]), _base)


def merged(chain: Sequence[Document]) -> Document:
    """Such documents as one, every field in its long form, without `extends`; credentials are never shown of it."""
    whole = overlay.with_long_fields(overlay.resolve(list(chain), kind="mapping"))
    for path, value in _texts(whole.data, ()):
        if is_credential(path) and not value.startswith("${"):
            register(value)
    return whole


def _texts(data: Json, path: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    if isinstance(data, str):
        yield path, data
    for name, value in data.items() if isinstance(data, dict) else ():
        yield from _texts(value, (*path, name))


def mapping_files(paths: Iterable[Path | str]) -> list[Path]:
    """The mapping files that paths stand for, each once: of a folder all below it. Raises DocumentError."""
    files: list[Path] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            files += _files(path)
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    return list({file.resolve(): file for file in files}.values())


def _files(path: Path | str) -> list[Path]:
    if builtin.is_builtin(str(path)):
        try:
            path = builtin.find(str(path))
        except builtin.NoSuchMapping as error:
            raise DocumentError([Problem("no-file", str(error), None, error.hint)]) from None
    path = Path(path)
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if _is_mapping(each.relative_to(path)) and each.is_file())
    if not found:
        hint = f"mappings end in {' or '.join(builtin.ENDINGS)}"
        raise DocumentError([Problem("no-mapping", f"there is no mapping in '{shown(path)}'", None, hint)])
    return found


def _is_mapping(path: Path) -> bool:
    """Whether a file below a folder of mappings is one: folders that start with a dot hold none."""
    hidden = any(part.startswith(".") for part in path.parts)
    return path.suffix in builtin.ENDINGS and path.name != FILE and not hidden


# --- one mapping ---------------------------------------------------------------------------------


def _load(file: Path, project: ProjectSpec, places: Sources) -> tuple[Loaded | None, list[Problem]]:
    chain = _chain(source.load(file))
    problems = _problems_of_chain(chain)
    merged = overlay.resolve(chain, kind="mapping") if len(chain) > 1 else chain[0]
    filled, unset = fill(merged, places, secret=is_credential, within=_is_filled_in)
    own, wrong = connections.build(filled)
    problems += [*filled.problems, *unset, *wrong, *connections.check_place(filled)]
    misfits = [each for each in schema.check(filled, "mapping") if not _is_of(each, unset)]
    usable, rough = _usable(filled, problems, unset) if _errors([*problems, *misfits]) else (filled, False)
    problems = schema.in_order([*problems, *(_slip_of_base(each, chain, filled) for each in misfits)])
    if usable is None or any(key not in usable.data for key in _REQUIRED):
        return None, problems
    seen = replace(project, connections={**project.connections, **own}, state=usable.data.get("state", project.state))
    mark = fingerprint(overlay.with_long_fields(usable), seen)
    typed = spec.build(usable, file.resolve(), mark)
    document = replace(usable, problems=tuple(problems))
    return Loaded(typed, document, document.problems, seen, tuple(chain), rough), problems


def _usable(document: Document, others: list[Problem], unset: list[Problem]) -> tuple[Document | None, bool]:
    """What of a document that is wrong can be checked further, if anything, and whether only its expressions can."""
    right = schema.spelt_right(document, "mapping")
    misfits = [each for each in schema.check(right, "mapping") if not _is_of(each, unset)]
    errors = _errors([each for each in others if each.code != "unknown-key"] + misfits)
    usable = salvage(right, errors) if errors else right
    return (usable, False) if usable is not None else (salvage(right, errors, roughly=True), True)


def _errors(problems: Iterable[Problem]) -> list[Problem]:
    return [each for each in problems if each.severity == "error"]


def _chain(document: Document) -> list[Document]:
    """The document with its bases. A base that is missing does not hide what is wrong with the document itself."""
    try:
        return overlay.chain(document, _base)
    except DocumentError as error:
        own = schema.check(document, "mapping", partial=True)
        raise DocumentError(schema.in_order([*document.problems, *own, *error.problems])) from None


def _base(document: Document) -> Path | None:
    text = document.data.get("extends") if isinstance(document.data, dict) else None
    if not isinstance(text, str) or not text:
        return None
    if not builtin.is_builtin(text):
        return _beside(document, text)
    try:
        found = builtin.find(text)
    except builtin.NoSuchMapping as error:
        place = document.marks.value(("extends",))
        raise DocumentError([Problem("no-file", str(error), place, error.hint)]) from None
    if found.is_dir():
        place = document.marks.value(("extends",))
        raise DocumentError([Problem("no-file", f"'{text}' is a folder", place, "name a mapping in it")])
    return found


def _beside(document: Document, text: str) -> Path:
    """The file of a relative path; the library's mappings are named otherwise."""
    path = document.marks.folder(("extends",)) / text
    if not path.exists() and builtin.is_there(text):
        problem = Problem("no-file", f"there is no file '{text}'", document.marks.value(("extends",)))
        raise DocumentError([replace(problem, hint=f"did you mean '{builtin.PREFIX}{text}'?")])
    return path


def _problems_of_chain(chain: list[Document]) -> list[Problem]:
    """What is wrong with the files of a chain by themselves. What one lacks, the merged mapping may have."""
    if len(chain) == 1:
        return []
    found = [problem for each in chain for problem in schema.check(each, "mapping", partial=True)]
    lower = chain[-1]
    for over in reversed(chain[:-1]):
        found += [_removes_nothing(lower, over, path) for path in overlay.idle_removals(lower, over)]
        lower = overlay.merge(lower, over, kind="mapping")
    return [problem for problem in found if problem.code != "missing-key"]


def _fields(document: Document) -> list[str]:
    block = document.data.get("fields") if isinstance(document.data, dict) else None
    return [str(name) for name in block] if isinstance(block, dict) else []


def _slip_of_base(problem: Problem, chain: list[Document], whole: Document) -> Problem:
    """A field of an overlay without a value is most likely one of its base, misspelt."""
    for name in _fields(chain[0]) if len(chain) > 1 and problem.code == "missing-key" else ():
        others = [other for other in _fields(whole) if other != name]
        close = difflib.get_close_matches(str(name), others, 1)
        if close and problem.location == whole.marks.key(("fields", name)):
            return replace(problem, hint=f"did you mean '{close[0]}'?")
    return problem


def _removes_nothing(base: Document, over: Document, path: DocumentPath) -> Problem:
    siblings = base.data
    for step in path[:-1]:
        siblings = siblings.get(step) if isinstance(siblings, dict) else None
    close = difflib.get_close_matches(str(path[-1]), list(siblings) if isinstance(siblings, dict) else [], 1)
    hint = f"did you mean '{close[0]}'?" if close else "take the line out"
    message = f"{base.file} has no '{path[-1]}' to remove here"
    return Problem("removes-nothing", message, over.marks.key(path), hint, "warning")


def _is_filled_in(path: DocumentPath) -> bool:
    """Placeholders are for params, and for what a mapping takes over from the project file."""
    return path[:1] in (("connections",), ("state",)) or "params" in path[1:4]


def _is_of(problem: Problem, unset: list[Problem]) -> bool:
    return problem.location is not None and any(each.location == problem.location for each in unset)
