"""Open rejects are taken up again by each run, through the mapping as it is now, and never as less than they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.errors import ConnectionFailed
from etl.model import Record
from etl.ports import State
from etl.shape import Detail
from etl.specs import EachSpec
from etl.state import open_state
from tests.support.mapped import Mapped, adds_up, counted, things
from tests.support.memory import MemorySource


@pytest.fixture
def store(tmp_path: Path) -> Iterator[State]:
    state = open_state("memory:", tmp_path)
    yield state
    state.close()


def refusing(store: State, *numbers: int, **more: object) -> Mapped:
    """All of these things were refused once, and the next read does not bring them."""
    mapped = Mapped(store, MemorySource(things(*numbers)), **more)  # type: ignore[arg-type]
    mapped.target.faulty = lambda _: "not today"
    mapped.run()
    mapped.target.faulty = lambda _: None
    mapped.source.records = []
    return mapped


def test_what_the_read_does_not_bring_is_taken_from_what_was_stored(store: State) -> None:
    mapped = refusing(store, 1, 2)
    assert counted(mapped.run()) == {"read": 2, "written": 2}
    assert list(mapped.state.rejects()) == []


def test_it_goes_through_the_mapping_as_it_is_now(store: State) -> None:
    mapped = refusing(store, 1)
    mapped.fields["name"] = "upper(title)"
    mapped.run()
    assert mapped.target.stored["t-1"]["name"] == "THING 1"


def test_what_where_leaves_out_now_is_no_reject_any_more(store: State) -> None:
    mapped = refusing(store, 1, 2)
    mapped.where = "id > `1`"
    assert counted(mapped.run()) == {"read": 2, "filtered": 1, "written": 1}
    assert list(mapped.state.rejects()) == []


def test_a_fresh_read_takes_the_place_of_what_was_stored(store: State) -> None:
    mapped = refusing(store, 1, 2)
    mapped.source.records = [{"id": 1, "title": "fresh"}]
    assert counted(mapped.run()) == {"read": 2, "written": 2}
    assert mapped.target.stored["t-1"]["name"] == "fresh"


def test_what_fails_again_counts_its_attempts(store: State) -> None:
    mapped = refusing(store, 1)
    mapped.target.faulty = lambda _: "still not"
    assert counted(mapped.run()) == {"read": 1, "rejected": 1}
    [reject] = mapped.state.rejects()
    assert (reject.attempts, reject.reason) == (2, "still not")


def test_a_record_without_a_key_waits_for_a_read_that_brings_one(store: State) -> None:
    mapped = Mapped(store, MemorySource([{"title": "nobody"}]), fields={"externalId": "title", "name": "title"})
    assert counted(mapped.run()) == {"read": 1, "rejected": 1}
    assert counted(mapped.run()) == {"read": 1, "rejected": 1}
    assert mapped.target.stored == {}
    mapped.source.records = []
    assert counted(mapped.run()) == {}
    assert mapped.target.stored == {}


# --- parts ---------------------------------------------------------------------------------------


def parted(store: State) -> Mapped:
    return Mapped(
        store,
        MemorySource([{"id": 1, "tags": [{"k": "a", "t": "A"}, {"k": "b", "t": "B"}]}]),
        each=EachSpec("tags", "tag", "tag.k"),
        fields={"externalId": "join('-', [to_string(id), tag.k])", "name": "tag.t"},
    )


def test_a_part_that_was_refused_is_sent_as_the_part_it_is(store: State) -> None:
    mapped = parted(store)
    mapped.target.faulty = lambda record: "no" if record["name"] == "B" else None
    assert counted(mapped.run()) == {"read": 2, "written": 1, "rejected": 1}
    mapped.target.faulty = lambda _: None
    mapped.source.records = []
    assert counted(mapped.run()) == {"read": 1, "written": 1}
    assert sorted(mapped.target.stored) == ["1-a", "1-b"]


def test_a_record_that_could_not_be_parted_is_parted_when_it_is_read_again(store: State) -> None:
    mapped = parted(store)
    mapped.source.records[0]["tags"][1]["k"] = None
    assert counted(mapped.run()) == {"read": 1, "rejected": 1}
    mapped.source.records[0]["tags"][1]["k"] = "b"
    assert counted(mapped.run()) == {"read": 2, "written": 2}
    assert list(mapped.state.rejects()) == []


def test_a_record_that_could_not_be_parted_is_parted_by_a_mapping_that_can(store: State) -> None:
    mapped = parted(store)
    mapped.source.records[0]["tags"][1]["k"] = None
    mapped.run()
    mapped.source.records = []
    mapped.each = EachSpec("tags", "tag", "tag.t")
    mapped.fields["externalId"] = "join('-', [to_string(id), tag.t])"
    assert counted(mapped.run()) == {"read": 2, "written": 2}
    assert sorted(mapped.target.stored) == ["1-A", "1-B"]
    assert list(mapped.state.rejects()) == []


def test_a_part_is_not_sent_beside_the_record_that_it_is_part_of(store: State) -> None:
    mapped = parted(store)
    mapped.target.faulty = lambda record: "no" if record["name"] == "B" else None
    mapped.run()
    mapped.source.records[0]["tags"][1]["k"] = None
    mapped.source.broken_at = (2, ConnectionFailed("gone"))
    mapped.source.page_size = 1
    mapped.source.records.append({"id": 2, "tags": []})
    mapped.run()
    assert sorted(reject.key for reject in mapped.state.rejects()) == ["1", '["1","b"]']
    mapped.source.records, mapped.source.broken_at = [], None
    mapped.target.faulty = lambda _: None
    mapped.each = EachSpec("tags", "tag", "tag.k || 'b'")
    mapped.fields["externalId"] = "join('-', [to_string(id), tag.k || 'b'])"
    assert counted(mapped.run(sure=False)) == {"read": 2, "unchanged": 1, "written": 1}
    assert list(mapped.state.rejects()) == []


def test_records_that_turn_out_to_have_one_key_are_sent_once(store: State) -> None:
    mapped = Mapped(store, MemorySource([{"code": "x", "n": 1}, {"code": "x", "n": 2}]))
    mapped.fields = {"externalId": "concat(code, '-', n)", "name": "code"}
    mapped.run()
    mapped.source.records = []
    mapped.key = "code"
    report = mapped.run(sure=False)
    assert (report.written, report.duplicates, len(mapped.target.stored)) == (1, 1, 1)


def test_a_part_that_its_record_does_not_have_any_more_is_no_reject_any_more(store: State) -> None:
    mapped = parted(store)
    mapped.target.faulty = lambda record: "no" if record["name"] == "B" else None
    mapped.run()
    del mapped.source.records[0]["tags"][1]
    assert counted(mapped.run()) == {"read": 1, "unchanged": 1}
    assert list(mapped.state.rejects()) == []


def test_where_the_mapping_deals_with_what_is_gone_a_reject_that_is_gone_ends(store: State) -> None:
    mapped = refusing(store, 1, 2, missing="delete")
    assert counted(mapped.run(sure=False)) == {"read": 2, "written": 2}
    mapped = refusing(store, 3, missing="delete")
    assert counted(mapped.run()) == {}
    assert list(mapped.state.rejects()) == []


# --- full forms ----------------------------------------------------------------------------------


def detailed(store: State) -> Mapped:
    return Mapped(
        store,
        MemorySource(things(1, 2), details={1: {"owner": "Ann"}, 2: {"owner": "Bo"}}),
        detail=Detail(brings=frozenset({"owner"})),
        fields={"externalId": "concat('t-', id)", "name": "title", "owner": "owner"},
    )


def test_a_record_whose_full_form_was_refused_gets_it_before_it_is_sent(store: State) -> None:
    mapped = detailed(store)
    full = mapped.source.details.pop(2)
    assert counted(mapped.run()) == {"read": 2, "written": 1, "rejected": 1}
    mapped.source.records = []
    assert counted(mapped.run()) == {"read": 1, "rejected": 1}
    mapped.source.details[2] = full
    assert counted(mapped.run()) == {"read": 1, "written": 1}
    assert mapped.target.stored["t-2"]["owner"] == "Bo"


def test_a_full_form_that_was_stored_with_the_reject_is_not_asked_for_again(store: State) -> None:
    mapped = detailed(store)
    mapped.target.faulty = lambda _: "not today"
    mapped.run()
    mapped.target.faulty = lambda _: None
    mapped.source.records = []
    mapped.source.asked.clear()
    assert counted(mapped.run()) == {"read": 2, "written": 2}
    assert mapped.source.asked == []
    assert mapped.target.stored["t-1"]["owner"] == "Ann"


def test_a_connection_lost_while_full_forms_are_asked_for_ends_the_run(store: State) -> None:
    mapped = detailed(store)
    mapped.source.records = things(*range(1, 100))

    async def lost(*_: object) -> object:
        raise ConnectionFailed("no answer")

    mapped.source.detail = lost  # type: ignore[method-assign, assignment]
    mapped.run()
    assert str(mapped.failure) == "no answer"


# --- what is known to be refused -----------------------------------------------------------------


@dataclass
class Closed:
    """All periods are closed."""

    asked: int = 0

    async def load(self) -> None:
        self.asked += 1

    def why(self, output: Record) -> str | None:
        return "its period is closed" if self.asked else None


def test_periods_are_asked_for_only_when_there_is_something_to_send(store: State) -> None:
    mapped = Mapped(store, MemorySource(things(1, 2)))
    mapped.run()
    mapped.barrier = closed = Closed()
    assert counted(mapped.run()) == {"read": 2, "unchanged": 2}
    assert closed.asked == 0


def test_a_closed_period_refuses_what_would_be_sent_and_leaves_the_unchanged_alone(store: State) -> None:
    mapped = Mapped(store, MemorySource(things(1, 2)))
    mapped.run()
    mapped.barrier = Closed()
    mapped.source.records = [{"id": 1, "title": "thing 1"}, {"id": 2, "title": "changed"}, *things(3)]
    report = mapped.run()
    assert counted(report) == {"read": 3, "unchanged": 1, "rejected": 2}
    assert {reject.key: reject.code for reject in mapped.state.rejects()} == {
        "2": "closed-period",
        "3": "closed-period",
    }


def test_a_reopened_period_lets_its_rejects_pass(store: State) -> None:
    mapped = Mapped(store, MemorySource(things(1, 2)), barrier=Closed())
    mapped.run()
    assert mapped.target.stored == {}
    mapped.source.records = []
    mapped.barrier = None
    report = mapped.run()
    assert adds_up(report)
    assert sorted(mapped.target.stored) == ["t-1", "t-2"]


def test_a_plan_shows_what_a_closed_period_would_refuse(store: State) -> None:
    mapped = Mapped(store, MemorySource(things(1)), barrier=Closed())
    report = mapped.run(plan=True)
    assert counted(report) == {"read": 1, "rejected": 1}
    assert [(change.action, change.reason) for change in report.changes] == [("reject", "its period is closed")]
