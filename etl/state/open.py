"""From a state's URL to the state, ready for use."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from etl.errors import UsageError
from etl.state.database import Database
from etl.state.migrations import migrate
from etl.state.slots import PostgresBoard
from etl.state.sqlite import SqliteDatabase
from etl.state.store import StoredState

MEMORY = "memory:"
_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")


def open_state(url: str, root: Path, *, wait: float = 30.0) -> StoredState:
    """The state that `url` names, made or brought to the newest version where needed.

    `sqlite:///` and a path relative to `root` or absolute, `postgresql://…`, or `memory:` for a state that is thrown
    away. `wait`: seconds that another process's write is waited for. Raises StateError, UsageError for another URL.
    """
    database = _connect(url, root, wait)
    try:
        migrate(database)
        if isinstance(database, SqliteDatabase):
            database.use_wal()
    except BaseException:
        database.close()
        raise
    return StoredState(database, PostgresBoard(partial(_connect, url, root, wait)) if database.shared else None)


def look_at_state(url: str, root: Path) -> StoredState:
    """The state, for a command that only looks: where there is no SQLite file yet, none is made."""
    missing = url.startswith(_SQLITE) and not (root / url.removeprefix(_SQLITE)).exists()
    return open_state(MEMORY if missing else url, root)


def _connect(url: str, root: Path, wait: float) -> Database:
    if url == MEMORY:
        return SqliteDatabase(None, wait)
    if url.startswith(_SQLITE) and len(url) > len(_SQLITE):
        return SqliteDatabase((root / url.removeprefix(_SQLITE)).resolve(), wait)
    if url.startswith(_POSTGRES):
        from etl.state.postgres import PostgresDatabase  # psycopg is an optional extra

        return PostgresDatabase(url, wait)
    scheme, separator, rest = url.partition("://")  # what follows may hold a password
    raise UsageError(
        f"'{scheme}{separator}{'…' if rest else ''}' is no place for the state that etl knows",
        "write `state: sqlite:///.etl/state.db`, or a postgresql:// URL where several machines share it",
    )
