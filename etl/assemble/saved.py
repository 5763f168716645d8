"""Records out of a file that somebody saved: a record, a list of them, or a whole page as the API answered it."""

from __future__ import annotations

from pathlib import Path

from etl.assemble.compiled import source_of
from etl.assemble.workspace import Workspace
from etl.connectors.rest_records import renamer, strip_keys
from etl.documents import source
from etl.errors import UsageError
from etl.http.decoding import decode
from etl.http.paths import compile_path
from etl.model import Json, Record
from etl.specs import MappingSpec

_ENDINGS = ".json, .jsonl, .yaml"


def saved_records(workspace: Workspace, spec: MappingSpec, file: Path) -> list[Record]:
    """The file's records as the mapping's source would give them. Raises UsageError, DocumentError for bad YAML."""
    endpoint, connector = source_of(workspace, spec), workspace.connectors[spec.source.connection]
    body = _read(file)
    listing = endpoint.operations.get("list")
    found = compile_path(listing.records)(body) if listing is not None and listing.records else None
    records = found if isinstance(found, list) else body if isinstance(body, list) else [body]
    wrong = next((place for place, record in enumerate(records, 1) if not isinstance(record, dict)), None)
    if wrong is not None:
        raise UsageError(f"{file}: record {wrong} is no object", "save a record, a list of records, or a page")
    rename = renamer(endpoint.fields)
    for record in records:
        strip_keys(record, frozenset(connector.wire.strip))
        if rename is not None:
            rename(record)
    return list(records)


def _read(file: Path) -> Json:
    """What the file holds. Raises UsageError."""
    if file.suffix in (".yaml", ".yml"):
        return source.load(file).data
    try:
        data = file.read_bytes()
    except OSError as error:
        raise UsageError(f"--record {file} can't be read: {error.strerror}") from None
    try:
        if file.suffix == ".jsonl":
            return [decode(line) for line in data.splitlines() if line.strip()]
        return decode(data)
    except ValueError as error:
        raise UsageError(f"--record {file} is no JSON: {error}", f"its ending says what it is: {_ENDINGS}") from None
