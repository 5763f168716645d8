"""The state of one mapping towards one target: cursor, checkpoint, ledger, intents, rejects, stored full forms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from etl.model import Json, LedgerEntry, Record, Reject
from etl.ports import Checkpoint, Cursor, Intent, Scope, Veil
from etl.state import tables
from etl.state.codec import (
    dump,
    dump_optional,
    load,
    load_optional,
    pack,
    pack_all,
    pack_optional,
    unpack,
    unpack_optional,
)
from etl.state.database import Database, Row
from etl.state.rejects import reject_values, stream_rejects
from etl.state.scopes import Scopes

CHUNK = 500
"""Rows read at a time where all are streamed: no cursor stays open while the same rows are being changed."""

_NO_RUN = 0
"""Runs of a scope are counted from 1."""


class StoredMapping:
    """A `MappingState` in a database."""

    def __init__(self, database: Database, scopes: Scopes, scope: Scope, veil: Veil | None = None) -> None:
        self._veil = veil or str
        self._database = database
        self._scopes = scopes
        self._scope = scope
        self._filled: set[str] = set()

    # --- where the next read starts

    def cursor(self) -> Cursor | None:
        rows = self._rows("SELECT value, fingerprint, full_at FROM cursors WHERE scope = ?")
        if not rows:
            return None
        value, fingerprint, full_at = rows[0]
        return Cursor(unpack_optional(value), unpack(fingerprint), unpack_optional(full_at))

    def save_cursor(self, cursor: Cursor) -> None:
        values = (cursor.value, cursor.fingerprint, cursor.full_at)
        self._database.upsert(tables.CURSOR, [(self._make(), *map(pack_optional, values))])

    def checkpoint(self) -> Checkpoint | None:
        rows = self._rows("SELECT fingerprint, page, high_water, run_id FROM checkpoints WHERE scope = ?")
        if not rows:
            return None
        fingerprint, page, high_water, run_id = rows[0]
        return Checkpoint(unpack(fingerprint), page, unpack_optional(high_water), unpack(run_id))

    def save_checkpoint(self, checkpoint: Checkpoint | None) -> None:
        if checkpoint is None:
            self._database.write("DELETE FROM checkpoints WHERE scope = ?", (self._find(),))
            return
        row = (
            pack(checkpoint.fingerprint),
            checkpoint.page,
            pack_optional(checkpoint.high_water),
            pack(checkpoint.run_id),
        )
        self._database.upsert(tables.CHECKPOINT, [(self._make(), *row)])

    # --- ledger

    def known(self, keys: Sequence[str]) -> dict[str, LedgerEntry]:
        rows = self._among(
            "SELECT key, target_key, hash, target_id, gone FROM ledger WHERE scope = ? AND key {among}", keys
        )
        return {(entry := _entry(*row)).key: entry for row in rows}

    def blank(self) -> bool:
        return not self._rows("SELECT 1 FROM ledger WHERE scope = ? LIMIT 1")

    def output(self, key: str) -> Record | None:
        rows = self._rows("SELECT output FROM ledger WHERE scope = ? AND key = ?", pack(key))
        return load_optional(rows[0][0]) if rows else None

    def accept(self, entries: Iterable[LedgerEntry], run_id: str) -> None:
        by_key = {pack(entry.key): entry for entry in entries}
        if not by_key:
            return
        scope = self._make()
        seen = self._scopes.run_number(scope, run_id)
        target_keys = pack_all([self._veil(entry.target_key) for entry in by_key.values()])
        rows = [
            (
                scope,
                key,
                target_key,
                bytearray(entry.hash),  # for bytes and None sqlite3 looks for adapters, row by row
                seen,
                int(entry.gone),
                "" if entry.target_id is None else dump(entry.target_id),
                entry.encoded.decode() if entry.encoded else dump_optional(entry.output),
            )
            for (key, entry), target_key in zip(by_key.items(), target_keys, strict=True)
        ]
        with self._database.transaction():
            self._database.upsert(tables.LEDGER, rows)
            for table in ("rejects", "intents"):
                if self._holds(table):
                    self._delete(table, list(by_key))

    def _holds(self, table: str) -> bool:
        """Whether there may be rows of this mapping: the usual run has neither rejects nor intents to look for."""
        if table not in self._filled and self._rows(f"SELECT 1 FROM {table} WHERE scope = ? LIMIT 1"):
            self._filled.add(table)
        return table in self._filled

    def seen(self, keys: Iterable[str], run_id: str) -> None:
        scope = self._make()
        seen = self._scopes.run_number(scope, run_id)
        among = self._database.among(pack_all(list(keys)))
        self._database.write("UPDATE ledger SET seen = ? WHERE scope = ? AND key {among}", (seen, scope, among))

    def unseen(self, run_id: str) -> Iterator[LedgerEntry]:
        scope = self._make()
        return self._entries(scope, self._scopes.run_number(scope, run_id))

    def sent(self) -> Iterator[LedgerEntry]:
        return self._entries(self._find(), _NO_RUN)

    def _entries(self, scope: int, seen: int) -> Iterator[LedgerEntry]:
        """Those that are not gone, but for the ones that the run of this number has seen."""
        last, beyond = "", ">="
        while rows := self._database.read(
            "SELECT key, target_key, hash, target_id, gone, output FROM ledger "
            f"WHERE scope = ? AND key {beyond} ? AND seen <> ? AND gone = 0 ORDER BY key LIMIT ?",
            (scope, last, seen, CHUNK),
        ):
            for *row, output in rows:
                entry = _entry(*row)
                entry.output = load_optional(output)
                yield entry
            last, beyond = rows[-1][0], ">"

    def forget(self, keys: Iterable[str]) -> None:
        self._delete("ledger", pack_all(list(keys)))

    def mark_gone(self, keys: Iterable[str]) -> None:
        self._among_write("UPDATE ledger SET gone = 1 WHERE scope = ? AND key {among}", pack_all(list(keys)))

    def doubt(self, keys: Iterable[str]) -> None:
        scope, among = self._find(), self._database.among(pack_all(list(keys)))
        self._database.write(
            "UPDATE ledger SET hash = ?, gone = 0 WHERE scope = ? AND key {among}", (b"", scope, among)
        )

    def trust(self, entries: Iterable[LedgerEntry]) -> None:
        scope = self._find()
        with self._database.transaction():
            for entry in entries:
                self._database.write(
                    "UPDATE ledger SET hash = ?, gone = ? WHERE scope = ? AND key = ?",
                    (entry.hash, int(entry.gone), scope, pack(entry.key)),
                )

    def count(self) -> int:
        return int(self._rows("SELECT count(*) FROM ledger WHERE scope = ? AND gone = 0")[0][0])

    def targets(self, target_keys: Sequence[str]) -> dict[str, str]:
        sql = "SELECT target_key, key FROM ledger WHERE scope = ? AND target_key {among} AND gone = 0"
        kept = {self._veil(target_key): target_key for target_key in target_keys}
        return {kept[unpack(target_key)]: unpack(key) for target_key, key in self._among(sql, list(kept))}

    def claimed(self, target_ids: Sequence[Json]) -> list[bool]:
        texts = [dump(target_id) for target_id in target_ids]
        rows = self._database.read(
            "SELECT DISTINCT target_id FROM ledger JOIN scopes ON scopes.number = ledger.scope "
            "WHERE project = ? AND environment = ? AND origin = ? AND target_id {among}",
            (
                pack(self._scope.project),
                pack(self._scope.environment),
                pack(self._scope.origin),
                self._database.among(texts),
            ),
        )
        taken = {text for (text,) in rows}
        return [text in taken for text in texts]

    # --- intents

    def intend(self, intents: Iterable[Intent]) -> None:
        by_key = {pack(intent.key): intent for intent in intents}
        scope = self._make()
        rows = [
            (
                scope,
                key,
                pack(self._veil(intent.target_key)),
                dump(intent.output),
                intent.hash,
                pack(intent.created_at),
                pack(intent.run_id),
                int(intent.answered),
            )
            for key, intent in by_key.items()
        ]
        with self._database.transaction(durable=True):
            self._database.upsert(tables.INTENT, rows)

    def intents(self) -> list[Intent]:
        columns = "key, target_key, output, hash, created_at, run_id, answered"
        rows = self._rows(f"SELECT {columns} FROM intents WHERE scope = ? ORDER BY key")
        return [_intent(*row) for row in rows]

    def drop_intents(self, keys: Iterable[str]) -> None:
        self._delete("intents", pack_all(list(keys)))

    # --- rejects

    def reject(self, rejects: Iterable[Reject], run_id: str) -> None:
        by_key = {pack(reject.key): reject for reject in rejects}
        scope = self._make()
        rows = [(scope, key, *reject_values(reject, run_id)) for key, reject in by_key.items()]
        with self._database.transaction():
            self._database.upsert(tables.REJECT, rows)

    def rejects(self) -> Iterator[Reject]:
        return stream_rejects(self._database, "r.scope = ?", (self._find(),))

    def drop_rejects(self, keys: Iterable[str]) -> None:
        self._delete("rejects", pack_all(list(keys)))

    # --- full forms

    def details(self, keys: Sequence[str]) -> dict[str, tuple[str, Record]]:
        rows = self._among("SELECT key, version, record FROM details WHERE scope = ? AND key {among}", keys)
        return {unpack(key): (unpack(version), load(record)) for key, version, record in rows}

    def save_details(self, details: Iterable[tuple[str, str, Record]]) -> None:
        by_key = {pack(key): (pack(version), dump(record)) for key, version, record in details}
        if by_key:
            scope = self._make()
            with self._database.transaction():
                self._database.upsert(tables.DETAIL, [(scope, key, *row) for key, row in by_key.items()])

    def forget_details(self) -> None:
        self._database.write("DELETE FROM details WHERE scope = ?", (self._find(),))

    # --- statements about this scope

    def _find(self) -> int:
        return self._scopes.find(self._scope)

    def _make(self) -> int:
        return self._scopes.make(self._scope)

    def _rows(self, sql: str, *parameters: object) -> list[Row]:
        return self._database.read(sql, (self._find(), *parameters))

    def _among(self, sql: str, texts: Sequence[str]) -> list[Row]:
        return self._database.read(sql, (self._find(), self._database.among(pack_all(texts))))

    def _among_write(self, sql: str, packed: Sequence[str]) -> None:
        if packed:
            self._database.write(sql, (self._find(), self._database.among(packed)))

    def _delete(self, table: str, packed: Sequence[str]) -> None:
        self._among_write(f"DELETE FROM {table} WHERE scope = ? AND key {{among}}", packed)


def _entry(key: str, target_key: str, digest: bytes, target_id: str | None, gone: int) -> LedgerEntry:
    decoded = None if target_id is None else load(target_id)
    return LedgerEntry(unpack(key), unpack(target_key), digest, None, decoded, gone != 0)


def _intent(
    key: str, target_key: str, output: str, digest: bytes, created_at: str, run_id: str, answered: int
) -> Intent:
    keys = unpack(key), unpack(target_key)
    return Intent(*keys, load(output), digest, unpack(created_at), unpack(run_id), answered != 0)
