"""One record's whole story: found in its source, followed through the mapping, compared with what was last sent."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from etl.assemble.looking import looking
from etl.assemble.preview import full_of, teller_of
from etl.assemble.workspace import Workspace
from etl.errors import RecordRejected, Refused
from etl.keys import compose, split
from etl.mapping.load import Loaded
from etl.model import Action, Item, LedgerEntry, Outcome, Record
from etl.pipeline import Pipeline
from etl.ports import Clock
from etl.report import MappingReport
from etl.shape.detail import detail_refused
from etl.specs import MappingSpec
from etl.story import Memory, Part, Story, Teller, Verdict
from etl.writers.plan import changed_fields


async def explain(workspace: Workspace, loaded: Loaded, key: str, *, clock: Clock | None = None) -> Story | None:
    """The story of the record with this source key (`a,b` for a composed one), else of the one with this target key.

    None where neither the source nor the state knows it. Reads the source's list until the record is found, and
    writes nothing. Raises ConnectionFailed where the source can't be read.
    """
    async with looking(workspace, reread=True, clock=clock) as jobs:
        pipeline = await jobs.ready(loaded, MappingReport(loaded.spec.name))
        try:
            found = await _find(pipeline, loaded.spec, key)
            if found is None:
                return None
            return await _told(pipeline, teller_of(workspace, loaded, pipeline.shaper.transform), loaded.spec, found)
        finally:
            pipeline.shaper.close()


# --- finding the record --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Found:
    """`key`: the source key that is meant, an item's part of `each` included where one was named; `record`: None where
    the state alone knows it."""

    key: str
    by: Literal["source key", "target key"]
    record: Record | None


async def _find(pipeline: Pipeline, spec: MappingSpec, key: str) -> _Found | None:
    """Where the state knows the key as a source key, that is meant; else where it knows it as a target key."""
    state, rejects = pipeline.shaper.diff.state, pipeline.settlement.open_rejects
    spelled = _spellings(key)
    known = [each for each in spelled if each in rejects or state.known([each])]
    sent = None if known else state.targets([key]).get(key)
    wanted = [sent] if sent is not None else known or spelled
    search = _Search(pipeline, spec, wanted, None if known or sent is not None else key)
    await search.run()
    if search.found is not None:
        return replace(search.found, by="target key") if sent is not None else search.found
    if search.by_target is not None:
        return search.by_target
    return _Found(wanted[0], "source key" if known else "target key", None) if known or sent is not None else None


def _spellings(key: str) -> list[str]:
    """As it stands, and as the parts of a composed key."""
    parts = [part.strip() for part in key.split(",")]
    return list(dict.fromkeys([compose(split(key)), compose(parts)]))


@dataclass(slots=True)
class _Search:
    """Looks the source through for one of the keys; `target_key`: also for the first record that becomes this."""

    pipeline: Pipeline
    spec: MappingSpec
    wanted: Sequence[str]
    target_key: str | None
    found: _Found | None = None
    by_target: _Found | None = None

    async def run(self) -> None:
        async with aclosing(self.pipeline.pages()) as pages:
            async for page in pages:
                for record in page.records:
                    self._look(record)
                    if self.found is not None:
                        return

    def _look(self, record: Record) -> None:
        transform = self.pipeline.shaper.transform
        try:
            key = transform.source_key(record)
        except RecordRejected:
            return
        if key is None:
            return
        match = next((each for each in self.wanted if self._is(each, key)), None)
        if match is not None:
            self.found = _Found(match, "source key", record)
        elif self.target_key is not None and self.by_target is None:
            items = [each for each in transform.apply(key, record) if isinstance(each, Item)]
            same = next((item.key for item in items if item.target_key == self.target_key), None)
            self.by_target = None if same is None else _Found(same, "target key", record)

    def _is(self, wanted: str, key: str) -> bool:
        """A record is meant by its own key, and by that of one of its items."""
        if wanted == key:
            return True
        parts = split(wanted)
        return self.spec.source.each is not None and len(parts) > 1 and compose(parts[:-1]) == key


# --- telling -------------------------------------------------------------------------------------


async def _told(pipeline: Pipeline, teller: Teller, spec: MappingSpec, found: _Found) -> Story:
    if found.record is None:
        return Story(found.key, found.by, memories=(_memory(pipeline, spec, found.key, None),))
    key = teller.transform.source_key(found.record) or found.key
    full: Record | None = None
    try:
        full = await full_of(pipeline, found.record)
        parts = teller.tell(key, found.record, full)
    except Refused as answer:
        parts = [Part(key, found.record, None, detail_refused(Item(key, found.record), answer))]
    parts = [part for part in parts if found.key in (key, part.key)] or parts
    await pipeline.shaper.held.load()
    memories = tuple(_memory(pipeline, spec, part.key, part.result) for part in parts)
    return Story(found.key, found.by, found.record, full, tuple(parts), memories)


def _memory(pipeline: Pipeline, spec: MappingSpec, key: str, result: Item | Outcome | None) -> Memory:
    state = pipeline.shaper.diff.state
    sent = state.known([key]).get(key)
    if sent is not None:
        sent.output = state.output(key)
    memory = Memory(
        key,
        "gone",
        sent,
        pipeline.settlement.open_rejects.get(key),
        next((intent for intent in state.intents() if intent.key == key), None),
    )
    return memory if result is None else _judged(pipeline, spec, memory, result)


def _judged(pipeline: Pipeline, spec: MappingSpec, memory: Memory, result: Item | Outcome) -> Memory:
    """What a run would do with it."""
    if isinstance(result, Item):
        held = None if _is_unchanged(memory.sent, result) else pipeline.shaper.held.back(result)
        if held is None and pipeline.shaper.diff.stands(result) and memory.reject is not None:
            return replace(memory, verdict="reject", reason=memory.reject.reason)
        if held is None:
            return _written(pipeline, spec, memory, result)
        result = held
    verdict: Verdict = "leave out" if result.action is Action.FILTERED else "reject"
    reason = f"field '{result.field}': {result.reason}" if result.field else result.reason
    return replace(memory, verdict=verdict, reason=reason)


def _is_unchanged(sent: LedgerEntry | None, item: Item) -> bool:
    return sent is not None and not sent.gone and sent.hash == item.hash


def _written(pipeline: Pipeline, spec: MappingSpec, memory: Memory, item: Item) -> Memory:
    sent = memory.sent
    if spec.target.operation == "delete":
        return replace(memory, verdict="delete")
    if sent is None or sent.gone:
        return replace(memory, verdict="create")
    if _is_unchanged(sent, item):
        return replace(memory, verdict="unchanged")
    return replace(
        memory, verdict="update", changes=changed_fields(sent.output or {}, pipeline.settlement.stored(item.output))
    )
