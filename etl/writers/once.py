"""Creates that happen once, whatever breaks: the intent is durable before the request, the result after it.

After a crash, a lost answer or a server fault the record is looked up in the target by its natural key before
anything is sent again: among those that no ledger entry claims and that were made after the intent. Where that can't
decide, the record is rejected with the reason, not doubled.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from etl.errors import ConnectionFailed, OutcomeUnknown, Refused
from etl.model import Action, Item, Json, Outcome, Record
from etl.ports import Clock, Found, Intent, MappingState, Target
from etl.settle import CHANGED
from etl.steps.batch import refusal

SKEW = timedelta(minutes=5)
"""How far the target's clock may be off."""


@dataclass(slots=True)
class OnceWriter:
    """For `create`, and for `upsert` where an API has only create and update.

    `find_first`: look a record up by its key before it is created (upsert). `updates`: the target can update.
    `known_ids`: target keys → ids of records that any mapping wrote there.
    """

    target: Target
    state: MappingState
    clock: Clock
    run_id: str
    find_first: bool
    updates: bool
    known_ids: Callable[[Sequence[str]], Mapping[str, Json]]
    _earlier: dict[str, Intent] | None = None
    """Intents that earlier runs left open."""

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises ConnectionFailed where the target can't be used; open intents then tell the next run to look first."""
        unsent = self._intend(items)
        try:
            for item in items:
                unsent.discard(item.key)
                yield [await self._write(item)]
        finally:
            self.state.drop_intents(unsent)

    def _intend(self, items: Sequence[Item]) -> set[str]:
        """Makes the intents of all new items durable at once; gives their keys."""
        if self._earlier is None:
            self._earlier = {intent.key: intent for intent in self.state.intents()}
        new = [item for item in items if not _is_known(item) and item.key not in self._earlier]
        if new:
            stamp = self.clock.now().isoformat()
            self.state.intend(
                Intent(item.key, item.target_key, item.output, item.hash, stamp, self.run_id) for item in new
            )
        return {item.key for item in new}

    async def _write(self, item: Item) -> Outcome:
        try:
            if _is_known(item):
                return await self._changed(item)
            intent = (self._earlier or {}).pop(item.key, None)
            if intent is not None:
                return await self._reconciled(item, intent)
            return await self._found(item) if self.find_first else await self._created(item)
        except Refused as refused:
            self.state.drop_intents([item.key])
            return refusal(item, refused)

    # --- creating ------------------------------------------------------------------------------------

    async def _created(self, item: Item, *, again: bool = False) -> Outcome:
        begin = self.clock.now()
        try:
            outcome = await self.target.create(item)
        except OutcomeUnknown as lost:
            return await self._looked_up(item, begin, lost, again=again)
        except ConnectionFailed:
            self.state.drop_intents([item.key])  # it was never sent
            raise
        if outcome.action is Action.REJECTED:
            self.state.drop_intents([item.key])
        elif outcome.target_id is None and self.target.finder.can_find:
            outcome.target_id = await self._new_id(item, begin)
        return outcome

    async def _looked_up(self, item: Item, begin: datetime, lost: OutcomeUnknown, *, again: bool) -> Outcome:
        """After a lost answer: found, it is done; not found, it is sent once more."""
        if not self.target.finder.can_find:
            return _undecided(item, "its create got no answer, and the target offers no way to look it up")
        found = await self._unclaimed(item.output, begin)
        if len(found) > 1:
            return _undecided(item, f"its create got no answer, and {len(found)} records of the target could be it")
        if found:
            return Outcome(item, Action.CREATED, target_id=found[0].id)
        if again:
            raise lost
        return await self._created(item, again=True)

    async def _new_id(self, item: Item, begin: datetime) -> Json:
        """The id of what was just created, where the answer did not give it; None where that can't be told."""
        found = await self._unclaimed(item.output, begin)
        return found[0].id if len(found) == 1 else None

    async def _reconciled(self, item: Item, intent: Intent) -> Outcome:
        """An earlier run meant to create it and did not learn what came of that."""
        if not self.target.finder.can_find:
            return _undecided(item, "an earlier run may have created it, and the target offers no way to look it up")
        found = await self._unclaimed(intent.output, datetime.fromisoformat(intent.created_at))
        if not found:
            return await self._created(item)
        if len(found) > self._twins(intent):
            return _undecided(item, f"an earlier run may have created it: {len(found)} records could be it")
        return await self._adopted(item, intent, found[0].id)

    async def _adopted(self, item: Item, intent: Intent, target_id: Json) -> Outcome:
        """It is there as the intent has it; what changed since is an update, now or in the next run."""
        if intent.hash == item.hash:
            return Outcome(item, Action.CREATED, target_id=target_id)
        if self.updates:
            return await self.target.update(item, target_id)
        as_sent = replace(item, output=intent.output, hash=intent.hash, target_key=intent.target_key)
        return Outcome(as_sent, Action.CREATED, target_id=target_id)

    def _twins(self, intent: Intent) -> int:
        """How many open intents the target could not tell apart, this one among them: any of their records will do."""
        natural = self.target.finder.natural
        others = (self._earlier or {}).values()
        return 1 + sum(natural(other.output) == natural(intent.output) for other in others)

    async def _unclaimed(self, output: Record, made: datetime) -> list[Found]:
        """Records of the target that could be the one created at `made`, and that no ledger entry claims."""
        found = await self.target.finder.find(output, made_after=made - SKEW)
        claimed = self.state.claimed([each.id for each in found])
        return [each for each, taken in zip(found, claimed, strict=True) if not taken]

    # --- finding and updating ------------------------------------------------------------------------

    async def _found(self, item: Item) -> Outcome:
        """An upsert by hand: a record that is there already is updated, any other is created."""
        known = self.known_ids([item.target_key]).get(item.target_key)
        if known is None and self.target.finder.can_find:
            found = await self.target.finder.find(item.output)
            if len(found) > 1:
                self.state.drop_intents([item.key])
                reason = f"{len(found)} records of the target have its key {item.target_key!r}"
                return Outcome(item, Action.REJECTED, reason=reason, code="ambiguous")
            known = found[0].id if found else None
        if known is None:
            return await self._created(item)
        self.state.drop_intents([item.key])
        if not self.updates:
            return Outcome(item, Action.REJECTED, reason="it is there already, and can't be updated", code="exists")
        return await self.target.update(item, known)

    async def _changed(self, item: Item) -> Outcome:
        """The source changed after its record was created here."""
        if not self.updates:
            reason = "it changed after it was created, and the target can't update it"
            return Outcome(item, Action.REJECTED, reason=reason, code=CHANGED)
        target_id = await self._id_of(item)
        if target_id is None:
            reason = "it changed after it was created, and its id in the target is not known"
            return Outcome(item, Action.REJECTED, reason=reason, code=CHANGED)
        return await self.target.update(item, target_id)

    async def _id_of(self, item: Item) -> Json:
        if item.known is not None and item.known.target_id is not None:
            return item.known.target_id
        known = self.known_ids([item.target_key]).get(item.target_key)
        if known is not None or not self.target.finder.can_find:
            return known
        found = await self.target.finder.find(self.state.output(item.key) or item.output)
        return found[0].id if len(found) == 1 else None


def _is_known(item: Item) -> bool:
    return item.known is not None and not item.known.gone


def _undecided(item: Item, reason: str) -> Outcome:
    """Its intent stays open: a later run looks again, and never creates it blindly."""
    return Outcome(item, Action.REJECTED, reason=f"{reason}; look there, then drop or retry the reject", code="unknown")
