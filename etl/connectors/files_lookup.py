"""Rows of lookup files: csv and jsonl as a source reads them; json and yaml also as an object of rows by their key."""

from __future__ import annotations

from pathlib import Path

from etl.connectors.files_formats import build_format
from etl.connectors.files_options import ENDINGS, options_of
from etl.connectors.files_text import reading
from etl.documents import source
from etl.errors import ConnectionFailed, UsageError
from etl.http.decoding import decode
from etl.model import Json, Record
from etl.specs import LookupSpec

_YAML = (".yaml", ".yml")


def read_rows(spec: LookupSpec) -> list[Record]:
    """The rows of a lookup's file; its ending says the format. Raises UsageError where it can't be read."""
    assert spec.file is not None  # noqa: S101 - the caller asks only for lookups from files
    try:
        return _rows(spec.file, spec)
    except (ConnectionFailed, UsageError) as error:
        raise UsageError(f"lookup '{spec.name}': {error.message}", error.hint) from None
    except ValueError as error:
        raise UsageError(f"lookup '{spec.name}': {spec.file} is not what its ending says: {error}") from None


def _rows(file: Path, spec: LookupSpec) -> list[Record]:
    ending = file.suffix.lower()
    if ending in _YAML:
        return _as_rows(source.load(file).data, spec)
    if ending.lstrip(".") not in ENDINGS:
        raise UsageError(f"{file.name} is no csv, json, jsonl or yaml file", "give it such an ending")
    if ending == ".json" and not options_of("json", spec.options).records:
        return _as_rows(_whole(file, spec), spec)
    return [row.record for row in build_format(file.name, spec.options).rows(file)]


def _whole(file: Path, spec: LookupSpec) -> Json:
    with reading(file, options_of("json", spec.options).encoding) as text:
        return decode(text.read().encode())


def _as_rows(data: Json, spec: LookupSpec) -> list[Record]:
    """A list of rows, or an object of rows by key (`{3: {dimesheets_id: 41}}`)."""
    if isinstance(data, list):
        return data
    if isinstance(data, dict) and spec.key is not None:
        return [
            {spec.key: key, **row} if isinstance(row, dict) else {spec.key: key, "value": row}
            for key, row in data.items()
        ]
    raise ValueError("it holds neither a list of rows nor an object of rows")
