"""The state file: who may read it, and what is said when it can't be used. Nothing is ever lost by it."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.errors import StateError, UsageError
from etl.ports import Intent
from etl.state import open_state
from tests.unit.state.conftest import SCOPE
from tests.unit.state.test_ledger import entry
from tests.unit.state.test_processes import ROOT, child

URL = "sqlite:///.etl/state.db"
posix = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")


def said(error: pytest.ExceptionInfo[StateError], root: Path) -> str:
    return str(error.value).replace(str(root.resolve()), "FOLDER")


def file(root: Path) -> Path:
    return root / ".etl" / "state.db"


def filled(root: Path) -> Path:
    """A closed state file with one accepted record."""
    state = open_state(URL, root)
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    state.close()
    return file(root)


def test_the_folder_is_made_beside_the_project(tmp_path: Path) -> None:
    open_state(URL, tmp_path / "acme").close()
    assert (tmp_path / "acme" / ".etl" / "state.db").is_file()


def test_an_absolute_path_is_taken_as_it_is(tmp_path: Path) -> None:
    open_state(f"sqlite:///{tmp_path / 'elsewhere.db'}", tmp_path / "acme").close()
    assert (tmp_path / "elsewhere.db").is_file()


@posix
def test_only_the_user_can_read_the_state(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        state = open_state(URL, tmp_path)
        state.mapping(SCOPE).accept([entry("1")], "run-1")
        assert state.claim(SCOPE)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / ".etl").rglob("*")}
        state.close()
    finally:
        os.umask(before)
    assert modes.pop("state.db.locks") == 0o700
    assert {"state.db", "state.db-wal", "state.db-shm"} < modes.keys()
    assert set(modes.values()) == {0o600}


@posix
def test_a_state_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = filled(tmp_path)
    path.chmod(0o644)
    open_state(URL, tmp_path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_state_in_memory_leaves_nothing_behind(tmp_path: Path) -> None:
    state = open_state("memory:", tmp_path)
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert state.claim(SCOPE)
    assert not state.claim(SCOPE)
    state.release(SCOPE)
    assert state.claim(SCOPE)
    assert state.board is None
    state.close()
    assert list(tmp_path.iterdir()) == []


def test_intents_wait_for_the_disk_and_the_rest_does_not(tmp_path: Path) -> None:
    state = open_state(URL, tmp_path)
    synchronous = "PRAGMA synchronous"
    assert state.database.read("PRAGMA journal_mode") == [("wal",)]
    with state.database.transaction():
        assert state.database.read(synchronous) == [(1,)]
    with state.database.transaction(durable=True):
        assert state.database.read(synchronous) == [(2,)]
    assert state.database.read(synchronous) == [(1,)]
    state.close()


def test_what_fails_in_the_middle_is_undone_as_a_whole(tmp_path: Path) -> None:
    state = open_state(URL, tmp_path)
    mapping = state.mapping(SCOPE)
    mapping.intend([Intent("1", "t", {}, b"", "2026-04-01T10:00:00Z")])
    refuses = "CREATE TRIGGER refuses BEFORE INSERT ON ledger WHEN new.key = '2' BEGIN SELECT RAISE(ABORT, 'no'); END"
    state.database.write(refuses)
    with pytest.raises(sqlite3.IntegrityError):
        mapping.accept([entry("1"), entry("2")], "run-1")
    assert mapping.known(["1", "2"]) == {}
    assert [intent.key for intent in mapping.intents()] == ["1"]
    mapping.accept([entry("1")], "run-1")
    assert mapping.intents() == []
    state.close()


# --- what is said


@pytest.mark.parametrize("content", [b"projects: 4711\n" * 100, b"\x00\xff" * 4096], ids=["text", "binary"])
def test_a_file_that_is_no_database_is_left_as_it_is(
    tmp_path: Path, content: bytes, snapshot: SnapshotAssertion
) -> None:
    (tmp_path / ".etl").mkdir()
    file(tmp_path).write_bytes(content)
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path)
    assert said(error, tmp_path) == snapshot
    assert file(tmp_path).read_bytes() == content


def test_an_empty_file_becomes_the_state(tmp_path: Path) -> None:
    (tmp_path / ".etl").mkdir()
    file(tmp_path).touch()
    state = open_state(URL, tmp_path)
    assert state.mapping(SCOPE).count() == 0
    state.close()


def test_another_programs_database_is_left_as_it_is(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / ".etl").mkdir()
    connection = sqlite3.connect(file(tmp_path))
    connection.execute("CREATE TABLE invoices (id INTEGER)")
    connection.close()
    content = file(tmp_path).read_bytes()
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path)
    assert said(error, tmp_path) == snapshot
    assert file(tmp_path).read_bytes() == content


def test_a_state_of_a_newer_etl_is_left_as_it_is(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    path = filled(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO etl_schema VALUES (99, '2030-01-01')")
    connection.commit()
    connection.close()
    content = path.read_bytes()
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path)
    assert said(error, tmp_path) == snapshot
    assert path.read_bytes() == content


def test_a_damaged_file_is_kept(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    state = open_state(URL, tmp_path)
    state.mapping(SCOPE).accept([entry(str(number)) for number in range(5000)], "run-1")
    state.close()
    content = file(tmp_path).read_bytes()
    damaged = content[:4096] + b"\xa5" * (len(content) - 4096)
    file(tmp_path).write_bytes(damaged)
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path).mapping(SCOPE).known(["1"])
    assert said(error, tmp_path) == snapshot
    assert file(tmp_path).read_bytes() == damaged


def test_a_file_cut_off_is_kept(tmp_path: Path) -> None:
    path = filled(tmp_path)
    cut = path.read_bytes()[:6000]
    path.write_bytes(cut)
    with pytest.raises(StateError, match=r"is damaged — keep the file"):
        open_state(URL, tmp_path)
    assert path.read_bytes() == cut


def test_a_file_that_another_program_locks_is_waited_for_and_then_given_up(
    tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    state = open_state(URL, tmp_path, wait=0.05)
    other = sqlite3.connect(file(tmp_path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StateError) as error:
        state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert said(error, tmp_path) == snapshot
    other.execute("COMMIT")
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert state.mapping(SCOPE).count() == 1
    other.close()
    state.close()


def test_a_file_that_another_program_has_for_itself_can_not_be_opened(
    tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    other = sqlite3.connect(filled(tmp_path), isolation_level=None)
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path, wait=0.05)
    assert said(error, tmp_path) == snapshot
    other.close()
    open_state(URL, tmp_path).close()


def test_a_full_store_keeps_what_it_has(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    state = open_state(URL, tmp_path)
    mapping = state.mapping(SCOPE)
    mapping.accept([entry("safe")], "run-1")
    (pages,) = state.database.read("PRAGMA page_count")[0]
    state.database.read(f"PRAGMA max_page_count = {pages + 3}")
    with pytest.raises(StateError) as error:
        mapping.accept([entry(str(number)) for number in range(10_000)], "run-1")
    assert said(error, tmp_path) == snapshot
    assert mapping.count() == 1
    state.database.read("PRAGMA max_page_count = 1000000")
    mapping.accept([entry(str(number)) for number in range(10_000)], "run-1")
    assert mapping.count() == 10_001
    state.close()


@posix
def test_a_write_that_the_system_refuses_ends_in_words_and_loses_nothing(tmp_path: Path) -> None:
    with child("fill_the_disk", URL, tmp_path) as process:
        *accepted, last = (line.strip() for line in process.stdout or ())
    assert accepted, last
    assert last.startswith("StateError the state file ")
    assert "everything stored until now is safe" in last
    state = open_state(URL, tmp_path)
    keys = ["first", *(line.split()[1] for line in accepted)]
    assert state.mapping(SCOPE).known(keys).keys() == set(keys)
    state.close()


@pytest.fixture
def common_folder() -> Iterator[Path]:
    """A folder that every user of the machine may enter: pytest's own are root's alone where root runs it."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "project"


