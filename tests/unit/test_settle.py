"""What becomes of each record is recorded: counts, ledger, rejects, and the limits that stop a run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.errors import LimitReached
from etl.model import Action, Item, Outcome
from etl.ports import MappingState, Scope
from etl.report import MappingReport
from etl.settle import LONGEST_UNSTORED, MOST_UNSTORED, Settlement
from etl.specs import Limit, LimitsSpec
from etl.state import open_state
from tests.support.clocks import FakeClock

SECRET = b"k" * 32


@pytest.fixture
def state(tmp_path: Path) -> Iterator[MappingState]:
    store = open_state("sqlite:///state.db", tmp_path)
    yield store.mapping(Scope("acme", "", "projects", "https://sheets projects"))
    store.close()


def item(number: int, /, **output: object) -> Item:
    return Item(str(number), {"id": number}, output=output or {"id": number}, target_key=f"p-{number}", hash=b"h")


def settlement(state: MappingState, run: str = "r1", **limits: Limit) -> Settlement:
    return Settlement(state, MappingReport("projects"), run, LimitsSpec(**limits), secret=SECRET)


def rejected(number: int, reason: str = "too odd") -> Outcome:
    return Outcome(item(number), Action.REJECTED, reason=reason)


def report_of(settled: Settlement) -> MappingReport:
    return settled._report


def test_written_is_created_and_updated_or_what_the_target_does_not_tell(state: MappingState) -> None:
    settled = settlement(state)
    settled.record(
        [Outcome(item(1), Action.CREATED), Outcome(item(2), Action.UPDATED), Outcome(item(3), Action.WRITTEN)]
    )
    report = report_of(settled)
    assert (report.created, report.updated, report.written) == (1, 1, 3)


def test_what_was_accepted_is_in_the_ledger(state: MappingState) -> None:
    settlement(state).record([Outcome(item(1), Action.WRITTEN, target_id=77)])
    entry = state.known(["1"])["1"]
    assert (entry.target_key, entry.hash, entry.target_id) == ("p-1", b"h", 77)
    assert state.output("1") == {"id": 1}


def test_a_reject_is_stored_with_reason_record_and_attempts(state: MappingState) -> None:
    settlement(state, "r1").record([rejected(1, "no")])
    settlement(state, "r2").record([rejected(1, "still no")])
    [reject] = state.rejects()
    assert (reject.key, reject.reason, reject.record, reject.attempts) == ("1", "still no", {"id": 1}, 2)


def test_a_reject_ends_once_its_record_is_accepted(state: MappingState) -> None:
    settlement(state, "r1").record([rejected(1)])
    settlement(state, "r2").record([Outcome(item(1), Action.WRITTEN)])
    assert list(state.rejects()) == []


def test_a_reject_ends_where_the_record_is_left_out_or_back_to_what_was_accepted(state: MappingState) -> None:
    settled = settlement(state, "r1")
    settled.record([rejected(1), rejected(2)])
    later = settlement(state, "r2")
    later.record([Outcome(item(1), Action.FILTERED)])
    later.unchanged([item(2)])
    assert list(state.rejects()) == []
    assert (report_of(later).filtered, report_of(later).unchanged) == (1, 1)


def test_what_a_target_repeats_of_sensitive_values_is_not_told(state: MappingState) -> None:
    settled = Settlement(
        state, MappingReport("users"), "r1", LimitsSpec(), sensitive=frozenset({"number", "pay", "kin"})
    )
    output = {"number": "860311-7063", "pay": 77, "kin": {"names": ["Lotta Larsson"]}, "name": "Bo"}
    reason = "Bo: 860311-7063 is taken, 77 of 770 is too much, and who is Lotta Larsson?"
    settled.record([Outcome(Item("1", {}, output), Action.REJECTED, reason=reason)])
    told = "Bo: ••• is taken, ••• of 770 is too much, and who is •••?"
    assert [reject.reason for reject in state.rejects()] == [told]
    assert report_of(settled).reasons == {told: 1}


def test_sensitive_values_are_in_the_ledger_only_as_keyed_hashes(state: MappingState) -> None:
    settled = Settlement(
        state, MappingReport("users"), "r1", LimitsSpec(), sensitive=frozenset({"number"}), secret=SECRET
    )
    settled.record([Outcome(item(1, name="Åsa", number="850101-1234"), Action.WRITTEN)])
    stored = state.output("1")
    assert stored is not None
    assert stored["name"] == "Åsa"
    assert set(stored["number"]) == {"$hash"}
    assert "850101" not in str(stored)


def test_a_null_is_no_secret(state: MappingState) -> None:
    settled = Settlement(state, MappingReport("users"), "r1", LimitsSpec(), sensitive=frozenset({"a"}), secret=SECRET)
    assert settled.stored({"a": None}) == {"a": None}


def test_more_new_rejects_than_allowed_stop_the_run_with_the_worst_reason(state: MappingState) -> None:
    settled = settlement(state, max_rejects=Limit(2))
    settled.record([rejected(1, "odd"), rejected(2, "no name")])
    with pytest.raises(LimitReached, match=r"3 records were rejected.*most often: no name"):
        settled.record([rejected(3, "no name")])


def test_rejects_of_earlier_runs_do_not_count_as_new(state: MappingState) -> None:
    settlement(state, "r1").record([rejected(1), rejected(2)])
    later = settlement(state, "r2", max_rejects=Limit(1))
    later.record([rejected(1), rejected(2), rejected(3)])
    assert report_of(later).rejected == 3


def test_a_limit_in_percent_holds_from_twenty_rejects_on(state: MappingState) -> None:
    settled = settlement(state, max_rejects=Limit(5, percent=True))
    report_of(settled).read = 100
    settled.record([rejected(n) for n in range(19)])
    with pytest.raises(LimitReached):
        settled.record([rejected(19)])


def test_a_limit_in_percent_is_of_the_largest_of_source_read_and_known(state: MappingState) -> None:
    settled = settlement(state, max_rejects=Limit(5, percent=True))
    report_of(settled).expected = 1000
    settled.record([rejected(n) for n in range(50)])
    with pytest.raises(LimitReached):
        settled.record([rejected(50)])


def written(*numbers: int) -> list[Outcome]:
    return [Outcome(item(number), Action.WRITTEN) for number in numbers]


def test_what_may_be_sent_again_is_counted_at_once_and_stored_in_groups(state: MappingState) -> None:
    clock = FakeClock()
    settled = Settlement(state, MappingReport("projects"), "r1", LimitsSpec(), clock=clock)
    settled.record(written(1))
    settled.record(written(2))
    settled.record(written(3))
    assert (report_of(settled).written, state.count()) == (3, 1)
    clock.seconds += LONGEST_UNSTORED
    settled.record(written(4))
    assert state.count() == 4


def test_a_group_grows_no_larger_than_it_may_and_is_stored_when_all_is_done(state: MappingState) -> None:
    settled = Settlement(state, MappingReport("projects"), "r1", LimitsSpec(), clock=FakeClock())
    settled.record(written(0))
    settled.record(written(*range(1, MOST_UNSTORED)))
    assert state.count() == 1
    settled.record(written(MOST_UNSTORED))
    assert state.count() == MOST_UNSTORED + 1
    settled.record(written(MOST_UNSTORED + 1))
    settled.flush()
    assert state.count() == MOST_UNSTORED + 2


def test_a_target_that_takes_its_time_finds_each_batch_stored_at_once(state: MappingState) -> None:
    clock = FakeClock()
    settled = Settlement(state, MappingReport("projects"), "r1", LimitsSpec(), clock=clock)
    for number in range(1, 5):
        settled.record(written(number))
        assert state.count() == number
        clock.seconds += LONGEST_UNSTORED
