"""Upserts in batches: what a request holds, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from etl.model import Item, Outcome
from etl.writers import UpsertWriter
from tests.support.memory import MemoryTarget


class Picky(MemoryTarget):
    """As Dime.Sheets: a request that names a record twice is no good."""

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        keys = [item.target_key for item in items]
        assert len(set(keys)) == len(keys)
        return await super().upsert(items)


def write(items: Sequence[Item], target: MemoryTarget) -> list[Outcome]:
    async def all_of_them() -> list[Outcome]:
        return [outcome async for outcomes in UpsertWriter(target).write(items) for outcome in outcomes]

    return asyncio.run(all_of_them())


@given(st.lists(st.sampled_from("abcd"), max_size=12))
def test_of_records_with_one_target_key_the_last_holds_and_no_request_names_one_twice(keys: list[str]) -> None:
    target = Picky()
    items = [Item(str(n), {}, {"n": n}, target_key=key) for n, key in enumerate(keys)]

    assert sorted(outcome.item.key for outcome in write(items, target)) == sorted(item.key for item in items)
    assert target.stored == {item.target_key: item.output for item in items}


def test_records_with_keys_of_their_own_go_in_one_request() -> None:
    target = MemoryTarget()
    write([Item(key, {}, {}, target_key=key) for key in "abc"], target)
    assert target.batches == [3]
