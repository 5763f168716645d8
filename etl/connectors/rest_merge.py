"""Updates that replace the whole record: what a mapping does not name must keep its value."""

from __future__ import annotations

from collections.abc import Mapping

from etl.errors import RecordRejected
from etl.http.paths import compile_path
from etl.model import Record, Schema


def merged(current: Record, output: Record, written: Mapping[str, Schema], *, lossy: bool) -> Record:
    """Every field that the API takes, as it stands now or as the mapping has it.

    The connector says where a written field is read (`read_from`; by default under its own name). Raises RecordRejected
    naming those that can't be read back, unless the mapping names them or `lossy` allows their loss.
    """
    record: Record = {}
    lost: list[str] = []
    for name, schema in written.items():
        if name in output:
            continue
        place = schema.read_from
        if place is None and name not in current:
            lost.append(name)
            continue
        value = compile_path(place)(current) if place else current[name]
        if value is not None or schema.nullable:
            record[name] = value
    if lost and not lossy:
        names = ", ".join(f"'{name}'" for name in lost)
        raise RecordRejected(
            f"the update replaces the whole record, and {names} can't be read back: map it, or say `lossy: allow`",
            field=lost[0],
            code="lossy",
        )
    return {**record, **output}
