"""One mapping made ready: its transform compiled, its source and target opened, its pipeline built."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

from etl.assemble.compiled import detail_of, drift_of, sensitive_of, target_of, transform_of
from etl.assemble.connections import Connections
from etl.assemble.files import (
    download_writer,
    file_target,
    file_writer,
    publish,
    warn_of_gone_file,
    with_version,
    writes_files,
)
from etl.assemble.periods import closed_periods
from etl.assemble.reads import Reads
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.catalogue import Endpoint
from etl.connectors.files_target import FilesTarget
from etl.errors import StateError
from etl.expressions.scope import Scope
from etl.gone import Gone
from etl.mapping.load import Loaded
from etl.model import Json, MappingReport, MappingSpec, RunOptions
from etl.pipeline import Pipeline, Writer
from etl.ports import MappingState, State, Target
from etl.ports import Scope as StateScope
from etl.settle import Settlement
from etl.shape import Shaper
from etl.steps.nulls import NullFields
from etl.transform import Transform
from etl.writers import DeleteWriter, OnceWriter, PlanWriter, UpdateWriter, UpsertWriter


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

    async def work(self, loaded: Loaded, report: MappingReport) -> None:
        """Runs one mapping. Raises what stopped it."""
        where = self.place(loaded.spec)
        self._take_over(loaded.spec)
        await self._claim(where)
        try:
            state = self.state.mapping(where)
            reads = self._reads(loaded, state)
            pipeline = await self._pipeline(loaded, state, report, reads)
            async with self._published(loaded.spec, state, pipeline.settlement, report):
                try:
                    await pipeline.run()
                finally:
                    report.warnings += reads.remarks()
                reads.came_to_its_end()
                gone = self._gone(loaded.spec, pipeline, state, report)
                if gone is not None:
                    await gone.settle(complete=reads.saw_all() and pipeline.shaper.sure)
            report.warnings += pipeline.shaper.null_fields()
            report.cursor = reads.done(moves=self.options.limit is None and self.options.since is None)
        finally:
            self.state.release(where)

    @asynccontextmanager
    async def _published(
        self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport
    ) -> AsyncIterator[None]:
        """What is written to a file inside is shown at the end, however that comes about."""
        if not writes_files(self.workspace, spec) or spec.target.operation == "download":
            yield
            return
        target = self._file(spec)
        warn_of_gone_file(target, state, report, spec.target.operation)
        try:
            yield
        finally:
            if not self.options.plan:
                await publish(target, state, settlement)

    async def ready(self, loaded: Loaded, report: MappingReport) -> Pipeline:
        """The mapping's pipeline, built and not started: for commands that only look."""
        self._take_over(loaded.spec)
        state = self.state.mapping(self.place(loaded.spec))
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
        project = self.workspace.project
        origin = f"{self.connections.origin(spec.target.connection)} {spec.target.endpoint}"
        return StateScope(project.name, project.environment, spec.name, origin)

    async def _claim(self, where: StateScope) -> None:
        while not self.state.claim(where):
            if not self.options.wait:
                raise StateError(
                    f"another run of '{where.mapping}' is under way",
                    "wait until it is done, or let this one wait with --wait",
                )
            await asyncio.sleep(1)

    async def _pipeline(self, loaded: Loaded, state: MappingState, report: MappingReport, reads: Reads) -> Pipeline:
        spec = loaded.spec
        target = target_of(self.workspace, spec)
        secret = self.state.secret(self.workspace.project.name)
        transform = await self.transform(spec)
        transform = with_version(self.workspace, spec, transform)
        settlement = Settlement(
            state,
            report,
            self.run_id,
            spec.limits,
            planned=self.options.plan,
            sensitive=sensitive_of(self.workspace, spec),
            secret=secret,
            identify=partial(self._save_ids, spec),
            watch_gone=spec.target.missing != "keep",
        )
        report.reading = reads.reading.words
        drift = drift_of(self.workspace, spec)
        report.drift = drift.counts
        shaper = Shaper(
            transform=transform,
            source=reads.source,
            state=state,
            settlement=settlement,
            report=report,
            drift=drift,
            nulls=NullFields(spec.fields),
            detail=detail_of(self.workspace, spec),
            held=self._held(spec, target),
            barrier=closed_periods(spec, target, self.connections, self.scope),
            last_wins=spec.target.on_duplicate == "last",
            all_seen=lambda: spec.target.missing != "keep" and reads.saw_all(),
            resend=self.options.resend and not _only_creates(spec, target),
        )
        return Pipeline(
            pages=reads.pages,
            checkpoints=reads.checkpoints,
            shaper=shaper,
            settlement=settlement,
            writer=self._writer(spec, state, settlement, report, reads),
            stop=self.stop,
            batch_size=min(spec.target.batch_size or target.batch_default, target.batch_max),
            writers=1 if spec.target.on_duplicate == "last" else 2,
            limit=self.options.limit,
        )

    def _writer(
        self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport, reads: Reads
    ) -> Writer:
        endpoint, wanted = target_of(self.workspace, spec), spec.target.operation
        if self.options.plan:
            return PlanWriter(state, report, settlement.stored, delete=wanted == "delete")
        if wanted == "download":
            return download_writer(self.workspace, spec, self.connections, reads, state)
        target = self._target(spec)
        if isinstance(target, FilesTarget):
            return file_writer(spec, target)
        if wanted == "delete":
            return DeleteWriter(target)
        if wanted == "update":
            return UpdateWriter(target, endpoint.id_field)
        if wanted == "upsert" and _upserts(endpoint):
            return UpsertWriter(target)
        return OnceWriter(
            target=target,
            state=state,
            clock=self.connections.clock,
            run_id=self.run_id,
            find_first=wanted == "upsert",
            updates="update" in endpoint.operations,
            known_ids=partial(self._ids, spec),
            adopt=settlement.adopt,
        )

    def _gone(self, spec: MappingSpec, pipeline: Pipeline, state: MappingState, report: MappingReport) -> Gone | None:
        """What deals with records that are gone; None where they are kept, or where not all was looked at."""
        if spec.target.missing == "keep" or self.options.limit is not None:
            return None
        return Gone(
            missing=spec.target.missing,
            state=state,
            settlement=pipeline.settlement,
            report=report,
            transform=pipeline.shaper.transform,
            run_id=self.run_id,
            limit=spec.limits.max_deletes,
            writer=None if self.options.plan else self._gone_writer(spec),
            stop=self.stop,
        )

    def _gone_writer(self, spec: MappingSpec) -> Writer:
        target = self._target(spec)
        if spec.target.missing == "delete":
            return DeleteWriter(target)
        upserts = writes_files(self.workspace, spec) or "upsert" in target_of(self.workspace, spec).operations
        return UpsertWriter(target) if upserts else UpdateWriter(target, None)

    def _target(self, spec: MappingSpec) -> Target:
        if writes_files(self.workspace, spec):
            return self._file(spec)
        return self.connections.target(spec.target.connection, spec.target.endpoint, lossy=spec.target.lossy)

    def _file(self, spec: MappingSpec) -> FilesTarget:
        secret = self.state.secret(self.workspace.project.name)
        return file_target(self.connections, spec, self.place(spec), secret)

    # --- ids of target records, shared by mappings

    def _ids(self, spec: MappingSpec, target_keys: Sequence[str]) -> dict[str, Json]:
        where = self.place(spec)
        return self.state.identities(where.project, where.environment, where.origin, target_keys)

    def _save_ids(self, spec: MappingSpec, ids: list[tuple[str, Json]]) -> None:
        where = self.place(spec)
        self.state.save_identities(where.project, where.environment, where.origin, ids)

    def _reads(self, loaded: Loaded, state: MappingState) -> Reads:
        spec = loaded.spec
        return Reads.prepare(
            self.workspace,
            spec,
            self.connections,
            state,
            self.options,
            self.scope,
            clock=self.connections.clock,
            run_id=self.run_id,
        )

    # --- children of what was rejected

    def _rejected_keys(self, spec: MappingSpec) -> dict[str, frozenset[str]]:
        """Mapping → source keys of its open rejects, of those mappings that a lookup names."""
        names = {lookup.mapping for lookup in spec.lookups.values() if lookup.mapping}
        specs = [each.spec for each in (*self.workspace.known, *self.workspace.context) if each.spec.name in names]
        return {
            each.name: frozenset(reject.key for reject in self.state.mapping(self.place(each)).rejects())
            for each in specs
        }

    def _held(self, spec: MappingSpec, target: Endpoint) -> dict[str, frozenset[str]]:
        """Field that names a parent → target keys of parents that were refused and never accepted."""
        held: dict[str, frozenset[str]] = {}
        for name, endpoint in target.references.items():
            writers = [
                each.spec
                for each in self.workspace.known
                if (each.spec.target.connection, each.spec.target.endpoint) == (spec.target.connection, endpoint)
            ]
            keys = {key for writer in writers for key in self._refused_targets(writer)}
            if keys:
                held[name] = frozenset(keys)
        return held

    def _refused_targets(self, spec: MappingSpec) -> list[str]:
        state = self.state.mapping(self.place(spec))
        rejects = {reject.key: reject.target_key for reject in state.rejects() if reject.target_key}
        accepted = state.known(list(rejects))
        return [target_key for key, target_key in rejects.items() if key not in accepted]


def _only_creates(spec: MappingSpec, target: Endpoint) -> bool:
    """What was created is not sent again where the target can't update it."""
    creates = spec.target.operation == "create" or (spec.target.operation == "upsert" and not _upserts(target))
    return creates and "update" not in target.operations


def _upserts(target: Endpoint) -> bool:
    """It has an upsert that may be sent again without harm."""
    return "upsert" in target.operations and target.operations["upsert"].idempotent
