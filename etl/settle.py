"""What became of each record, recorded: counts that add up, ledger, rejects, and the limits that stop a run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable

from etl.errors import LimitReached
from etl.keys import canonical
from etl.model import LATER, Action, Item, Json, LedgerEntry, Outcome, Record, Reject
from etl.ports import MappingState
from etl.report import Change, MappingReport
from etl.specs import Limit, LimitsSpec

PERCENT_FROM = 20
"""A limit in percent holds from this many rejects on: one reject of three records is no avalanche."""


CHANGED = "changed"
"""The code of a reject that stands for one version of its record: the same version is not refused a second time."""


class Settlement:
    """Records outcomes of one mapping. `sensitive`: output fields of which the ledger keeps only keyed hashes;
    `planned`: rejects are lines of the plan, too."""

    def __init__(
        self,
        state: MappingState,
        report: MappingReport,
        run_id: str,
        limits: LimitsSpec,
        *,
        sensitive: frozenset[str] = frozenset(),
        secret: bytes = b"",
        identify: Callable[[list[tuple[str, Json]]], None] | None = None,
        watch_gone: bool = False,
        planned: bool = False,
    ) -> None:
        self._state = state
        self._report = report
        self._run_id = run_id
        self._limits = limits
        self._sensitive = sensitive
        self._secret = secret
        self._known = state.count()
        self._identify = identify
        self._watch_gone = watch_gone
        self._planned = planned
        self._new_rejects = 0
        self.left_out: set[str] = set()
        """Keys of sent records that `where` now leaves out; kept only where `missing` asks for it."""
        self.open_rejects = {reject.key: reject for reject in state.rejects()}

    def unchanged(self, items: Iterable[Item]) -> None:
        """The target already has exactly this: nothing is sent; a reject of the key has settled itself."""
        keys = [item.key for item in items]
        self._report.unchanged += len(keys)
        self._state.seen(keys, self._run_id)
        self.end_rejects(keys)

    def standing(self, items: Iterable[Item]) -> None:
        """Refused before in this very version, and not sent again: the reject stands, there is nothing new."""
        keys = [item.key for item in items]
        self._report.unchanged += len(keys)
        self._state.seen(keys, self._run_id)

    def record(self, outcomes: Iterable[Outcome]) -> None:
        """Counts and stores outcomes. Raises LimitReached."""
        accepted: list[LedgerEntry] = []
        refused: list[Reject] = []
        filtered: list[str] = []
        for outcome in outcomes:
            if outcome.action is Action.REJECTED:
                refused.append(self._reject(outcome))
            elif outcome.action is Action.FILTERED:
                filtered.append(outcome.item.key)
            else:
                accepted.append(self._entry(outcome))
        self._report.filtered += len(filtered)
        self.end_rejects(filtered)
        if self._watch_gone:
            self.left_out |= {key for key, entry in self._state.known(filtered).items() if not entry.gone}
            self._state.seen([reject.key for reject in refused], self._run_id)
        if accepted:
            self._state.accept(accepted, self._run_id)
            self._end_open(entry.key for entry in accepted)
            self._save_ids(accepted)
        if refused:
            self._state.reject(refused, self._run_id)
            self._check_rejects()

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
        if outcome.action is Action.DELETED:
            self._report.deleted += 1
        else:
            self._report.written += 1
        if outcome.action is Action.CREATED:
            self._report.created += 1
        elif outcome.action is Action.UPDATED:
            self._report.updated += 1
        item = outcome.item
        target_id = outcome.target_id
        if target_id is None and item.known is not None:
            target_id = item.known.target_id
        encoded = b"" if self._sensitive else item.encoded
        return LedgerEntry(item.key, item.target_key, item.hash, self.stored(item.output), target_id, encoded=encoded)

    def _reject(self, outcome: Outcome) -> Reject:
        item = outcome.item
        reason = outcome.reason or "refused without a reason"
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
        for key in keys:
            self.open_rejects.pop(key, None)

    def _check_rejects(self) -> None:
        limit = self._limits.max_rejects
        if limit is None or not self._beyond(limit):
            return
        worst = max(self._report.reasons, key=lambda reason: self._report.reasons[reason])
        raise LimitReached(
            f"{self._new_rejects} records were rejected, more than `limits.max_rejects` allows; most often: {worst}",
            f"look at `etl rejects list {self._report.name}` and mend the cause; what was written is recorded",
        )

    def _beyond(self, limit: Limit) -> bool:
        if not limit.percent:
            return self._new_rejects > limit.amount
        base = max(self._report.expected or 0, self._report.read, self._known)
        return self._new_rejects >= PERCENT_FROM and self._new_rejects * 100 > limit.amount * base
