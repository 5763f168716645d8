"""A folder as the target of downloads: one file per record, under a name made of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from etl.connectors.files_names import filled, place
from etl.documents.text import shown
from etl.errors import ConnectionFailed, RecordRejected
from etl.model import Json


@dataclass(frozen=True, slots=True)
class FilesDownload:
    """Where the content of records goes. `pattern`: path below the folder, with names of fields in braces."""

    folder: Path
    pattern: str

    def name(self, values: Mapping[str, Json]) -> str:
        """The path of a record's file below the folder. Raises RecordRejected where a value for it is missing."""
        return filled(self.pattern, values)

    def path(self, name: str) -> Path:
        """The file, its folder made. Raises ConnectionFailed where that can't be, RecordRejected for no such place."""
        path = place(self.folder, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"the folder '{shown(path.parent)}' can't be made: {error.strerror or error}"
            raise ConnectionFailed(message, "check the connection's `path` and your rights there") from None
        if path.is_dir():
            raise RecordRejected(f"'{shown(path)}' is a folder", code="name")
        return path
