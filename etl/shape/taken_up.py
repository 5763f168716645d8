"""Rejects of earlier runs that are tried once more: those whose record this run has not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from etl.model import Item, Outcome, Reject
from etl.settle import Settlement
from etl.shape.dedupe import Dedupe
from etl.transform import Transform


@dataclass(slots=True)
class TakenUp:
    """Looks after the open rejects of a mapping while it is read, parts of records that `each` takes apart among
    them."""

    transform: Transform
    settlement: Settlement
    dedupe: Dedupe
    ends_gone: bool = False
    """The mapping says what happens to records that are gone from the source."""
    saw_all: Callable[[], bool] = lambda: False
    """Whether what was not read is surely gone from the source."""
    parted: list[str] = field(default_factory=list)
    """Keys of records that were refused as a whole and could now be taken apart: settled when their parts are."""
    _parts: set[str] = field(default_factory=set)
    """Parts that this run has met of those that were rejected before: others of a record that was read are gone."""

    def met(self, key: str, results: Iterable[Item | Outcome]) -> None:
        """Takes note of the parts into which a record was taken."""
        keys = {(result if isinstance(result, Item) else result.item).key for result in results}
        self._parts |= keys & self.settlement.open_rejects.keys()
        if key in self.settlement.open_rejects and key not in keys:
            self.parted.append(key)

    def left(self, rejects: Iterable[Reject]) -> list[Reject]:
        """Those that this read did not bring; those that it surely would have brought are ended."""
        saw_all = self.saw_all()
        left = self._not_read(self.dedupe.keyed([each for each in rejects if each.record], saw_all=saw_all))
        if left and self.dedupe.sure and self.ends_gone and saw_all:
            self.settlement.end_rejects(reject.key for reject in left)
            return []
        return self._once(left)

    def _not_read(self, rejects: list[Reject]) -> list[Reject]:
        read = self.dedupe.were_read([self.transform.whole_key(reject.key) for reject in rejects])
        met = [reject.key for reject, was_read in zip(rejects, read, strict=True) if was_read]
        self.settlement.end_rejects(key for key in met if self.transform.is_part(key) and key not in self._parts)
        return [reject for reject, was_read in zip(rejects, read, strict=True) if not was_read]

    def _once(self, rejects: list[Reject]) -> list[Reject]:
        """Each key once, of those that were told apart only now, too; and a record as a whole rather than in parts."""
        by_key = {reject.key: reject for reject in rejects}
        self.dedupe.report.duplicates += len(rejects) - len(by_key)
        is_part, whole_key = self.transform.is_part, self.transform.whole_key
        return [reject for key, reject in by_key.items() if not (is_part(key) and whole_key(key) in by_key)]
