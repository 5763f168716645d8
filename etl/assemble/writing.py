"""How one mapping reaches its target: the writer that fits its operation and what the target can do."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from etl.assemble.compiled import marks_of, target_key_of, target_of
from etl.assemble.connections import Connections
from etl.assemble.files import download_writer, file_target, file_writer, writes_files
from etl.assemble.reads import Reads
from etl.assemble.workspace import Workspace
from etl.catalogue import Endpoint
from etl.connectors.files_target import FilesTarget
from etl.connectors.rest_target import RestTarget
from etl.gone import Gone
from etl.keys import veiled
from etl.model import Json
from etl.pipeline import Pipeline, Writer
from etl.ports import MappingState, Scope, State, Target, Veil
from etl.report import MappingReport, RunOptions
from etl.settle import Settlement
from etl.specs import MappingSpec
from etl.writers import (
    NO_UPDATE,
    STAYS,
    CarefulWriter,
    DeleteWriter,
    GuardedWriter,
    OnceWriter,
    PlanWriter,
    Sight,
    UpdateWriter,
    UpsertWriter,
)


@dataclass(frozen=True, slots=True)
class Writing:
    """Opens targets and builds writers for the mappings of one run."""

    workspace: Workspace
    options: RunOptions
    connections: Connections
    state: State
    run_id: str
    stop: asyncio.Event

    def place(self, spec: MappingSpec) -> Scope:
        """Whose state the mapping's is."""
        project = self.workspace.project
        origin = f"{self.connections.origin(spec.target.connection)} {spec.target.endpoint}"
        return Scope(project.name, project.environment, spec.name, origin)

    def writer(
        self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport, reads: Reads
    ) -> Writer:
        """What sends the mapping's items, or only notes them for a plan."""
        if self.options.plan:
            return self._planner(spec, state, settlement, report)
        sender = self._sender(spec, state, settlement, reads)
        changes = not self.only_creates(spec) and not self._appends(spec)
        return self._guarded(spec, CarefulWriter(sender, state) if changes else sender)

    def _planner(
        self, spec: MappingSpec, state: MappingState, settlement: Settlement, report: MappingReport
    ) -> PlanWriter:
        """Notes what the sender would do, and looks at the target where that can be read and is not known by keys."""
        by_key, operation, files = self.by_key(spec), spec.target.operation, writes_files(self.workspace, spec)
        stays = STAYS if self._appends(spec) else NO_UPDATE if self.only_creates(spec) else None
        alone = not files and not by_key and operation != "delete"
        return PlanWriter(
            state,
            report,
            settlement.stored,
            operation,
            by_key,
            no_update=stays,
            sight=self._sight(spec, state) if alone else None,
            gives_ids=alone,
        )

    def _sight(self, spec: MappingSpec, state: MappingState) -> Sight | None:
        """None where single records can't be asked for."""
        target, endpoint = self._target(spec), target_of(self.workspace, spec)
        if not isinstance(target, RestTarget) or not target.finder.source.can_get:
            return None
        return Sight(
            target,
            state,
            known_ids=partial(self._ids, spec),
            find_first=spec.target.operation == "upsert",
            id_field=endpoint.id_field if spec.target.operation == "update" else None,
        )

    def _appends(self, spec: MappingSpec) -> bool:
        """A line that is written stays as it is."""
        return spec.target.operation == "create" and writes_files(self.workspace, spec)

    def _guarded(self, spec: MappingSpec, writer: Writer) -> Writer:
        """A run that carries out a saved plan sends nothing else."""
        only = self.options.only
        return writer if only is None else GuardedWriter(writer, only.get(spec.name, {}))

    def _sender(self, spec: MappingSpec, state: MappingState, settlement: Settlement, reads: Reads) -> Writer:
        endpoint, wanted = target_of(self.workspace, spec), spec.target.operation
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
            veil=self._veil(),
            resends=wanted == "upsert" and _by_key(endpoint),
        )

    def gone(self, spec: MappingSpec, pipeline: Pipeline, state: MappingState, report: MappingReport) -> Gone | None:
        """What deals with records that are gone; None where they are kept, or where not all was looked at."""
        transform = pipeline.shaper.transform
        missing = marks_of(self.workspace, spec, transform.scope)
        if missing == "keep" or self.options.limit is not None:
            return None
        return Gone(
            missing=missing,
            state=state,
            settlement=pipeline.settlement,
            report=report,
            transform=transform,
            run_id=self.run_id,
            limit=spec.limits.max_deletes,
            writer=None if self.options.plan else self._guarded(spec, CarefulWriter(self._gone_writer(spec), state)),
            stop=self.stop,
        )

    def by_key(self, spec: MappingSpec) -> bool:
        """The target itself knows records by their key: another key is another record."""
        if spec.target.operation != "upsert":
            return False
        return writes_files(self.workspace, spec) or _by_key(target_of(self.workspace, spec))

    def harmless_again(self, spec: MappingSpec) -> bool:
        """What was sent may be sent once more without knowing that it was."""
        rest = spec.target.operation == "upsert" and not writes_files(self.workspace, spec)
        return rest and _upserts(target_of(self.workspace, spec))

    def only_creates(self, spec: MappingSpec) -> bool:
        """What was created is not sent again where the target can't update it."""
        target = target_of(self.workspace, spec)
        creates = spec.target.operation == "create" or (spec.target.operation == "upsert" and not _by_key(target))
        return creates and "update" not in target.operations

    def file(self, spec: MappingSpec) -> FilesTarget:
        """The file that the mapping writes."""
        secret = self.state.secret(self.workspace.project.name)
        return file_target(self.connections, spec, self.place(spec), secret)

    def save_ids(self, spec: MappingSpec, ids: list[tuple[str, Json]]) -> None:
        """Ids of target records, shared by all mappings that write there."""
        where, veil = self.place(spec), self._veil()
        veiled_ids = [(veil(target_key), target_id) for target_key, target_id in ids]
        self.state.save_identities(where.project, where.environment, where.origin, veiled_ids)

    def _ids(self, spec: MappingSpec, target_keys: Sequence[str]) -> dict[str, Json]:
        where, veil = self.place(spec), self._veil()
        keys = {veil(target_key): target_key for target_key in target_keys}
        found = self.state.identities(where.project, where.environment, where.origin, list(keys))
        return {keys[key]: target_id for key, target_id in found.items()}

    def _veil(self) -> Veil:
        """Mappings that share a target need not agree on what is sensitive there: all its keys are veiled."""
        return partial(veiled, secret=self.state.secret(self.workspace.project.name))

    def _gone_writer(self, spec: MappingSpec) -> Writer:
        target = self._target(spec)
        if spec.target.missing == "delete":
            return DeleteWriter(target)
        upserts = writes_files(self.workspace, spec) or "upsert" in target_of(self.workspace, spec).operations
        return UpsertWriter(target) if upserts else UpdateWriter(target, None)

    def _target(self, spec: MappingSpec) -> Target:
        if writes_files(self.workspace, spec):
            return self.file(spec)
        where, key = spec.target, target_key_of(self.workspace, spec)
        return self.connections.target(where.connection, where.endpoint, key=key, lossy=where.lossy)


def _upserts(target: Endpoint) -> bool:
    """It has an upsert that may be sent again without harm."""
    op = target.operations.get("upsert")
    return op is not None and (op.idempotent is True or (op.idempotent is None and op.method == "PUT"))


def _by_key(target: Endpoint) -> bool:
    """It has an upsert that changes what is there under its key."""
    op = target.operations.get("upsert")
    return op is not None and op.idempotent is not False
