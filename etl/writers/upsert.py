"""Idempotent upserts: batches that may be sent again without harm."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.model import Item, Outcome
from etl.ports import Target
from etl.writers.faults import Faults


@dataclass(frozen=True, slots=True)
class UpsertWriter:
    """One request per batch, its per-item results read one by one; a refused batch is halved.

    Of records with one target key each goes in a request of its own, the later after the earlier: APIs refuse a
    request that names a record twice, or leave open which of the two holds.
    """

    target: Target
    _faults: Faults = field(default_factory=Faults)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        for group in _apart(items):
            async with aclosing(self._faults.batch(group, self.target.upsert)) as sending:
                async for outcomes in sending:
                    yield outcomes


def _apart(items: Sequence[Item]) -> list[list[Item]]:
    """The items in as few groups as possible, none of which has a target key twice; in order per key."""
    if items and len({item.target_key for item in items}) == len(items):
        return [list(items)]
    seen: Counter[str] = Counter()
    groups: list[list[Item]] = []
    for item in items:
        group = seen[item.target_key] if item.target_key else 0
        seen[item.target_key] += 1
        if group == len(groups):
            groups.append([])
        groups[group].append(item)
    return groups
