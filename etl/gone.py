"""Records that were sent and are gone from the source: deleted or marked, never beyond `limits.max_deletes`."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

from etl.errors import Interrupted, LimitReached
from etl.model import Action, Item, Json, LedgerEntry, Outcome
from etl.pipeline import Writer
from etl.ports import MappingState
from etl.report import Change, MappingReport
from etl.settle import Settlement
from etl.specs import Limit
from etl.transform import Transform
from etl.writers.plan import changed_fields

BATCH = 100

ALL_FROM = 20
"""Without a limit of its own a mapping whose source is empty loses less than so many records: an empty answer is more
often a fault at the source than its wish."""


@dataclass(slots=True)
class Gone:
    """What `missing` says is done with them: `delete`, or the fields that mark them. `writer` None: a plan."""

    missing: Literal["delete"] | Mapping[str, Json]
    state: MappingState
    settlement: Settlement
    report: MappingReport
    transform: Transform
    run_id: str
    limit: Limit | None
    writer: Writer | None
    stop: asyncio.Event

    def count(self, *, complete: bool) -> int:
        """How much is gone. Raises LimitReached where that is more than the limit allows; a plan shows all of it
        before."""
        count = sum(1 for _ in self._entries(complete))
        beyond = self._beyond_limit(count)
        if beyond is not None and self.writer is not None:
            raise beyond
        return count

    async def settle(self, *, complete: bool, behind: Sequence[str] = ()) -> None:
        """Acts on what is gone: what `where` now leaves out, and after a complete read what it did not see.

        `behind`: mappings that should have gone before and did not come to their end: what they wrote may hang on what
        is gone. Raises LimitReached before anything is done, where that holds it back, or the limit.
        """
        beyond = self._beyond_limit(self.count(complete=complete))
        entries = self._entries(complete)
        while batch := list(islice(entries, BATCH)):
            if self.stop.is_set():
                raise Interrupted(
                    "interrupted; what was done is recorded", "a rerun deals with the rest of what is gone"
                )
            if behind:
                raise self._held_back(behind[0])
            await self._act(batch)
        if beyond is not None:
            raise beyond

    def _entries(self, complete: bool) -> Iterator[LedgerEntry]:
        if complete:
            return iter(self.state.unseen(self.run_id))
        known = self.state.known(sorted(self.settlement.left_out))
        return iter([replace(entry, output=self.state.output(key)) for key, entry in known.items() if not entry.gone])

    def _beyond_limit(self, count: int) -> LimitReached | None:
        known = self.state.count()
        if self.limit is None and self.report.read == 0 and count == known >= ALL_FROM:
            return self._emptied(known)
        if self.limit is None or count == 0:
            return None
        allowed = known * self.limit.amount / 100 if self.limit.percent else self.limit.amount
        if count <= allowed:
            return None
        what = f"{count} of {known} records are gone from the source and would be {self._verb}"
        if self.writer is None:
            return LimitReached(
                f"{what}, more than `limits.max_deletes` allows: a run would do none of it",
                "if it is right, raise the limit",
            )
        return LimitReached(
            f"{what}, more than `limits.max_deletes` allows; none was",
            "see which with `etl plan`; if it is right, raise the limit for this run",
        )

    def _held_back(self, behind: str) -> LimitReached:
        return LimitReached(
            f"what is gone from the source was not {self._verb}: '{behind}', which comes first with what hangs on it, "
            "did not come to its end",
            "the next run deals with it",
        )

    def _emptied(self, known: int) -> LimitReached:
        done = "a run would do none of it" if self.writer is None else "none was"
        return LimitReached(
            f"the source gave no record at all, and all {known} that were sent would be {self._verb}: {done}",
            "see that the source and its `params` are right; if they are, write `limits: {max_deletes: 100%}`",
        )

    @property
    def _verb(self) -> str:
        return "deleted" if self.missing == "delete" else "marked"

    async def _act(self, entries: list[LedgerEntry]) -> None:
        items = [self._item(entry) for entry in entries]
        if self.writer is None:
            for item, entry in zip(items, entries, strict=True):
                self.report.changes.append(
                    Change(item.key, "delete", self._marks(entry), target_key=item.target_key, digest=item.hash.hex())
                )
            self._count(items)
            return
        async for outcomes in self.writer.write(items):
            self._record(outcomes)

    def _marks(self, entry: LedgerEntry) -> dict[str, list[Json]]:
        if self.missing == "delete":
            return {}
        output = entry.output or {}
        return changed_fields({name: output.get(name) for name in self.missing}, dict(self.missing))

    def _item(self, entry: LedgerEntry) -> Item:
        output = dict(entry.output or {})
        if self.missing != "delete":
            output = {name: value for name, value in output.items() if not _is_hash(value)} | dict(self.missing)
        return Item(
            entry.key, {}, output=output, target_key=entry.target_key, hash=self.transform.digest(output), known=entry
        )

    def _record(self, outcomes: list[Outcome]) -> None:
        done = [outcome.item for outcome in outcomes if outcome.action is not Action.REJECTED]
        self._count(done)
        if self.missing == "delete":
            self.state.forget([item.key for item in done])
            self.settlement.end_rejects(item.key for item in done)
        else:
            self.state.accept(
                [
                    LedgerEntry(item.key, item.target_key, item.hash, item.output, _id_of(item), gone=True)
                    for item in done
                ],
                self.run_id,
            )
        refused = [outcome for outcome in outcomes if outcome.action is Action.REJECTED]
        self._make_room(outcome.item for outcome in refused)
        if refused:
            self.settlement.record(refused)

    def _count(self, items: list[Item]) -> None:
        self._make_room(items)
        self.report.deleted += len(items)

    def _make_room(self, items: Iterator[Item] | list[Item]) -> None:
        """A record counts once: one that was read and left out no longer as filtered, one not read now as read."""
        for item in items:
            if item.key in self.settlement.left_out:
                self.report.filtered -= 1
            else:
                self.report.read += 1


def _id_of(item: Item) -> Json:
    return item.known.target_id if item.known is not None else None


def _is_hash(value: Json) -> bool:
    """A sensitive value, of which only the hash is stored: it can't be sent again, so it is left out."""
    return isinstance(value, dict) and set(value) == {"$hash"}
