"""What a run has written to a file and what the file does not show yet: durable, so that it outlives the process.

A file is replaced in one step at the end of a run, but its records are accepted batch by batch. What makes a batch
safe in between is this journal beside the file. It is one per mapping and state: only the run that writes it can tell
the ledger of what stands in it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from etl.documents.text import shown
from etl.errors import ConnectionFailed
from etl.http.decoding import decode, encode
from etl.model import Item, LedgerEntry, Record

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
    hash BLOB NOT NULL, output BLOB, UNIQUE (kind, key));
CREATE TABLE IF NOT EXISTS parts (name TEXT NOT NULL);
CREATE TEMP TABLE used (number INTEGER PRIMARY KEY);
"""
_APPEND, _KEYED = "append", "keyed"
_WRITE = (
    "INSERT INTO entries (kind, key, source, target, hash, output) VALUES (?, ?, ?, ?, ?, ?)"
    " ON CONFLICT (kind, key) DO UPDATE SET source = excluded.source, hash = excluded.hash, output = excluded.output"
)
_APPENDED = (
    "SELECT number, source, target, hash, output FROM entries WHERE kind = ? AND number > ? ORDER BY number LIMIT 500"
)
_LEFT = (
    "SELECT number, output FROM entries WHERE number > ? AND output IS NOT NULL"
    " AND number NOT IN (SELECT number FROM used) ORDER BY number LIMIT 500"
)


@dataclass(slots=True)
class Journal:
    """Entries by key: the latest of a key holds, at the place of its first. A delete has no output."""

    path: Path
    _connection: sqlite3.Connection | None = None

    def exists(self) -> bool:
        """Something was written that the file may not show."""
        return self.path.exists()

    def append(self, items: Sequence[Item]) -> None:
        """Records that come behind all others. One that is sent again after a crash is still one."""
        self._write([(_APPEND, item.key, *_known(item), encode(item.output)) for item in items])

    def upsert(self, items: Sequence[Item]) -> None:
        """Records that take the place of those with their target key."""
        self._write([(_KEYED, item.target_key, *_known(item), encode(item.output)) for item in items])

    def delete(self, items: Sequence[Item]) -> None:
        """Records that go."""
        self._write([(_KEYED, item.target_key, *_known(item), None) for item in items])

    def _write(self, rows: list[tuple[str, str, str, str, bytes, bytes | None]]) -> None:
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_WRITE, rows)
            connection.execute("COMMIT")

    # --- read at the end of a run --------------------------------------------------------------------

    def appended(self) -> Iterator[list[LedgerEntry]]:
        """What was appended, as the ledger would have it, in pages."""
        last = 0
        while True:
            with self._open() as connection:
                rows = connection.execute(_APPENDED, (_APPEND, last)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield [LedgerEntry(source, target, mark, decode(output)) for _, source, target, mark, output in rows]

    def taken(self, keys: Sequence[str]) -> dict[str, Record | None]:
        """Key → output (None: deleted) of those keys that were written; they are used up with this."""
        marks = ",".join("?" * len(keys))
        with self._open() as connection:
            sql = f"SELECT number, key, output FROM entries WHERE kind = ? AND key IN ({marks})"  # noqa: S608 - only ?s
            found = connection.execute(sql, [_KEYED, *keys]).fetchall()
            connection.executemany("INSERT OR IGNORE INTO used VALUES (?)", [(number,) for number, _, _ in found])
        return {key: None if output is None else decode(output) for _, key, output in found}

    def left(self) -> Iterator[Record]:
        """Outputs that took no record's place, in the order in which they were written."""
        last = 0
        while True:
            with self._open() as connection:
                rows = connection.execute(_LEFT, (last,)).fetchall()
            if not rows:
                return
            last = rows[-1][0]
            yield from (decode(output) for _, output in rows)

    def start_over(self) -> None:
        """Nothing is used up any more: an attempt to merge was given up."""
        with self._open() as connection:
            connection.execute("DELETE FROM used")

    # --- the moment of replacing ---------------------------------------------------------------------

    def name_part(self, name: str) -> None:
        """The finished file that is about to take the target's place. Durable before it returns."""
        with self._open() as connection:
            connection.execute("INSERT INTO parts VALUES (?)", (name,))

    def forget_part(self, name: str) -> None:
        """It will not take the target's place, and may be removed."""
        with self._open() as connection:
            connection.execute("DELETE FROM parts WHERE name = ?", (name,))

    def parts(self) -> list[Path]:
        """Finished files of earlier attempts: one that is there did not take the target's place, a missing one did."""
        with self._open() as connection:
            return [self.path.with_name(name) for (name,) in connection.execute("SELECT name FROM parts")]

    def remove(self) -> None:
        """Everything in it stands in the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            yield self._connection
        except sqlite3.Error as error:
            self._roll_back()
            raise ConnectionFailed(
                f"'{shown(self.path)}', where records wait for their file, can't be used: {error}",
                "is the disk full, or the folder not writable? nothing that was accepted is lost",
            ) from error

    def _connect(self) -> sqlite3.Connection:
        """Merging goes on in a thread of its own, when nothing else is written. No WAL: folders may be on a share."""
        new = not self.path.exists()
        connection = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False)
        if new:
            self.path.chmod(0o600)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -4096")
        connection.executescript(_SCHEMA)
        return connection

    def _roll_back(self) -> None:
        if self._connection is not None and self._connection.in_transaction:
            with closing(self._connection):
                self._connection = None


def _known(item: Item) -> tuple[str, str, bytes]:
    return item.key, item.target_key, item.hash
