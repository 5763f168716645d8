"""State that moves: from SQLite to PostgreSQL and back, and through a file."""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.errors import StateError
from etl.model import LedgerEntry, Reject
from etl.ports import Checkpoint, Cursor, Intent, Scope
from etl.report import RunReport
from etl.state import StoredState, copy_state, export_state, import_state, open_state
from tests.unit.state.conftest import SCOPE, Open

TEST = Scope("acme", "test", "projects", "https://test.example projects")
OTHER = Scope("other", "", "projects", "https://target.example projects")


@pytest.fixture
def source(tmp_path: Path) -> Iterator[StoredState]:
    """A state with everything in it, of two projects."""
    state = open_state("sqlite:///source.db", tmp_path)
    for scope in (TEST, SCOPE, OTHER):
        fill(state, scope)
    yield state
    state.close()


def fill(state: StoredState, scope: Scope) -> None:
    mapping = state.mapping(scope)
    mapping.accept(
        [
            LedgerEntry(
                f"k{number}", f"t{number}", bytes([number % 256]), {"n": Decimal(number) + Decimal("0." + "1" * 20)}
            )
            for number in range(1100)
        ],
        "run-1",
    )
    mapping.accept([LedgerEntry("\0", "\ud800", b"h", {"a": "\ud800"}, target_id=2**70, gone=True)], "run-1")
    mapping.save_cursor(Cursor("c", "f", "2026-04-01"))
    mapping.save_checkpoint(Checkpoint("f", 7, "h", "run-1"))
    mapping.intend([Intent("i", "t-i", {"a": 1}, b"\xff", "2026-04-01T10:00:00Z", "run-1")])
    mapping.intend([Intent("j", "t-j", {}, b"", "2026-04-01T10:00:00Z", "run-1", answered=True)])
    mapping.reject([Reject("r1", "no", record={"a": 1}), Reject("r2", "no\0", last_at="2026-04-01T10:00:00Z")], "run-1")
    mapping.reject([Reject("r1", "still no")], "run-2")
    mapping.save_details([("d", "v", {"a": 1})])
    state.save_identities(scope.project, scope.environment, scope.origin, [("t1", 41), ("t2", "uuid")])
    state.start_run(RunReport(f"run {scope}", started_at="2026-04-01"), scope.project, scope.environment, "etl run")
    state.secret(scope.project)


def content(state: StoredState, scope: Scope) -> object:
    """All that can be asked of one mapping, but for numbers that each store gives by itself."""
    mapping = state.mapping(scope)
    return (
        list(mapping.unseen("run-new")),
        mapping.known(["\0", "k1"]),
        mapping.output("\0"),
        mapping.cursor(),
        mapping.checkpoint(),
        mapping.intents(),
        [
            (each.key, each.reason, each.record, each.attempts, each.first_at, each.last_at)
            for each in mapping.rejects()
        ],
        mapping.details(["d"]),
        state.identities(scope.project, scope.environment, scope.origin, ["t1", "t2"]),
        state.target_of(scope.project, scope.environment, scope.mapping, "k1"),
        state.secret(scope.project),
        state.runs(scope.project, scope.environment),
        state.scopes(scope.project, scope.environment),
    )


Move = Callable[[StoredState, StoredState, str | None], int]


def through_a_file(tmp_path: Path) -> Move:
    def move(source: StoredState, target: StoredState, project: str | None) -> int:
        written = export_state(source, tmp_path / "state.jsonl", project)
        assert import_state(tmp_path / "state.jsonl", target) == written
        return written

    return move


@pytest.fixture(params=["directly", "through a file"])
def move(request: pytest.FixtureRequest, tmp_path: Path) -> Move:
    return copy_state if request.param == "directly" else through_a_file(tmp_path)


def test_a_store_takes_in_everything_of_another(source: StoredState, open_store: Open, move: Move) -> None:
    target = open_store()
    assert move(source, target, None) > 3300
    for scope in (SCOPE, TEST, OTHER):
        assert content(target, scope) == content(source, scope)


def test_there_and_back_again_nothing_has_changed(source: StoredState, open_store: Open, tmp_path: Path) -> None:
    between = open_store()
    back = open_state("sqlite:///back.db", tmp_path)
    assert copy_state(source, between) == copy_state(between, back)
    assert content(back, SCOPE) == content(source, SCOPE)
    back.close()


