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

_Range = tuple[tuple[int, str], tuple[int, str]]


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
        return self._keys.intersection(keys) if self._file is None or not keys else self._file.known(keys)

    def _added(self, keys: Sequence[str]) -> set[str]:
        """Those of `keys` that were not there before; they are from now on."""
        if self._file is not None and keys:
            return self._file.add(keys)
        fresh = set(keys) - self._keys
        self._keys |= fresh
        if len(self._keys) > self._in_memory:
            self._file = _KeyFile(list(self._keys))
            self._keys = set()
        return fresh


class _KeyFile:
    """Keys in a file that SQLite makes in the system's folder for temporary files and removes by itself.

    Lists mostly come in the order of their keys. As long as they do, the keys of a page are new without being looked
    for, and are put aside; once some come out of order, all go into the index, where a key costs four times as much.
    """

    def __init__(self, first: Sequence[str]) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        for setting in _SETTINGS:
            self._connection.execute(f"PRAGMA {setting}")
        self._connection.execute("CREATE TABLE keys (key TEXT PRIMARY KEY, batch INTEGER NOT NULL) WITHOUT ROWID")
        self._connection.execute("CREATE TABLE pages (keys TEXT NOT NULL)")
        self._connection.execute("BEGIN")  # never ended: nobody else reads the file, and nothing of it is kept
        self._batch = 0
        self._range: _Range | None = _range(first)
        self._put_aside(pack_all(first))

    def known(self, keys: Sequence[str]) -> set[str]:
        if self._range is not None and _apart(_range(keys), self._range):
            return set()
        self._index()
        packed = pack_all(keys)
        return self._found(f"SELECT key FROM keys WHERE {_AMONG}", keys, packed, _list(packed))

    def add(self, keys: Sequence[str]) -> set[str]:
        """Those that were not there before: told by their order, or by the batch that they came with."""
        packed = pack_all(keys)
        if self._goes_on(keys):
            self._put_aside(packed)
            return set(keys)
        self._index()
        self._batch += 1
        listed = _list(packed)
        sql = "INSERT OR IGNORE INTO keys SELECT value, ? FROM json_each(?)"
        if self._execute(sql, self._batch, listed).rowcount == len(keys):
            return set(keys)
        return self._found(f"SELECT key FROM keys WHERE batch = ? AND {_AMONG}", keys, packed, self._batch, listed)

    def _goes_on(self, keys: Sequence[str]) -> bool:
        """All came in order, and so do these."""
        if self._range is None:
            return False
        before, here = self._range, _range(keys)
        self._range = min(before[0], here[0]), max(before[1], here[1])
        return _apart(before, here)

    def _put_aside(self, packed: Sequence[str]) -> None:
        self._execute("INSERT INTO pages VALUES (?)", _list(packed))

    def _index(self) -> None:
        """Makes findable what was put aside; from now on everything is."""
        if self._range is not None:
            self._execute("INSERT OR IGNORE INTO keys SELECT value, 0 FROM pages, json_each(pages.keys)")
            self._execute("DELETE FROM pages")
            self._range = None

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


def _range(keys: Sequence[str]) -> _Range:
    """The first and the last by length, then text: the order of numbers, and of names that end in one."""
    ordered = sorted(sorted(keys), key=len)
    return (len(ordered[0]), ordered[0]), (len(ordered[-1]), ordered[-1])


def _apart(one: _Range, other: _Range) -> bool:
    return one[1] < other[0] or other[1] < one[0]


def _list(packed: Sequence[str]) -> str:
    return orjson.dumps(packed).decode()


def _no_room(error: sqlite3.OperationalError) -> StateError:
    return StateError(
        f"the folder for temporary files can't hold the keys of this run: {error}",
        "free some space there, or name another folder with the environment variable SQLITE_TMPDIR",
    )
