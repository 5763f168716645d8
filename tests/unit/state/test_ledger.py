"""What the target last accepted, in both stores."""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from etl.keys import veiled
from etl.model import LedgerEntry, Reject
from etl.ports import Cursor, Intent, MappingState, Scope
from etl.state import StoredState
from tests.unit.state.conftest import SCOPE, Open


def entry(key: str, name: str = "first", **more: object) -> LedgerEntry:
    return LedgerEntry(key, f"t-{key}", name.encode(), {"name": name}, **more)  # type: ignore[arg-type]


def test_an_accepted_record_is_known_without_its_output(mapping: MappingState) -> None:
    mapping.accept([entry("1", target_id=41), entry("2")], "run-1")
    assert mapping.known(["2", "1", "3"]) == {
        "1": LedgerEntry("1", "t-1", b"first", None, 41),
        "2": LedgerEntry("2", "t-2", b"first", None, None),
    }


def test_the_output_is_what_was_accepted_last(mapping: MappingState) -> None:
    mapping.accept([entry("1", "old")], "run-1")
    mapping.accept([entry("1", "new")], "run-2")
    assert mapping.output("1") == {"name": "new"}
    assert mapping.output("2") is None
    assert mapping.known(["1"])["1"].hash == b"new"


def test_of_two_entries_with_one_key_in_one_call_the_later_holds(mapping: MappingState) -> None:
    mapping.accept([entry("1", "old"), entry("1", "new")], "run-1")
    assert mapping.output("1") == {"name": "new"}


def test_accepting_ends_the_rejects_and_intents_of_those_keys_only(mapping: MappingState) -> None:
    mapping.reject([Reject("1", "no"), Reject("2", "no")], "run-1")
    mapping.intend([Intent(key, f"t-{key}", {}, b"", "2026-04-01T10:00:00Z") for key in ("1", "2")])
    mapping.accept([entry("1")], "run-2")
    assert [reject.key for reject in mapping.rejects()] == ["2"]
    assert [intent.key for intent in mapping.intents()] == ["2"]


def test_what_a_run_has_neither_seen_nor_written_is_unseen(mapping: MappingState) -> None:
    mapping.accept([entry(str(number)) for number in range(6)], "run-1")
    mapping.seen(["0", "1"], "run-2")
    mapping.accept([entry("2", "changed")], "run-2")
    mapping.mark_gone(["3"])
    mapping.forget(["4"])
    assert list(mapping.unseen("run-2")) == [LedgerEntry("5", "t-5", b"first", {"name": "first"})]


def test_a_run_that_saw_nothing_finds_everything_unseen(mapping: MappingState) -> None:
    mapping.accept([entry("1"), entry("2")], "run-1")
    assert [each.key for each in mapping.unseen("run-2")] == ["1", "2"]
    assert list(mapping.unseen("run-1")) != []  # that run was overtaken by another one: it saw nothing since


def test_unseen_entries_may_be_removed_while_they_are_streamed(mapping: MappingState) -> None:
    keys = sorted(f"k{number:04}" for number in range(1300))
    mapping.accept([entry(key) for key in keys], "run-1")
    streamed = []
    for each in mapping.unseen("run-2"):
        streamed.append(each.key)
        mapping.forget([each.key])
    assert streamed == keys
    assert mapping.count() == 0


def test_gone_records_are_not_counted_and_claim_no_target_until_accepted_again(mapping: MappingState) -> None:
    mapping.accept([entry("1"), entry("2")], "run-1")
    mapping.mark_gone(["1"])
    assert mapping.count() == 1
    assert mapping.known(["1"])["1"].gone
    assert mapping.targets(["t-1", "t-2", "t-3"]) == {"t-2": "2"}
    mapping.accept([entry("1")], "run-2")
    assert mapping.count() == 2
    assert not mapping.known(["1"])["1"].gone
    assert mapping.targets(["t-1"]) == {"t-1": "1"}


def test_a_ledger_is_blank_until_something_is_accepted_and_not_while_it_holds_what_is_gone(state: StoredState) -> None:
    mapping = state.mapping(SCOPE)
    state.mapping(Scope("acme", "production", "more-projects", SCOPE.origin)).accept([entry("1")], "run-1")
    mapping.reject([Reject("1", "no")], "run-1")
    assert mapping.blank()
    mapping.accept([entry("1")], "run-1")
    assert not mapping.blank()
    mapping.mark_gone(["1"])
    assert not mapping.blank()
    mapping.forget(["1"])
    assert mapping.blank()


