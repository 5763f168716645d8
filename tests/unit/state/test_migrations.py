"""Stores of every version come up to the newest one with all they hold, or stay exactly as they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from etl.errors import StateError
from etl.model import LedgerEntry, Reject
from etl.ports import Checkpoint, Cursor, Intent
from etl.report import MappingReport, RunReport
from etl.state import StoredState, open_state
from etl.state.history import NO_END
from etl.state.migrations import VERSIONS, migrate
from etl.state.sqlite import SqliteDatabase
from tests.unit.state.conftest import SCOPE, Open
from tests.unit.state.test_ledger import entry

VERSION_1 = (Path(__file__).parent / "version_1.sql").read_text(encoding="utf-8")
"""A store as the first release wrote it."""


def test_a_store_of_version_1_is_read_whole(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "state.db")
    connection.executescript(VERSION_1)
    connection.close()
    state = open_state("sqlite:///state.db", tmp_path)
    mapping = state.mapping(SCOPE)
    assert mapping.known(["1", "2"]) == {
        "1": LedgerEntry("1", "t-1", b"\x01\xff", target_id=41),
        "2": LedgerEntry("2", "t-2", b"\x02", gone=True),
    }
    assert mapping.output("1") == {"name": "Byte av värmepump", "hours": 7.5}
    assert mapping.cursor() == Cursor("2026-04-01T10:00:00Z", "f1", "2026-03-01T00:00:00Z")
    assert mapping.checkpoint() == Checkpoint("f1", 3, "2026-04-01T09:00:00Z", "run-1")
    assert mapping.intents() == [Intent("3", "t-3", {"hours": 8}, b"\x03", "2026-04-01T10:00:00Z", "run-1")]
    assert list(mapping.rejects()) == [
        Reject(
            "4",
            "is required",
            "clientId",
            "required",
            {"id": 4},
            {"name": "y"},
            "t-4",
            1,
            "2026-04-01T10:00:00Z",
            "2026-04-01T10:00:00Z",
            "run-1",
            "projects",
            1,
        )
    ]
    assert mapping.details(["5"]) == {"5": ("v1", {"email": "a@example.com"})}
    assert state.identities("acme", "production", SCOPE.origin, ["t-1"]) == {"t-1": 41}
    assert state.secret("acme") == bytes(range(32))
    mappings = [MappingReport("projects", "interrupted", read=2)]
    assert state.run("run-1") == RunReport(
        "run-1", "interrupted", 130, "2026-04-01T10:00:00Z", mappings=mappings, error=NO_END
    )
    state.close()


def schema(path: Path) -> list[str]:
    connection = sqlite3.connect(path)
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return [" ".join(sql.split()) for (sql,) in rows]


def test_a_released_version_is_never_changed(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "released.db")
    connection.executescript(VERSION_1)
    connection.close()
    database = SqliteDatabase(tmp_path / "now.db", wait=1)
    migrate(database, VERSIONS[:1])
    database.close()
    assert schema(tmp_path / "now.db") == schema(tmp_path / "released.db")


NEXT = (
    "ALTER TABLE ledger ADD COLUMN colour {text}",
    "UPDATE ledger SET colour = 'red'",
)


def versions(state: StoredState) -> list[int]:
    return [version for (version,) in state.database.read("SELECT version FROM etl_schema ORDER BY version")]


def test_a_later_version_is_reached_step_by_step_and_keeps_everything(open_store: Open) -> None:
    state = open_store()
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    newest = len(VERSIONS)
    migrate(state.database, (*VERSIONS, NEXT, ("CREATE TABLE more (a INTEGER)",)))
    assert versions(state) == [*range(1, newest + 3)]
    assert state.database.read("SELECT colour FROM ledger") == [("red",)]
    assert state.mapping(SCOPE).output("1") == {"name": "first"}
    migrate(state.database, (*VERSIONS, NEXT, ("CREATE TABLE more (a INTEGER)",)))
    assert versions(state) == [*range(1, newest + 3)]


def test_a_step_that_fails_leaves_the_version_before(open_store: Open) -> None:
    state = open_store()
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    before = state.database.tables()
    with pytest.raises(Exception, match=r"no_such_table"):
        migrate(state.database, (*VERSIONS, NEXT, ("INSERT INTO no_such_table VALUES (1)",)))
    assert versions(state) == [*range(1, len(VERSIONS) + 1)]
    assert state.database.tables() == before
    assert open_store().mapping(SCOPE).output("1") == {"name": "first"}


def test_an_older_etl_refuses_what_a_newer_one_made(open_store: Open) -> None:
    state = open_store()
    migrate(state.database, (*VERSIONS, NEXT))
    newer = rf"newer etl \(its version is {len(VERSIONS) + 1}, this etl knows {len(VERSIONS)}\).*nothing was changed"
    with pytest.raises(StateError, match=newer):
        open_store()


def test_what_version_2_kept_with_the_reject_version_3_keeps_with_the_create(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "state.db", wait=1)
    migrate(database, VERSIONS[:2])
    for key, code in (("1", "unconfirmed"), ("2", "unknown")):
        database.write("INSERT INTO intents VALUES (1, ?, 't', '{}', x'00', '2026-04-01T10:00:00Z', 'run-1')", (key,))
        database.write(
            "INSERT INTO rejects (scope, key, reason, code, attempts, first_at, last_at, run_id)"
            " VALUES (1, ?, 'no', ?, 1, 'then', 'then', 'run-1')",
            (key, code),
        )
    migrate(database)
    assert database.read("SELECT key, answered FROM intents ORDER BY key") == [("1", 1), ("2", 0)]
    database.close()
