"""What became of each record, recorded: counts that add up, ledger, rejects, and the limits that stop a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from etl.errors import LimitReached
from etl.keys import canonical
from etl.model import LATER, Action, Item, Json, LedgerEntry, Outcome, Record, Reject
from etl.ports import Clock, MappingState
from etl.report import Change, MappingReport
from etl.secrets import hide
from etl.specs import Limit, LimitsSpec

PERCENT_FROM = 20
"""A limit in percent holds from this many rejects on: one reject of three records is no avalanche."""


CHANGED = "changed"
"""The code of a reject that stands for one version of its record: the same version is not refused a second time."""

MOST_UNSTORED = 1000
LONGEST_UNSTORED = 0.25
"""Records, and seconds from one storing to the next, that accepted records wait for each other where that may be."""


class Settlement:
    """Records outcomes of one mapping. `sensitive`: output fields of which the ledger keeps only keyed hashes;
    `veils_anew`: what is unchanged is stored once more, since other fields may be sensitive now; `planned`: rejects
    are lines of the plan, too. `clock`: given where sending again does no harm; what was accepted is then stored in
    groups."""

    def __init__(
        self,
        state: MappingState,
        report: MappingReport,
        run_id: str,
        limits: LimitsSpec,
        *,
        sensitive: frozenset[str] = frozenset(),
        secret: bytes = b"",
        veils_anew: bool = False,
        identify: Callable[[list[tuple[str, Json]]], None] | None = None,
        watch_gone: bool = False,
        planned: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._state = state
        self._report = report
        self._run_id = run_id
        self._limits = limits
        self._sensitive = sensitive
        self._secret = secret
        self._veils_anew = veils_anew
        self._known = state.count()
        self._identify = identify
        self._watch_gone = watch_gone
        self._planned = planned
        self._clock = clock
        self._unstored: list[LedgerEntry] = []
        self._stored_at = float("-inf")
        self._new_rejects = 0
        self.left_out: set[str] = set()
        """Keys of sent records that `where` now leaves out; kept only where `missing` asks for it."""
        self.open_rejects = {reject.key: reject for reject in state.rejects()}

    def unchanged(self, items: Sequence[Item]) -> None:
        """The target already has exactly this: nothing is sent; a reject of the key has settled itself."""
        keys = [item.key for item in items]
        self._report.unchanged += len(keys)
        if self._veils_anew:
            self._state.accept([self._as_before(item) for item in items], self._run_id)
        else:
            self._state.seen(keys, self._run_id)
        self.end_rejects(keys)

    def _as_before(self, item: Item) -> LedgerEntry:
        target_id = None if item.known is None else item.known.target_id
        return LedgerEntry(item.key, item.target_key, item.hash, self.stored(item.output), target_id)

    def standing(self, items: Iterable[Item]) -> None:
        """Refused before in this very version, and not sent again: the reject stands, there is nothing new."""
        keys = [item.key for item in items]
        self._report.unchanged += len(keys)
        self._state.seen(keys, self._run_id)

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Counts and stores outcomes. Raises LimitReached."""
        accepted: list[Outcome] = []
        refused: list[Reject] = []
        filtered: list[str] = []
        rejected, left_out = Action.REJECTED, Action.FILTERED  # to look a member up takes as long as all the rest here
        for outcome in outcomes:
            if outcome.action is rejected:
                refused.append(self._reject(outcome))
            elif outcome.action is left_out:
                filtered.append(outcome.item.key)
            else:
                accepted.append(outcome)
        self._report.filtered += len(filtered)
        self.end_rejects(filtered)
        if self._watch_gone:
            self.left_out |= {key for key, entry in self._state.known(filtered).items() if not entry.gone}
            self._state.seen([reject.key for reject in refused], self._run_id)
        if accepted:
            self._accepted(accepted)
        if refused:
            self._state.reject(refused, self._run_id)
            self._check_rejects()

    def _accepted(self, outcomes: list[Outcome]) -> None:
        actions = [outcome.action for outcome in outcomes]
        deleted = actions.count(Action.DELETED)
        self._report.deleted += deleted
        self._report.written += len(actions) - deleted
        self._report.created += actions.count(Action.CREATED)
        self._report.updated += actions.count(Action.UPDATED)
        self._end_open(outcome.item.key for outcome in outcomes)
        self._unstored += map(self._entry, outcomes)
        if self._is_due():
            self.flush()

    def _is_due(self) -> bool:
        if self._clock is None or len(self._unstored) >= MOST_UNSTORED:
            return True
        return self._clock.monotonic() - self._stored_at >= LONGEST_UNSTORED

    def flush(self) -> None:
        """Puts what was accepted and is not stored yet into the ledger."""
        if not self._unstored:
            return
        entries, self._unstored = self._unstored, []
        self._state.accept(entries, self._run_id)
        self._save_ids(entries)
        if self._clock is not None:
            self._stored_at = self._clock.monotonic()

    def adopt(self, item: Item, target_id: Json) -> None:
        """Stores that the target has this item, without counting it: what becomes of it in this run is still open."""
        entry = LedgerEntry(item.key, item.target_key, item.hash, self.stored(item.output), target_id)
        self._state.accept([entry], self._run_id)
        self._save_ids([entry])

    def _save_ids(self, accepted: list[LedgerEntry]) -> None:
        ids = [(each.target_key, each.target_id) for each in accepted if each.target_key and each.target_id is not None]
        if ids and self._identify is not None:
            self._identify(ids)

    def _entry(self, outcome: Outcome) -> LedgerEntry:
        item = outcome.item
        target_id = outcome.target_id
        if target_id is None and item.known is not None:
            target_id = item.known.target_id
        if item.encoded and not self._sensitive:
            return LedgerEntry(item.key, item.target_key, item.hash, None, target_id, encoded=item.encoded)
        return LedgerEntry(item.key, item.target_key, item.hash, self.stored(item.output), target_id)

    def _reject(self, outcome: Outcome) -> Reject:
        item = outcome.item
        reason = hide(outcome.reason or "refused without a reason", self._untold(item.output))
        self._report.rejected += 1
        words = f"field '{outcome.field}': {reason}" if outcome.field else reason
        self._report.reasons[words] = self._report.reasons.get(words, 0) + 1
        if self._planned:
            self._report.changes.append(Change(item.key, "reject", reason=words, later=outcome.code == LATER))
        if item.key not in self.open_rejects:
            self._new_rejects += 1
        return Reject(
            key=item.key,
            reason=reason,
            field=outcome.field,
            code=outcome.code,
            record=item.record,
            output=item.output or None,
            target_key=item.target_key or None,
            run_id=self._run_id,
        )

    def _untold(self, output: Record) -> Iterator[str]:
        """What a target's answer may repeat of a record, and nobody is to see."""
        for name in self._sensitive & output.keys():
            yield from _texts(output[name])

    def stored(self, output: Record) -> Record:
        """The output as the ledger keeps it."""
        if not self._sensitive:
            return output
        return {name: self._hashed(value) if name in self._sensitive else value for name, value in output.items()}

    def _hashed(self, value: Json) -> Json:
        if value is None:
            return None
        return {"$hash": hashlib.blake2b(canonical(value), digest_size=12, key=self._secret).hexdigest()}

    def end_rejects(self, keys: Iterable[str]) -> None:
        """Their records are settled: accepted, left out or gone."""
        ended = [key for key in keys if key in self.open_rejects]
        if ended:
            self._state.drop_rejects(ended)
            self._end_open(ended)

    def _end_open(self, keys: Iterable[str]) -> None:
        if self.open_rejects:
            for key in keys:
                self.open_rejects.pop(key, None)

    def _check_rejects(self) -> None:
        limit = self._limits.max_rejects
        if limit is None or not self._beyond(limit):
            return
        worst = max(self._report.reasons, key=lambda reason: self._report.reasons[reason])
        done = "would be" if self._planned else "were"
        hint = f"look at `etl rejects list {self._report.name}` and mend the cause; what was written is recorded"
        raise LimitReached(
            f"{self._new_rejects} records {done} rejected, more than `limits.max_rejects` allows; most often: {worst}",
            "mend the cause: a run would stop here, too" if self._planned else hint,
        )

    def _beyond(self, limit: Limit) -> bool:
        if not limit.percent:
            return self._new_rejects > limit.amount
        base = max(self._report.expected or 0, self._report.read, self._known)
        return self._new_rejects >= PERCENT_FROM and self._new_rejects * 100 > limit.amount * base


def _texts(value: Json) -> Iterator[str]:
    """The texts and numbers in a value, as they are written."""
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        yield str(value)