def test_an_export_holds_the_same_wherever_the_state_went_meanwhile(
    source: StoredState, open_store: Open, tmp_path: Path
) -> None:
    def rows(path: Path) -> list[str]:
        return [re.sub(r'"(number|scope|place|id)":\d+,', "", line) for line in path.read_text().splitlines()]

    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    export_state(source, first, "acme")
    import_state(first, open_store(), "acme")
    export_state(open_store(), second, "acme")
    assert rows(second) == rows(first)


def test_one_project_travels_without_the_others(source: StoredState, open_store: Open, move: Move) -> None:
    target = open_store()
    fill(target, OTHER)
    before = content(target, OTHER)
    move(source, target, "acme")
    assert content(target, SCOPE) == content(source, SCOPE)
    assert content(target, OTHER) == before
    assert target.secret("other") != source.secret("other")


def test_a_project_that_has_state_already_is_not_mixed_with_another(
    source: StoredState, open_store: Open, move: Move
) -> None:
    target = open_store()
    target.mapping(TEST).save_cursor(Cursor("mine", "f"))
    with pytest.raises(StateError, match=r"already holds state of project 'acme'.*nothing was changed"):
        move(source, target, None)
    assert target.mapping(TEST).cursor() == Cursor("mine", "f")
    assert target.mapping(SCOPE).count() == 0
    assert target.runs("other") == []


def test_a_secret_made_before_the_state_came_gives_way(source: StoredState, open_store: Open, move: Move) -> None:
    target = open_store()
    assert target.secret("acme") != source.secret("acme")
    move(source, target, None)
    assert target.secret("acme") == source.secret("acme")


def test_new_rejects_go_on_after_those_taken_in(source: StoredState, open_store: Open) -> None:
    target = open_store()
    copy_state(source, target)
    target.mapping(SCOPE).reject([Reject("new", "no")], "run-3")
    assert next(each.key for each in target.all_rejects("acme", "production")) == "new"


def test_only_the_user_can_read_an_export(source: StoredState, tmp_path: Path) -> None:
    export_state(source, tmp_path / "state.jsonl")
    assert stat.S_IMODE((tmp_path / "state.jsonl").stat().st_mode) == 0o600
    assert {path.name for path in tmp_path.glob("*state.jsonl*")} == {"state.jsonl"}


def test_an_export_to_nowhere_says_so(source: StoredState, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"can't be written: No such file or directory"):
        export_state(source, tmp_path / "no" / "state.jsonl")


DAMAGE: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "empty": lambda lines: [],
    "another file": lambda lines: [b"id;name\n", b"1;a\n"],
    "json but no export": lambda lines: [b"[1, 2]\n"],
    "newer": lambda lines: [b'{"etl_state": 99}\n', *lines[1:]],
    "cut off": lambda lines: lines[: len(lines) // 2],
    "cut off within a line": lambda lines: [*lines[:500], lines[500][:20]],
    "a line lost": lambda lines: [*lines[:500], *lines[501:]],
    "a line spoilt": lambda lines: [*lines[:500], b"\xff\n", *lines[501:]],
    "an unknown table": lambda lines: [*lines[:500], b'["x", {"a": 1}]\n', *lines[501:]],
    "a column lost": lambda lines: [*lines[:500], b'["ledger", {"scope": 1}]\n', *lines[501:]],
    "no hexadecimal": lambda lines: [*lines[:500], b'["ledger", {"hash": "zz"}]\n', *lines[501:]],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_export_is_not_taken_in_at_all(
    source: StoredState, tmp_path: Path, damage: str, snapshot: SnapshotAssertion
) -> None:
    path = tmp_path / "state.jsonl"
    export_state(source, path)
    path.write_bytes(b"".join(DAMAGE[damage](path.read_bytes().splitlines(keepends=True))))
    target = open_state("sqlite:///target.db", tmp_path)
    with pytest.raises(StateError) as error:
        import_state(path, target)
    assert str(error.value).replace(str(tmp_path), "FOLDER") == snapshot
    assert target.scopes("acme") == []
    assert target.runs("acme") == []
    target.close()


def test_an_export_of_an_older_etl_is_taken_in(source: StoredState, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    export_state(source, path)
    _, *lines = (
        path.read_bytes().replace(b',"answered":0', b"").replace(b',"answered":1', b"").splitlines(keepends=True)
    )
    path.write_bytes(b"".join([b'{"etl_state": 2}\n', *lines]))
    target = open_state("sqlite:///target.db", tmp_path)
    import_state(path, target)
    assert [each.answered for each in target.mapping(SCOPE).intents()] == [False, False]
    target.close()


def test_a_missing_export_is_named(source: StoredState, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"no\.jsonl can't be read: No such file or directory"):
        import_state(tmp_path / "no.jsonl", source)
