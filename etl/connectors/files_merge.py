"""A file and what its journal holds, made into the new file: streamed, and put in place in one step.

A finished part is named in the journal before it takes the file's place. After a crash a named part that is gone has
taken it, so that nothing is merged twice; one that is still there has not, and is thrown away: the file may have been
changed by others since.
"""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from filelock import FileLock, Timeout

from etl.connectors.files_csv import Csv
from etl.connectors.files_formats import Format
from etl.connectors.files_journal import Journal
from etl.connectors.files_text import Row, broken, has_mark, newline_of
from etl.documents.text import shown
from etl.errors import ConnectionFailed
from etl.keys import compose, key_text
from etl.model import Record

PATIENCE = 60.0
"""Seconds that another writer of the same file is waited for: it holds the lock while it merges."""

_PAGE = 500
_TRIES, _PAUSE = 20, 0.1
"""On Windows a file that a scanner or an index has just opened can't be replaced for a moment."""


@dataclass(frozen=True, slots=True)
class Merge:
    """`columns`: those that the mapping writes, in its order. `key`: the fields by which rows are told apart."""

    path: Path
    format: Format
    columns: tuple[str, ...]
    key: tuple[str, ...]
    journal: Journal
    patience: float = PATIENCE
    sleep: Callable[[float], None] = time.sleep

    def run(self) -> None:
        """Raises ConnectionFailed where the file can't be read or replaced; the journal then stays."""
        try:
            with FileLock(self.path.with_name(f".{self.path.name}.lock"), timeout=self.patience):
                self.recover()
                if self.journal.exists():
                    self._merge()
                    self.journal.remove()
        except Timeout:
            message = f"'{shown(self.path)}' is being written by another run"
            raise ConnectionFailed(message, "run again when that is done; what was written is kept for it") from None
        except OSError as error:
            message = f"'{shown(self.path)}' can't be replaced: {error.strerror or error}"
            hint = "close it where it is open, or make room; a rerun puts in it what was written, nothing is lost"
            raise ConnectionFailed(message, hint) from error

    def recover(self) -> None:
        """Ends what a killed process left of its merge: only what the file does not show yet stays in the journal."""
        if not self.journal.exists():
            return
        for part in self.journal.parts():
            if not part.exists():
                self.journal.remove()
                return
            self.journal.forget_part(part.name)
            part.unlink()

    def _merge(self) -> None:
        self.journal.start_over()
        part = self.path.with_name(f".{self.path.name}.{uuid.uuid4().hex[:12]}.part")
        try:
            self._write(part)
            self.journal.name_part(part.name)
            self._put_in_place(part)
        except BaseException:
            if part.exists():
                self.journal.forget_part(part.name)
                part.unlink()
            raise

    def _put_in_place(self, part: Path) -> None:
        for attempt in range(1, _TRIES + 1):
            try:
                part.replace(self.path)
                break
            except PermissionError:
                if attempt == _TRIES:
                    raise
                self.sleep(_PAUSE)
        _sync_folder(self.path.parent)

    # --- the new file --------------------------------------------------------------------------------

    def _write(self, part: Path) -> None:
        there = self.path.exists() and self.path.stat().st_size > 0
        known, encoding = self._known(there), self.format.options.encoding
        newline = newline_of(self.path, encoding) if there else "\n"
        encoding = encoding or ("utf-8-sig" if there and has_mark(self.path) else "utf-8")
        columns = [*known, *(name for name in self.columns if name not in known)]
        with part.open("w", encoding=encoding, newline="") as file:
            self._format(columns).write(file, columns, self._rows(there, columns), newline)
            file.flush()
            os.fsync(file.fileno())
        if self.path.exists():
            shutil.copymode(self.path, part)

    def _known(self, there: bool) -> list[str]:
        """The columns that the file has already; none where columns are no matter."""
        if not there or not isinstance(self.format, Csv) or self.format.options.header is not True:
            return list(self.format.options.header) if isinstance(self.format.options.header, tuple) else []
        known = self.format.columns(self.path)
        for name in self.key:
            if name not in known and known:
                hint = "give it one, or let the mapping write to another file"
                raise broken(self.path, 1, f"there is no column '{name}', by which rows are told apart", hint)
        return known

    def _format(self, columns: list[str]) -> Format:
        """Without a header line the rows that are there have the columns that are written."""
        if not isinstance(self.format, Csv) or self.format.options.header is True:
            return self.format
        return Csv(replace(self.format.options, header=tuple(columns)))

    def _rows(self, there: bool, columns: list[str]) -> Iterator[Row]:
        rows = self._format(columns).rows(self.path) if there else iter(())
        while page := list(islice(rows, _PAGE)):
            yield from self._merged(page) if self.key else page
        for output in self.journal.left():
            yield Row(0, output)

    def _merged(self, page: list[Row]) -> Iterator[Row]:
        keys = [self._key(row.record) for row in page]
        taken = self.journal.taken([key for key in keys if key is not None])
        for key, row in zip(keys, page, strict=True):
            if key is None or key not in taken:
                yield row
            elif (output := taken[key]) is not None:
                yield Row(row.line, {**row.record, **output})

    def _key(self, record: Record) -> str | None:
        parts = [key_text(record.get(name)) for name in self.key]
        return None if None in parts else compose([part for part in parts if part is not None])


def _sync_folder(folder: Path) -> None:
    """Makes the renaming itself durable, where the system can say so of a folder."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
