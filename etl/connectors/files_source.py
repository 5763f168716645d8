"""A file as a source: its records in pages, in the file's order."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from etl.connectors.files_formats import build_format
from etl.errors import UsageError
from etl.model import Page, Record
from etl.ports import ReadRequest

PAGE = 1000


@dataclass(frozen=True, slots=True)
class FilesSource:
    """Reads one file below a connection's folder. Needs it only when it is read."""

    path: Path

    async def pages(self, request: ReadRequest) -> AsyncGenerator[Page]:
        """Every record. Raises ConnectionFailed with file and line for what can't be read, UsageError for a param."""
        rows = build_format(self.path.name, request.params).rows(self.path)
        number = 0
        with closing(rows):  # type: ignore[type-var]
            while records := [row.record for row in islice(rows, PAGE)]:
                number += 1
                if number >= request.start_page:
                    yield Page(number, records)

    async def detail(self, record: Record) -> Record:
        """The record: files hold it in full."""
        return record

    async def download(self, record: Record, path: Path, parents: Mapping[str, object] | None = None) -> int:
        """Raises UsageError: a row is all there is."""
        raise UsageError(f"the records of {self.path.name} have no content beside them")
