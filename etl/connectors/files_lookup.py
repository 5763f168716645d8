"""Rows of lookup files: csv and jsonl as a source reads them; json and yaml also as an object of rows by their key."""

from __future__ import annotations

from pathlib import Path

from etl.connectors.files_formats import build_format
from etl.connectors.files_options import ENDINGS, options_of
from etl.connectors.files_text import broken, reading
from etl.documents import source
from etl.documents.text import shown
from etl.errors import ConnectionFailed, DocumentError, UsageError
from etl.http.decoding import decode
from etl.model import Json, Record
from etl.specs import LookupSpec

_YAML = (".yaml", ".yml")


def read_rows(spec: LookupSpec) -> list[Record]:
    """The rows of a lookup's file; its ending says the format. Raises UsageError with file and line if it can't be."""
    assert spec.file is not None  # noqa: S101 - the caller asks only for lookups from files
    try:
        return _rows(spec.file, spec)
    except ConnectionFailed as error:
        raise UsageError(error.message, error.hint) from None
    except DocumentError as error:
        first = error.problems[0]
        line = first.location.line if first.location else 1
        raise UsageError(f"{shown(spec.file)}:{line}: {first.message}", first.hint) from None


def _rows(file: Path, spec: LookupSpec) -> list[Record]:
    ending = file.suffix.lower()
    if ending in _YAML:
        return _as_rows(source.load(file).data, spec, file)
    if ending.lstrip(".") not in ENDINGS:
        raise UsageError(f"{file.name} is no csv, json, jsonl or yaml file", "give it such an ending")
    if ending == ".json" and not options_of("json", spec.options).records:
        data = _unless_array(file, spec)
        if data is not None:
            return _as_rows(data, spec, file)
    return [row.record for row in build_format(file.name, spec.options).rows(file)]


def _unless_array(file: Path, spec: LookupSpec) -> Json:
    """What the file holds, unless it is an array, which is read row by row, or nothing."""
    with reading(file, options_of("json", spec.options).encoding) as text:
        content = text.read().strip()
    try:
        return None if content[:1] in ("", "[") else decode(content.encode())
    except ValueError as error:
        raise broken(file, 1, f"this is {error}") from None


def _as_rows(data: Json, spec: LookupSpec, file: Path) -> list[Record]:
    """A list of rows, or an object of rows by key (`{3: {dimesheets_id: 41}}`)."""
    if isinstance(data, list):
        for row in data:
            if not isinstance(row, dict):
                raise UsageError(f"{shown(file)}: each row of a lookup is an object, and this file lists {row!r:.40}")
        return data
    if isinstance(data, dict) and spec.key is not None:
        return [
            {spec.key: key, **row} if isinstance(row, dict) else {spec.key: key, "value": row}
            for key, row in data.items()
        ]
    raise UsageError(f"{shown(file)} holds neither a list of rows nor an object of rows")
