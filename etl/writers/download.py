"""`operation: download`: the content of each record, written to a file of its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from etl.errors import RecordRejected, Refused
from etl.model import Action, Item, Outcome, Record
from etl.ports import MappingState
from etl.steps.batch import refusal

Fetch = Callable[[Record, Path], Awaitable[int]]


class Folder(Protocol):
    """Where the files go."""

    def name(self, values: Record) -> str:
        """Raises RecordRejected where a value for it is missing."""

    def path(self, name: str) -> Path: ...


@dataclass(frozen=True, slots=True)
class DownloadWriter:
    """One request per record. `fetch` writes a record's content whole or not at all; `without`: records that have
    none count as filtered."""

    folder: Folder
    fetch: Fetch
    state: MappingState
    without: Callable[[Record], bool] = lambda record: False
    _under_way: set[str] = field(default_factory=set)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        for item in items:
            yield [await self._write(item)]

    async def _write(self, item: Item) -> Outcome:
        if self.without(item.record):
            return Outcome(item, Action.FILTERED, reason="it is a link and has no content")
        try:
            name = self.folder.name({**item.record, **item.output})
            item.target_key = name.casefold()  # on some systems a.txt and A.txt are one file
            if item.target_key in self._under_way or self._is_another_s(item):
                raise RecordRejected(f"another record has the file '{name}' already", code="duplicate")
            return await self._fetched(item, name)
        except RecordRejected as error:
            return Outcome(item, Action.REJECTED, reason=error.reason, field=error.field, code=error.code)
        except Refused as refused:
            return refusal(item, refused)

    async def _fetched(self, item: Item, name: str) -> Outcome:
        self._under_way.add(item.target_key)
        try:
            await self.fetch(item.record, self.folder.path(name))
        finally:
            self._under_way.discard(item.target_key)
        known = item.known is not None and not item.known.gone
        return Outcome(item, Action.UPDATED if known else Action.CREATED, target_id=name)

    def _is_another_s(self, item: Item) -> bool:
        return self.state.targets([item.target_key]).get(item.target_key, item.key) != item.key
