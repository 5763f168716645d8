"""One mapping made ready: its transform compiled, its source and target opened, its pipeline built."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from etl.assemble.connections import Connections
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.catalogue import Endpoint
from etl.errors import StateError
from etl.expressions.parse import names_used, parse
from etl.expressions.scope import Scope
from etl.mapping.load import Loaded
from etl.model import DetailSpec, MappingReport, MappingSpec, Page, RunOptions, Schema
from etl.pipeline import Pipeline, Writer
from etl.ports import MappingState, State
from etl.ports import Scope as StateScope
from etl.reading import Parents, read, read_all
from etl.settle import Settlement
from etl.shape import Detail, Shaper
from etl.steps.drift import Drift
from etl.transform import Transform, build_transform, compile_text
from etl.writers import PlanWriter, UpsertWriter


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
        if loaded.spec.renamed_from and not self.options.plan:
            project = self.workspace.project
            self.state.rename(project.name, project.environment, loaded.spec.renamed_from, loaded.spec.name)
        await self._claim(where)
        try:
            pipeline = await self._pipeline(loaded, self.state.mapping(where), report)
            await pipeline.run()
        finally:
            self.state.release(where)

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

    async def _pipeline(self, loaded: Loaded, state: MappingState, report: MappingReport) -> Pipeline:
        spec = loaded.spec
        target = self.connections.endpoint(spec.target.connection, spec.target.endpoint)
        secret = self.state.secret(self.workspace.project.name)
        tables = await self.tables.of(spec, self.scope, self._rejected_keys(spec))
        transform = self._transform(spec, target, replace(self.scope, tables=tables), secret)
        settlement = Settlement(
            state, report, self.run_id, spec.limits, sensitive=self._sensitive(spec, target), secret=secret
        )
        source = self.connections.source(spec.source.connection, spec.source.endpoint)
        shaper = Shaper(
            transform=transform,
            source=source,
            state=state,
            settlement=settlement,
            report=report,
            drift=self._drift(spec, report),
            detail=self._detail(spec),
            held=self._held(spec, target),
            last_wins=spec.target.on_duplicate == "last",
            resend=self.options.resend,
        )
        reading = read_all(spec.source.params)
        report.reading = reading.words
        parents = self._parents(spec)

        def pages() -> AsyncIterator[Page]:
            return read(reading, source) if parents is None else parents.read(reading, source, transform.scope)

        return Pipeline(
            pages=pages,
            shaper=shaper,
            settlement=settlement,
            writer=self._writer(spec, state, settlement, report),
            stop=self.stop,
            batch_size=min(spec.target.batch_size or target.batch_default, target.batch_max),
            writers=1 if spec.target.on_duplicate == "last" else 2,
            limit=self.options.limit,
        )

    def _writer(self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport) -> Writer:
        if self.options.plan:
            return PlanWriter(state, report, settlement.stored)
        return UpsertWriter(self.connections.target(spec.target.connection, spec.target.endpoint))

    # --- what is compiled from the mapping and the catalogue

    def _transform(self, spec: MappingSpec, target: Endpoint, scope: Scope, secret: bytes) -> Transform:
        source = self.connections.endpoint(spec.source.connection, spec.source.endpoint)
        return build_transform(
            spec,
            scope,
            source_key=spec.source.key or source.key,
            detail_only=frozenset(name for name, field in source.fields.items() if field.detail_only),
            target_fields=target.written(),
            target_key=spec.target.key or target.target_key or target.key,
            normalise=target.normalise_key,
            secret=secret,
        )

    def _detail(self, spec: MappingSpec) -> Detail | None:
        wanted = spec.source.detail
        if wanted is None:
            return None
        endpoint = self.connections.endpoint(spec.source.connection, spec.source.endpoint)
        keep = _looked_at(spec, wanted)
        sensitive = {name for name, field in endpoint.fields.items() if field.sensitive}
        keep = None if keep is None or keep & sensitive else keep
        return Detail(
            when=compile_text(wanted.when),
            reuse=compile_text(wanted.reuse or endpoint.version),
            keep=keep,
            digest=hashlib.sha256(" ".join(sorted(keep)).encode()).hexdigest()[:12] if keep else "",
        )

    def _parents(self, spec: MappingSpec) -> Parents | None:
        wanted = spec.source.parent
        if wanted is None:
            return None
        endpoint = self.connections.endpoint(spec.source.connection, spec.source.endpoint)
        return Parents(
            source=self.connections.source(spec.source.connection, wanted.endpoint),
            spec=wanted,
            where=compile_text(wanted.where),
            params={
                name: compiled
                for name, path in (endpoint.parent or {}).get("params", {}).items()
                if (compiled := compile_text(path)) is not None
            },
        )

    def _drift(self, spec: MappingSpec, report: MappingReport) -> Drift:
        endpoint = self.connections.endpoint(spec.source.connection, spec.source.endpoint)
        extra = [*spec.source.extra_fields, *([spec.source.parent.alias] if spec.source.parent else [])]
        drift = Drift(endpoint.fields, extra=extra)
        report.drift = drift.counts
        return drift

    def _sensitive(self, spec: MappingSpec, target: Endpoint) -> frozenset[str]:
        """Target fields whose values are nobody's business: by the mapping, the target, or where they come from."""
        source = self.connections.endpoint(spec.source.connection, spec.source.endpoint)
        hidden = {name for name, field in source.fields.items() if field.sensitive}
        schemas = target.written()
        return frozenset(
            field.name
            for field in spec.fields
            if field.sensitive
            or schemas.get(field.name, Schema()).sensitive
            or (field.value is not None and hidden & (names_used(parse(field.value)) or frozenset()))
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


def _looked_at(spec: MappingSpec, detail: DetailSpec) -> frozenset[str] | None:
    """The record's top-level fields that any expression looks at; None where one looks at the record as a whole."""
    source = spec.source
    texts = [field.value for field in spec.fields]
    texts += [source.where, *source.key, source.each.items if source.each else None]
    names: set[str] = set()
    for text in texts:
        if text is None:
            continue
        used = names_used(parse(text))
        if used is None:
            return None
        names |= used
    return frozenset(names)
