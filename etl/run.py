"""Many mappings in one run: those that depend on others after them, independent ones side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial

from etl.errors import EtlError, Interrupted, UsageError
from etl.report import MappingReport, Status
from etl.secrets import redact

SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected")


OthersFirst = Callable[[], Awaitable[list[str]]]
"""Lets all that need this mapping do their work, and come to their end; gives the names of those that did not."""


@dataclass(slots=True)
class Job:
    """One mapping about to run. `needs`: names of mappings that must have succeeded before; `target`: what it writes
    to, never shared by two jobs at once. `work` may ask once that the others come first with the rest of it."""

    name: str
    work: Callable[[MappingReport, OthersFirst], Awaitable[None]]
    report: MappingReport
    needs: frozenset[str] = frozenset()
    target: str = ""
    ready: asyncio.Event = field(default_factory=asyncio.Event)
    """What need it may begin."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    waited: float = 0.0


async def run_jobs(
    jobs: Sequence[Job],
    *,
    concurrency: int,
    fail_fast: bool,
    stop: asyncio.Event,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Runs every job whose needs are met; each report says how its mapping went. Faults of the engine are raised."""
    gate = asyncio.Semaphore(max(1, concurrency))
    locks = {job.target: asyncio.Lock() for job in jobs}
    crew = _Crew(jobs, gate, locks, stop, asyncio.Event() if fail_fast else None, monotonic)
    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(crew.follow(job))


@dataclass(frozen=True, slots=True)
class _Crew:
    """The jobs of a run, each of which waits for its needs and its turn. `failed`: set by the first failure, where
    that keeps all others from starting."""

    jobs: Sequence[Job]
    gate: asyncio.Semaphore
    locks: Mapping[str, asyncio.Lock]
    stop: asyncio.Event
    failed: asyncio.Event | None
    monotonic: Callable[[], float]

    async def follow(self, job: Job) -> None:
        """Does the job when it may; whatever comes of it, those that wait for it go on."""
        try:
            parents = [other for other in self.jobs if other.name in job.needs]
            for parent in parents:
                await parent.ready.wait()
            async with AsyncExitStack() as turn:
                await self._take(turn, job)
                reason = self._held_back(parents)
                if reason is None:
                    await self._run(job, partial(self._others_first, job, turn))
                else:
                    job.report.status, job.report.error = reason
            if job.report.status == "failed" and self.failed is not None:
                self.failed.set()
        finally:
            job.report.finished = True
            job.ready.set()
            job.ended.set()

    async def _take(self, turn: AsyncExitStack, job: Job) -> None:
        await turn.enter_async_context(self.locks[job.target])
        await turn.enter_async_context(self.gate)

    async def _others_first(self, job: Job, turn: AsyncExitStack) -> list[str]:
        begin = self.monotonic()
        others = [other for other in self.jobs if job.name in other.needs]
        await turn.aclose()
        job.ready.set()
        for other in others:
            await other.ended.wait()
        await self._take(turn, job)
        job.waited = self.monotonic() - begin
        return [other.name for other in others if other.report.status in ("failed", "interrupted")]

    def _held_back(self, parents: Sequence[Job]) -> tuple[Status, str] | None:
        """Why a job does not run, or None where it does."""
        if self.stop.is_set():
            return "interrupted", "not started: the run was interrupted"
        for parent in parents:
            if parent.report.status == "failed":
                return "failed", f"not run: '{parent.name}', which it depends on, failed"
        if self.failed is not None and self.failed.is_set():
            return "failed", "not run: another mapping failed and --fail-fast was given"
        return None

    async def _run(self, job: Job, others_first: OthersFirst) -> None:
        report = job.report
        report.started = True
        begin = self.monotonic()
        try:
            await job.work(report, others_first)
            report.status = "rejected" if report.rejected else "succeeded"
        except Interrupted as error:
            report.status, report.error = "interrupted", redact(str(error))
        except EtlError as error:
            report.status, report.error = "failed", redact(str(error))
        except BaseException:
            report.status = "failed"
            raise
        finally:
            report.seconds = round(self.monotonic() - begin - job.waited, 3)
            report.unsettled = report.read - sum(int(getattr(report, name)) for name in SETTLED)


def in_order(names: Sequence[str], needs: dict[str, frozenset[str]]) -> list[str]:
    """The names with every one after those it needs, otherwise in the order given. Raises UsageError on a cycle."""
    ordered: list[str] = []
    under_way: list[str] = []

    def place(name: str) -> None:
        if name in ordered:
            return
        if name in under_way:
            circle = " → ".join([*under_way[under_way.index(name) :], name])
            raise UsageError(f"these mappings wait for each other: {circle}", "remove one of the `after` entries")
        under_way.append(name)
        for need in sorted(needs.get(name, frozenset())):
            if need in names:
                place(need)
        under_way.pop()
        ordered.append(name)

    for name in names:
        place(name)
    return ordered
