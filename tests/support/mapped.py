"""A whole mapping between twins in memory: read, shaped, written and settled as in a run, as often as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from etl.errors import EtlError
from etl.expressions.scope import Scope
from etl.gone import Gone
from etl.model import Json, Page, Record, Schema
from etl.pipeline import Pipeline, Writer
from etl.ports import MappingState, ReadRequest, State
from etl.ports import Scope as StateScope
from etl.report import MappingReport
from etl.settle import Settlement
from etl.shape import Barrier, Dedupe, Detail, Details, Diff, Doubles, Held, Shaper, TakenUp
from etl.specs import EachSpec, FieldSpec, Limit, LimitsSpec, MappingSpec, SourceSpec, TargetSpec
from etl.state import open_state
from etl.state.rehearsal import Rehearsal
from etl.steps.drift import Drift
from etl.transform import build_transform
from etl.writers import CarefulWriter, DeleteWriter, PlanWriter, UpsertWriter
from tests.support.memory import MemorySource, MemoryTarget

SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected")
FIELDS = {
    "externalId": Schema("string", nullable=False),
    "name": Schema("string"),
    "owner": Schema("string"),
    "active": Schema("boolean"),
}
PLACE = StateScope("acme", "", "things", "memory things")
SECRET = b"k" * 32


@dataclass
class Mapped:
    """`things` by their id become records by `externalId`."""

    store: State
    source: MemorySource = field(default_factory=lambda: MemorySource([]))
    target: MemoryTarget = field(default_factory=MemoryTarget)
    fields: dict[str, str] = field(default_factory=lambda: {"externalId": "concat('t-', id)", "name": "title"})
    where: str | None = None
    key: str = "id"
    each: EachSpec | None = None
    detail: Detail | None = None
    barrier: Barrier | None = None
    missing: Any = "keep"
    limits: LimitsSpec = field(default_factory=LimitsSpec)
    sensitive: frozenset[str] = frozenset()
    wrapped: Callable[[UpsertWriter], Writer] = lambda writer: writer
    runs: int = 0
    failure: EtlError | None = None

    @property
    def state(self) -> MappingState:
        return self.store.mapping(PLACE)

    def run(self, *, plan: bool = False, sure: bool = True, stop: asyncio.Event | None = None) -> MappingReport:
        """A run, or a plan; what stopped it is in `failure`. `sure`: the read is not disturbed by anything."""
        report = MappingReport("things")
        self.failure = None
        try:
            asyncio.run(self._run(report, plan, sure, stop or asyncio.Event()))
        except EtlError as error:
            self.failure = error
        finally:
            report.unsettled = report.read - sum(getattr(report, name) for name in SETTLED)
        return report

    async def _run(self, report: MappingReport, plan: bool, sure: bool, stop: asyncio.Event) -> None:
        self.runs += 1
        with closing(open_state("memory:", Path())) as scratch:
            store = Rehearsal(self.store, scratch) if plan else self.store
            await self._read_and_write(store.mapping(PLACE), report, plan, sure, stop)

    async def _read_and_write(
        self, state: MappingState, report: MappingReport, plan: bool, sure: bool, stop: asyncio.Event
    ) -> None:
        run_id = f"run{self.runs}"
        pipeline = self._pipeline(report, state, run_id, plan, stop)
        pipeline.shaper.taken_up.ends_gone = self.missing != "keep"
        pipeline.shaper.taken_up.saw_all = lambda: sure
        await pipeline.run()
        if self.missing != "keep":
            sender = DeleteWriter(self.target) if self.missing == "delete" else UpsertWriter(self.target)
            gone = Gone(
                missing=self.missing,
                state=state,
                settlement=pipeline.settlement,
                report=report,
                transform=pipeline.shaper.transform,
                run_id=run_id,
                limit=self.limits.max_deletes,
                writer=None if plan else CarefulWriter(sender, state),
                stop=stop,
            )
            await gone.settle(complete=sure and pipeline.shaper.sure)

    def _pipeline(
        self, report: MappingReport, state: MappingState, run_id: str, plan: bool, stop: asyncio.Event
    ) -> Pipeline:
        settlement = Settlement(
            state,
            report,
            run_id,
            self.limits,
            sensitive=self.sensitive,
            secret=SECRET,
            watch_gone=self.missing != "keep",
            planned=plan,
        )
        transform = self._transform()
        dedupe = Dedupe(transform, settlement, report, Drift({}))
        shaper = Shaper(
            transform=transform,
            settlement=settlement,
            report=report,
            dedupe=dedupe,
            diff=Diff(transform, state, settlement, report, Doubles(state)),
            held=Held(state, barrier=self.barrier),
            taken_up=TakenUp(transform, settlement, dedupe),
            details=None if self.detail is None else Details(self.detail, transform, self.source, state),
        )
        sender = CarefulWriter(self.wrapped(UpsertWriter(self.target)), state)
        writer = PlanWriter(state, report, settlement.stored) if plan else sender
        return Pipeline(pages=self._pages, shaper=shaper, settlement=settlement, writer=writer, stop=stop, batch_size=4)

    def _transform(self) -> Any:
        spec = MappingSpec(
            name="things",
            file=Path("things.yaml"),
            source=SourceSpec("memory", "things", where=self.where, each=self.each),
            target=TargetSpec("memory", "things"),
            fields=tuple(FieldSpec(name, value=text) for name, text in self.fields.items()),
        )
        return build_transform(
            spec,
            Scope(now=datetime(2026, 1, 1, tzinfo=UTC)),
            source_key=[self.key],
            detail_only=frozenset({"owner"}),
            target_fields=FIELDS,
            target_key=["externalId"],
            secret=SECRET,
        )

    def _pages(self) -> AsyncIterator[Page]:
        return self.source.pages(ReadRequest())


def things(*numbers: int, **more: Json) -> list[Record]:
    return [{"id": number, "title": f"thing {number}", **more} for number in numbers]


def adds_up(report: MappingReport) -> bool:
    """Every record is accounted for, and nothing was left undone."""
    return report.unsettled == 0


def counted(report: MappingReport) -> Mapping[str, int]:
    """The counts that are not zero."""
    names = ("read", "duplicates", *SETTLED)
    return {name: getattr(report, name) for name in names if getattr(report, name)}


__all__ = ["Limit", "Mapped", "adds_up", "counted", "things"]
