"""A target in memory that only creates, updates and lists, as time reports do; things go wrong with it on demand."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from etl.errors import ConnectionFailed, OutcomeUnknown, Refused
from etl.model import Action, Item, Json, Outcome, Record
from etl.ports import Found
from tests.support.clocks import FakeClock


class Killed(BaseException):
    """The process dies here: nothing after it happens, no clean-up either."""


@dataclass
class CreatingTarget:
    """`accidents` happen to one create after another; `compare` is what its records are told apart by.

    `lost before`, `lost after`: no answer, before or after it was done · `500 before`, `500 after`: the same with an
    answer · `refused` · `down`: never sent · `killed before`, `killed after`: the process dies · `forgotten`: answered
    as if it had been done · `unnamed`: done, but the answer lacks the id. `shows_after`: seconds after which a new
    record can be found.
    """

    clock: FakeClock
    compare: tuple[str, ...] = ("user", "day", "hours")
    gives_ids: bool = True
    finds: bool = True
    accidents: list[str | None] = field(default_factory=list)
    records: dict[int, Record] = field(default_factory=dict)
    created: dict[int, datetime] = field(default_factory=dict)
    creates: int = 0
    updates: list[int] = field(default_factory=list)
    lookups: int = 0
    refuses_lookups: bool = False
    shows_after: float = 0.0
    broken_updates: int = 0
    dies_at_lookup: bool = False
    turns: list[int] = field(default_factory=list)
    """How many turns others get while a request or its answer is on the way, one after another; then one each."""
    dead: bool = False
    """The process that talks to it is dead: whatever of it still runs in the test reaches nothing."""

    @property
    def finder(self) -> CreatingTarget:
        return self

    # --- the world outside

    def make(self, record: Record) -> int:
        """A record that somebody creates there."""
        number = len(self.created) + 1
        self.records[number] = dict(record)
        self.created[number] = self.clock.now()
        return number

    def remove(self, number: int) -> None:
        del self.records[number]

    # --- Target

    async def create(self, item: Item) -> Outcome:
        await self._on_the_way()
        self.creates += 1
        accident = self.accidents.pop(0) if self.accidents else None
        self.clock.seconds += 0.1
        if accident == "down":
            raise ConnectionFailed("nothing listens")
        if accident == "refused":
            return Outcome(item, Action.REJECTED, reason="bad luck", code="refused")
        if accident is not None and accident.endswith("before"):
            raise self._broken(accident)
        if accident == "forgotten":
            return Outcome(item, Action.CREATED)
        number = self.make(item.output)
        if accident not in (None, "unnamed"):
            raise self._broken(accident)
        await self._on_the_way()
        return Outcome(item, Action.CREATED, target_id=number if self.gives_ids and accident is None else None)

    async def _on_the_way(self) -> None:
        """Others get their turn meanwhile."""
        for _ in range(self.turns.pop(0) if self.turns else 1):
            await asyncio.sleep(0)
        if self.dead:
            raise Killed

    def _broken(self, accident: str) -> BaseException:
        kind = accident.split()[0]
        if kind == "killed":
            self.dead = True
            return Killed()
        if kind == "500":
            return OutcomeUnknown("POST answered 500", "look", status=500, reason="boom")
        return OutcomeUnknown("POST got no answer", "look")

    async def update(self, item: Item, target_id: Json) -> Outcome:
        await self._on_the_way()
        if self.broken_updates:
            self.broken_updates -= 1
            raise Refused("PUT answered 500", status=500, reason="boom", server_fault=True)
        if target_id not in self.records:
            return Outcome(item, Action.REJECTED, reason="the record is no longer there", code="not-found")
        self.updates.append(target_id)
        self.records[target_id] |= item.output
        return Outcome(item, Action.UPDATED, target_id=target_id)

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        raise NotImplementedError

    async def delete(self, items: Sequence[Item]) -> list[Outcome]:
        raise NotImplementedError

    # --- Finder

    def can_find(self, output: Record) -> bool:
        return self.finds

    def natural(self, output: Record) -> tuple[str, ...]:
        return tuple(f"{name}={output[name]}" for name in self.compare if name in output)

    async def by_key(self, output: Record) -> list[Found]:
        return await self.find(output) if self.finds else []

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        await self._on_the_way()
        self.lookups += 1
        if self.dies_at_lookup:
            self.dead = True
            raise Killed
        if self.refuses_lookups:
            raise Refused("GET answered 400", status=400, reason="no such filter")
        return [
            Found(number, dict(record), self.created[number].isoformat())
            for number, record in self.records.items()
            if all(record.get(name) == output[name] for name in self.compare if name in output)
            and self.clock.now() - self.created[number] >= timedelta(seconds=self.shows_after)
            and (made_after is None or self.created[number] >= made_after - timedelta(seconds=0))
        ]

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        return self.records.get(target_id)
