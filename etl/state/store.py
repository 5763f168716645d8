"""The state of all mappings in one database."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from etl.keys import compose
from etl.model import Json, LedgerEntry, Reject
from etl.ports import Scope, SlotBoard, Veil
from etl.report import RunReport
from etl.state import history, tables
from etl.state.codec import dump, load, load_optional, pack, unpack
from etl.state.database import Database
from etl.state.mapping import StoredMapping
from etl.state.rejects import stream_rejects
from etl.state.scopes import Scopes
from etl.state.slots import PostgresBoard

_HAS_CONTENT = " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} WHERE {table}.scope = scopes.number)" for table in tables.OF_A_SCOPE
)


class StoredState:
    """A `State` in a database."""

    def __init__(self, database: Database, board: PostgresBoard | None = None) -> None:
        self.database = database
        self.numbers = Scopes(database)
        self._board = board

    @property
    def board(self) -> SlotBoard | None:
        return self._board

    def mapping(self, scope: Scope, veil: Veil | None = None) -> StoredMapping:
        return StoredMapping(self.database, self.numbers, scope, veil)

    def secret(self, project: str) -> bytes:
        rows = self.database.read("SELECT value FROM secrets WHERE project = ?", (pack(project),))
        if not rows:  # of two processes that get here at once the first one's key stays
            self.database.upsert(tables.SECRET, [(pack(project), os.urandom(32))])
            rows = self.database.read("SELECT value FROM secrets WHERE project = ?", (pack(project),))
        return bytes(rows[0][0])

    # --- claims and scopes

    def hold(self, scope: Scope) -> bool:
        """As `claim`, for what is no run of the mapping: keeps runs of it away, and nothing else."""
        return self.database.claim(_claim_name(scope))

    def claim(self, scope: Scope) -> bool:
        if not self.hold(scope):
            return False
        self.numbers.use(scope)
        return True

    def release(self, scope: Scope) -> None:
        self.database.release(_claim_name(scope))

    def scopes(self, project: str, environment: str | None = None) -> list[Scope]:
        rows = self.database.read(
            "SELECT project, environment, mapping, origin FROM scopes "
            f"WHERE project = ? AND ({_HAS_CONTENT}) ORDER BY mapping, environment, origin",
            (pack(project),),
        )
        found = [Scope(*map(unpack, row)) for row in rows]
        return [scope for scope in found if environment in (None, scope.environment)]

    def rename(self, project: str, environment: str, old: str, new: str) -> None:
        """State that the new name already has stays: then the old name belongs to another mapping by now."""
        taken = {scope.origin for scope in self.scopes(project, environment) if scope.mapping == new}
        for scope in self.scopes(project, environment):
            if scope.mapping == old and scope.origin not in taken:
                self.numbers.hand_over(scope, new)

    def reset(self, scope: Scope) -> None:
        number = self.numbers.find(scope)
        with self.database.transaction():
            for table in tables.OF_A_SCOPE:
                self.database.write(f"DELETE FROM {table} WHERE scope = ?", (number,))

    # --- what mappings know of each other

    def identities(self, project: str, environment: str, origin: str, target_keys: Sequence[str]) -> dict[str, Json]:
        place = self.numbers.place(project, environment, origin)
        among = self.database.among([pack(key) for key in target_keys])
        rows = self.database.read(
            "SELECT target_key, target_id FROM identities WHERE place = ? AND target_key {among}", (place, among)
        )
        return {unpack(target_key): load(target_id) for target_key, target_id in rows}

    def save_identities(
        self, project: str, environment: str, origin: str, identities: Iterable[tuple[str, Json]]
    ) -> None:
        place = self.numbers.place(project, environment, origin)
        by_key = {pack(target_key): dump(target_id) for target_key, target_id in identities}
        with self.database.transaction():
            self.database.upsert(tables.IDENTITY, [(place, *each) for each in by_key.items()])

    def target_of(self, project: str, environment: str, mapping: str, key: str) -> LedgerEntry | None:
        """From the target origin that the mapping used last: what it sent elsewhere does not exist here."""
        rows = self.database.read(
            "SELECT target_key, hash, target_id, gone FROM ledger WHERE scope = ? AND key = ?",
            (self.numbers.latest(project, environment, mapping), pack(key)),
        )
        if not rows:
            return None
        target_key, digest, target_id, gone = rows[0]
        return LedgerEntry(key, unpack(target_key), digest, None, load_optional(target_id), bool(gone))

    # --- runs and rejects

    def start_run(self, report: RunReport, project: str, environment: str, command: str) -> None:
        history.start_run(self.database, report, project, environment, command)

    def finish_run(self, report: RunReport) -> None:
        history.finish_run(self.database, report)

    def runs(self, project: str, environment: str | None = None, limit: int = 20) -> list[RunReport]:
        return history.newest_runs(self.database, project, environment, limit)

    def run(self, run_id: str) -> RunReport | None:
        return history.run_by_id(self.database, run_id)

    def all_rejects(self, project: str, environment: str, mapping: str | None = None) -> Iterator[Reject]:
        where, values = "s.project = ? AND s.environment = ?", [pack(project), pack(environment)]
        if mapping is not None:
            where, values = f"{where} AND s.mapping = ?", [*values, pack(mapping)]
        return stream_rejects(self.database, where, values)

    def close(self) -> None:
        if self._board is not None:
            self._board.close()
        self.database.close()


def _claim_name(scope: Scope) -> str:
    return compose([scope.project, scope.environment, scope.mapping, scope.origin])
