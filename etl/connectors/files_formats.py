"""The formats by the endings of files."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TextIO

from etl.connectors.files_csv import Csv
from etl.connectors.files_json import JsonArray, Jsonl
from etl.connectors.files_options import FileOptions, format_of, options_of
from etl.connectors.files_text import Row
from etl.model import Json


class Format(Protocol):
    """How records stand in a file. Both ways hold one record at a time."""

    @property
    def options(self) -> FileOptions: ...

    @property
    def texts(self) -> bool:
        """Every value is a text."""

    def rows(self, path: Path) -> Iterator[Row]:
        """Raises ConnectionFailed with file and line for what can't be read."""

    def write(self, file: TextIO, columns: Sequence[str], rows: Iterable[Row], newline: str) -> None: ...


FORMATS: Mapping[str, Callable[[FileOptions], Format]] = {"csv": Csv, "jsonl": Jsonl, "json": JsonArray}


def build_format(name: str, params: Mapping[str, Json]) -> Format:
    """The format of a file's ending. Raises UsageError for an ending or params that are none."""
    kind = format_of(name)
    return FORMATS[kind](options_of(kind, params))
