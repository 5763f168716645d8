"""A refused batch is halved until the records at fault stand alone; the rest is written."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import ConnectionFailed
from etl.model import Action, Item, Outcome, Record
from etl.steps.batch import send_halving
from tests.support.memory import MemoryTarget


def items(count: int) -> list[Item]:
    return [Item(str(n), {"id": n}, output={"id": n}, target_key=str(n)) for n in range(count)]


def send(target: MemoryTarget, count: int) -> list[Outcome]:
    async def main() -> list[Outcome]:
        return [outcome async for outcomes in send_halving(items(count), target.upsert) for outcome in outcomes]

    return asyncio.run(main())


def bad(*numbers: int):  # type: ignore[no-untyped-def]
    def reason(record: Record) -> str | None:
        return f"number {record['id']} is bad" if record["id"] in numbers else None

    return reason


def test_a_good_batch_is_one_request() -> None:
    target = MemoryTarget()
    assert [outcome.action for outcome in send(target, 5)] == [Action.WRITTEN] * 5
    assert target.batches == [5]


def test_one_bad_record_does_not_hold_back_the_others() -> None:
    target = MemoryTarget(faulty=bad(3), whole=True)
    outcomes = send(target, 8)
    assert [outcome.item.key for outcome in outcomes if outcome.action is Action.REJECTED] == ["3"]
    assert sorted(target.stored) == ["0", "1", "2", "4", "5", "6", "7"]


def test_the_rejected_record_carries_the_target_s_reason() -> None:
    [outcome] = [each for each in send(MemoryTarget(faulty=bad(3), whole=True), 8) if each.reason]
    assert outcome.reason == "number 3 is bad"
    assert outcome.code == "refused"


def test_a_server_fault_in_one_record_is_found_by_halving_too() -> None:
    target = MemoryTarget(faulty=bad(5), whole=True, status=500)
    assert [each.item.key for each in send(target, 8) if each.action is Action.REJECTED] == ["5"]


def test_where_both_halves_meet_a_server_fault_the_target_is_down() -> None:
    target = MemoryTarget(faulty=bad(1, 6), whole=True, status=500)
    with pytest.raises(ConnectionFailed, match="for a batch and for both of its halves"):
        send(target, 8)
    assert target.batches == [8, 4, 4]


@given(st.integers(1, 40), st.sets(st.integers(0, 39)))
def test_each_record_has_one_outcome_and_only_bad_ones_are_rejected(count: int, wrong: set[int]) -> None:
    target = MemoryTarget(faulty=bad(*wrong), whole=True)
    outcomes = send(target, count)
    assert sorted(outcome.item.key for outcome in outcomes) == sorted(str(n) for n in range(count))
    rejected = {int(outcome.item.key) for outcome in outcomes if outcome.action is Action.REJECTED}
    assert rejected == {n for n in wrong if n < count}
    assert set(target.stored) == {str(n) for n in range(count) if n not in wrong}
