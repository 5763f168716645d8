"""What mappings share: claims, names, identities, runs, all rejects; in both stores."""

from __future__ import annotations

import pytest

from etl.errors import UsageError
from etl.model import LedgerEntry, Reject
from etl.ports import Cursor, Scope
from etl.report import Change, ConnectionReport, MappingReport, RunReport
from etl.state import StoredState
from etl.state.history import NO_END
from tests.unit.state.conftest import SCOPE, Open
from tests.unit.state.test_ledger import entry

TASKS = Scope("acme", "production", "tasks", "https://target.example tasks")


def test_a_mapping_is_claimed_by_one_run_at_a_time(open_store: Open) -> None:
    one, other = open_store(), open_store()
    assert one.claim(SCOPE)
    assert not other.claim(SCOPE)
    assert not one.claim(SCOPE)
    assert other.claim(TASKS)
    one.release(SCOPE)
    assert other.claim(SCOPE)
    assert not one.claim(SCOPE)


def test_closing_gives_up_every_claim(open_store: Open) -> None:
    one, other = open_store(), open_store()
    assert one.claim(SCOPE)
    assert one.claim(TASKS)
    one.close()
    assert other.claim(SCOPE)
    assert other.claim(TASKS)


def test_releasing_what_is_not_held_changes_nothing(open_store: Open) -> None:
    one, other = open_store(), open_store()
    assert one.claim(SCOPE)
    other.release(SCOPE)
    assert not other.claim(SCOPE)


def test_a_renamed_mapping_keeps_its_state(state: StoredState) -> None:
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    state.mapping(SCOPE).save_cursor(Cursor("c", "f"))
    renamed = Scope(SCOPE.project, SCOPE.environment, "blikk-projects", SCOPE.origin)
    assert state.claim(renamed)  # as a run does before it looks for the old name
    state.rename(SCOPE.project, SCOPE.environment, "projects", "blikk-projects")
    assert state.mapping(renamed).known(["1"])
    assert state.mapping(renamed).cursor() == Cursor("c", "f")
    assert state.mapping(SCOPE).known(["1"]) == {}
    assert state.scopes("acme", "production") == [renamed]


def test_renaming_again_changes_nothing(state: StoredState) -> None:
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    renamed = Scope(SCOPE.project, SCOPE.environment, "blikk-projects", SCOPE.origin)
    for _ in range(2):
        state.rename(SCOPE.project, SCOPE.environment, "projects", "blikk-projects")
    assert state.mapping(renamed).count() == 1


def test_a_name_that_another_mapping_has_taken_over_keeps_its_own_state(state: StoredState) -> None:
    renamed = Scope(SCOPE.project, SCOPE.environment, "blikk-projects", SCOPE.origin)
    state.mapping(renamed).accept([entry("1", "renamed")], "run-1")
    state.mapping(SCOPE).accept([entry("1", "another mapping by now")], "run-1")
    state.rename(SCOPE.project, SCOPE.environment, "projects", "blikk-projects")
    assert state.mapping(renamed).output("1") == {"name": "renamed"}
    assert state.mapping(SCOPE).output("1") == {"name": "another mapping by now"}


def test_identities_are_shared_by_all_mappings_to_one_endpoint(open_store: Open) -> None:
    one, other = open_store(), open_store()
    one.save_identities("acme", "", "o", [("t-1", 41), ("t-2", "uuid"), ("t-1", 42)])
    one.save_identities("acme", "", "o", [])
    assert other.identities("acme", "", "o", ["t-1", "t-2", "t-3"]) == {"t-1": 42, "t-2": "uuid"}
    assert other.identities("acme", "test", "o", ["t-1"]) == {}
    assert other.identities("acme", "", "another", ["t-1"]) == {}


def test_what_another_mapping_wrote_is_found_by_its_source_key(state: StoredState) -> None:
    state.mapping(SCOPE).accept([entry("1", target_id=41)], "run-1")
    assert state.target_of("acme", "production", "projects", "1") == LedgerEntry("1", "t-1", b"first", None, 41)
    assert state.target_of("acme", "production", "projects", "2") is None
    assert state.target_of("acme", "production", "tasks", "1") is None
    assert state.target_of("acme", "test", "projects", "1") is None


