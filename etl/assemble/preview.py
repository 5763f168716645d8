"""A few source records and what they become, read live; nothing is written, not even to the state."""

from __future__ import annotations

import asyncio

from etl.assemble.connections import Connections
from etl.assemble.jobs import Jobs
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.clock import SystemClock
from etl.expressions.scope import Scope
from etl.mapping.load import Loaded
from etl.model import Item, MappingReport, Outcome, RunOptions
from etl.ports import Clock
from etl.state import open_state
from etl.state.rehearsal import Rehearsal


async def preview(
    workspace: Workspace, loaded: Loaded, count: int, *, clock: Clock | None = None
) -> list[Item | Outcome]:
    """What the first `count` records of the source become: items to write, or outcomes (filtered, rejected).

    Raises ConnectionFailed where the source can't be read.
    """
    clock = clock or SystemClock()
    project = workspace.project
    state = Rehearsal(open_state(project.state, project.root), open_state("memory:", project.root))
    connections = Connections(workspace, clock, {})
    jobs = Jobs(
        workspace=workspace,
        options=RunOptions(plan=True, limit=count, resend=True),
        connections=connections,
        tables=Tables(connections, state, project),
        state=state,
        scope=Scope(now=clock.now(), timezone=project.timezone, vars=project.vars),
        run_id="preview",
        stop=asyncio.Event(),
    )
    try:
        return await jobs.sample(loaded, MappingReport(loaded.spec.name), count)
    finally:
        await connections.close()
        state.close()
