"""A mapping's parts for a command that only looks: live sources, the real state, and nothing written to either."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from etl.assemble.connections import Connections
from etl.assemble.jobs import Jobs
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace
from etl.clock import SystemClock
from etl.expressions.scope import Scope
from etl.ports import Clock
from etl.report import RunOptions
from etl.state import look_at_state, open_state
from etl.state.rehearsal import Rehearsal


@asynccontextmanager
async def looking(
    workspace: Workspace, *, limit: int | None = None, reread: bool = False, clock: Clock | None = None
) -> AsyncIterator[Jobs]:
    """Jobs as a plan has them, open for as long as the block runs. Raises StateError where the state can't be read."""
    clock = clock or SystemClock()
    project = workspace.project
    state = Rehearsal(look_at_state(workspace.state, project.root), open_state("memory:", project.root))
    connections = Connections(workspace, clock, {}, state.board)
    try:
        yield Jobs(
            workspace=workspace,
            options=RunOptions(plan=True, limit=limit, resend=True, reread=reread),
            connections=connections,
            tables=Tables(connections, state, project),
            state=state,
            scope=Scope(now=clock.now(), timezone=project.timezone, vars=project.vars),
            run_id="look",
            stop=asyncio.Event(),
        )
    finally:
        await connections.close()
        state.close()
