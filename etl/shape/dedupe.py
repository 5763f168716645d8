"""Each record of a read once, told apart by the text of its source key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from etl.model import Action, Item, Outcome, Page, Record, Reject
from etl.report import MappingReport
from etl.settle import Settlement
from etl.state.seen import SeenKeys
from etl.steps.drift import Drift
from etl.transform import Transform

NO_KEY = "(no key) "
"""How the keys of rejects begin whose records have none."""

Keyed = tuple[str, Record]


@dataclass(slots=True)
class Dedupe:
    """The keys that a run has read. A record without one is rejected."""

    transform: Transform
    settlement: Settlement
    report: MappingReport
    drift: Drift
    sure: bool = True
    """Every record that was read could be told apart, and all of its parts."""
    _keys: SeenKeys = field(default_factory=SeenKeys)
    _keyless: set[str] = field(default_factory=set)
    """Rejects of this run that have no key."""

    def fresh(self, page: Page) -> list[Keyed]:
        """The records of a page that this run has not read before."""
        self.drift.look(page.records)
        if page.total is not None:
            self.report.expected = max(self.report.expected or 0, page.total)
        keyed: list[Keyed] = []
        for record in page.records:
            key = self.transform.source_key(record)
            if key is None:
                self._reject(record, page.number)
            else:
                keyed.append((key, record))
        new = self._keys.add_many([key for key, _ in keyed])
        fresh = [pair for pair, is_new in zip(keyed, new, strict=True) if is_new]
        self.report.duplicates += len(keyed) - len(fresh)
        return fresh

    def were_read(self, keys: Sequence[str]) -> list[bool]:
        """For each key whether this run has read its record."""
        return self._keys.contains_many(keys)

    def keyed(self, rejects: list[Reject], *, saw_all: bool) -> list[Reject]:
        """Rejects of earlier runs that can be told apart, some by a key that they had not before; others are refused
        once more. `saw_all`: what was not read is surely gone from the source."""
        keyed: list[Reject] = []
        for reject in rejects:
            key = self.transform.source_key(reject.record or {})
            if reject.key.startswith(NO_KEY) and (key is not None or (saw_all and reject.key not in self._keyless)):
                self.settlement.end_rejects([reject.key])
            if key is not None:
                keyed.append(replace(reject, key=key) if reject.key.startswith(NO_KEY) else reject)
            elif reject.key in self.settlement.open_rejects and reject.key not in self._keyless:
                self._reject(reject.record or {}, 0)
        return keyed

    def _reject(self, record: Record, page: int) -> None:
        self.sure = False
        self.report.read += 1
        key = f"{NO_KEY}{self.transform.digest(record).hex()}"
        self._keyless.add(key)
        reason = "has no value for the source's key, so that it can't be told from others"
        self.settlement.record([Outcome(Item(key, record, page=page), Action.REJECTED, reason=reason, code="key")])

    def close(self) -> None:
        """Removes what was spilled to disk."""
        self._keys.close()
