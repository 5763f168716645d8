"""Records that are sent one by one: one server fault may be the record's own, several in a row are the target's."""

from __future__ import annotations

import asyncio

import pytest

from etl.errors import ConnectionFailed
from etl.model import Action, Item, Record
from etl.writers import UpsertWriter
from tests.support.memory import MemoryTarget


def sent(target: MemoryTarget, count: int) -> list[Action]:
    """Batches of one record each."""
    writer = UpsertWriter(target)

    async def main() -> list[Action]:
        items = [Item(str(n), {"id": n}, output={"id": n}, target_key=str(n)) for n in range(count)]
        return [each.action for item in items async for outcomes in writer.write([item]) for each in outcomes]

    return asyncio.run(main())


def bad(*numbers: int) -> MemoryTarget:
    def reason(record: Record) -> str | None:
        return "boom" if record["id"] in numbers else None

    return MemoryTarget(faulty=reason, whole=True, status=500)


def test_the_record_at_fault_is_rejected() -> None:
    assert sent(bad(1, 3, 4), 6).count(Action.REJECTED) == 3


def test_a_target_that_is_down_rejects_nobody_without_end() -> None:
    target = bad(*range(2, 9))
    with pytest.raises(ConnectionFailed, match="for 3 records in a row: boom"):
        sent(target, 9)
    assert sorted(target.stored) == ["0", "1"]
