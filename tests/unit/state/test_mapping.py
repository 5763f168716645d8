"""Cursor, checkpoint, intents, rejects and stored full forms, in both stores."""

from __future__ import annotations

from decimal import Decimal

from etl.model import Reject
from etl.ports import Checkpoint, Cursor, Intent, MappingState
from etl.state import StoredState
from tests.unit.state.conftest import SCOPE


def test_there_is_no_cursor_before_the_first_run(mapping: MappingState) -> None:
    assert mapping.cursor() is None
    assert mapping.checkpoint() is None


def test_the_cursor_is_the_one_saved_last(mapping: MappingState) -> None:
    mapping.save_cursor(Cursor("2026-04-01T10:00:00Z", "f1", "2026-03-01T00:00:00Z"))
    assert mapping.cursor() == Cursor("2026-04-01T10:00:00Z", "f1", "2026-03-01T00:00:00Z")
    mapping.save_cursor(Cursor(None, "f2"))
    assert mapping.cursor() == Cursor(None, "f2", None)


def test_a_checkpoint_is_replaced_and_removed(mapping: MappingState) -> None:
    mapping.save_checkpoint(Checkpoint("f", 3, "2026-04-01", "run-1"))
    mapping.save_checkpoint(Checkpoint("f", 4, None, "run-1"))
    assert mapping.checkpoint() == Checkpoint("f", 4, None, "run-1")
    mapping.save_checkpoint(None)
    assert mapping.checkpoint() is None


def test_intents_are_kept_until_they_are_dropped(mapping: MappingState) -> None:
    first = Intent("1", "t-1", {"hours": Decimal("7.25")}, b"h", "2026-04-01T10:00:00Z", "run-1")
    second = Intent("2", "t-2", {}, b"", "2026-04-01T10:00:01Z", "run-1", answered=True)
    mapping.intend([second, first])
    assert mapping.intents() == [first, second]
    mapping.drop_intents(["1", "unknown"])
    assert mapping.intents() == [second]


def test_an_intent_made_again_takes_the_place_of_the_one_before(mapping: MappingState) -> None:
    mapping.intend([Intent("1", "t", {"a": 1}, b"x", "2026-04-01T10:00:00Z", "run-1")])
    mapping.intend([Intent("1", "t", {"a": 2}, b"y", "2026-04-02T10:00:00Z", "run-2")])
    assert mapping.intents() == [Intent("1", "t", {"a": 2}, b"y", "2026-04-02T10:00:00Z", "run-2")]


def test_a_reject_says_everything_about_its_record(mapping: MappingState) -> None:
    mapping.reject(
        [
            Reject(
                "1",
                "is required",
                field="clientId",
                code="required",
                record={"id": 1, "note": "\ud800"},
                output={"clientId": None},
                target_key="t-1",
                last_at="2026-04-01T10:00:00Z",
            )
        ],
        "run-1",
    )
    (reject,) = mapping.rejects()
    assert reject == Reject(
        "1",
        "is required",
        field="clientId",
        code="required",
        record={"id": 1, "note": "\ud800"},
        output={"clientId": None},
        target_key="t-1",
        attempts=1,
        first_at="2026-04-01T10:00:00Z",
        last_at="2026-04-01T10:00:00Z",
        run_id="run-1",
        mapping="projects",
        id=reject.id,
    )
    assert isinstance(reject.id, int)


def test_a_reject_that_comes_again_counts_on_and_tells_the_newer_reason(mapping: MappingState) -> None:
    mapping.reject([Reject("1", "closed period", code="closed", last_at="2026-04-01T10:00:00Z")], "run-1")
    (first,) = mapping.rejects()
    mapping.reject([Reject("1", "no such project", field="projectId", last_at="2026-04-02T10:00:00Z")], "run-2")
    (again,) = mapping.rejects()
    assert (again.id, again.attempts, again.first_at) == (first.id, 2, "2026-04-01T10:00:00Z")
    assert (again.reason, again.field, again.code) == ("no such project", "projectId", "")
    assert (again.last_at, again.run_id) == ("2026-04-02T10:00:00Z", "run-2")


def test_a_reject_without_a_time_is_of_this_moment(mapping: MappingState) -> None:
    mapping.reject([Reject("1", "no")], "run-1")
    (reject,) = mapping.rejects()
    assert reject.first_at == reject.last_at
    assert len(reject.last_at) == len("2026-04-01T10:00:00Z")
    assert reject.last_at.endswith("Z")


def test_the_number_of_a_reject_stays_its_own(mapping: MappingState) -> None:
    mapping.reject([Reject("1", "no"), Reject("2", "no")], "run-1")
    numbers = {reject.key: reject.id for reject in mapping.rejects()}
    mapping.drop_rejects(["2"])
    mapping.reject([Reject("1", "still no"), Reject("3", "no")], "run-2")
    later = {reject.key: reject.id for reject in mapping.rejects()}
    assert later["1"] == numbers["1"]
    assert later["3"] not in numbers.values()


def test_rejects_may_be_dropped_and_made_while_they_are_streamed(mapping: MappingState) -> None:
    mapping.reject([Reject(f"k{number}", "no") for number in range(1200)], "run-1")
    met = []
    for reject in mapping.rejects():
        met.append(reject.key)
        mapping.drop_rejects([reject.key])
        mapping.reject([Reject(f"new {reject.key}", "no")], "run-2")
    assert sorted(met) == sorted(f"k{number}" for number in range(1200))


def test_full_forms_are_kept_with_the_version_they_are_of(mapping: MappingState) -> None:
    mapping.save_details([("1", "v1", {"email": "a@example.com"}), ("2", "v1", {})])
    mapping.save_details(iter([("1", "v2", {"email": "b@example.com"})]))
    assert mapping.details(["1", "2", "3"]) == {"1": ("v2", {"email": "b@example.com"}), "2": ("v1", {})}


def test_a_reset_forgets_everything_of_one_mapping_and_nothing_of_another(state: StoredState) -> None:
    other = state.mapping(type(SCOPE)("acme", "production", "tasks", "https://target.example tasks"))
    for mapping in (state.mapping(SCOPE), other):
        fill(mapping)
    state.reset(SCOPE)
    assert is_empty(state.mapping(SCOPE))
    assert not is_empty(other)
    assert [scope.mapping for scope in state.scopes("acme", "production")] == ["tasks"]


def fill(mapping: MappingState) -> None:
    from tests.unit.state.test_ledger import entry

    mapping.accept([entry("1")], "run-1")
    mapping.save_cursor(Cursor("c", "f"))
    mapping.save_checkpoint(Checkpoint("f", 1))
    mapping.intend([Intent("2", "t-2", {}, b"", "2026-04-01T10:00:00Z")])
    mapping.reject([Reject("3", "no")], "run-1")
    mapping.save_details([("4", "v", {})])


def is_empty(mapping: MappingState) -> bool:
    content = (
        mapping.cursor(),
        mapping.checkpoint(),
        mapping.intents(),
        list(mapping.rejects()),
        mapping.details(["4"]),
    )
    return not any(content) and mapping.count() == 0
