"""Updates that replace the whole record: what a mapping does not name must keep its value."""

from __future__ import annotations

from collections.abc import Mapping

from etl.connectors.rest_same import same
from etl.errors import RecordRejected
from etl.http.paths import compile_path, names_read
from etl.model import Json, Record, Schema


def merged(current: Record, output: Record, write_fields: Mapping[str, Schema], *, lossy: bool) -> Record:
    """Every field that an update takes, as it stands now or as the mapping has it.

    The connector says where a written field is read (`read_from`; by default under its own name), and when it can't be
    read in full (`lost_if`). Raises RecordRejected naming those that would be lost, unless `lossy` allows it. Without
    `write_fields` a record is written as it is read: with all that it has, documented or not.
    """
    if not write_fields:
        return {**current, **output}
    kept: Record = {}
    lost: list[str] = []
    for name, schema in write_fields.items():
        if name in output or (schema.operations and "update" not in schema.operations):
            continue
        if _is_lost(name, schema, current):
            lost.append(name)
            continue
        value = compile_path(schema.read_from)(current) if schema.read_from else current[name]
        if value is not None or schema.nullable:
            kept[name] = value
    if lost and not lossy:
        names = ", ".join(f"'{name}'" for name in lost)
        raise RecordRejected(
            f"the update replaces the whole record, and {names} can't be read back: map "
            f"{'it' if len(lost) == 1 else 'them'}, or let go what stands there with `lossy: allow` under `target`",
            field=lost[0],
            code="lossy",
        )
    return {**kept, **output}


def standing(value: Json, name: str, written: Mapping[str, Schema], current: Record) -> Json:
    """What a record has now where `value` is about to be written; `value` itself where that says the same."""
    schema = written.get(name, Schema())
    now = compile_path(schema.read_from)(current) if schema.read_from else current.get(name)
    plain = schema.type == "string" and not schema.values
    return value if now == value or (not plain and same(value, now)) else now


def _is_lost(name: str, schema: Schema, current: Record) -> bool:
    """What the target did not tell at all is lost, too: to write null for it would wipe it."""
    if schema.lost_if is not None and _something(compile_path(schema.lost_if)(current)):
        return True
    read = names_read(schema.read_from) | names_read(schema.lost_if or "@") if schema.read_from else {name}
    return bool(read) and read.isdisjoint(current)


def _something(value: Json) -> bool:
    """What JMESPath takes for true: 0 is something, an empty list is not."""
    return value is not None and value is not False and value not in ("", [], {})
