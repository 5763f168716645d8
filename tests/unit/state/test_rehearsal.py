"""The state during a plan: it looks at the real store and writes beside it."""

from __future__ import annotations

from pathlib import Path

from etl.model import LedgerEntry, Reject
from etl.ports import Cursor, Intent, Scope, State
from etl.report import RunReport
from etl.state import open_state
from etl.state.rehearsal import Rehearsal
from tests.unit.state.conftest import SCOPE
from tests.unit.state.test_ledger import entry

TASKS = Scope("acme", "production", "tasks", "https://target.example tasks")


def test_a_plan_leaves_the_real_store_as_it_was_and_finds_what_it_would_have_created(tmp_path: Path) -> None:
    real = open_state("sqlite:///state.db", tmp_path)
    real.mapping(SCOPE).accept([entry("1", target_id=1)], "run-1")
    before = [real.database.read(f"SELECT * FROM {table}") for table in sorted(real.database.tables())]
    plan: State = Rehearsal(real, open_state("memory:", tmp_path))
    assert [each.key for each in plan.mapping(SCOPE).unseen("plan")] == ["1"]
    mapping = plan.mapping(SCOPE)
    assert plan.claim(SCOPE)
    plan.start_run(RunReport("plan"), "acme", "production", "etl plan")
    mapping.seen(["1"], "plan")
    mapping.accept([entry("2", target_id=2)], "plan")
    mapping.intend([Intent("3", "t-3", {}, b"", "2026-04-01T10:00:00Z")])
    mapping.reject([Reject("4", "no")], "plan")
    mapping.forget(["1"])
    mapping.mark_gone(["1"])
    mapping.doubt(["1"])
    mapping.trust([entry("1", "other")])
    mapping.save_cursor(Cursor("c", "f"))
    plan.save_identities("acme", "production", SCOPE.origin, [("t-2", 2)])
    plan.rename("acme", "production", "projects", "renamed")
    plan.reset(SCOPE)
    assert [real.database.read(f"SELECT * FROM {table}") for table in sorted(real.database.tables())] == before
    plan.mapping(TASKS).accept([entry("5", target_id=5)], "plan")
    for mapping_name, key, target_id in (("projects", "1", 1), ("tasks", "5", 5)):
        found = plan.target_of("acme", "production", mapping_name, key)
        assert found is not None
        assert found.target_id == target_id
    assert plan.identities("acme", "production", SCOPE.origin, ["t-2"]) == {"t-2": 2}
    assert plan.secret("acme") == real.secret("acme")
    plan.close()


def test_a_plan_finds_gone_only_what_it_did_not_come_across(tmp_path: Path) -> None:
    real = open_state("memory:", tmp_path)
    real.mapping(SCOPE).accept([entry(str(number)) for number in range(4)], "run-1")
    plan = Rehearsal(real, open_state("memory:", tmp_path))
    plan.mapping(SCOPE).seen(["0", "1"], "plan")
    plan.mapping(SCOPE).accept([entry("3", "changed"), entry("9")], "plan")
    assert [each.key for each in plan.mapping(SCOPE).unseen("plan")] == ["2"]
    assert [each.key for each in plan.mapping(SCOPE).sent()] == ["0", "1", "2", "3"]
    plan.close()


def test_a_plan_of_a_renamed_mapping_reads_what_is_stored_under_its_old_name(tmp_path: Path) -> None:
    real = open_state("sqlite:///state.db", tmp_path)
    old, new = Scope("acme", "", "old", "sheets projects"), Scope("acme", "", "new", "sheets projects")
    real.mapping(old).accept([LedgerEntry("1", "p-1", b"h", {"name": "A"})], "run1")

    plan = Rehearsal(real, open_state("memory:", tmp_path))
    plan.rename("acme", "", "old", "new")
    assert plan.mapping(new).known(["1"])["1"].target_key == "p-1"
    assert plan.target_of("acme", "", "new", "1") is not None
    assert real.scopes("acme", "") == [old]

    real.rename("acme", "", "old", "new")
    later = Rehearsal(real, open_state("memory:", tmp_path))
    later.rename("acme", "", "old", "new")
    assert later.mapping(new).count() == 1
    for each in (plan, later):
        each.scratch.close()
    real.close()
