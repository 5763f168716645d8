"""A connector by its name or path: found, its `extends` merged, checked where it is a project's own, made typed.

Packaged connectors are checked by the suite, not at each start.
"""

from __future__ import annotations

import difflib
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from etl.catalogue import Connector
from etl.connectors.build import build
from etl.connectors.checks import check_connector
from etl.documents import overlay, source
from etl.documents.source import Document
from etl.errors import DocumentError, EtlError, UsageError
from etl.model import Problem
from etl.resources import connectors as packaged_folder

ENDINGS = (".yaml", ".yml")


def packaged() -> list[str]:
    """The names of the connectors that travel with the package."""
    return sorted(path.stem for path in packaged_folder().glob("*.yaml"))


def load_connector(name: str, root: Path) -> Connector:
    """The connector of a packaged name, or of a file (relative to `root`).

    Raises UsageError for a name that does not exist, DocumentError with all problems of a file that is wrong.
    """
    if name in packaged():
        return _packaged(name)
    return _load(_find(name, root), root)


@cache
def _packaged(name: str) -> Connector:
    """It never changes, and a project has a connection to it in each of its environments."""
    return _load(_find(name, Path()), Path())


def _load(path: Path, root: Path) -> Connector:
    chain = overlay.chain(source.load(path), lambda document: _base(document, root))
    document = overlay.resolve(chain, kind="connector") if len(chain) > 1 else chain[0]
    if path.parent != packaged_folder():
        problems = check_connector(document)
        if any(problem.severity == "error" for problem in problems):
            raise DocumentError(problems)
    return build(document.data, name=path.stem, digest=_digest(chain), file=document.file)


def packaged_base(name: str, root: Path) -> str | None:
    """The packaged connector that this one is or extends, through any number of files; None where there is none."""
    try:
        last = overlay.chain(source.load(_find(name, root)), lambda document: _base(document, root))[-1]
    except EtlError:  # told where the connector itself is loaded
        return None
    file = last.marks.source(()).path
    return file.stem if file is not None and file.parent == packaged_folder().resolve() else None


def _find(name: str, root: Path) -> Path:
    if name.endswith(ENDINGS):
        return root / name
    if name in packaged():
        return packaged_folder() / f"{name}.yaml"
    raise UsageError(f"there is no connector '{name}'", _hint(name))


def _hint(name: str) -> str:
    if "/" in name or "\\" in name:
        return f"a file is named with its ending: {name}.yaml"
    close = difflib.get_close_matches(name, packaged(), 1)
    known = ", ".join(packaged())
    return f"did you mean '{close[0]}'?" if close else f"packaged are {known}; one of your own is ./connectors/x.yaml"


def _base(document: Document, root: Path) -> Path | None:
    """The file that a connector extends: relative to its own, or packaged."""
    name: Any = document.data.get("extends") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return None
    if name.endswith(ENDINGS):
        return document.marks.folder(("extends",)) / name
    try:
        return _find(name, root)
    except UsageError as error:
        place = document.marks.value(("extends",))
        raise DocumentError([Problem("unknown-connector", error.message, place, error.hint)]) from None


def _digest(chain: list[Document]) -> str:
    """Changes with every change of the document or of one that it extends."""
    contents = [each.marks.source(()).text.encode("utf-8", "surrogatepass") for each in chain]
    return hashlib.sha256(b"\0".join(contents)).hexdigest()