def test_only_what_was_written_to_the_origin_used_last_is_found(state: StoredState) -> None:
    moved = Scope("acme", "production", "projects", "https://new.example projects")
    state.mapping(SCOPE).accept([entry("1", target_id=1), entry("2", target_id=2)], "run-1")
    state.mapping(moved).accept([entry("1", target_id=100)], "run-2")
    found = [state.target_of("acme", "production", "projects", key) for key in ("1", "2")]
    assert [each.target_id if each else None for each in found] == [100, None]
    assert state.claim(SCOPE)  # back to the first one
    assert state.target_of("acme", "production", "projects", "2") is not None


def test_scopes_are_those_that_have_state(state: StoredState) -> None:
    assert state.claim(TASKS)
    state.mapping(SCOPE).save_cursor(Cursor(None, "f"))
    state.mapping(Scope("acme", "test", "projects", "o")).reject([Reject("1", "no")], "run-1")
    assert state.scopes("acme", "production") == [SCOPE]
    assert state.scopes("acme", "test") == [Scope("acme", "test", "projects", "o")]
    assert len(state.scopes("acme")) == 2
    assert state.scopes("nobody", "") == []


def test_the_secret_of_a_project_is_made_once(open_store: Open) -> None:
    secret = open_store().secret("acme")
    assert len(secret) == 32
    assert open_store().secret("acme") == secret
    assert open_store().secret("other") != secret


def report(run_id: str, started_at: str = "2026-04-01T10:00:00Z") -> RunReport:
    return RunReport(run_id, started_at=started_at)


def test_a_run_is_reported_as_it_ended(state: StoredState) -> None:
    state.start_run(report("r1"), "acme", "production", "etl run")
    assert state.run("r1") == RunReport("r1", "interrupted", 130, "2026-04-01T10:00:00Z", error=NO_END)
    ended = RunReport(
        "r1",
        "rejected",
        1,
        "2026-04-01T10:00:00Z",
        "2026-04-01T10:01:00Z",
        [
            MappingReport(
                "projects", read=3, rejected=1, reasons={"no": 1}, changes=[Change("1", "update", {"a": [1, 2.5]})]
            )
        ],
        {"blikk": ConnectionReport("blikk", requests=7, waited_seconds=1.25)},
    )
    state.finish_run(ended)
    assert state.run("r1") == ended
    assert state.runs("acme") == [ended]


def test_runs_are_listed_newest_first_and_by_environment(state: StoredState) -> None:
    for number, environment in enumerate(["test", "production", "production"]):
        state.start_run(report(f"r{number}", f"2026-04-0{number + 1}T10:00:00Z"), "acme", environment, "etl run")
    state.start_run(report("x", "2026-05-01T10:00:00Z"), "other", "production", "etl run")
    assert [run.run_id for run in state.runs("acme")] == ["r2", "r1", "r0"]
    assert [run.run_id for run in state.runs("acme", limit=2)] == ["r2", "r1"]
    assert [run.run_id for run in state.runs("acme", "test")] == ["r0"]


def test_a_run_is_found_by_a_beginning_of_its_id_that_no_other_has(state: StoredState) -> None:
    for run_id in ("20260401-aaa", "20260401-abb", "20260402-ccc"):
        state.start_run(report(run_id), "acme", "", "etl run")
    found = state.run("20260402")
    assert found is not None
    assert found.run_id == "20260402-ccc"
    assert state.run("2027") is None
    assert state.run("%") is None
    with pytest.raises(UsageError, match=r"several runs begin with '20260401'.*give more of the id"):
        state.run("20260401")


def test_all_rejects_of_a_project_are_listed_newest_first(state: StoredState) -> None:
    state.mapping(SCOPE).reject([Reject("1", "no")], "run-1")
    state.mapping(TASKS).reject([Reject("2", "no")], "run-1")
    state.mapping(SCOPE).reject([Reject("3", "no")], "run-1")
    state.mapping(Scope("acme", "test", "tasks", "o")).reject([Reject("4", "no")], "run-1")
    found = list(state.all_rejects("acme", "production"))
    assert [(reject.mapping, reject.key) for reject in found] == [("projects", "3"), ("tasks", "2"), ("projects", "1")]
    assert [reject.key for reject in state.all_rejects("acme", "production", "projects")] == ["3", "1"]
    assert list(state.all_rejects("acme", "")) == []
