"""The keys that a run has come across, without keeping all of them in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

import orjson

from etl.errors import StateError
from etl.state.codec import pack_all

IN_MEMORY = 10_000
_SETTINGS = ("page_size = 8192", "journal_mode = OFF", "synchronous = OFF", "temp_store = FILE", "cache_size = -1024")
_AMONG = "key IN (SELECT value FROM json_each(?))"


class SeenKeys:
    """A set of texts. Beyond `in_memory` of them it moves into a temporary file, gone with `close` or the process."""

    def __init__(self, in_memory: int = IN_MEMORY) -> None:
        self._in_memory = in_memory
        self._keys: set[str] = set()
        self._file: _KeyFile | None = None

    def add_many(self, keys: Sequence[str]) -> list[bool]:
        """For each key whether it is new. Of equal keys in one call the first is new."""
        fresh = self._added(keys)
        if len(fresh) == len(keys):
            return [True] * len(keys)
        new: list[bool] = []
        for key in keys:
            new.append(key in fresh)
            fresh.discard(key)
        return new

    def contains_many(self, keys: Sequence[str]) -> list[bool]:
        """For each key whether it was added before."""
        known = self._known(keys)
        return [key in known for key in keys]

    def close(self) -> None:
        self._keys = set()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _known(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that were added before."""
        return self._keys.intersection(keys) if self._file is None else self._file.known(keys)

    def _added(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that were not there before; they are from now on."""
        if self._file is not None:
            return self._file.add(keys)
        fresh = set(keys) - self._keys
        self._keys |= fresh
        if len(self._keys) > self._in_memory:
            self._file = _KeyFile()
            self._file.add(list(self._keys))
            self._keys = set()
        return fresh


class _KeyFile:
    """Keys in a file that SQLite makes in the system's folder for temporary files and removes by itself."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for setting in _SETTINGS:
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE keys (key TEXT PRIMARY KEY, batch INTEGER NOT NULL) WITHOUT ROWID")
        self._connection.execute("BEGIN")  # never ended: nobody else reads the file, and nothing of it is kept
        self._batch = 0

    def known(self, keys: Sequence[str]) -> set[str]:
        packed = pack_all(keys)
        return self._found(f"SELECT key FROM keys WHERE {_AMONG}", keys, packed, _list(packed))

    def add(self, keys: Sequence[str]) -> set[str]:
        """Those that were not there before: told by the batch that they came with, and asked only where some were."""
        packed = pack_all(keys)
        listed = _list(packed)
        self._batch += 1
        sql = "INSERT OR IGNORE INTO keys SELECT value, ? FROM json_each(?)"
        if self._execute(sql, self._batch, listed).rowcount == len(keys):
            return set(keys)
        return self._found(f"SELECT key FROM keys WHERE batch = ? AND {_AMONG}", keys, packed, self._batch, listed)

    def _found(self, sql: str, keys: Sequence[str], packed: Sequence[str], *parameters: object) -> set[str]:
        """The keys whose packed form the statement gives."""
        plain = dict(zip(packed, keys, strict=True))
        return {plain[key] for (key,) in self._execute(sql, *parameters).fetchall()}

    def _execute(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        try:
            return self._connection.execute(sql, parameters)
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def close(self) -> None:
        self._connection.close()


def _list(packed: Sequence[str]) -> str:
    return orjson.dumps(packed).decode()


def _no_room(error: sqlite3.OperationalError) -> StateError:
    return StateError(
        f"the folder for temporary files can't hold the keys of this run: {error}",
        "free some space there, or name another folder with the environment variable SQLITE_TMPDIR",
    )
