"""The state as a file of JSON lines: one that says what it is, one per row, and a last one that counts them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

import orjson

from etl.errors import StateError
from etl.state.codec import pack, unpack
from etl.state.migrations import VERSIONS
from etl.state.store import StoredState
from etl.state.transfer import Line, read_lines, take_in

VERSION: Final = len(VERSIONS)
_AGAIN: Final = "export the state again; nothing was taken in"
_BINARY: Final = {("ledger", "hash"), ("intents", "hash"), ("secrets", "value")}


def export_state(state: StoredState, path: Path, project: str | None = None) -> int:
    """Writes all of one project, or of every one, to `path` (mode 0600, whole or not at all); how many rows that was.

    The file holds what the ledger and the rejects hold: treat it as the data itself. Raises StateError.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _unusable(path, "written", error) from error
    try:
        with os.fdopen(handle, "wb") as file:
            count = _write(file, read_lines(state, project))
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise _unusable(path, "written", error) from error
        raise
    return count


def import_state(path: Path, state: StoredState, project: str | None = None) -> int:
    """Takes in what `export_state` wrote, all or nothing; how many rows that was. `project`: the only one expected.

    Raises StateError for a file that is none, is damaged, of a newer etl or of another project, and where `state` has
    such a project.
    """
    try:
        with path.open("rb") as file:
            return take_in(state, _of(project, _read(file, path), path))
    except KeyError as error:
        raise StateError(f"{path} is damaged: {error} is missing or unknown", _AGAIN) from error
    except OSError as error:
        raise _unusable(path, "read", error) from error


def _unusable(path: Path, what: str, error: OSError) -> StateError:
    return StateError(f"{path} can't be {what}: {error.strerror or error}", "name another file, or mend this one")


def _write(file: IO[bytes], lines: Iterator[Line]) -> int:
    file.write(orjson.dumps({"etl_state": VERSION}) + b"\n")
    count = 0
    for table, row in lines:
        told = {name: value.hex() if (table, name) in _BINARY else value for name, value in row.items()}
        file.write(orjson.dumps([table, told]) + b"\n")
        count += 1
    file.write(orjson.dumps({"rows": count}) + b"\n")
    return count


def _read(file: IO[bytes], path: Path) -> Iterator[Line]:
    _check_head(_parsed(file.readline()), path)
    for number, text in enumerate(file, 2):
        line = _parsed(text)
        if line == {"rows": number - 2}:
            return
        try:
            table, row = line
            yield (
                table,
                {name: bytes.fromhex(value) if (table, name) in _BINARY else value for name, value in row.items()},
            )
        except (TypeError, ValueError, AttributeError, KeyError) as error:
            raise StateError(f"{path}:{number}: is damaged", _AGAIN) from error
    raise StateError(f"{path} ends in the middle", _AGAIN)


def _of(project: str | None, lines: Iterator[Line], path: Path) -> Iterator[Line]:
    for table, row in lines:
        if project is not None and (found := row.get("project", pack(project))) != pack(project):
            raise StateError(
                f"{path} holds state of project '{unpack(found)}', and this one is '{project}'",
                f"write `name: {unpack(found)}` in etl.yaml if they are the same; nothing was taken in",
            )
        yield table, row


def _check_head(head: Any, path: Path) -> None:
    version = head.get("etl_state") if isinstance(head, dict) else None
    if not isinstance(version, int):
        raise StateError(f"{path} is no export of etl's state", "name a file that `etl state export` wrote")
    if version > VERSION:
        raise StateError(
            f"{path} was written by a newer etl (its version is {version}, this etl knows {VERSION})",
            "install that etl, or a newer one; nothing was taken in",
        )


def _parsed(text: bytes) -> Any:
    """None for what is no JSON: no line of the file is null."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
