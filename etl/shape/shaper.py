"""A page's way through all parts of the middle of a pipeline."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl.errors import RecordRejected
from etl.model import Action, Item, Outcome, Page, Reject
from etl.report import MappingReport
from etl.settle import Settlement
from etl.shape.dedupe import Dedupe, Keyed
from etl.shape.detail import Details
from etl.shape.diff import Diff
from etl.shape.held import Held
from etl.shape.taken_up import TakenUp
from etl.steps.nulls import NullFields
from etl.transform import Transform, refused


@dataclass(slots=True)
class Shaper:
    """The middle of a pipeline: source records in, items to send out. What ends here is counted and recorded here."""

    transform: Transform
    settlement: Settlement
    report: MappingReport
    dedupe: Dedupe
    diff: Diff
    held: Held
    taken_up: TakenUp
    details: Details | None = None
    nulls: NullFields | None = None

    @property
    def sure(self) -> bool:
        """Every record that was read could be told apart: what was not seen is not there."""
        return self.dedupe.sure

    async def shape(self, page: Page) -> list[Item]:
        """The items of a page that the target does not have yet; everything else is settled."""
        records = self.dedupe.fresh(page)
        if self.transform.where_early:
            records = self._kept(records)
        if self.details is not None:
            records, ended = await self.details.of(records)
            self._settle(ended)
        return await self._to_send(self._applied(records, page.number))

    async def again(self, rejects: Iterable[Reject]) -> list[Item]:
        """Rejects of earlier runs that this read did not bring, through the mapping as it is now."""
        left = [(reject.key, reject.record or {}) for reject in self.taken_up.left(rejects)]
        parts = [keyed for keyed in left if self.transform.is_part(keyed[0])]
        whole = [keyed for keyed in left if not self.transform.is_part(keyed[0])]
        if self.transform.where_early:
            whole = self._kept(whole)
        if self.details is not None:
            whole, ended = await self.details.of_bare(whole)
            self._settle(ended)
        shaped = self._going_on(self.transform.shaped(Item(key, record)) for key, record in parts)
        return await self._to_send(self._applied(whole, 0) + shaped)

    def warnings(self) -> list[str]:
        """What is odd about the records of this run as a whole."""
        rekeyed = [] if self.diff.rekeyed is None else self.diff.rekeyed.told()
        nulls = [] if self.nulls is None else self.nulls.warnings(self.report.written + self.report.unchanged)
        return nulls + rekeyed

    def close(self) -> None:
        """Removes what was spilled to disk."""
        self.dedupe.close()
        self.diff.close()

    def _kept(self, records: list[Keyed]) -> list[Keyed]:
        if self.transform.where is None and self.transform.deleted is None:
            return records
        kept: list[Keyed] = []
        ended: list[Outcome] = []
        for keyed in records:
            try:
                if self.transform.kept(keyed[1]):
                    kept.append(keyed)
                else:
                    ended.append(Outcome(Item(*keyed), Action.FILTERED))
            except RecordRejected as rejected:
                ended.append(refused(Item(*keyed), rejected))
        self._settle(ended)
        return kept

    def _applied(self, records: Iterable[Keyed], page: int) -> list[Item]:
        shaped = self.transform.shaped
        if self.transform.each is None:
            return self._going_on([shaped(Item(key, record, page=page)) for key, record in records])
        results: list[Item | Outcome] = []
        for key, record in records:
            parts = self.transform.apply(key, record, page)
            self.taken_up.met(key, parts)
            results += parts
        return self._going_on(results)

    def _going_on(self, results: Iterable[Item | Outcome]) -> list[Item]:
        """Those that are items; what ended is settled."""
        items: list[Item] = []
        ended: list[Outcome] = []
        for result in results:
            if isinstance(result, Item):
                items.append(result)
            else:
                ended.append(result)
        self._settle(ended)
        return items

    async def _to_send(self, items: list[Item]) -> list[Item]:
        if self.nulls is not None:
            self.nulls.look(items)
        free, held = await self.held.among(self.diff.changed(items))
        if held:
            self.settlement.record(held)
        return free

    def _settle(self, outcomes: list[Outcome]) -> None:
        """Records outcomes of records that ended before they became items; they count as read here."""
        self.report.read += len(outcomes)
        for outcome in outcomes:
            if outcome.action is Action.REJECTED:
                self._rejected(outcome.item)
        if outcomes:
            self.settlement.record(outcomes)

    def _rejected(self, item: Item) -> None:
        """Gives it the target key by which its children are known, where it has one without an output. What parts a
        record has that was refused as a whole is not known."""
        if self.transform.each is not None and not self.transform.is_part(item.key):
            self.dedupe.sure = False
        elif not item.target_key:
            item.target_key = self.transform.key_alone(item.record)
