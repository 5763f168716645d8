"""A few source records and what they become: read live or from a file; nothing is written, not even to the state."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from etl.assemble.compiled import sensitive_of, target_of
from etl.assemble.looking import looking
from etl.assemble.workspace import Workspace
from etl.errors import RecordRejected, Refused
from etl.mapping.load import Loaded
from etl.model import Item, Record
from etl.pipeline import Pipeline
from etl.ports import Clock
from etl.report import MappingReport
from etl.shape.detail import detail_refused
from etl.story import Part, Teller
from etl.transform import Transform


async def preview(
    workspace: Workspace,
    loaded: Loaded,
    count: int,
    *,
    records: Sequence[Record] | None = None,
    clock: Clock | None = None,
) -> list[Part]:
    """What the first `count` records become, each step of each field told. `records`: these instead of the source's,
    taken as they are: no detail is asked for.

    Raises ConnectionFailed where the source, or a lookup that is used, can't be read.
    """
    async with looking(workspace, limit=count, clock=clock) as jobs:
        if records is not None:
            teller = teller_of(workspace, loaded, await jobs.transform(loaded.spec))
            return [
                part for record in records[:count] for part in teller.tell(key_of(teller.transform, record), record)
            ]
        pipeline = await jobs.ready(loaded, MappingReport(loaded.spec.name))
        teller = teller_of(workspace, loaded, pipeline.shaper.transform)
        found: list[Part] = []
        try:
            async with aclosing(_first(pipeline, count)) as sample:
                async for record in sample:
                    found += await told(pipeline, teller, record)
        finally:
            pipeline.shaper.close()
        return found


async def told(pipeline: Pipeline, teller: Teller, record: Record) -> list[Part]:
    """What a record as the source lists it becomes; its full form is asked for as a run would."""
    key = key_of(teller.transform, record)
    try:
        full = await full_of(pipeline, record)
    except Refused as answer:
        return [Part(key, record, None, detail_refused(Item(key, record), answer))]
    return teller.tell(key, record, full)


async def full_of(pipeline: Pipeline, record: Record) -> Record | None:
    """The record's full form; None where the mapping wants none, or leaves the record out before. Raises Refused."""
    transform, details = pipeline.shaper.transform, pipeline.shaper.details
    try:
        if transform.where_early and not transform.kept(record):
            return None
    except RecordRejected:
        return None
    return None if details is None else await details.full(record)


def key_of(transform: Transform, record: Record) -> str:
    """The record's key in words: one that is looked at need not have any."""
    try:
        return transform.source_key(record) or "(no key)"
    except RecordRejected:
        return "(no key)"


def teller_of(workspace: Workspace, loaded: Loaded, transform: Transform) -> Teller:
    """Who tells the mapping's story, what is sensitive hidden."""
    spec = loaded.spec
    return Teller(spec, transform, dict(target_of(workspace, spec).written()), sensitive_of(workspace, spec))


async def _first(pipeline: Pipeline, count: int) -> AsyncGenerator[Record]:
    """The first records of the source."""
    async with aclosing(pipeline.pages()) as pages:
        async for page in pages:
            for record in page.records[:count]:
                yield record
            count -= len(page.records)
            if count <= 0:
                return