@posix
@pytest.mark.parametrize("mode", [0o400, 0o000], ids=["read-only", "unreadable"])
def test_a_file_without_rights_is_named(common_folder: Path, mode: int, snapshot: SnapshotAssertion) -> None:
    path = filled(common_folder)
    hand_over(common_folder)
    path.chmod(mode)
    path.parent.chmod(0o500)
    assert opened_without_being_root(common_folder) == snapshot
    path.parent.chmod(0o700)


@posix
def test_a_folder_without_rights_is_named(common_folder: Path, snapshot: SnapshotAssertion) -> None:
    common_folder.mkdir(mode=0o500)
    hand_over(common_folder)
    assert opened_without_being_root(common_folder) == snapshot


NOBODY = 65534


def hand_over(root: Path) -> None:
    if os.geteuid() == 0:
        for path in (root, *root.rglob("*")):
            os.chown(path, NOBODY, NOBODY)


def opened_without_being_root(root: Path) -> str:
    """What a child process says that opens the state."""
    command = [sys.executable, "-m", "tests.unit.state.children", "hold", URL, str(root)]
    if os.geteuid() == 0:
        command.append(str(NOBODY))
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout.strip().replace(str(root.resolve()), "FOLDER")


def test_a_folder_in_the_files_place_is_named(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    file(tmp_path).mkdir(parents=True)
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path)
    assert said(error, tmp_path) == snapshot


def test_a_file_in_the_folders_place_is_named(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / ".etl").write_text("")
    with pytest.raises(StateError) as error:
        open_state(URL, tmp_path)
    assert said(error, tmp_path) == snapshot


@pytest.mark.parametrize("url", ["", "sqlite", "sqlite:///", "mysql://user:pw@host/db", ".etl/state.db"])
def test_a_url_that_names_no_store_is_refused_without_being_shown(
    tmp_path: Path, url: str, snapshot: SnapshotAssertion
) -> None:
    with pytest.raises(UsageError) as error:
        open_state(url, tmp_path)
    assert str(error.value) == snapshot
    assert "pw" not in str(error.value)
