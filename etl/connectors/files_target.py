"""A file as a target: batches are durable in its journal at once, and all of a run appears in the file in one step."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from etl.connectors.files_csv import cell
from etl.connectors.files_formats import Format
from etl.connectors.files_journal import Journal
from etl.connectors.files_merge import Merge
from etl.documents.text import shown
from etl.errors import ConnectionFailed
from etl.model import Action, Item, Json, LedgerEntry, Outcome, Record
from etl.ports import Found


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a mapping writes into a file. `journal` tells it from all other mappings, of whatever state."""

    columns: tuple[str, ...]
    key: tuple[str, ...]
    params: Mapping[str, Json]
    journal: str


@dataclass(frozen=True, slots=True)
class NoFinder:
    """Nothing has to be looked up: what was written is known from the journal and the ledger."""

    def can_find(self, output: Record) -> bool:
        return False

    def natural(self, output: Record) -> tuple[str, ...]:
        return ()

    async def by_key(self, output: Record) -> list[Found]:
        return []

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        return []

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        return None


@dataclass(slots=True)
class FilesTarget:
    """Writes to one file for one mapping. What it has accepted survives the process; `publish` makes it visible."""

    merge: Merge
    finder: NoFinder = field(default_factory=NoFinder)
    _ready: bool = False

    @classmethod
    def build(cls, path: Path, format: Format, wanted: Wanted) -> FilesTarget:  # noqa: A002 - the word for it
        """The target of one mapping: its journal lies beside the file."""
        mark = hashlib.sha256(wanted.journal.encode()).hexdigest()[:12]
        journal = Journal(path.with_name(f".{path.name}.{mark}.journal"))
        return cls(Merge(path, format, wanted.columns, wanted.key, journal))

    @property
    def journal(self) -> Journal:
        return self.merge.journal

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        """Each takes the place of the records with its key, or comes behind all others."""
        return self._write(items, self.journal.upsert, Action.WRITTEN)

    async def append(self, items: Sequence[Item]) -> list[Outcome]:
        """Each comes behind all others, once, however often it is sent before it is published."""
        return self._write(items, self.journal.append, Action.CREATED)

    async def create(self, item: Item) -> Outcome:
        return (await self.append([item]))[0]

    async def update(self, item: Item, target_id: Json) -> Outcome:
        return (await self.upsert([item]))[0]

    async def delete(self, items: Sequence[Item]) -> list[Outcome]:
        """A record that is not there is as good as deleted."""
        self._prepare()
        self.journal.delete(items)
        return [Outcome(item, Action.DELETED) for item in items]

    def appended(self) -> Iterator[list[LedgerEntry]]:
        """What was appended and is not visible yet, in pages, as the ledger has to know it before it is published."""
        return self.journal.appended() if self.journal.exists() else iter(())

    async def publish(self) -> None:
        """Makes everything written visible in one step. Raises ConnectionFailed; what was written then waits."""
        try:
            if self.journal.exists():
                await asyncio.to_thread(self.merge.run)
        finally:
            self.journal.close()

    # --- writing -------------------------------------------------------------------------------------

    def _write(self, items: Sequence[Item], write: Callable[[Sequence[Item]], None], done: Action) -> list[Outcome]:
        self._prepare()
        outcomes = [self._unspeakable(item) or Outcome(item, done) for item in items]
        good = [outcome.item for outcome in outcomes if outcome.action is done]
        if good:
            write(good)
        return outcomes

    def _prepare(self) -> None:
        """Before the first write: a merge that was killed halfway must not take new entries for old ones."""
        if self._ready:
            return
        try:
            self.merge.path.parent.mkdir(parents=True, exist_ok=True)
            self.merge.recover()
        except OSError as error:
            message = f"'{shown(self.merge.path)}' can't be written: {error.strerror or error}"
            raise ConnectionFailed(message, "check the connection's `path` and your rights there") from None
        self._ready = True

    def _unspeakable(self, item: Item) -> Outcome | None:
        """The rejection of a record with a text that the file can't hold."""
        for name, value in item.output.items():
            text = value if isinstance(value, str) else cell(value) if isinstance(value, list | dict) else ""
            if reason := self.merge.format.options.refuses(text):
                return Outcome(item, Action.REJECTED, reason=reason, field=name, code="encoding")
        return None
