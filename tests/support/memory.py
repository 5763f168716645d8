"""A source and a target in memory: the ports' twins, for the stages of a pipeline."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from etl.errors import Refused
from etl.model import Action, Item, Json, Outcome, Page, Record
from etl.ports import ReadRequest


@dataclass
class MemorySource:
    """Serves records in pages; `broken_at` raises an error in place of that page."""

    records: list[Record]
    page_size: int = 10
    details: dict[Json, Record] = field(default_factory=dict)
    broken_at: tuple[int, Exception] | None = None
    asked: list[Json] = field(default_factory=list)

    async def pages(self, request: ReadRequest) -> AsyncIterator[Page]:
        for number, start in enumerate(range(0, max(len(self.records), 1), self.page_size), 1):
            if self.broken_at and self.broken_at[0] == number:
                raise self.broken_at[1]
            chunk = [dict(record) for record in self.records[start : start + self.page_size]]
            yield Page(number, chunk, total=len(self.records))

    async def detail(self, record: Record, parents: object = None) -> Record:
        self.asked.append(record["id"])
        if record["id"] not in self.details:
            raise Refused("GET /things answered 400", status=400, reason="no such record")
        return {**record, **self.details[record["id"]]}


@dataclass
class MemoryTarget:
    """Keeps what it is sent; `faulty` says which records it refuses, `whole` whether whole batches for them."""

    faulty: Callable[[Record], str | None] = lambda _: None
    whole: bool = False
    status: int = 400
    stored: dict[str, Record] = field(default_factory=dict)
    batches: list[int] = field(default_factory=list)
    keeps: Callable[[Record], str | None] = lambda _: None
    """Which records it does not let go, and why."""
    deleted: list[str] = field(default_factory=list)

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        self.batches.append(len(items))
        reasons = {item.key: self.faulty(item.output) for item in items}
        if self.whole and any(reasons.values()):
            reason = next(reason for reason in reasons.values() if reason)
            raise Refused("refused", status=self.status, reason=reason, server_fault=self.status >= 500)
        return [self._take(item, reasons[item.key]) for item in items]

    def _take(self, item: Item, reason: str | None) -> Outcome:
        if reason:
            return Outcome(item, Action.REJECTED, reason=reason, code="refused")
        self.stored[item.target_key] = item.output
        return Outcome(item, Action.WRITTEN)

    async def create(self, item: Item) -> Outcome:
        raise NotImplementedError

    async def update(self, item: Item, target_id: Json) -> Outcome:
        raise NotImplementedError

    async def delete(self, items: Sequence[Item]) -> list[Outcome]:
        return [self._remove(item) for item in items]

    def _remove(self, item: Item) -> Outcome:
        reason = self.keeps(self.stored.get(item.target_key, {}))
        if reason:
            return Outcome(item, Action.REJECTED, reason=reason, code="refused")
        self.stored.pop(item.target_key, None)
        self.deleted.append(item.target_key)
        return Outcome(item, Action.DELETED)
