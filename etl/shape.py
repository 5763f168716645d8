"""From a page of source records to the items that have to be sent: dedupe, where, detail, transform, diff."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol, TypeVar

from etl.doubles import Doubles
from etl.errors import RecordRejected, Refused
from etl.keys import canonical, compose, key_text, split
from etl.model import Action, Item, LedgerEntry, Outcome, Page, Record, Reject
from etl.ports import MappingState, Source, Veil
from etl.report import MappingReport
from etl.settle import CHANGED, Settlement
from etl.state.seen import SeenKeys
from etl.steps.drift import Drift
from etl.steps.nulls import NullFields
from etl.steps.rekeyed import Rekeyed
from etl.transform import Compiled, Transform, refused, truthy

DETAILS_AT_ONCE = 16

NO_KEY = "(no key) "
"""How the keys of rejects begin whose records have none."""


@dataclass(frozen=True, slots=True)
class Detail:
    """Which records' full form is asked for, and while which version a stored one serves.

    `keep`: top-level fields that the mapping looks at; only those are stored. None: nothing is stored.
    `brings`: fields that only a full form has, by which it is told from a record of the list.
    `digest` changes with `keep`, so that a stored form never lacks what a changed mapping needs.
    """

    when: Compiled | None = None
    reuse: Compiled | None = None
    keep: frozenset[str] | None = None
    digest: str = ""
    brings: frozenset[str] = frozenset()


class Barrier(Protocol):
    """What is known beforehand to be refused by the target (a closed period)."""

    async def load(self) -> None:
        """Learns it, when there is something to send. Raises ConnectionFailed."""

    def why(self, output: Record) -> str | None:
        """The reason, or None."""


Keyed = tuple[str, Record]
Result = TypeVar("Result")


@dataclass(slots=True)
class Shaper:
    """The middle of a pipeline. `held`: field (or fields, `a, b`) → target keys of its parent records that were
    rejected."""

    transform: Transform
    source: Source
    state: MappingState
    settlement: Settlement
    report: MappingReport
    drift: Drift
    doubles: Doubles
    detail: Detail | None = None
    veil: Veil | None = None
    held: dict[str, frozenset[str]] = field(default_factory=dict)
    barrier: Barrier | None = None
    resend: bool = False
    keep_details: bool = True
    nulls: NullFields | None = None
    rekeyed: Rekeyed | None = None
    ends_gone: bool = False
    """The mapping says what happens to records that are gone from the source."""
    saw_all: Callable[[], bool] = lambda: False
    """Whether what was not read is surely gone from the source."""
    sure: bool = True
    """Every record that was read could be told apart: what was not seen is not there."""
    parted: list[str] = field(default_factory=list)
    """Keys of records that were refused as a whole and could now be taken apart: settled when their parts are."""
    _parts: set[str] = field(default_factory=set)
    """Parts that this run has met of those that were rejected before: others of a record that was read are gone."""
    _keys: SeenKeys = field(default_factory=SeenKeys)
    _keyless: set[str] = field(default_factory=set)
    """Rejects of this run that have no key."""
    _intended: frozenset[str] | None = None
    """Keys of the creates that earlier runs left open."""

    async def shape(self, page: Page) -> list[Item]:
        """The items of a page that the target does not have yet; everything else is settled."""
        records = self._fresh(page)
        if self.transform.where_early:
            records = self._kept(records)
        if self.detail is not None:
            records = await self._detailed(records, self.detail)
        return await self._free(self._changed(self._applied(records, page.number)))

    async def full(self, record: Record) -> Record:
        """The record's full form, where the mapping wants it; else the record itself."""
        return await self.source.detail(record) if self._wants_detail(record) else record

    async def again(self, rejects: Iterable[Reject]) -> list[Item]:
        """Rejects of earlier runs that this read did not bring, through the mapping as it is now."""
        left = self._not_read(self._with_keys([reject for reject in rejects if reject.record]))
        if left and self.sure and self.ends_gone and self.saw_all():
            self.settlement.end_rejects(reject.key for reject in left)
            return []
        parts = [(reject.key, reject.record or {}) for reject in left if self._is_part(reject.key)]
        whole = [(reject.key, reject.record or {}) for reject in left if not self._is_part(reject.key)]
        if self.transform.where_early:
            whole = self._kept(whole)
        if self.detail is not None:
            whole = await self._completed(whole, self.detail)
        shaped = self._going_on(self.transform.shaped(Item(key, record)) for key, record in parts)
        return await self._free(self._changed(self._applied(whole, 0) + shaped))

    def _with_keys(self, rejects: list[Reject]) -> list[Reject]:
        """Those that can be told apart, some by a key that they had not before; others are refused once more."""
        keyed: list[Reject] = []
        for reject in rejects:
            key = self.transform.source_key(reject.record or {})
            if reject.key.startswith(NO_KEY) and (
                key is not None or (self.saw_all() and reject.key not in self._keyless)
            ):
                self.settlement.end_rejects([reject.key])
            if key is not None:
                keyed.append(replace(reject, key=key) if reject.key.startswith(NO_KEY) else reject)
            elif reject.key in self.settlement.open_rejects and reject.key not in self._keyless:
                self._no_key(reject.record or {}, 0)
        return keyed

    def _not_read(self, rejects: list[Reject]) -> list[Reject]:
        """Those whose record this run has not read."""
        read = self._keys.contains_many([self._whole_key(reject.key) for reject in rejects])
        met = [reject.key for reject, was_read in zip(rejects, read, strict=True) if was_read]
        self.settlement.end_rejects(key for key in met if self._is_part(key) and key not in self._parts)
        return [reject for reject, was_read in zip(rejects, read, strict=True) if not was_read]

    def _is_part(self, key: str) -> bool:
        """Whether it is the key of one part of a record that `each` takes apart."""
        return self.transform.each is not None and len(split(key)) > len(self.transform.key)

    def _whole_key(self, key: str) -> str:
        return compose(split(key)[:-1]) if self._is_part(key) else key

    async def _completed(self, records: list[Keyed], detail: Detail) -> list[Keyed]:
        """Records that were refused before their full form was known get it now."""
        bare = [pair for pair in records if not detail.brings & pair[1].keys()]
        return [pair for pair in records if detail.brings & pair[1].keys()] + await self._detailed(bare, detail)

    def null_fields(self) -> list[str]:
        """Warnings of fields that no record of this run had a value for."""
        return [] if self.nulls is None else self.nulls.warnings(self.report.written + self.report.unchanged)

    def close(self) -> None:
        """Removes what was spilled to disk."""
        self._keys.close()
        self.doubles.close()

    def _fresh(self, page: Page) -> list[Keyed]:
        self.drift.look(page.records)
        if page.total is not None:
            self.report.expected = max(self.report.expected or 0, page.total)
        keyed: list[Keyed] = []
        for record in page.records:
            key = self.transform.source_key(record)
            if key is None:
                self._no_key(record, page.number)
            else:
                keyed.append((key, record))
        new = self._keys.add_many([key for key, _ in keyed])
        fresh = [pair for pair, is_new in zip(keyed, new, strict=True) if is_new]
        self.report.duplicates += len(keyed) - len(fresh)
        return fresh

    def _no_key(self, record: Record, page: int) -> None:
        self.sure = False
        self.report.read += 1
        key = f"{NO_KEY}{self.transform.digest(record).hex()}"
        self._keyless.add(key)
        reason = "has no value for the source's key, so that it can't be told from others"
        self.settlement.record([Outcome(Item(key, record, page=page), Action.REJECTED, reason=reason, code="key")])

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

    def _settle(self, outcomes: list[Outcome]) -> None:
        """Records outcomes of records that ended before they became items; they count as read here."""
        self.report.read += len(outcomes)
        for outcome in outcomes:
            if outcome.action is Action.REJECTED and not outcome.item.target_key:
                outcome.item.target_key = self._key_alone(outcome.item)
        if self.transform.each is not None and any(self._is_unparted(outcome) for outcome in outcomes):
            self.sure = False
        if outcomes:
            self.settlement.record(outcomes)

    def _key_alone(self, item: Item) -> str:
        """The target key of a record that has no output, by which its children are known; empty where it has none."""
        if self.transform.each is not None and not self._is_part(item.key):
            return ""
        return self.transform.key_alone(item.record)

    def _is_unparted(self, outcome: Outcome) -> bool:
        """A record was refused as a whole: what parts it has is not known."""
        return outcome.action is Action.REJECTED and not self._is_part(outcome.item.key)

    async def _detailed(self, records: list[Keyed], detail: Detail) -> list[Keyed]:
        versions = {key: self._version(record, detail) for key, record in records}
        stored = self.state.details([key for key, version in versions.items() if version])
        gate = asyncio.Semaphore(DETAILS_AT_ONCE)

        async def full(key: str, record: Record) -> Keyed | Outcome:
            if not self._wants_detail(record):
                return key, record
            known = stored.get(key)
            if known is not None and known[0] == versions[key]:
                return key, {**record, **known[1]}
            async with gate:
                try:
                    return key, await self.source.detail(record)
                except Refused as answer:
                    return detail_refused(Item(key, record), answer)

        results = await _all_or_none([full(key, record) for key, record in records])
        self._settle([result for result in results if isinstance(result, Outcome)])
        full_forms = [result for result in results if not isinstance(result, Outcome)]
        self._store_details(full_forms, versions, stored, detail)
        return full_forms

    def _wants_detail(self, record: Record) -> bool:
        if self.detail is None:
            return False
        return self.detail.when is None or truthy(self.detail.when(record, self.transform.scope))

    def _version(self, record: Record, detail: Detail) -> str:
        """What must be the same for a stored full form to serve; empty: never."""
        if detail.reuse is None or detail.keep is None:
            return ""
        version = detail.reuse(record, self.transform.scope)
        return f"{detail.digest} {canonical(version).decode()}" if truthy(version) else ""

    def _store_details(
        self, records: list[Keyed], versions: dict[str, str], stored: dict[str, tuple[str, Record]], detail: Detail
    ) -> None:
        if detail.keep is None or not self.keep_details:
            return
        keep = detail.keep
        self.state.save_details(
            (key, versions[key], {name: value for name, value in record.items() if name in keep})
            for key, record in records
            if versions[key] and stored.get(key, ("",))[0] != versions[key]
        )

    def _applied(self, records: Iterable[Keyed], page: int) -> list[Item]:
        results: list[Item | Outcome] = []
        for key, record in records:
            parts = self.transform.apply(key, record, page)
            if self.transform.each is not None:
                self._note_parts(key, parts)
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

    def _note_parts(self, key: str, results: Iterable[Item | Outcome]) -> None:
        keys = {(result if isinstance(result, Item) else result.item).key for result in results}
        self._parts |= keys & self.settlement.open_rejects.keys()
        if key in self.settlement.open_rejects and key not in keys:
            self.parted.append(key)

    async def _free(self, items: list[Item]) -> list[Item]:
        """The items that nothing known beforehand holds back; the others are rejected with the reason."""
        if not items or not (self.held or self.barrier):
            return items
        if self.barrier is not None:
            await self.barrier.load()
        free: list[Item] = []
        ended: list[Outcome] = []
        for item in items:
            outcome = self.held_back(item)
            if outcome is None:
                free.append(item)
            else:
                ended.append(outcome)
        if ended:
            self.settlement.record(ended)
        return free

    def held_back(self, item: Item) -> Outcome | None:
        """The reject of an item that would be refused for sure; None for one that nothing is known against."""
        for names, keys in self.held.items():
            fields = names.split(", ")
            parent = _key_in(item.output, fields)
            if parent in keys:
                reason = f"its parent {parent!r} was rejected; it follows once that is accepted"
                return Outcome(item, Action.REJECTED, reason=reason, field=fields[-1], code="parent")
        closed = self.barrier.why(item.output) if self.barrier is not None else None
        if closed is not None and self._may_be_there(item):
            return None
        return None if closed is None else Outcome(item, Action.REJECTED, reason=closed, code="closed-period")

    def _may_be_there(self, item: Item) -> bool:
        """An earlier run may have created it, when that could still be done: that is looked up first."""
        if self._intended is None:
            self._intended = frozenset(intent.key for intent in self.state.intents())
        return item.key in self._intended

    def _changed(self, items: list[Item]) -> list[Item]:
        items = self._one_per_target(items)
        if self.nulls is not None:
            self.nulls.look(items)
        self.report.read += len(items)
        known = self._known(items)
        overwritten = self.doubles.overwritten(items)
        changed: list[Item] = []
        unchanged: list[Item] = []
        standing: list[Item] = []
        for item in items:
            item.known = known.get(item.key)
            same = item.known is not None and item.known.hash == item.hash and not item.known.gone
            same = same and item.target_key not in overwritten
            if self.stands(item):
                standing.append(item)
            elif same and not self.resend:
                unchanged.append(item)
            else:
                changed.append(item)
                if self.doubles.last_wins and item.target_key:
                    overwritten.add(item.target_key)
        if self.rekeyed is not None:
            self.rekeyed.look(changed)
        if unchanged:
            self.settlement.unchanged(unchanged)
        if standing:
            self.settlement.standing(standing)
        self.doubles.sent(changed)
        return self._without(changed, self.doubles.stored(changed))

    def _known(self, items: list[Item]) -> dict[str, LedgerEntry]:
        """Source key → what was accepted. Of a sensitive target key the ledger has something else in its place: where
        that is the item's, its key."""
        known = self.state.known([item.key for item in items])
        if self.veil is not None:
            for item in items:
                entry = known.get(item.key)
                if entry is not None and entry.target_key == self.veil(item.target_key):
                    entry.target_key = item.target_key
        return known

    def stands(self, item: Item) -> bool:
        """This very version was refused because it changed after its create: that is said once per version."""
        reject = self.settlement.open_rejects.get(item.key)
        if reject is None or reject.code != CHANGED or reject.output is None:
            return False
        return self.transform.digest(reject.output) == item.hash

    def _one_per_target(self, items: list[Item]) -> list[Item]:
        if not self.transform.target_key:
            return items
        doubles = self.doubles.among(items)
        self.report.read += len(doubles)
        return self._without(items, doubles)

    def _without(self, items: list[Item], refused: list[Outcome]) -> list[Item]:
        """The items but those that are refused, which count as read already."""
        if not refused:
            return items
        self.settlement.record(refused)
        out = {id(outcome.item) for outcome in refused}
        return [item for item in items if id(item) not in out]


def detail_refused(item: Item, answer: Refused) -> Outcome:
    """The reject of a record whose full form the source does not give."""
    reason = f"its full form was refused: {answer.reason}"
    return Outcome(item, Action.REJECTED, reason=reason, code="detail")


async def _all_or_none(calls: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results in order; where one call fails, the others are cancelled before its error goes on."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


def _key_in(output: Record, names: Sequence[str]) -> str | None:
    """The key that these fields hold together; None where one of them is null."""
    parts = [text for name in names if (text := key_text(output.get(name))) is not None]
    return compose(parts) if len(parts) == len(names) else None
