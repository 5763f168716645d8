"""One mapping made ready: its transform compiled, its source and target opened, its pipeline built."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from etl.assemble.compiled import detail_of, drift_of, sensitive_of, target_of, transform_of, veil_of
from etl.assemble.connections import Connections
from etl.assemble.files import publish, warn_of_gone_file, with_version, writes_files
from etl.assemble.periods import closed_periods
from etl.assemble.reads import Reads
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.assemble.writing import Writing
from etl.catalogue import Endpoint
from etl.checkpoints import Checkpoints
from etl.errors import Interrupted, StateError
from etl.expressions.scope import Scope
from etl.gone import Gone
from etl.mapping.load import Loaded
from etl.model import Page
from etl.pipeline import Pipeline
from etl.ports import Clock, MappingState, State, Veil
from etl.ports import Scope as StateScope
from etl.report import MappingReport, RunOptions
from etl.run import OthersFirst
from etl.settle import Settlement
from etl.shape import Dedupe, Details, Diff, Doubles, Held, Shaper, TakenUp
from etl.specs import MappingSpec
from etl.steps.nulls import NullFields
from etl.steps.rekeyed import Rekeyed
from etl.transform import Transform

log = logging.getLogger("etl.run")
WAIT = 1.0
"""Seconds between two tries to have a mapping that another run has."""


@dataclass(slots=True)
class Jobs:
    """Builds and runs the mappings of one run."""

    workspace: Workspace
    options: RunOptions
    connections: Connections
    tables: Tables
    state: State
    scope: Scope
    run_id: str
    stop: asyncio.Event
    writing: Writing = field(init=False)

    def __post_init__(self) -> None:
        self.writing = Writing(self.workspace, self.options, self.connections, self.state, self.run_id, self.stop)

    async def work(self, loaded: Loaded, report: MappingReport, others_first: OthersFirst) -> None:
        """Runs one mapping. Raises what stopped it."""
        where = self.place(loaded.spec)
        self._take_over(loaded.spec)
        await self._claim(where)
        try:
            state = self._state_of(loaded.spec)
            reads = self._reads(loaded, state)
            pipeline = await self._pipeline(loaded, state, report, reads)
            async with self._published(loaded.spec, state, pipeline.settlement, report):
                try:
                    await pipeline.run()
                finally:
                    report.warnings += reads.remarks()
                if self.options.retry:
                    return
                reads.came_to_its_end()
                gone = self.writing.gone(loaded.spec, pipeline, state, report)
                if gone is not None:
                    await self._settle(loaded.spec, gone, reads.saw_all() and pipeline.shaper.sure, others_first)
            report.warnings += pipeline.shaper.warnings()
            report.cursor = reads.done(moves=self.options.limit is None and self.options.since is None)
        finally:
            self.state.release(where)

    async def _settle(self, spec: MappingSpec, gone: Gone, complete: bool, others_first: OthersFirst) -> None:
        """What is gone, children before their parents. A limit stops the mapping before those that need it begin; where
        nothing is gone it waits for nobody, so that its cursor is stored."""
        if gone.count(complete=complete):
            goes_last = not self.options.plan and self.workspace.goes_last(spec)
            await gone.settle(complete=complete, behind=await others_first() if goes_last else ())

    @asynccontextmanager
    async def _published(
        self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport
    ) -> AsyncIterator[None]:
        """What is written to a file inside is shown at the end, however that comes about."""
        if not writes_files(self.workspace, spec) or spec.target.operation == "download":
            yield
            return
        target = self.writing.file(spec)
        if spec.target.operation == "upsert" and not self.options.resend:
            warn_of_gone_file(target, state, report)
        try:
            yield
        finally:
            if not self.options.plan:
                await publish(target, state, settlement)

    async def ready(self, loaded: Loaded, report: MappingReport) -> Pipeline:
        """The mapping's pipeline, built and not started: for commands that only look."""
        self._take_over(loaded.spec)
        state = self._state_of(loaded.spec)
        return await self._pipeline(loaded, state, report, self._reads(loaded, state))

    def _take_over(self, spec: MappingSpec) -> None:
        """What is stored under the mapping's old name."""
        if spec.renamed_from:
            project = self.workspace.project
            self.state.rename(project.name, project.environment, spec.renamed_from, spec.name)

    async def transform(self, spec: MappingSpec) -> Transform:
        """What the mapping makes of a record, its lookups loaded."""
        tables = await self.tables.of(spec, self.scope, self._rejected_keys(spec))
        secret = self.state.secret(self.workspace.project.name)
        return transform_of(self.workspace, spec, replace(self.scope, tables=tables), secret)

    def place(self, spec: MappingSpec) -> StateScope:
        """Whose state the mapping's is."""
        return self.writing.place(spec)

    async def _claim(self, where: StateScope) -> None:
        told = False
        while not self.state.claim(where):
            if not self.options.wait:
                raise StateError(
                    f"another run of '{where.mapping}' is under way",
                    "wait until it is done, or let this one wait with --wait",
                )
            if not told:
                log.warning("another run of '%s' is under way: this one waits until that is done", where.mapping)
                told = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stop.wait(), WAIT)
                raise Interrupted("interrupted while it waited for another run", "nothing was done")

    async def _pipeline(self, loaded: Loaded, state: MappingState, report: MappingReport, reads: Reads) -> Pipeline:
        spec = loaded.spec
        target = target_of(self.workspace, spec)
        secret = self.state.secret(self.workspace.project.name)
        transform = await self.transform(spec)
        transform = with_version(self.workspace, spec, transform)
        sensitive, detail = sensitive_of(self.workspace, spec), detail_of(self.workspace, spec)
        if reads.mapping_changed and not self.options.plan and (detail is None or detail.keep is None):
            state.forget_details()
        settlement = Settlement(
            state,
            report,
            self.run_id,
            spec.limits,
            planned=self.options.plan,
            sensitive=sensitive,
            secret=secret,
            veils_anew=bool(sensitive) and reads.mapping_changed and not self.options.plan,
            identify=partial(self.writing.save_ids, spec),
            watch_gone=spec.target.missing != "keep",
            clock=self._grouping(spec, reads),
        )
        report.reading = reads.reading.words
        retry = self.options.retry
        if retry:
            report.reading = "reads nothing: sends open rejects again"
        if retry and self.options.create:
            state.drop_intents(key for key in settlement.open_rejects if self._is_chosen(key))
        return Pipeline(
            pages=_no_pages if retry else reads.pages,
            checkpoints=None if retry else self._checkpoints(state, reads, settlement),
            takes_up=lambda reject: self._is_chosen(reject.key),
            shaper=self._shaper(spec, state, settlement, report, reads, transform),
            settlement=settlement,
            writer=self.writing.writer(spec, state, settlement, report, reads),
            stop=self.stop,
            batch_size=min(spec.target.batch_size or target.batch_default, target.batch_max),
            writers=1 if spec.target.on_duplicate == "last" else 2,
            limit=self.options.limit,
        )

    def _shaper(
        self,
        spec: MappingSpec,
        state: MappingState,
        settlement: Settlement,
        report: MappingReport,
        reads: Reads,
        transform: Transform,
    ) -> Shaper:
        target, veil, detail = target_of(self.workspace, spec), self._veil(spec), detail_of(self.workspace, spec)
        drift = drift_of(self.workspace, spec)
        report.drift = drift.counts
        dedupe = Dedupe(transform, settlement, report, drift)
        return Shaper(
            transform=transform,
            settlement=settlement,
            report=report,
            dedupe=dedupe,
            details=None if detail is None else Details(detail, transform, reads.source, state, reads.path_params),
            diff=Diff(
                transform,
                state,
                settlement,
                report,
                Doubles(state, spec.target.on_duplicate == "last", self._is_partial(reads), shown=veil is None),
                veil=veil,
                resend=self.options.resend and not self.writing.only_creates(spec),
                first=state.blank(),
                rekeyed=self._rekeyed(spec, reads, transform),
            ),
            held=Held(state, self._held(spec, target), closed_periods(spec, target, self.connections, self.scope)),
            taken_up=TakenUp(
                transform,
                settlement,
                dedupe,
                ends_gone=spec.target.missing != "keep",
                saw_all=lambda: not self.options.retry and reads.saw_all(),
            ),
            nulls=NullFields(spec.fields),
        )

    def _is_partial(self, reads: Reads) -> bool:
        """Only some of the source's records are looked at; of a changed mapping the ledger's keys may mean nothing."""
        if self.options.retry:
            return True
        whole = reads.reading.complete and reads.resumed is None and self.options.limit is None
        return not whole and not reads.mapping_changed

    def _grouping(self, spec: MappingSpec, reads: Reads) -> Clock | None:
        """What times the groups in which accepted records are stored; None where each must be at once.

        A run that looks at some records only asks the ledger who has which key in the target.
        """
        groups = self.writing.harmless_again(spec) and not self._is_partial(reads)
        return self.connections.clock if groups else None

    def _checkpoints(self, state: MappingState, reads: Reads, settlement: Settlement) -> Checkpoints | None:
        if reads.first is None:
            return None
        return Checkpoints(state, self.connections.clock, reads.first, settlement.flush)

    def _is_chosen(self, key: str) -> bool:
        return not self.options.keys or key in self.options.keys

    def _rekeyed(self, spec: MappingSpec, reads: Reads, transform: Transform) -> Rekeyed | None:
        """What watches over keys in a target that knows records by nothing else."""
        if not self.writing.by_key(spec):
            return None
        refuses = reads.mapping_changed and not self.options.plan and not self.options.allow_rekey
        return Rekeyed(refuses, shown=self._veil(spec) is None)

    def _reads(self, loaded: Loaded, state: MappingState) -> Reads:
        spec, clock = loaded.spec, self.connections.clock
        place = (self.workspace, spec, self.connections, state, self.options, self.scope)
        return Reads.prepare(*place, clock=clock, run_id=self.run_id)

    # --- children of what was rejected

    def _rejected_keys(self, spec: MappingSpec) -> dict[str, frozenset[str]]:
        """Mapping → source keys of its open rejects, of those mappings that a lookup names."""
        names = {lookup.mapping for lookup in spec.lookups.values() if lookup.mapping}
        specs = [each.spec for each in (*self.workspace.known, *self.workspace.context) if each.spec.name in names]
        return {each.name: frozenset(reject.key for reject in self._state_of(each).rejects()) for each in specs}

    def _held(self, spec: MappingSpec, target: Endpoint) -> dict[str, frozenset[str]]:
        """Field that names a parent → target keys of parents that were refused and that nobody has written."""
        held: dict[str, frozenset[str]] = {}
        for name, endpoint in target.references.items():
            writers = [
                each.spec
                for each in self.workspace.known
                if (each.spec.target.connection, each.spec.target.endpoint) == (spec.target.connection, endpoint)
            ]
            keys = {key for writer in writers for key in self._refused_targets(writer)}
            keys -= {key for writer in writers for key in self._state_of(writer).targets(sorted(keys))}
            if keys:
                held[name] = frozenset(keys)
        return held

    def _refused_targets(self, spec: MappingSpec) -> list[str]:
        state = self._state_of(spec)
        rejects = {reject.key: reject.target_key for reject in state.rejects() if reject.target_key}
        accepted = state.known(list(rejects))
        return [target_key for key, target_key in rejects.items() if key not in accepted]

    def _state_of(self, spec: MappingSpec) -> MappingState:
        return self.state.mapping(self.place(spec), self._veil(spec))

    def _veil(self, spec: MappingSpec) -> Veil | None:
        return veil_of(self.workspace, spec, self.state.secret(self.workspace.project.name))


async def _no_pages() -> AsyncGenerator[Page]:
    """Of a source that is not read."""
    nothing: tuple[Page, ...] = ()
    for page in nothing:
        yield page
