"""Records that are gone from the source: deleted or marked in the target, never more than allowed, never on a guess."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import ConnectionFailed, Interrupted, LimitReached
from etl.model import Item, Outcome
from etl.ports import State
from etl.shape import Detail
from etl.specs import EachSpec, Limit, LimitsSpec
from etl.state import open_state
from etl.writers import UpsertWriter
from tests.support.mapped import Mapped, adds_up, counted, things
from tests.support.memory import MemorySource


@pytest.fixture
def store(tmp_path: Path) -> Iterator[State]:
    state = open_state("memory:", tmp_path)
    yield state
    state.close()


def sent(store: State, count: int = 6, **more: Any) -> Mapped:
    """So many things, all of them sent."""
    mapped = Mapped(store, MemorySource(things(*range(1, count + 1))), **more)
    mapped.run()
    return mapped


# --- deleting ------------------------------------------------------------------------------------


def test_what_a_full_read_does_not_see_is_deleted(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records = things(1, 2, 5)
    report = mapped.run()
    assert counted(report) == {"read": 6, "unchanged": 3, "deleted": 3}
    assert sorted(mapped.target.stored) == ["t-1", "t-2", "t-5"]
    assert counted(mapped.run()) == {"read": 3, "unchanged": 3}


def test_where_missing_keeps_nothing_is_deleted(store: State) -> None:
    mapped = sent(store)
    mapped.source.records = []
    assert counted(mapped.run()) == {}
    assert len(mapped.target.stored) == 6


def test_what_where_leaves_out_now_is_gone_and_counts_once(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.where = "id > `2`"
    report = mapped.run()
    assert counted(report) == {"read": 6, "unchanged": 4, "deleted": 2}
    assert mapped.target.deleted == ["t-1", "t-2"]


def test_what_was_never_sent_and_is_left_out_is_only_filtered(store: State) -> None:
    mapped = Mapped(store, MemorySource(things(1, 2, 3)), where="id > `1`", missing="delete")
    assert counted(mapped.run()) == {"read": 3, "filtered": 1, "written": 2}
    assert mapped.target.deleted == []


def test_a_record_that_comes_back_is_sent_again(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records = things(1)
    mapped.run()
    mapped.source.records = things(1, 2)
    assert counted(mapped.run()) == {"read": 2, "unchanged": 1, "written": 1}
    assert "t-2" in mapped.target.stored


def test_a_deletion_that_is_refused_is_a_reject_and_is_tried_again(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.target.keeps = lambda record: "has time on it" if record["externalId"] == "t-6" else None
    mapped.source.records = things(1, 2, 3, 4)
    report = mapped.run()
    assert counted(report) == {"read": 6, "unchanged": 4, "deleted": 1, "rejected": 1}
    mapped.target.keeps = lambda _: None
    assert counted(mapped.run()) == {"read": 5, "unchanged": 4, "deleted": 1}
    assert list(mapped.state.rejects()) == []


# --- marking -------------------------------------------------------------------------------------


def marked(store: State, **more: Any) -> Mapped:
    fields = {"externalId": "concat('t-', id)", "name": "title", "active": "`true`"}
    return sent(store, missing={"active": False}, fields=fields, **more)


def test_what_is_gone_is_marked_once_and_keeps_its_other_fields(store: State) -> None:
    mapped = marked(store)
    mapped.source.records = things(1, 2, 3, 4, 5)
    assert counted(mapped.run()) == {"read": 6, "unchanged": 5, "deleted": 1}
    assert mapped.target.stored["t-6"] == {"externalId": "t-6", "name": "thing 6", "active": False}
    mapped.target.batches.clear()
    assert counted(mapped.run()) == {"read": 5, "unchanged": 5}
    assert mapped.target.batches == []


def test_a_marked_record_that_comes_back_is_sent_as_it_is_now(store: State) -> None:
    mapped = marked(store)
    mapped.source.records = things(1)
    mapped.run()
    mapped.source.records = things(1, 2)
    assert counted(mapped.run()) == {"read": 2, "unchanged": 1, "written": 1}
    assert mapped.target.stored["t-2"]["active"] is True


def test_a_sensitive_value_of_which_only_the_hash_is_known_is_not_sent(store: State) -> None:
    mapped = marked(store, sensitive=frozenset({"name"}))
    mapped.source.records = things(1, 2, 3, 4, 5)
    mapped.run()
    assert mapped.target.stored["t-6"] == {"externalId": "t-6", "active": False}


# --- never too much ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "allowed"), [(Limit(2), 2), (Limit(2.0), 2), (Limit(50, percent=True), 3), (Limit(0), 0)]
)
def test_beyond_the_limit_nothing_is_deleted_at_all(store: State, limit: Limit, allowed: int) -> None:
    mapped = sent(store, missing="delete", limits=LimitsSpec(max_deletes=limit))
    mapped.source.records = things(*range(1, 6 - allowed))
    report = mapped.run()
    assert isinstance(mapped.failure, LimitReached)
    assert f"{allowed + 1} of 6 records are gone from the source and would be deleted" in str(mapped.failure)
    assert (mapped.target.deleted, report.deleted) == ([], 0)
    mapped.source.records = things(*range(1, 7 - allowed))
    assert counted(mapped.run()).get("deleted", 0) == allowed


def test_the_limit_holds_for_what_where_leaves_out_too(store: State) -> None:
    mapped = sent(store, missing="delete", limits=LimitsSpec(max_deletes=Limit(1)))
    mapped.where = "id > `2`"
    mapped.run()
    assert isinstance(mapped.failure, LimitReached)
    assert mapped.target.deleted == []


@pytest.mark.parametrize("plan", [False, True])
def test_a_source_that_is_suddenly_empty_deletes_nothing_unless_that_is_said(store: State, plan: bool) -> None:
    mapped = sent(store, 20, missing="delete")
    mapped.source.records = []
    report = mapped.run(plan=plan)
    assert isinstance(mapped.failure, LimitReached)
    assert "the source gave no record at all, and all 20 that were sent would be deleted" in str(mapped.failure)
    assert (len(mapped.target.stored), len(report.changes)) == (20, 20 if plan else 0)
    mapped.limits = LimitsSpec(max_deletes=Limit(100, percent=True))
    assert counted(mapped.run()) == {"read": 20, "deleted": 20}


def test_a_source_that_broke_in_the_middle_deletes_nothing(store: State) -> None:
    mapped = sent(store, 30, missing="delete")
    mapped.source.broken_at = (2, ConnectionFailed("gone"))
    mapped.run()
    assert mapped.target.deleted == []


def test_an_unsure_read_deletes_only_what_it_saw_to_be_left_out(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records = things(1, 2, 3)
    mapped.where = "id > `1`"
    assert counted(mapped.run(sure=False)) == {"read": 3, "unchanged": 2, "deleted": 1}
    assert mapped.target.deleted == ["t-1"]


def test_a_rejected_record_is_not_gone(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records[2]["title"] = {"no": "text"}
    assert counted(mapped.run()) == {"read": 6, "unchanged": 5, "rejected": 1}
    assert mapped.target.deleted == []


def test_a_record_whose_key_is_missing_today_is_not_taken_for_gone(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records[2]["id"] = None
    report = mapped.run()
    assert counted(report) == {"read": 6, "unchanged": 5, "rejected": 1}
    assert mapped.target.deleted == []


def parted(store: State) -> Mapped:
    records = [{"id": n, "tags": [{"k": "a", "t": "A"}, {"k": "b", "t": "B"}]} for n in (1, 2)]
    mapped = Mapped(
        store,
        MemorySource(records),
        each=EachSpec("tags", "tag", "tag.k"),
        fields={"externalId": "join('-', [to_string(id), tag.k])", "name": "tag.t"},
        missing="delete",
    )
    assert counted(mapped.run()) == {"read": 4, "written": 4}
    return mapped


def test_a_part_that_is_gone_is_deleted(store: State) -> None:
    mapped = parted(store)
    del mapped.source.records[0]["tags"][1]
    assert counted(mapped.run()) == {"read": 4, "unchanged": 3, "deleted": 1}
    assert mapped.target.deleted == ["1-b"]


def test_the_parts_of_a_record_that_can_t_be_parted_today_are_not_gone(store: State) -> None:
    mapped = parted(store)
    mapped.source.records[0]["tags"][1]["k"] = None
    assert counted(mapped.run()) == {"read": 3, "unchanged": 2, "rejected": 1}
    assert mapped.target.deleted == []


def test_the_parts_of_a_record_whose_full_form_is_refused_are_not_gone(store: State) -> None:
    mapped = parted(store)
    mapped.detail = Detail()
    mapped.source.details = {2: {}}
    assert counted(mapped.run()) == {"read": 3, "unchanged": 2, "rejected": 1}
    assert mapped.target.deleted == []


def test_a_delete_whose_answer_was_lost_does_not_keep_a_record_away_that_comes_back(store: State) -> None:
    mapped = sent(store, missing="delete")
    delete = mapped.target.delete

    async def lost(items: Sequence[Item]) -> list[Outcome]:
        await delete(items)
        raise ConnectionFailed("no answer")

    mapped.source.records = things(1, 2, 3, 4, 5)
    mapped.target.delete = lost  # type: ignore[method-assign]
    mapped.run()
    assert "t-6" not in mapped.target.stored
    mapped.target.delete = delete  # type: ignore[method-assign]
    mapped.source.records = things(1, 2, 3, 4, 5, 6)
    assert counted(mapped.run()) == {"read": 6, "unchanged": 5, "written": 1}
    assert "t-6" in mapped.target.stored


# --- plans and interrupts ------------------------------------------------------------------------


def test_a_plan_shows_what_would_be_deleted_and_deletes_nothing(store: State) -> None:
    mapped = sent(store, missing="delete")
    mapped.source.records = [*things(1, 2, 3, 4), *things(7)]
    report = mapped.run(plan=True)
    assert [(change.action, change.key) for change in report.changes] == [
        ("create", "7"),
        ("delete", "5"),
        ("delete", "6"),
    ]
    assert counted(report) == {"read": 7, "unchanged": 4, "written": 1, "deleted": 2}
    assert mapped.target.deleted == []
    assert counted(mapped.run()) == {"read": 7, "unchanged": 4, "written": 1, "deleted": 2}


def test_a_plan_shows_which_fields_a_mark_changes(store: State) -> None:
    mapped = marked(store)
    mapped.source.records = things(1, 2, 3, 4, 5)
    [change] = mapped.run(plan=True).changes
    assert (change.action, change.target_key, change.fields) == ("delete", "t-6", {"active": [True, False]})


def test_a_plan_says_that_the_limit_would_stop_the_run(store: State) -> None:
    mapped = sent(store, missing="delete", limits=LimitsSpec(max_deletes=Limit(1)))
    mapped.source.records = []
    report = mapped.run(plan=True)
    assert isinstance(mapped.failure, LimitReached)
    assert "a run would do none of it" in mapped.failure.message
    assert {change.action for change in report.changes} == {"delete"}
    assert len(report.changes) == report.deleted > 1


def test_an_interrupt_between_two_batches_stops_deleting(store: State) -> None:
    mapped = sent(store, 250, missing="delete", limits=LimitsSpec(max_deletes=Limit(250)))
    mapped.source.records = []
    stop = asyncio.Event()
    delete = mapped.target.delete

    async def then_stop(items: Sequence[Item]) -> list[Outcome]:
        stop.set()
        return await delete(items)

    mapped.target.delete = then_stop  # type: ignore[method-assign]
    report = mapped.run(stop=stop)
    assert isinstance(mapped.failure, Interrupted)
    assert report.deleted == len(mapped.target.deleted) == 100
    mapped.target.delete = delete  # type: ignore[method-assign]
    assert mapped.run().deleted == 150


# --- everything at once --------------------------------------------------------------------------


@dataclass
class Flaky:
    """A writer whose target breaks at the n-th batch."""

    writer: UpsertWriter
    left: int

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        self.left -= 1
        if self.left == 0:
            raise ConnectionFailed("no answer")
        async for outcomes in self.writer.write(items):
            yield outcomes


@settings(max_examples=60)
@given(
    steps=st.lists(
        st.tuples(
            st.sets(st.integers(0, 12)),  # what the source holds
            st.integers(0, 12),  # where: id >= this
            st.sets(st.integers(0, 12), max_size=3),  # what the target refuses
            st.integers(0, 4),  # the batch at which it breaks
            st.booleans(),  # whether the read is sure
        ),
        min_size=1,
        max_size=5,
    ),
    mark=st.booleans(),
)
def test_after_an_undisturbed_run_the_target_holds_what_the_source_does(steps: list[Any], mark: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        store = open_state("memory:", Path(folder))
        fields = {"externalId": "concat('t-', id)", "name": "title", "active": "`true`"}
        mapped = Mapped(store, fields=fields, missing={"active": False} if mark else "delete")
        for held, least, refused, breaks_at, sure in steps:
            mapped.source.records = things(*sorted(held))
            mapped.where = f"id >= `{least}`"
            bad = {f"t-{number}" for number in refused}
            mapped.target.faulty = lambda record, bad=bad: "no" if record["externalId"] in bad else None  # type: ignore[misc]
            mapped.wrapped = lambda writer, breaks_at=breaks_at: Flaky(writer, breaks_at)  # type: ignore[misc]
            report = mapped.run(sure=sure)
            assert mapped.failure is not None or adds_up(report)
        mapped.target.faulty = lambda _: None
        mapped.wrapped = lambda writer: writer
        assert adds_up(mapped.run())
        assert mapped.failure is None
        kept = {f"t-{number}" for number in held if number >= least}
        live = {key for key, record in mapped.target.stored.items() if record["active"]}
        assert live == kept
        store.close()
