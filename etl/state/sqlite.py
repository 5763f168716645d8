"""The state in one SQLite file that several processes use: a kill loses nothing that was committed."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Final

import orjson

from etl.errors import StateError
from etl.state.claims import FileClaims
from etl.state.database import Row, Upsert

TEMPORARY: Final = ""
"""What SQLite calls a file of its own in the folder for temporary files, used only as far as its cache overflows."""

_WORDS: Final = {
    "text": "TEXT",
    "binary": "BLOB",
    "real": "REAL",
    "numbers": "TEXT",
    "number": "INTEGER PRIMARY KEY AUTOINCREMENT",
    "clustered": "WITHOUT ROWID",
    "fleeting": "",
}

_BOUND_AS: Final = {"text": "?", "optional": "nullif(?, '')", "integer": "?", "binary": "?"}

_SETTINGS: Final = (
    "page_size = 8192",  # of a new file: with rows of some hundred bytes a tenth faster than the usual 4096
    "synchronous = NORMAL",
    "checkpoint_fullfsync = ON",
    "cache_size = -4000",
    "temp_store = MEMORY",
)

_FAILURES: Final = {
    sqlite3.SQLITE_BUSY: (
        "is in use by another program",
        "close what holds it (a database viewer, a backup) and run again",
    ),
    sqlite3.SQLITE_LOCKED: ("is in use by another program", "close what holds it (a database viewer) and run again"),
    sqlite3.SQLITE_READONLY: ("can't be written to", "give this user write permission on the file and its folder"),
    sqlite3.SQLITE_PERM: ("can't be used by this user", "give this user read and write permission on the file"),
    sqlite3.SQLITE_CANTOPEN: ("can't be opened", "see that this user may read and write the file and its folder"),
    sqlite3.SQLITE_FULL: (
        "can't grow: the disk is full",
        "free some space and run again; everything stored until now is safe",
    ),
    sqlite3.SQLITE_IOERR: (
        "can't be read or written: the disk reports an error, or is full",
        "look at the disk and its free space, then run again; everything stored until now is safe",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged",
        "keep the file: restore a backup of it, or recover it with `sqlite3 FILE .recover`; nothing was changed. "
        "Without its ledger, records that were created would be created again",
    ),
    sqlite3.SQLITE_NOTADB: (
        "is no state file: its content is not a database",
        "nothing was changed: see that `state:` in etl.yaml names the right file, or restore a backup of it",
    ),
}
"""What a failure means and what to do, by SQLite's primary result code."""


class _InWords:
    """Turns SQLite's errors into the words of `_FAILURES`. Wrong statements stay what they are: faults of ours."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, sqlite3.DatabaseError) or isinstance(error, _OURS):
            return
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        what, hint = _FAILURES.get(code, (f"failed: {error}", "run again; if it stays, keep the file and report this"))
        raise StateError(f"{self._name} {what}", hint) from error


_OURS: Final = (sqlite3.ProgrammingError, sqlite3.IntegrityError)


class SqliteDatabase:
    """One connection to a state file, or without `path` to one that is thrown away. `wait`: seconds that another
    process's write is waited for."""

    words = _WORDS
    shared = False

    def __init__(self, path: Path | None, wait: float) -> None:
        self.name = f"the state file {path}" if path else "the temporary state"
        self._wait = wait
        self._in_words = _InWords(self.name)
        if path is not None:
            _prepare(path)
        self._claims = FileClaims(Path(f"{path}.locks") if path else None)
        with self._in_words:
            self._connection = sqlite3.connect(
                path or TEMPORARY, timeout=wait, isolation_level=None, cached_statements=256
            )
        try:
            for setting in _SETTINGS:
                self.write(f"PRAGMA {setting}")
        except BaseException:
            self._connection.close()
            raise

    def use_wal(self) -> None:
        """Readers and writers stop waiting for each other; kept in the file from then on."""
        until = time.monotonic() + self._wait
        while self.read("PRAGMA journal_mode") != [("wal",)]:
            try:
                self.read("PRAGMA journal_mode = WAL")
                return
            except StateError:  # two processes opened a new file at once: here SQLite itself does not wait
                if time.monotonic() > until:
                    raise
                time.sleep(0.01)

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        with self._in_words:
            return self._connection.execute(_spelled(sql), parameters).fetchall()

    def write(self, sql: str, parameters: Sequence[object] = ()) -> None:
        with self._in_words:
            self._connection.execute(_spelled(sql), parameters)

    def upsert(self, upsert: Upsert, rows: Sequence[Sequence[object]]) -> None:
        with self._in_words:
            self._connection.executemany(_insert(upsert), rows)

    def among(self, texts: Sequence[str]) -> object:
        return orjson.dumps(texts).decode()

    @contextmanager
    def transaction(self, *, durable: bool = False) -> Iterator[None]:
        with self._in_words, self._synced(durable):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def _synced(self, durable: bool) -> Iterator[None]:
        """In WAL mode a commit waits for the disk only with FULL; macOS needs fullfsync for the disk's own cache."""
        if not durable:
            yield
            return
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA fullfsync = ON")
        try:
            yield
        finally:
            self._connection.execute("PRAGMA fullfsync = OFF")
            self._connection.execute("PRAGMA synchronous = NORMAL")

    alone = transaction

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        self.write("BEGIN")
        try:
            yield
        finally:
            self.write("ROLLBACK")

    def tables(self) -> set[str]:
        rows = self.read(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        )
        return {str(name) for (name,) in rows}

    def claim(self, name: str) -> bool:
        return self._claims.claim(name)

    def release(self, name: str) -> None:
        self._claims.release(name)

    def close(self) -> None:
        self._claims.close()
        with self._in_words:
            self._connection.close()


def _prepare(path: Path) -> None:
    """The file with its folder, readable by this user alone. SQLite gives its -wal and -shm the same mode."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if path.is_dir():
            raise StateError(f"the state {path} is a folder", "name a file with `state:` in etl.yaml")
        # O_EXCL: opening a file that is in use and closing it again would drop this process's locks on it
        with suppress(FileExistsError):
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except OSError as error:
        in_the_way = isinstance(error, (FileExistsError, NotADirectoryError))
        why = f"{path.parent} is no folder" if in_the_way else error.strerror or error
        raise StateError(
            f"the state file {path} can't be made: {why}",
            "see that its folder is one where this user may write, or name another file with `state:` in etl.yaml",
        ) from error
    _close_to_others(path)


def _close_to_others(path: Path) -> None:
    for each in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with suppress(OSError):  # another user's file: its owner decides; a missing one gets the right mode when made
            if os.name == "posix" and each.stat().st_mode & 0o077:
                each.chmod(0o600)


@cache
def _spelled(sql: str) -> str:
    return sql.replace("{among}", "IN (SELECT value FROM json_each(?))")


@cache
def _insert(upsert: Upsert) -> str:
    places = ", ".join(_BOUND_AS[kind] for kind in upsert.columns.values())
    return f"INSERT INTO {upsert.table} ({', '.join(upsert.columns)}) VALUES ({places}) {upsert.conflict()}"
