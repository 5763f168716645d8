"""Rejects as rows and back, and streamed newest first while they may be ended or counted on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from etl.model import Reject
from etl.state.codec import dump_optional, load_optional, pack, pack_optional, unpack, unpack_optional
from etl.state.database import Database, Row
from etl.state.scopes import utc_now

CHUNK = 500


def reject_values(reject: Reject, run_id: str) -> tuple[object, ...]:
    """The row's values after scope and key. A reject without times is of this moment."""
    last_at = reject.last_at or utc_now()
    return (
        pack(reject.reason),
        pack_optional(reject.field),
        pack(reject.code),
        dump_optional(reject.record),
        dump_optional(reject.output),
        pack_optional(reject.target_key),
        reject.attempts,
        pack(reject.first_at or last_at),
        pack(last_at),
        pack(run_id),
    )


def stream_rejects(database: Database, where: str, parameters: Sequence[object]) -> Iterator[Reject]:
    """Rejects (`r`) of the scopes (`s`) that `where` allows, newest first."""
    select = (
        "SELECT r.id, r.key, r.reason, r.field, r.code, r.record, r.output, r.target_key, r.attempts, r.first_at, "
        "r.last_at, r.run_id, s.mapping FROM rejects r JOIN scopes s ON s.number = r.scope WHERE "
        f"{where} AND r.id < ? ORDER BY r.id DESC LIMIT ?"
    )
    before = 2**62
    while rows := database.read(select, (*parameters, before, CHUNK)):
        yield from map(_reject, rows)
        before = rows[-1][0]


def _reject(row: Row) -> Reject:
    number, key, reason, field, code, record, output, target_key, attempts, first_at, last_at, run_id, mapping = row
    return Reject(
        key=unpack(key),
        reason=unpack(reason),
        field=unpack_optional(field),
        code=unpack(code),
        record=load_optional(record),
        output=load_optional(output),
        target_key=unpack_optional(target_key),
        attempts=attempts,
        first_at=unpack(first_at),
        last_at=unpack(last_at),
        run_id=unpack(run_id),
        mapping=unpack(mapping),
        id=number,
    )
