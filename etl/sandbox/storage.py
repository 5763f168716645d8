"""Everything the sandbox holds: records by collection and key, written through to SQLite.

Records live in memory for speed; each change is committed to the file before the answer goes out, so that `kill -9`
loses nothing that was answered. Several processes may use one folder: what another one changed is seen at the next
request.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from etl.errors import StateError
from etl.sandbox.exchange import Key, Record

FILE = "sandbox.db"
PATIENCE = 30.0
"""Seconds that another process's change is waited for."""

_VERSION = 1  # of the layout below and of the records in it; another one is made anew, as the data is made up
_TABLES = """
CREATE TABLE records (
    id INTEGER PRIMARY KEY, collection TEXT NOT NULL, key NOT NULL, body BLOB NOT NULL, UNIQUE (collection, key));
CREATE TABLE counters (collection TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE blobs (key INTEGER PRIMARY KEY, content BLOB NOT NULL);
"""
_UPSERT = (
    "INSERT INTO records (collection, key, body) VALUES (?, ?, ?)"
    " ON CONFLICT (collection, key) DO UPDATE SET body = excluded.body"
)


def _connect(folder: Path | None) -> sqlite3.Connection:
    try:
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
        return sqlite3.connect(folder / FILE if folder else ":memory:", isolation_level=None, timeout=PATIENCE)
    except (OSError, sqlite3.OperationalError) as error:
        raise _unusable(folder, getattr(error, "strerror", None) or str(error)) from error


def _unusable(folder: Path | None, why: str) -> StateError:
    return StateError(
        f"the sandbox's data in {folder} can't be used: {why}",
        "close what uses it, see that this user may write there, or delete the folder: the data is made up anew",
    )


class Database:
    """The file of all collections. Used by one thread; changes belong inside `transaction()`."""

    def __init__(self, folder: Path | None) -> None:
        self._database = _connect(folder)
        self._rows: dict[str, dict[Key, Record]] = {}
        self._counters: dict[str, int] = {}
        self._touched: set[str] = set()
        self._seen_version = 0
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._database.close()
            raise _unusable(folder, str(error)) from error
        except BaseException:
            self._database.close()
            raise

    def _prepare(self) -> None:
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = NORMAL")
        with self.transaction():  # another process may be at the same point
            if self._pragma("user_version") != _VERSION:
                self.wipe()

    def close(self) -> None:
        self._database.close()

    @property
    def empty(self) -> bool:
        """True until something was stored."""
        return self._database.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None

    def wipe(self) -> None:
        """Throws everything away; inside a transaction."""
        for (table,) in self._database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
            self._database.execute(f"DROP TABLE {table}")  # the name is the database's own
        for statement in _TABLES.split(";"):
            self._database.execute(statement)
        self._database.execute(f"PRAGMA user_version = {_VERSION}")
        self._forget()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All changes inside become durable together, or none does where an error leaves the block."""
        self._database.execute("BEGIN IMMEDIATE")
        self._touched.clear()
        try:
            self._refresh()
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            for name in self._touched:
                self._rows.pop(name, None)
                self._counters.pop(name, None)
            raise
        self._database.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Sees what other processes have changed so far."""
        self._refresh()
        yield

    def rows(self, name: str) -> Mapping[Key, Record]:
        return self._loaded(name)

    def put(self, name: str, key: Key, record: Record) -> None:
        rows = self._loaded(name)
        self._touched.add(name)
        self._database.execute(_UPSERT, (name, key, orjson.dumps(record)))
        rows[key] = record

    def fill(self, name: str, records: Iterable[tuple[Key, Record]]) -> None:
        rows = self._loaded(name)
        self._touched.add(name)
        fresh = dict(records)
        self._database.executemany(_UPSERT, [(name, key, orjson.dumps(record)) for key, record in fresh.items()])
        rows.update(fresh)

    def remove(self, name: str, key: Key) -> None:
        self._touched.add(name)
        self._loaded(name).pop(key, None)
        self._database.execute("DELETE FROM records WHERE collection = ? AND key = ?", (name, key))

    def reserve(self, name: str, last: int) -> None:
        self._touched.add(name)
        self._counters[name] = last
        self._database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?)", (name, last))

    def next_id(self, name: str) -> int:
        last = self._counters.get(name)
        if last is None:
            found = self._database.execute("SELECT last FROM counters WHERE collection = ?", (name,)).fetchone()
            last = max(found[0] if found else 0, *(key for key in self._loaded(name) if isinstance(key, int)), 0)
        self.reserve(name, last + 1)
        return last + 1

    def put_blob(self, key: int, content: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO blobs VALUES (?, ?)", (key, content))

    def blob(self, key: int) -> bytes | None:
        found = self._database.execute("SELECT content FROM blobs WHERE key = ?", (key,)).fetchone()
        return bytes(found[0]) if found else None

    def remove_blob(self, key: int) -> None:
        self._database.execute("DELETE FROM blobs WHERE key = ?", (key,))

    def _loaded(self, name: str) -> dict[Key, Record]:
        rows = self._rows.get(name)
        if rows is None:
            found = self._database.execute("SELECT key, body FROM records WHERE collection = ? ORDER BY id", (name,))
            rows = self._rows[name] = {key: orjson.loads(body) for key, body in found}
        return rows

    def _refresh(self) -> None:
        version = self._pragma("data_version")
        if version != self._seen_version:
            self._seen_version = version
            self._forget()

    def _forget(self) -> None:
        self._rows.clear()
        self._counters.clear()

    def _pragma(self, name: str) -> int:
        return int(self._database.execute(f"PRAGMA {name}").fetchone()[0])


class Store:
    """The collections of one API; blobs are shared, as only one API has any."""

    def __init__(self, database: Database, api: str) -> None:
        self._database = database
        self._prefix = f"{api}."

    def rows(self, name: str) -> Mapping[Key, Record]:
        """The records of a collection in order of creation. They are not to be changed in place: `put` a new one."""
        return self._database.rows(self._prefix + name)

    def get(self, name: str, key: Key | None) -> Record | None:
        return None if key is None else self._database.rows(self._prefix + name).get(key)

    def put(self, name: str, key: Key, record: Record) -> None:
        self._database.put(self._prefix + name, key, record)

    def fill(self, name: str, records: Iterable[tuple[Key, Record]]) -> None:
        """Many records at once into a collection that holds none of them yet."""
        self._database.fill(self._prefix + name, records)

    def remove(self, name: str, key: Key) -> None:
        self._database.remove(self._prefix + name, key)

    def reserve(self, name: str, last: int) -> None:
        """Lets the numbers of `next_id` begin after `last`."""
        self._database.reserve(self._prefix + name, last)

    def next_id(self, name: str) -> int:
        """A number that no record of this collection ever had."""
        return self._database.next_id(self._prefix + name)

    def put_blob(self, key: int, content: bytes) -> None:
        self._database.put_blob(key, content)

    def blob(self, key: int) -> bytes | None:
        return self._database.blob(key)

    def remove_blob(self, key: int) -> None:
        self._database.remove_blob(key)
