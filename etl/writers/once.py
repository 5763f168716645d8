"""Creates that happen once, whatever breaks: the intent is durable before the request, the result after it.

After a crash, a lost answer or a server fault the record is looked up in the target by its natural key before
anything is sent again: among those that no ledger entry claims and that were made after the intent. Where that can't
decide, the record is rejected with the reason, not doubled.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from etl.errors import ConnectionFailed, OutcomeUnknown, Refused
from etl.model import Action, Item, Json, Outcome
from etl.ports import Clock, Found, Intent, MappingState, Target, Veil
from etl.settle import CHANGED
from etl.writers.doubt import Doubt, Doubts, Unnamed, unconfirmed, undecided
from etl.writers.faults import Faults
from etl.writers.turns import Turns

GRACE = timedelta(seconds=5)
"""How long a request whose answer is lost may still be under way: nothing is taken for absent before that."""


@dataclass(slots=True)
class OnceWriter:
    """For `create`, and for `upsert` where an API has only create and update.

    `find_first`: look a record up by its key before it is created (upsert). `updates`: the target can update.
    `known_ids`: target keys → ids of records that any mapping wrote there. `adopt`: stores that the target has an item
    with this id, without counting it. `resends`: what a create sends is an upsert by key, which changes what is there.
    """

    target: Target
    state: MappingState
    clock: Clock
    run_id: str
    find_first: bool
    updates: bool
    known_ids: Callable[[Sequence[str]], Mapping[str, Json]]
    adopt: Callable[[Item, Json], None]
    veil: Veil
    resends: bool = False
    _earlier: dict[str, Intent] | None = None
    """Intents that earlier runs left open."""
    _shows_late: bool = True
    """What was just created may be shown a moment later: it is waited for until that was once in vain."""
    _begun: datetime = field(init=False)
    _doubts: Doubts = field(init=False)
    _turns: Turns = field(default_factory=Turns)
    _faults: Faults = field(default_factory=Faults)

    def __post_init__(self) -> None:
        self._begun = self.clock.now()
        self._doubts = Doubts(self.target.finder, self.state)

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises ConnectionFailed where the target can't be used; open intents then tell the next run to look first.

        A turn lasts until the outcome is recorded: only then others see in the ledger what belongs to whom.
        """
        unsent = self._intend_new(items)
        try:
            for item in items:
                unsent.discard(item.key)
                async with self._turns.beside():
                    outcome = await self._first(item)
                    if isinstance(outcome, Outcome):
                        yield [self._noted(outcome)]
                        continue
                    self._doubts.wait(item.key, outcome)
                async with self._turns.alone():
                    self._doubts.decided(item.key)
                    yield [self._noted(await self._decided(item, outcome))]
        finally:
            self.state.drop_intents(unsent)

    def _intend_new(self, items: Sequence[Item]) -> set[str]:
        """Makes the intents of all new items durable at once; gives their keys."""
        if self._earlier is None:
            self._earlier = {intent.key: intent for intent in self.state.intents()}
        new = [item for item in items if item.known is None and item.key not in self._earlier]
        self._intend(new)
        return {item.key for item in new}

    def _intend(self, items: Sequence[Item]) -> None:
        if items:
            now = self.clock.now()
            self.state.intend(self._intent(item, now) for item in items)

    def _intent(self, item: Item, now: datetime) -> Intent:
        return Intent(item.key, item.target_key, item.output, item.hash, now.isoformat(), self.run_id)

    def _noted(self, outcome: Outcome) -> Outcome:
        if outcome.action is not Action.REJECTED:
            self._faults.none()
            self._doubts.take(outcome.target_id)
        return outcome

    async def _first(self, item: Item) -> Outcome | Doubt | Unnamed:
        if item.known is not None:
            return await self._changed(item)
        intent = (self._earlier or {}).pop(item.key, None)
        if intent is not None and not self._found_by_key(item, intent):
            return Doubt(intent)
        if intent is not None:
            await self._nothing_under_way()
        return await self._sent(item)

    async def _sent(self, item: Item) -> Outcome | Doubt | Unnamed:
        return await self._upserted(item) if self.find_first else await self._created(item)

    def _found_by_key(self, item: Item, intent: Intent) -> bool:
        """An upsert comes upon what an earlier run created, as long as the key is still the same."""
        if not self.find_first or intent.answered:
            return False
        same = self.veil(intent.target_key) == self.veil(item.target_key)
        return same and self.target.finder.can_find(item.output)

    async def _nothing_under_way(self) -> None:
        """Waits until no request of an earlier run can still be on its way: that run had ended when this one began."""
        left = (self._begun + GRACE - self.clock.now()).total_seconds()
        if left > 0:
            await self.clock.sleep(left)

    # --- creating ------------------------------------------------------------------------------------

    async def _created(self, item: Item) -> Outcome | Doubt | Unnamed:
        begin = self.clock.now()
        try:
            outcome = await self.target.create(item)
        except OutcomeUnknown as lost:
            return Doubt(self._intent(item, begin), lost)
        except ConnectionFailed:
            self.state.drop_intents([item.key])  # it was never sent
            raise
        except Refused as refused:
            return self._refused(item, refused)
        if outcome.action is Action.REJECTED:
            self.state.drop_intents([item.key])
        elif outcome.target_id is None and self.target.finder.can_find(item.output):
            return await self._confirmed(outcome, begin)
        return outcome

    async def _confirmed(self, outcome: Outcome, begin: datetime) -> Outcome | Unnamed:
        """With the id of what was just created, where the answer did not give it. Of several alike one may be what
        another writer is being told the id of: that is decided alone."""
        found = await self._shown(outcome.item, begin)
        return Unnamed(outcome, begin) if len(found or ()) > 1 else self._named(outcome, begin, found)

    async def _shown(self, item: Item, begin: datetime) -> list[Found] | None:
        """What may have been created since `begin`, the newest first; None where nobody can look."""
        try:
            found = await self._doubts.just_made(item.output, begin)
            if not found and self._shows_late:
                await self.clock.sleep(GRACE.total_seconds())
                found = await self._doubts.just_made(item.output, begin)
                self._shows_late = bool(found)
        except Refused:
            return None
        return found

    def _named(self, outcome: Outcome, begin: datetime, found: Sequence[Found] | None) -> Outcome:
        """An answer that is all there is to show for a create counts for nothing. Where several can't be told apart,
        it is the newest: whichever is taken, there are as many as were made."""
        if found is None:  # the target says that it was created
            return outcome
        if not found:
            self.state.intend([replace(self._intent(outcome.item, begin), answered=True)])
            return unconfirmed(outcome.item)
        outcome.target_id = found[0].id
        self._doubts.take(outcome.target_id)
        return outcome

    def _refused(self, item: Item, refused: Refused) -> Outcome:
        """The target has surely not made it."""
        self.state.drop_intents([item.key])
        return self._faults.outcome(item, refused)

    # --- creates of which nobody knows what came of them ----------------------------------------------

    async def _decided(self, item: Item, doubt: Doubt | Unnamed, *, again: bool = False) -> Outcome:
        """Found, it is done; not found, it is sent once more."""
        if isinstance(doubt, Unnamed):
            return self._named(doubt.outcome, doubt.begin, await self._shown(doubt.outcome.item, doubt.begin))
        finder, intent = self.target.finder, doubt.intent
        if not finder.can_find(intent.output):
            return undecided(item, doubt, "the target offers no way to look it up")
        try:
            found = await self._found(doubt)
        except Refused as refused:
            return undecided(item, doubt, f"looking it up was refused: {refused.reason}")
        if len(found) > self._doubts.twins(intent, (self._earlier or {}).values()):
            return undecided(item, doubt, f"{len(found)} records of the target could be it")
        if found:
            return await self._adopted(item, intent, found[0].id)
        if intent.answered:
            return unconfirmed(item)
        if again:
            return self._given_up(item, doubt)
        self._intend([item])
        following = await self._sent(item)
        return following if isinstance(following, Outcome) else await self._decided(item, following, again=True)

    async def _found(self, doubt: Doubt) -> list[Found]:
        if doubt.lost is None:
            await self._nothing_under_way()
            return await self._doubts.could_be(doubt.intent)
        found = await self._doubts.could_be(doubt.intent)
        if not found:
            await self.clock.sleep(GRACE.total_seconds())
            found = await self._doubts.could_be(doubt.intent)
        return found

    async def _adopted(self, item: Item, intent: Intent, target_id: Json) -> Outcome:
        """It is there as the intent has it; what changed since is a change like any other."""
        if intent.hash == item.hash:
            return Outcome(item, Action.CREATED, target_id=target_id)
        self.adopt(replace(item, output=intent.output, hash=intent.hash, target_key=intent.target_key), target_id)
        self._doubts.take(target_id)
        return await self._updated(item, target_id) if self.updates else _changed(item, NO_UPDATE)

    def _given_up(self, item: Item, doubt: Doubt) -> Outcome:
        """Sent twice, and not there: the record's fault where the target answered so, else the connection's."""
        lost = doubt.lost
        assert lost is not None  # noqa: S101 - it was sent by this run
        if lost.status is None:
            raise lost
        fault = Refused(lost.message, status=lost.status, reason=lost.reason, server_fault=True)
        return self._refused(item, fault)

    # --- finding and updating ------------------------------------------------------------------------

    async def _upserted(self, item: Item) -> Outcome | Doubt | Unnamed:
        """An upsert by hand: a record that is there already is updated, any other is created."""
        target_id = self.known_ids([item.target_key]).get(item.target_key)
        if target_id is not None:
            outcome = await self._updated_instead(item, target_id)
            if not _is_missing(outcome):
                return outcome
        return await self._looked_up(item)

    async def _updated_instead(self, item: Item, target_id: Json) -> Outcome:
        """It is there, so it is not created. Its intent may tell of a create of an earlier run: it stays open until
        the ledger has the record, whatever happens meanwhile."""
        outcome = await self._updated(item, target_id)
        if outcome.action is Action.REJECTED and not _is_missing(outcome):
            self.state.drop_intents([item.key])
        return outcome

    async def _looked_up(self, item: Item) -> Outcome | Doubt | Unnamed:
        try:
            found = await self.target.finder.by_key(item.output)
        except Refused as refused:
            return self._refused(item, refused)
        if not found:
            return await self._created(item)
        if len(found) == 1:
            return await self._updated_instead(item, found[0].id)
        self.state.drop_intents([item.key])
        reason = f"{len(found)} records of the target have its key"
        return Outcome(item, Action.REJECTED, reason=reason, code="ambiguous")

    async def _updated(self, item: Item, target_id: Json) -> Outcome:
        if not self.updates:
            return Outcome(item, Action.REJECTED, reason="it is there already, and can't be updated", code="exists")
        try:
            return await self.target.update(item, target_id)
        except Refused as refused:
            return self._faults.outcome(item, refused)

    async def _changed(self, item: Item) -> Outcome | Doubt | Unnamed:
        """The source changed after its record was created here."""
        if self.resends and not self.updates:
            return await self._resent(item)
        if not self.updates:
            return _changed(item, NO_UPDATE)
        target_id = await self._id_of(item)
        if target_id is None:
            return _changed(item, "it changed after it was created, and its id in the target is not known")
        outcome = await self._updated(item, target_id)
        if self.find_first and _is_missing(outcome):  # somebody deleted it there; an upsert sees to it that it exists
            self._intend([item])
            return await self._looked_up(item)
        return outcome

    async def _resent(self, item: Item) -> Outcome:
        try:
            return await self.target.create(item)
        except Refused as refused:
            return self._faults.outcome(item, refused)

    async def _id_of(self, item: Item) -> Json:
        if item.known is not None and item.known.target_id is not None:
            return item.known.target_id
        known = self.known_ids([item.target_key]).get(item.target_key)
        sent = self.state.output(item.key) or item.output
        if known is not None or not self.target.finder.can_find(sent):
            return known
        found = await self._doubts.unclaimed(sent)
        return found[0].id if len(found) == 1 else None


NO_UPDATE = "it changed after it was created, and the target can't update it"


def _changed(item: Item, reason: str) -> Outcome:
    return Outcome(item, Action.REJECTED, reason=reason, code=CHANGED)


def _is_missing(outcome: Outcome) -> bool:
    return outcome.action is Action.REJECTED and outcome.code == "not-found"
