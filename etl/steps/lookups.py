"""Lookup tables: rows of a file or an endpoint by their key, loaded once per run and only if used."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from etl.documents import source
from etl.errors import UsageError
from etl.keys import key_text
from etl.model import MISSING, Json, LookupSpec, Record


class Rows:
    """A table in memory: rows by key text. Of two rows with one key the first holds; `duplicates` counts the others."""

    def __init__(self, rows: Iterable[Record], key: Callable[[Record], Json]) -> None:
        self.rows: dict[str, Json] = {}
        self.duplicates = 0
        for row in rows:
            text = key_text(key(row))
            if text is None:
                continue
            if text in self.rows:
                self.duplicates += 1
            else:
                self.rows[text] = row

    def __call__(self, key: str) -> Json:
        return self.rows.get(key, MISSING)


def read_rows(spec: LookupSpec) -> list[Record]:
    """The rows of a lookup's file; its ending says the format. Raises UsageError where it can't be read."""
    assert spec.file is not None  # noqa: S101 - the caller asks only for lookups from files
    try:
        return _READERS[spec.file.suffix.lower()](spec.file, spec)
    except KeyError:
        raise UsageError(
            f"lookup '{spec.name}': {spec.file.name} is no csv, json, jsonl or yaml file", "give it such an ending"
        ) from None
    except OSError as error:
        raise UsageError(f"lookup '{spec.name}': {spec.file} can't be read: {error.strerror}") from None
    except (ValueError, csv.Error) as error:
        raise UsageError(f"lookup '{spec.name}': {spec.file} is not what its ending says: {error}") from None


def _text(path: Path, spec: LookupSpec) -> str:
    return path.read_text(encoding=str(spec.options.get("encoding", "utf-8-sig")))


def _csv(path: Path, spec: LookupSpec) -> list[Record]:
    delimiter = str(spec.options.get("delimiter", ","))
    reader = csv.DictReader(io.StringIO(_text(path, spec), newline=""), delimiter=delimiter, strict=True)
    return [{name: value for name, value in row.items() if name is not None} for row in reader]


def _json(path: Path, spec: LookupSpec) -> list[Record]:
    return _as_rows(orjson.loads(path.read_bytes()), spec)


def _jsonl(path: Path, spec: LookupSpec) -> list[Record]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]


def _yaml(path: Path, spec: LookupSpec) -> list[Record]:
    return _as_rows(source.load(path).data, spec)


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


_READERS: dict[str, Callable[[Path, LookupSpec], list[Record]]] = {
    ".csv": _csv,
    ".json": _json,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".yaml": _yaml,
    ".yml": _yaml,
}
