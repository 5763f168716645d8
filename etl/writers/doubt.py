"""Which record of a target a create of ours has made, where nobody told: looked up by its natural key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from etl.errors import OutcomeUnknown
from etl.keys import canonical
from etl.model import UNCONFIRMED, UNKNOWN, Action, Item, Json, Outcome, Record
from etl.ports import Finder, Found, Intent, MappingState

SKEW = timedelta(minutes=5)
"""How far the target's clock may be off."""

LOOK_THERE = "look there: `etl rejects drop` if it is there, else `etl rejects retry --create`"


@dataclass(frozen=True, slots=True)
class Doubt:
    """A create of which nobody knows what came of it. `lost`: its error in this run; None: an earlier run sent it."""

    intent: Intent
    lost: OutcomeUnknown | None = None


@dataclass(frozen=True, slots=True)
class Unnamed:
    """A create that the target says it has done, without its id, and of which several records could be the one."""

    outcome: Outcome
    begin: datetime


@dataclass(slots=True)
class Doubts:
    """Looks among the records that no ledger entry claims, nor anything this run has made already."""

    finder: Finder
    state: MappingState
    _taken: set[bytes] = field(default_factory=set)
    _waiting: dict[str, Doubt | Unnamed] = field(default_factory=dict)
    """Source key → what this run has yet to decide on."""

    def wait(self, key: str, doubt: Doubt | Unnamed) -> None:
        self._waiting[key] = doubt

    def decided(self, key: str) -> None:
        self._waiting.pop(key, None)

    async def could_be(self, intent: Intent) -> list[Found]:
        """The records that may be the one intended, the oldest first; as many are left out as there are others of its
        kind that surely were created. Raises ConnectionFailed, Refused."""
        made = datetime.fromisoformat(intent.created_at)
        found = sorted(await self.unclaimed(intent.output, made_after=made - SKEW), key=lambda each: each.created or "")
        sure = [each.outcome.item.output for each in self._waiting.values() if isinstance(each, Unnamed)]
        return found[: max(0, len(found) - self._alike(intent, sure))]

    async def just_made(self, output: Record, begin: datetime) -> list[Found]:
        """What may have been created since `begin`, where the answer did not give its id, the newest first."""
        return sorted(await self.unclaimed(output, made_after=begin - SKEW), key=_age, reverse=True)

    async def unclaimed(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        """Records with the natural key of `output` that are nobody's so far."""
        found = await self.finder.find(output, made_after=made_after)
        claimed = self.state.claimed([each.id for each in found])
        free = [each for each, taken in zip(found, claimed, strict=True) if not taken]
        return [each for each in free if canonical(each.id) not in self._taken]

    def take(self, target_id: Json) -> None:
        """It belongs to a record of this run, which the ledger may not hold yet."""
        if target_id is not None:
            self._taken.add(canonical(target_id))

    def twins(self, intent: Intent, earlier: Collection[Intent]) -> int:
        """How many creates in doubt the target could not tell apart, this one among them: any of their records will
        do. `earlier`: intents that earlier runs left open and that were not looked at yet."""
        waiting = [each.intent for each in self._waiting.values() if isinstance(each, Doubt)]
        others = {each.key: each.output for each in (*earlier, *waiting) if each.key != intent.key}
        return 1 + self._alike(intent, others.values())

    def _alike(self, intent: Intent, outputs: Collection[Record]) -> int:
        natural = self.finder.natural(intent.output)
        return sum(self.finder.natural(output) == natural for output in outputs)


def _age(found: Found) -> tuple[str, float]:
    """Sorts by time of creation; within one second the higher number is the newer."""
    number = found.id if isinstance(found.id, int) else 0
    return found.created or "", number


def undecided(item: Item, doubt: Doubt, why: str) -> Outcome:
    """Its intent stays open: a later run looks again, and never creates it blindly."""
    what = "an earlier run may have created it" if doubt.lost is None else "its create got no answer"
    return Outcome(item, Action.REJECTED, reason=f"{what}, and {why}; {LOOK_THERE}", code=UNKNOWN)


def unconfirmed(item: Item) -> Outcome:
    """Its intent stays open: a later run looks again. It is not sent again, as it may be there in another form."""
    reason = f"the target answered that it created it, and shows no such record; {LOOK_THERE}"
    return Outcome(item, Action.REJECTED, reason=reason, code=UNCONFIRMED)
