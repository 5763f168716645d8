"""What an API has no key for is created once: whatever gets lost, breaks or dies, and however often it is run again."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import ConnectionFailed
from etl.keys import canonical
from etl.model import Item, Json, Record
from etl.ports import MappingState, Scope, State
from etl.report import MappingReport
from etl.settle import Settlement
from etl.specs import LimitsSpec
from etl.state import open_state
from etl.writers import OnceWriter
from tests.support.clocks import FakeClock
from tests.support.creating import CreatingTarget, Killed

PLACE = Scope("acme", "", "reports", "memory reports")


class Mortal:
    """A state that a dying process no longer reaches: what a clean-up tries to write after the death is not written."""

    def __init__(self, state: MappingState, target: CreatingTarget) -> None:
        self._state = state
        self._target = target

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._state, name)
        return (lambda *_: None) if self._target.dead else method


@dataclass
class Bench:
    """A source of reports by key, the target that they are created in, and runs between the two."""

    store: State
    source: dict[str, Record] = field(default_factory=dict)
    target: CreatingTarget = field(default_factory=lambda: CreatingTarget(FakeClock()))
    find_first: bool = False
    updates: bool = True
    resend: bool = False
    batch: int = 3
    runs: int = 0

    @property
    def state(self) -> MappingState:
        return self.store.mapping(PLACE)

    def run(self) -> MappingReport:
        """A run; Killed ends it as a kill would."""
        self.runs += 1
        report = MappingReport("reports")
        self.target.dead = False
        state: Any = Mortal(self.state, self.target)
        settlement = Settlement(state, report, f"run{self.runs}", LimitsSpec(), identify=self._identify)
        asyncio.run(self._write(state, settlement))
        return report

    def dies(self, *accidents: str | None) -> None:
        """A run with such accidents, the last of which ends it."""
        self.target.accidents = list(accidents)
        with pytest.raises(Killed):
            self.run()

    async def _write(self, state: Any, settlement: Settlement) -> None:
        writer = OnceWriter(
            target=self.target,
            state=state,
            clock=self.target.clock,
            run_id=f"run{self.runs}",
            find_first=self.find_first,
            updates=self.updates,
            known_ids=lambda keys: self.store.identities("acme", "", PLACE.origin, keys),
            adopt=settlement.adopt,
            veil=str,
        )
        batches = self._batches()
        first, second = batches[::2], batches[1::2]

        async def work(share: list[list[Item]]) -> None:
            for batch in share:
                async with aclosing(writer.write(batch)) as writing:
                    async for outcomes in writing:
                        settlement.record(outcomes)

        tasks = [asyncio.ensure_future(work(share)) for share in (first, second)]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _batches(self) -> list[list[Item]]:
        known = self.state.known(list(self.source))
        items = []
        for key, output in self.source.items():
            number = f"{output['day']}/{output['hours']}" if self.find_first else key
            item = Item(key, {"id": key}, output=dict(output), target_key=number, hash=digest(output))
            item.known = known.get(key)
            if self.resend or item.known is None or item.known.hash != item.hash:
                items.append(item)
        return [items[start : start + self.batch] for start in range(0, len(items), self.batch)]

    def _identify(self, ids: list[tuple[str, Json]]) -> None:
        self.store.save_identities("acme", "", PLACE.origin, ids)

    # --- what there is

    def there(self) -> list[str]:
        """The notes of all records in the target."""
        return sorted(record["note"] for record in self.target.records.values())

    def reason(self, key: str) -> str:
        return next(reject.reason for reject in self.state.rejects() if reject.key == key)


def digest(output: Record) -> bytes:
    return hashlib.blake2b(canonical(output), digest_size=16).digest()


def report(note: str, *, user: int = 1, day: int = 1, hours: int = 8) -> Record:
    return {"user": user, "day": day, "hours": hours, "note": note}


def three() -> dict[str, Record]:
    return {name: report(name, day=day) for day, name in enumerate("abc")}


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with open_bench(tmp_path) as made:
        yield made


@contextmanager
def open_bench(folder: Path) -> Iterator[Bench]:
    store = open_state("memory:", folder)
    try:
        yield Bench(store)
    finally:
        store.close()


# --- creating ------------------------------------------------------------------------------------


def test_each_record_is_created_once_and_not_again(bench: Bench) -> None:
    bench.source = three()
    assert bench.run().created == 3
    assert bench.run().written == 0
    assert bench.there() == ["a", "b", "c"]
    assert bench.state.intents() == []


def test_resend_never_creates_again(bench: Bench) -> None:
    bench.source = three()
    bench.run()
    bench.resend = True
    assert bench.run().updated == 3
    assert bench.there() == ["a", "b", "c"]
    assert bench.target.creates == 3


@pytest.mark.parametrize("accident", ["lost after", "500 after"])
def test_a_lost_answer_is_looked_up_and_found(bench: Bench, accident: str) -> None:
    bench.source = three()
    bench.target.accidents = [None, accident]
    assert bench.run().created == 3
    assert bench.there() == ["a", "b", "c"]
    assert bench.target.creates == 3


@pytest.mark.parametrize("accident", ["lost before", "500 before"])
def test_what_a_look_does_not_find_is_sent_once_more(bench: Bench, accident: str) -> None:
    bench.source = three()
    bench.target.accidents = [None, accident]
    assert bench.run().created == 3
    assert bench.there() == ["a", "b", "c"]
    assert bench.target.creates == 4


def test_a_slow_server_gets_a_moment_before_a_lost_create_is_sent_again(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.accidents = ["lost before"]
    bench.run()
    assert max(bench.target.clock.slept) >= 5


def test_of_several_candidates_none_is_guessed_and_none_doubled(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.make(report("somebody else's"))
    bench.target.accidents = ["lost after"]
    outcome = bench.run()
    assert (outcome.rejected, outcome.created) == (1, 0)
    assert "2 records of the target could be it" in bench.reason("a")
    assert bench.run().rejected == 1
    assert bench.target.creates == 1


def test_a_record_made_long_before_is_not_taken_for_ours(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.make(report("somebody else's"))
    bench.target.clock.seconds += 3600
    bench.target.accidents = ["lost before"]
    assert bench.run().created == 1
    assert bench.there() == ["a", "somebody else's"]


def test_a_record_that_another_entry_claims_is_not_taken_for_ours(bench: Bench) -> None:
    bench.source = {"a": report("a"), "b": report("b")}
    bench.target.accidents = [None, "lost before"]
    assert bench.run().created == 2
    assert bench.there() == ["a", "b"]


def test_without_a_way_to_look_it_up_a_lost_create_is_a_reject(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.finds = False
    bench.target.accidents = ["lost after"]
    assert bench.run().rejected == 1
    assert "offers no way to look it up" in bench.reason("a")
    assert bench.run().rejected == 1
    assert bench.target.creates == 1


def test_a_look_that_is_refused_neither_doubles_nor_forgets(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.refuses_lookups = True
    bench.target.accidents = ["lost after"]
    assert bench.run().rejected == 1
    bench.target.refuses_lookups = False
    assert bench.run().created == 1
    assert bench.there() == ["a"]


def test_a_refused_look_for_the_new_id_leaves_the_create_as_done(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.gives_ids = False
    bench.target.refuses_lookups = True
    assert bench.run().created == 1
    assert bench.run().written == 0


def test_the_id_is_looked_up_where_the_answer_gives_none(bench: Bench) -> None:
    bench.source = three()
    bench.target.gives_ids = False
    bench.run()
    assert {entry.target_id for entry in bench.state.known(list("abc")).values()} == {1, 2, 3}


def test_what_the_target_only_says_that_it_created_is_a_reject_and_not_sent_again_unasked(bench: Bench) -> None:
    bench.source = three()
    bench.target.gives_ids = False
    bench.target.accidents = [None, "forgotten"]
    report = bench.run()
    assert (report.created, report.rejected) == (2, 1)
    (reject,) = bench.state.rejects()
    assert reject.code == "unconfirmed"
    assert "answered that it created it, and shows no such record" in reject.reason

    assert bench.run().rejected == 1
    assert bench.target.creates == 3

    bench.state.drop_intents([reject.key])  # as `etl rejects retry --create` does
    assert bench.run().created == 1
    assert bench.there() == ["a", "b", "c"]


def test_another_reject_in_between_does_not_make_it_forgotten_that_the_target_answered(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.gives_ids = False
    bench.target.accidents = ["forgotten"]
    assert bench.run().rejected == 1
    (reject,) = bench.state.rejects()
    bench.state.reject([replace(reject, code="required", reason="is required")], "run2")
    assert bench.run().rejected == 1
    assert bench.target.creates == 1


@pytest.mark.parametrize("find_first", [False, True])
def test_what_the_target_shows_only_in_a_later_run_is_found_then_and_not_created_again(
    bench: Bench, find_first: bool
) -> None:
    bench.source = {"a": report("a")}
    bench.find_first = find_first
    bench.target.gives_ids = False
    bench.target.shows_after = 60.0
    assert bench.run().rejected == 1
    assert bench.run().rejected == 1
    bench.target.clock.seconds += 60
    assert bench.run().created == 1
    assert (bench.there(), bench.target.creates) == (["a"], 1)


def test_what_the_target_shows_a_moment_late_is_waited_for(bench: Bench) -> None:
    bench.source = three()
    bench.target.gives_ids = False
    bench.target.shows_after = 3.0
    assert bench.run().created == 3


def test_a_target_that_shows_nothing_is_not_waited_for_record_by_record(bench: Bench) -> None:
    bench.source = {str(number): report(str(number), day=number) for number in range(40)}
    bench.target.gives_ids = False
    bench.target.shows_after = 1e6
    begin = bench.target.clock.seconds
    assert bench.run().rejected == 40
    assert bench.target.clock.seconds - begin < 30


def test_equal_records_get_an_id_each(bench: Bench) -> None:
    bench.source = {key: report(key) for key in "abcdef"}
    bench.target.gives_ids = False
    bench.run()
    assert sorted(entry.target_id for entry in bench.state.known(list("abcdef")).values()) == [1, 2, 3, 4, 5, 6]


def test_of_equal_records_none_is_given_the_id_that_another_is_being_told(bench: Bench) -> None:
    bench.source = {key: report(key) for key in "abcdef"}
    bench.target.accidents = ["unnamed", None, None, "lost before"]
    bench.target.turns = [1, 1, 1, 9]  # the second is made while the first is looked up, and its answer comes after
    bench.run()
    assert sorted(entry.target_id for entry in bench.state.known(list("abcdef")).values()) == [1, 2, 3, 4, 5, 6]
    assert len(bench.target.records) == 6


def test_what_was_refused_or_never_sent_leaves_no_intent(bench: Bench) -> None:
    bench.source = three()
    bench.target.accidents = ["refused", "down"]
    with pytest.raises(ConnectionFailed):
        bench.run()
    assert bench.state.intents() == []
    assert bench.run().created == 3


# --- server faults -------------------------------------------------------------------------------


def test_a_record_that_the_server_fails_at_is_rejected_and_the_others_go_on(bench: Bench) -> None:
    bench.source = three()
    bench.target.accidents = ["500 before", "500 before"]
    outcome = bench.run()
    assert (outcome.created, outcome.rejected) == (2, 1)
    assert bench.state.intents() == []
    assert bench.run().created == 1


def test_a_server_that_fails_at_record_after_record_ends_the_run(bench: Bench) -> None:
    bench.source = {key: report(key, day=day) for day, key in enumerate("abcdefgh")}
    bench.target.accidents = ["500 before"] * 16
    with pytest.raises(ConnectionFailed, match="seems to be down"):
        bench.run()
    assert bench.target.creates <= 8


def test_a_connection_that_is_lost_again_ends_the_run(bench: Bench) -> None:
    bench.source = three()
    bench.target.accidents = ["lost before", "lost before"]
    with pytest.raises(ConnectionFailed, match="no answer"):
        bench.run()
    assert bench.run().created + len(bench.target.records) >= 3
    assert bench.there() == ["a", "b", "c"]


# --- crashes -------------------------------------------------------------------------------------


def test_a_kill_before_the_request_loses_nothing(bench: Bench) -> None:
    bench.source = three()
    bench.dies("killed before")
    assert bench.run().created >= 2
    assert bench.there() == ["a", "b", "c"]


def test_a_kill_after_the_request_doubles_nothing(bench: Bench) -> None:
    bench.source = three()
    bench.dies("killed after")
    bench.run()
    assert bench.there() == ["a", "b", "c"]


def test_a_kill_while_the_new_id_is_looked_up_doubles_nothing(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.target.gives_ids = False
    bench.target.dies_at_lookup = True
    with pytest.raises(Killed):
        bench.run()
    bench.target.dies_at_lookup = False
    assert bench.run().created == 1
    assert bench.there() == ["a"]


def test_a_request_of_the_dead_may_still_be_under_way_when_the_next_run_begins(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.dies("killed before")
    sleep = bench.target.clock.sleep

    async def meanwhile(seconds: float) -> None:
        await sleep(seconds)
        if not bench.target.records:
            bench.target.make(report("a"))

    bench.target.clock.sleep = meanwhile  # type: ignore[method-assign]
    bench.run()
    assert bench.there() == ["a"]


def test_equal_records_that_a_kill_left_open_are_each_there_once(bench: Bench) -> None:
    bench.source = {key: report(key) for key in "abcd"}
    bench.dies(None, None, "killed after")
    bench.run()
    assert len(bench.target.records) == 4
    assert len({entry.target_id for entry in bench.state.known(list("abcd")).values()}) == 4


def test_a_source_that_changed_after_the_kill_is_an_update_of_what_was_created(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.dies("killed after")
    bench.source["a"] = report("changed", hours=4)
    assert bench.run().updated == 1
    assert list(bench.target.records.values()) == [report("changed", hours=4)]


def test_a_kill_between_finding_it_and_updating_it_doubles_nothing(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.dies("killed after")
    bench.source["a"] = report("changed", hours=4)
    bench.target.broken_updates = 1
    assert bench.run().rejected == 1
    bench.run()
    assert bench.there() == ["changed"]


def test_what_changed_after_a_kill_and_can_t_be_updated_is_claimed_and_said(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.updates = False
    bench.dies("killed after")
    bench.source["a"] = report("changed")
    assert bench.run().rejected == 1
    assert "changed after it was created" in bench.reason("a")
    assert bench.there() == ["a"]
    assert bench.state.known(["a"])["a"].target_id == 1


def test_what_changed_after_a_kill_and_was_never_sent_is_created_as_it_is_now(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.dies("killed before")
    bench.source["a"] = report("changed", hours=4)
    bench.dies("killed after")
    bench.run()
    assert bench.there() == ["changed"]


# --- changes -------------------------------------------------------------------------------------


def test_a_source_that_changed_after_its_create_is_updated(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.run()
    bench.source["a"] = report("changed")
    assert bench.run().updated == 1
    assert bench.there() == ["changed"]


def test_where_the_target_can_t_update_a_change_is_a_reject(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.updates = False
    bench.run()
    bench.source["a"] = report("changed")
    assert bench.run().rejected == 1
    assert bench.there() == ["a"]


def test_a_record_marked_as_gone_that_comes_back_is_not_created_again(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.run()
    bench.state.mark_gone(["a"])
    bench.source["a"] = report("a")
    bench.resend = True
    bench.run()
    assert bench.there() == ["a"]


def test_a_created_record_that_somebody_deleted_is_said_not_created_again(bench: Bench) -> None:
    bench.source = {"a": report("a")}
    bench.run()
    bench.target.remove(1)
    bench.source["a"] = report("changed")
    assert bench.run().rejected == 1
    assert bench.there() == []


# --- upserts by hand -----------------------------------------------------------------------------


def test_a_record_that_is_there_already_is_updated_not_created(bench: Bench) -> None:
    bench.find_first = True
    bench.target.make(report("theirs"))
    bench.source = {"a": report("ours"), "b": report("new", day=9)}
    outcome = bench.run()
    assert (outcome.updated, outcome.created) == (1, 1)
    assert bench.there() == ["new", "ours"]
    assert bench.state.intents() == []


def test_of_two_records_with_its_key_neither_is_touched(bench: Bench) -> None:
    bench.find_first = True
    bench.target.make(report("one"))
    bench.target.make(report("two"))
    bench.source = {"a": report("ours")}
    assert bench.run().rejected == 1
    assert bench.there() == ["one", "two"]
    assert bench.state.intents() == []


@pytest.mark.parametrize("moment", ["killed before", "killed after"])
def test_a_kill_while_an_older_record_is_upserted_doubles_nothing(bench: Bench, moment: str) -> None:
    bench.find_first = True
    bench.source = {"a": report("ours"), "b": report("new", day=9)}
    bench.target.make(report("theirs"))
    bench.target.clock.seconds += 86400
    bench.target.dies_at_lookup = True
    with pytest.raises(Killed):
        bench.run()
    bench.target.dies_at_lookup = False
    bench.dies(moment)
    bench.run()
    assert bench.there() == ["new", "ours"]


def test_a_key_that_changed_after_a_kill_is_a_change_of_what_was_created(bench: Bench) -> None:
    bench.find_first = True
    bench.source = {"a": report("a")}
    bench.dies("killed after")
    bench.source = {"a": report("a", day=2)}
    assert bench.run().updated == 1
    assert list(bench.target.records.values()) == [report("a", day=2)]


def test_a_key_that_became_that_of_a_record_there_after_a_kill_is_an_update_of_that(bench: Bench) -> None:
    bench.find_first = True
    bench.target.make(report("theirs", day=2))
    bench.target.clock.seconds += 86400
    bench.source = {"a": report("a")}
    bench.dies("killed before")
    bench.source = {"a": report("a", day=2)}
    assert bench.run().updated == 1
    assert bench.there() == ["a"]


def test_an_upserted_record_that_somebody_deleted_is_made_again(bench: Bench) -> None:
    bench.find_first = True
    bench.source = {"a": report("a")}
    bench.run()
    bench.target.remove(1)
    bench.source["a"] = report("changed")
    assert bench.run().created == 1
    assert bench.there() == ["changed"]
    assert bench.state.known(["a"])["a"].target_id == 2


def test_a_record_that_another_mapping_wrote_is_found_by_its_key(bench: Bench) -> None:
    bench.find_first = True
    number = bench.target.make(report("theirs", day=5))
    bench.store.save_identities("acme", "", PLACE.origin, [("6/8", number)])
    bench.source = {"a": report("ours", day=6)}
    assert bench.run().updated == 1
    assert bench.there() == ["ours"]


# --- everything at once --------------------------------------------------------------------------

ACCIDENTS = st.sampled_from(
    [
        *(None, None, None, "unnamed", "unnamed", "lost before", "lost after", "500 before", "500 after"),
        *("killed before", "killed after", "down"),
    ]
)


@settings(max_examples=150)
@given(
    days=st.lists(st.integers(0, 2), min_size=1, max_size=8),
    accidents=st.lists(ACCIDENTS, max_size=20),
    gives_ids=st.booleans(),
    changes=st.lists(st.tuples(st.integers(0, 7), st.integers(1, 3)), max_size=3),
    turns=st.lists(st.integers(0, 6), max_size=12),
    find_first=st.booleans(),
)
def test_whatever_happens_in_the_end_each_record_is_there_exactly_once(
    days: list[int],
    accidents: list[str | None],
    gives_ids: bool,
    changes: list[tuple[int, int]],
    turns: list[int],
    find_first: bool,
) -> None:
    with tempfile.TemporaryDirectory() as folder, open_bench(Path(folder)) as bench:
        bench.target.gives_ids = gives_ids
        bench.find_first = find_first
        if find_first:  # an upsert's keys differ
            days = list(range(len(days)))
        bench.source = {str(number): report(f"n{number}", day=day) for number, day in enumerate(days)}
        bench.target.accidents = list(accidents)
        bench.target.turns = list(turns)
        while bench.target.accidents and bench.runs < 40:
            with suppress(Killed, ConnectionFailed):
                bench.run()
            bench.target.clock.seconds += 1
            if changes:
                index, hours = changes.pop()
                bench.source[str(index % len(days))]["hours"] = hours
        bench.target.accidents = []
        bench.run()
        assert len(bench.target.records) == len(bench.source)
        entries = bench.state.known(list(bench.source))
        assert sorted(entry.target_id for entry in entries.values()) == sorted(bench.target.records)
        wanted = Counter((record["day"], record["hours"]) for record in bench.source.values())
        assert Counter((record["day"], record["hours"]) for record in bench.target.records.values()) == wanted
        assert (bench.state.intents(), list(bench.state.rejects())) == ([], [])
