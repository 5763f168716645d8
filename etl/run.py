"""Many mappings in one run: those that depend on others after them, independent ones side by side."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from etl.errors import EtlError, Interrupted, UsageError
from etl.report import MappingReport, Status
from etl.secrets import redact

SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected")


@dataclass(slots=True)
class Job:
    """One mapping about to run. `needs`: names of mappings that must have succeeded before; `target`: what it writes
    to, never shared by two jobs at once."""

    name: str
    work: Callable[[MappingReport], Awaitable[None]]
    report: MappingReport
    needs: frozenset[str] = frozenset()
    target: str = ""
    done: asyncio.Event = field(default_factory=asyncio.Event)


async def run_jobs(
    jobs: Sequence[Job],
    *,
    concurrency: int,
    fail_fast: bool,
    stop: asyncio.Event,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Runs every job whose needs are met; each report says how its mapping went. Faults of the engine are raised."""
    by_name = {job.name: job for job in jobs}
    gate = asyncio.Semaphore(max(1, concurrency))
    locks: dict[str, asyncio.Lock] = {job.target: asyncio.Lock() for job in jobs}
    failed = asyncio.Event()

    async def follow(job: Job) -> None:
        try:
            parents = [by_name[name] for name in sorted(job.needs) if name in by_name]
            for parent in parents:
                await parent.done.wait()
            async with locks[job.target], gate:
                reason = _held_back(parents, stop, failed if fail_fast else None)
                if reason is None:
                    await _run(job, monotonic)
                else:
                    job.report.status, job.report.error = reason
            if job.report.status == "failed":
                failed.set()
        finally:
            job.report.finished = True
            job.done.set()

    async with asyncio.TaskGroup() as group:
        for job in jobs:
            group.create_task(follow(job))


def _held_back(parents: Sequence[Job], stop: asyncio.Event, failed: asyncio.Event | None) -> tuple[Status, str] | None:
    """Why a job does not run, or None where it does."""
    if stop.is_set():
        return "interrupted", "not started: the run was interrupted"
    for parent in parents:
        if parent.report.status == "failed":
            return "failed", f"not run: '{parent.name}', which it depends on, failed"
    if failed is not None and failed.is_set():
        return "failed", "not run: another mapping failed and --fail-fast was given"
    return None


async def _run(job: Job, monotonic: Callable[[], float]) -> None:
    report = job.report
    report.started = True
    report.status = "failed"
    begin = monotonic()
    try:
        await job.work(report)
        report.status = "rejected" if report.rejected else "succeeded"
    except Interrupted as error:
        report.status, report.error = "interrupted", redact(str(error))
    except EtlError as error:
        report.status, report.error = "failed", redact(str(error))
    finally:
        report.seconds = round(monotonic() - begin, 3)
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
