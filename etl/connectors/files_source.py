"""A file as a source: its records in pages, in the file's order."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from etl.connectors.files_formats import build_format
from etl.errors import UsageError
from etl.model import Page, Record
from etl.ports import ReadRequest

PAGE = 1000


@dataclass(slots=True)
class FilesSource:
    """Reads one file below a connection's folder. Needs it only when it is read.

    `disturbed`: it was written to while it was read, so that what was not seen may be in it all the same.
    """

    path: Path
    remarks: list[str] = field(default_factory=list)
    disturbed: bool = False

    async def pages(self, request: ReadRequest) -> AsyncGenerator[Page]:
        """Every record. Raises ConnectionFailed with file and line for what can't be read, UsageError for a param."""
        rows = build_format(self.path.name, request.params).rows(self.path)
        number, before = 0, _state(self.path)
        with closing(rows):  # type: ignore[type-var]
            while records := [row.record for row in islice(rows, PAGE)]:
                number += 1
                if number >= request.start_page:
                    yield Page(number, records)
        if _written_to(before, _state(self.path)):
            self.disturbed = True
            self.remarks.append(f"'{self.path.name}' changed while it was read: the next run reads what is new in it")

    async def detail(self, record: Record, parents: Mapping[str, object] | None = None) -> Record:
        """The record: files hold it in full."""
        return record

    async def download(self, record: Record, path: Path, parents: Mapping[str, object] | None = None) -> int:
        """Raises UsageError: a row is all there is."""
        raise UsageError(f"the records of {self.path.name} have no content beside them")


def _state(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _written_to(before: os.stat_result | None, after: os.stat_result | None) -> bool:
    """A file that took its place meanwhile is another one: what was open is whole."""
    if before is None or after is None or before.st_ino != after.st_ino:
        return False
    return (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns)