def test_an_id_is_claimed_by_any_mapping_that_writes_to_the_same_target(state: StoredState) -> None:
    sibling = Scope("acme", "production", "more-projects", SCOPE.origin)
    state.mapping(SCOPE).accept([entry("1", target_id=41), entry("2"), entry("3", target_id="u-3", gone=True)], "run-1")
    state.mapping(sibling).accept([entry("1", target_id={"a": 1, "b": 2})], "run-1")
    assert state.mapping(sibling).claimed([41, 42, "u-3", {"b": 2, "a": 1}, "41"]) == [True, False, True, True, False]
    assert state.mapping(SCOPE).claimed([]) == []
    for other in (
        Scope("acme", "test", "projects", SCOPE.origin),
        Scope("other", "production", "projects", SCOPE.origin),
        Scope("acme", "production", "projects", "https://target.example tasks"),
    ):
        assert state.mapping(other).claimed([41]) == [False]


def test_an_entry_can_be_stored_as_gone(mapping: MappingState) -> None:
    mapping.accept([entry("1", gone=True)], "run-1")
    assert mapping.known(["1"])["1"].gone
    assert mapping.count() == 0


def test_values_come_back_exactly(mapping: MappingState) -> None:
    output = {
        "money": Decimal("12345678901234567.89"),
        "rounded": 0.1,
        "wide": 2**63,
        "wider": -(2**80),
        "huge": Decimal("1E+400"),
        "text": 'å "quoted" \u2028 \0 😀',
        "lone": "\ud800",
        "nested": [{"b": None, "a": [True, False, 1.5]}],
    }
    mapping.accept([LedgerEntry("1", "t", b"\x00\xff", output, target_id={"id": 2**70})], "run-1")
    stored = mapping.output("1")
    assert stored == output
    assert stored is not None
    assert {name: type(value) for name, value in stored.items()} == {
        name: type(value) for name, value in output.items()
    }
    known = mapping.known(["1"])["1"]
    assert (known.hash, known.target_id) == (b"\x00\xff", {"id": 2**70})


def test_keys_of_any_text_are_kept_apart(mapping: MappingState) -> None:
    keys = ["", " ", "a", "A", "a\0", "a\0b", "å", "a\u030a", "\ud800", '["1","2"]', "\x1b", '\x1b"a"', "\n", "%s", "?"]
    mapping.accept([LedgerEntry(key, key, str(number).encode()) for number, key in enumerate(keys)], "run-1")
    assert {key: found.hash for key, found in mapping.known(keys).items()} == {
        key: str(number).encode() for number, key in enumerate(keys)
    }
    assert mapping.targets(keys) == {key: key for key in keys}
    assert {each.key for each in mapping.unseen("run-2")} == set(keys)


def test_nothing_is_known_for_no_keys(mapping: MappingState) -> None:
    mapping.accept([], "run-1")
    mapping.seen([], "run-1")
    mapping.forget([])
    assert mapping.known([]) == {}
    assert mapping.targets([]) == {}
    assert mapping.details([]) == {}


def test_an_entry_counts_only_for_the_origin_and_environment_it_was_sent_to(state: StoredState) -> None:
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    state.mapping(SCOPE).save_cursor(Cursor("2026", "f"))
    for other in (
        Scope("acme", "test", "projects", SCOPE.origin),
        Scope("acme", "production", "projects", "https://test.example projects"),
        Scope("acme", "production", "tasks", SCOPE.origin),
        Scope("other", "production", "projects", SCOPE.origin),
    ):
        mapping = state.mapping(other)
        assert (mapping.known(["1"]), mapping.count(), mapping.cursor()) == ({}, 0, None)


def test_everything_is_there_again_after_closing(open_store: Open) -> None:
    first = open_store()
    first.mapping(SCOPE).accept([entry("1", target_id=7)], "run-1")
    first.close()
    assert open_store().mapping(SCOPE).known(["1"])["1"].target_id == 7


def test_sensitive_target_keys_are_kept_veiled_and_found_by_what_they_are(open_store: Open) -> None:
    store = open_store()
    veil = partial(veiled, secret=store.secret("acme"))
    mapping = store.mapping(SCOPE, veil)
    mapping.accept([LedgerEntry("1", "eva@example.com", b"h")], "run-1")
    mapping.intend([Intent("2", "bo@example.com", {}, b"h", "2026-04-01T10:00:00Z")])
    assert mapping.targets(["eva@example.com", "bo@example.com"]) == {"eva@example.com": "1"}
    (kept,) = mapping.known(["1"]).values()
    assert kept.target_key == veil("eva@example.com") != "eva@example.com"
    mapping.accept([kept], "run-2")
    assert mapping.targets(["eva@example.com"]) == {"eva@example.com": "1"}
    for table in ("ledger", "intents"):
        assert "example.com" not in str(store.database.read(f"SELECT target_key FROM {table}"))
