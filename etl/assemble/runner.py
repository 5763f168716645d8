"""A run from its first line in the history to its last: jobs built, let go side by side, and what came of them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from datetime import datetime
from functools import partial

from etl.assemble.connections import Connections
from etl.assemble.jobs import Jobs
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.clock import SystemClock
from etl.errors import StateError
from etl.expressions.scope import Scope
from etl.mapping.load import Loaded
from etl.ports import Clock, State
from etl.report import Change, MappingReport, RunOptions, RunReport, Status
from etl.run import Job, run_jobs
from etl.state import Spool, open_state
from etl.state.rehearsal import Rehearsal

EXIT_CODES: dict[Status, int] = {"succeeded": 0, "rejected": 1, "failed": 3, "interrupted": 130}


async def run_workspace(
    workspace: Workspace,
    options: RunOptions,
    *,
    watch: Callable[[RunReport], None] | None = None,
    stop: asyncio.Event | None = None,
    clock: Clock | None = None,
) -> RunReport:
    """Runs (or plans) the workspace's mappings. `watch` is given the report at the start, its counters live.

    What stops single mappings is in their reports. Raises StateError where the state can't be opened, UsageError where
    nothing could be sent.
    """
    workspace.require_credentials()
    workspace.require_stand_ins()
    clock = clock or SystemClock()
    report = RunReport(run_id=uuid.uuid4().hex[:12], started_at=_stamp(clock.now()), planned=options.plan)
    report.mappings = [_blank(each, options) for each in workspace.loaded]
    state = _state(workspace, plan=options.plan)
    project = workspace.project
    try:
        state.start_run(report, project.name, project.environment, "plan" if options.plan else "run")
        if watch is not None:
            watch(report)
        await _run(workspace, options, report, state, stop or asyncio.Event(), clock)
        report.finished_at = _stamp(clock.now())
        _finish(report, state)
    finally:
        state.close()
    return report


def _finish(report: RunReport, state: State) -> None:
    """The run's last line in the history. What the run did is told even where that can't be written."""
    try:
        state.finish_run(report)
    except StateError as error:
        report.status, report.exit_code, report.error = "failed", EXIT_CODES["failed"], str(error)


def _state(workspace: Workspace, *, plan: bool) -> State:
    real = open_state(workspace.state, workspace.project.root)
    return Rehearsal(real, open_state("memory:", workspace.project.root)) if plan else real


async def _run(
    workspace: Workspace, options: RunOptions, report: RunReport, state: State, stop: asyncio.Event, clock: Clock
) -> None:
    project = workspace.project
    connections = Connections(workspace, clock, report.connections, state.board)
    jobs = Jobs(
        workspace=workspace,
        options=options,
        connections=connections,
        tables=Tables(connections, state, project),
        state=state,
        scope=Scope(now=clock.now(), timezone=project.timezone, vars=project.vars),
        run_id=report.run_id,
        stop=stop,
    )
    try:
        await run_jobs(
            [_job(jobs, each, mapping) for each, mapping in zip(workspace.loaded, report.mappings, strict=True)],
            concurrency=options.concurrency,
            fail_fast=options.fail_fast,
            stop=stop,
        )
    except BaseExceptionGroup as group:
        raise _first(group) from None
    finally:
        await connections.close()
    opened = report.connections
    report.connections = {name: opened[name] for name in workspace.connections if name in opened}
    report.status = _overall(report)
    report.exit_code = EXIT_CODES[report.status]


def _job(jobs: Jobs, loaded: Loaded, report: MappingReport) -> Job:
    name, target = loaded.spec.name, loaded.spec.target
    needs = jobs.workspace.needs.get(name, frozenset())
    return Job(name, partial(jobs.work, loaded), report, needs, target=f"{target.connection} {target.endpoint}")


def _blank(loaded: Loaded, options: RunOptions) -> MappingReport:
    spec = loaded.spec
    changes: Spool[Change] | list[Change] = Spool() if options.plan else []
    return MappingReport(
        name=spec.name,
        file=str(spec.file),
        source=f"{spec.source.connection}.{spec.source.endpoint}",
        target=f"{spec.target.connection}.{spec.target.endpoint}",
        changes=changes,
    )


def _overall(report: RunReport) -> Status:
    """The worst of what happened: interrupted, then failed, then rejected."""
    statuses = {mapping.status for mapping in report.mappings}
    for status in ("interrupted", "failed", "rejected"):
        if status in statuses:
            return status
    return "succeeded"


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first fault of the engine: the others follow from it."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
