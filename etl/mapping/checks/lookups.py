"""Lookups: their files and columns, what a row of each holds, and whether anything uses them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from etl.connectors.files_lookup import read_rows
from etl.errors import EtlError
from etl.expressions.suggest import listed, nearest, spelled
from etl.keys import key_text
from etl.mapping.checks.findings import Checked
from etl.mapping.checks.records import row_of
from etl.model import Json, Record, Schema
from etl.specs import LookupSpec


@dataclass(frozen=True, slots=True)
class Rows:
    """What the checks need to know of a lookup's file."""

    columns: tuple[str, ...]
    count: int
    texts: bool
    """Every value is a text (csv)."""
    doubled: tuple[str, ...]
    keyless: int


def check_lookups(checked: Checked) -> dict[str, Schema]:
    """Notes what is wrong with the lookups; gives the schema of each one's rows."""
    return {name: _row(checked, lookup) for name, lookup in checked.spec.lookups.items()}


def _row(checked: Checked, lookup: LookupSpec) -> Schema:
    nullable = lookup.on_miss == "empty"
    unknown = Schema("json", nullable=nullable, required=True)
    if lookup.file is not None:
        return _file(checked, lookup, lookup.file) or unknown
    if lookup.connection is not None and lookup.endpoint is not None:
        endpoint = checked.rows(lookup.connection, lookup.endpoint)
        return row_of(endpoint, lookup.detail, nullable=nullable)
    # What another mapping wrote: its key or id in the target, which has no fields.
    return Schema("string", nullable=nullable, required=True) if lookup.mapping is not None else unknown


def _file(checked: Checked, lookup: LookupSpec, file: Path) -> Schema | None:
    path = ("lookups", lookup.name, "file")
    if not file.is_file():
        checked.at_value(path, "lookup-file", *_absent(checked, file))
        return None
    try:
        rows = _read(lookup)
    except EtlError as error:
        checked.at_value(path, "lookup-file", error.message, error.hint)
        return None
    if rows.count == 0:
        checked.warn_value(path, "lookup-empty", f"{file.name} holds no rows", "every lookup in it is a miss")
    if not rows.columns:
        return None
    if _key(checked, lookup, rows.columns):
        _keys(checked, lookup, rows, file)
    column = Schema("string" if rows.texts else "json", nullable=not rows.texts, required=rows.texts)
    properties = dict.fromkeys(rows.columns, column)
    return Schema("object", nullable=lookup.on_miss == "empty", required=True, properties=properties)


def _absent(checked: Checked, file: Path) -> tuple[str, str]:
    if file.is_dir():
        return f"{_shown(checked, file)} is a folder", "name a file in it"
    hint = "the path is relative to the file in which it is written"
    return f"there is no file {_shown(checked, file)}", _similar(file) or hint


def _similar(file: Path) -> str | None:
    if not file.parent.is_dir():
        return None
    meant = nearest(file.name, sorted(other.name for other in file.parent.iterdir() if other.is_file()))
    return f"did you mean '{meant}'?" if meant else None


def _shown(checked: Checked, file: Path) -> str:
    try:
        return file.relative_to(checked.project.root).as_posix()
    except ValueError:
        return str(file)


def _key(checked: Checked, lookup: LookupSpec, columns: tuple[str, ...]) -> bool:
    if lookup.key is None or lookup.key in columns:
        return lookup.key is not None
    meant = nearest(lookup.key, columns)
    hint = f"did you mean '{meant}'?" if meant else f"its columns are {listed(map(spelled, columns))}"
    message = f"lookup '{lookup.name}' has no column '{lookup.key}'"
    checked.at_value(("lookups", lookup.name, "key"), "lookup-key", message, hint)
    return False


def _keys(checked: Checked, lookup: LookupSpec, rows: Rows, file: Path) -> None:
    path = ("lookups", lookup.name, "key")
    if rows.doubled:
        message = f"{file.name} has more than one row with the {lookup.key} {listed(rows.doubled, 3)}"
        checked.warn_value(path, "lookup-duplicates", message, "the first of them is used; remove the others")
    if rows.keyless:
        number = "1 row has" if rows.keyless == 1 else f"{rows.keyless} rows have"
        checked.warn_value(path, "lookup-no-key", f"in {file.name} {number} no {lookup.key}", "no record can find them")


def check_use(checked: Checked, used: set[str]) -> None:
    """Warns of lookups that no expression uses. Those that a base mapping brings are not its overlay's fault."""
    misspelt = used - set(checked.spec.lookups)
    if checked.spec.template or misspelt:
        return
    for name in checked.spec.lookups:
        own = checked.document.marks.source(("lookups", name)).file == checked.document.file
        if own and name not in used:
            hint = f"remove it, or use it: lookup('{name}', …)"
            checked.warn_key(("lookups", name), "unused-lookup", f"no expression uses the lookup '{name}'", hint)


# --- reading -------------------------------------------------------------------------------------


def _read(lookup: LookupSpec) -> Rows:
    assert lookup.file is not None  # noqa: S101 - asked only for lookups from files
    stat = lookup.file.stat()
    options = tuple(sorted((key, str(value)) for key, value in lookup.options.items()))
    return _summary(lookup.file, stat.st_mtime_ns, stat.st_size, lookup.key, options)


@lru_cache(maxsize=256)
def _summary(file: Path, changed: int, size: int, key: str | None, options: tuple[tuple[str, str], ...]) -> Rows:
    """One reading serves all mappings that share the file, as long as it stays the same."""
    rows = read_rows(LookupSpec("", key=key, file=file, options=dict(options)))
    columns = dict.fromkeys(name for row in rows for name in row)
    keys = Counter(_text(row, key) for row in rows if _text(row, key)) if key else Counter[str]()
    doubled = tuple(text for text, count in keys.items() if count > 1)
    keyless = sum(not _text(row, key) for row in rows) if key in columns else 0
    return Rows(tuple(columns), len(rows), file.suffix.lower() == ".csv", doubled, keyless)


def _text(row: Record, key: str | None) -> str:
    value: Json = row.get(key) if key else None
    return key_text(value) or "" if not isinstance(value, dict | list) else ""
