"""What stands in a target before anything is written to it, for plans: looked up as a run would."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from etl.errors import RecordRejected
from etl.model import PLANNED_ID, Item, Json, Record
from etl.ports import Finder, MappingState
from etl.settle import CHANGED
from etl.writers.doubt import Doubts


class Readable(Protocol):
    """A target whose records can be looked at."""

    @property
    def finder(self) -> Finder: ...

    async def current(self, output: Record, target_id: Json) -> Record | None:
        """What stands now in the fields that `output` has, in its form where it is the same; None: no such record.
        Raises RecordRejected where an update would lose something."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A record of the target; `values`: what it has now in the fields that are about to be written, None: it is not
    there."""

    id: Json = None
    values: Record | None = None


@dataclass(slots=True)
class Sight:
    """`find_first`: records are looked up by their key (upsert). `id_field`: the mapping names the record itself
    (update)."""

    target: Readable
    state: MappingState
    known_ids: Callable[[Sequence[str]], Mapping[str, Json]]
    find_first: bool = False
    id_field: str | None = None
    _doubts: Doubts = field(init=False)

    def __post_init__(self) -> None:
        self._doubts = Doubts(self.target.finder, self.state)

    async def of(self, item: Item) -> Seen:
        """Raises RecordRejected where a run would refuse the record, Refused where the target does."""
        if self.id_field is not None:
            return await self._named(item, self.id_field)
        target_id = await self._known_id(item)
        values = None if target_id is None else await self.target.current(item.output, target_id)
        if values is None and self.find_first:
            return await self._found(item)
        if values is None and item.known is not None:
            raise RecordRejected("the record is no longer there", code="not-found")
        return Seen(target_id, values)

    async def _named(self, item: Item, id_field: str) -> Seen:
        target_id = item.output.get(id_field)
        if target_id is None:
            raise RecordRejected("its id in the target is not known", field=id_field, code="no-id")
        values = await self.target.current(item.output, target_id)
        if values is None:
            raise RecordRejected("the record is no longer there", code="not-found")
        return Seen(target_id, values)

    async def _known_id(self, item: Item) -> Json:
        if item.known is not None and item.known.target_id is not None:
            return item.known.target_id
        known = self.known_ids([item.target_key]).get(item.target_key) if item.target_key else None
        known = None if known == PLANNED_ID else known
        if known is not None or item.known is None:
            return known
        sent = self.state.output(item.key) or item.output
        if not self.target.finder.can_find(sent):
            return known
        found = await self._doubts.unclaimed(sent)
        if len(found) != 1:
            reason = "it changed after it was created, and its id in the target is not known"
            raise RecordRejected(reason, code=CHANGED)
        return found[0].id

    async def _found(self, item: Item) -> Seen:
        found = await self.target.finder.by_key(item.output)
        if len(found) > 1:
            reason = f"{len(found)} records of the target have its key"
            raise RecordRejected(reason, code="ambiguous")
        if not found:
            return Seen()
        return Seen(found[0].id, await self.target.current(item.output, found[0].id))
