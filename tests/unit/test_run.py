"""Many mappings in one run: order, side by side, what follows from a failure or an interrupt."""

from __future__ import annotations

import asyncio

import pytest

from etl.errors import ConnectionFailed, Interrupted, UsageError
from etl.report import MappingReport
from etl.run import Job, OthersFirst, in_order, run_jobs


class Diary:
    """Jobs that note when they begin and end, and how many ran at once."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.running: list[str] = []
        self.together: set[frozenset[str]] = set()

    def job(self, name: str, *, needs: set[str] = frozenset(), target: str = "", error: Exception | None = None) -> Job:  # type: ignore[assignment]
        async def work(report: MappingReport, _: OthersFirst) -> None:
            self.running.append(name)
            self.together.add(frozenset(self.running))
            for _ in range(3):
                await asyncio.sleep(0)
            self.running.remove(name)
            self.lines.append(name)
            if error:
                raise error
            report.read = report.written = 1

        return Job(name, work, MappingReport(name), frozenset(needs), target or name)


def run(jobs: list[Job], *, concurrency: int = 4, fail_fast: bool = False, stop: bool = False) -> dict[str, str]:
    async def main() -> None:
        event = asyncio.Event()
        if stop:
            event.set()
        await run_jobs(jobs, concurrency=concurrency, fail_fast=fail_fast, stop=event)

    asyncio.run(main())
    return {job.name: job.report.status for job in jobs}


def test_a_mapping_runs_after_those_it_needs() -> None:
    diary = Diary()
    run([diary.job("tasks", needs={"projects"}), diary.job("projects", needs={"clients"}), diary.job("clients")])
    assert diary.lines == ["clients", "projects", "tasks"]


def test_independent_mappings_run_side_by_side() -> None:
    diary = Diary()
    run([diary.job("a"), diary.job("b")])
    assert frozenset({"a", "b"}) in diary.together


def test_two_mappings_never_write_to_one_endpoint_at_once() -> None:
    diary = Diary()
    run([diary.job("a", target="sheets projects"), diary.job("b", target="sheets projects")])
    assert frozenset({"a", "b"}) not in diary.together


def test_no_more_mappings_at_once_than_concurrency_allows() -> None:
    diary = Diary()
    run([diary.job(name) for name in "abcdef"], concurrency=2)
    assert max(len(names) for names in diary.together) == 2


def test_what_depends_on_a_failed_mapping_does_not_run_and_says_why() -> None:
    diary = Diary()
    jobs = [
        diary.job("projects", error=ConnectionFailed("no answer")),
        diary.job("tasks", needs={"projects"}),
        diary.job("comments", needs={"tasks"}),
        diary.job("employees"),
    ]
    assert run(jobs) == {"projects": "failed", "tasks": "failed", "comments": "failed", "employees": "succeeded"}
    assert diary.lines == ["projects", "employees"]
    assert jobs[1].report.error == "not run: 'projects', which it depends on, failed"


class Gives:
    """Jobs of two parts: the second comes after those that need them, and notes which of these failed."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def job(self, name: str, *needs: str, target: str = "", error: Exception | None = None) -> Job:
        async def work(report: MappingReport, others_first: OthersFirst) -> None:
            self.lines.append(f"{name} sends")
            if error:
                raise error
            behind = await others_first()
            self.lines.append(" ".join([f"{name} deletes", *behind]))

        return Job(name, work, MappingReport(name), frozenset(needs), target or name)


@pytest.mark.parametrize("concurrency", [1, 4])
def test_what_comes_last_of_a_mapping_waits_for_all_that_need_it(concurrency: int) -> None:
    gives = Gives()
    jobs = [gives.job("clients"), gives.job("tasks", "projects"), gives.job("projects", "clients")]
    assert set(run(jobs, concurrency=concurrency).values()) == {"succeeded"}
    sent = ["clients sends", "projects sends", "tasks sends"]
    assert gives.lines == [*sent, "tasks deletes", "projects deletes", "clients deletes"]


def test_two_mappings_of_one_endpoint_that_need_each_other_in_part_don_t_lock_each_other_out() -> None:
    gives = Gives()
    run([gives.job("main", target="erp projects"), gives.job("sub", "main", target="erp projects")])
    assert gives.lines == ["main sends", "sub sends", "sub deletes", "main deletes"]


def test_a_mapping_is_told_which_of_those_that_go_first_did_not_come_to_their_end() -> None:
    gives = Gives()
    jobs = [gives.job("projects"), gives.job("tasks", "projects", error=ConnectionFailed("no answer"))]
    assert run(jobs) == {"projects": "succeeded", "tasks": "failed"}
    assert gives.lines == ["projects sends", "tasks sends", "projects deletes tasks"]


def test_the_time_that_a_mapping_waits_for_others_is_not_its_own() -> None:
    seconds = iter(range(100))
    gives = Gives()
    jobs = [gives.job("projects"), gives.job("tasks", "projects")]
    asyncio.run(
        run_jobs(jobs, concurrency=1, fail_fast=False, stop=asyncio.Event(), monotonic=lambda: float(next(seconds)))
    )
    assert [job.report.seconds for job in jobs] == [2.0, 2.0]


def test_fail_fast_starts_nothing_after_a_failure() -> None:
    diary = Diary()
    jobs = [diary.job("a", error=ConnectionFailed("no answer")), diary.job("b")]
    assert run(jobs, concurrency=1, fail_fast=True) == {"a": "failed", "b": "failed"}
    assert diary.lines == ["a"]


def test_an_interrupted_run_starts_nothing_more() -> None:
    diary = Diary()
    assert run([diary.job("a"), diary.job("b")], stop=True) == {"a": "interrupted", "b": "interrupted"}
    assert diary.lines == []


def test_a_mapping_that_is_interrupted_says_so() -> None:
    diary = Diary()
    assert run([diary.job("a", error=Interrupted("interrupted"))]) == {"a": "interrupted"}


def test_what_was_read_and_not_settled_counts_as_unsettled() -> None:
    async def work(report: MappingReport, _: OthersFirst) -> None:
        report.read, report.written, report.filtered = 10, 4, 1
        raise Interrupted("interrupted")

    job = Job("a", work, MappingReport("a"), target="x")
    run([job])
    assert job.report.unsettled == 5


def test_a_fault_of_the_engine_is_not_swallowed() -> None:
    diary = Diary()
    with pytest.raises(ExceptionGroup) as caught:
        run([diary.job("a", error=KeyError("bug"))])
    assert isinstance(caught.value.exceptions[0], KeyError)


def test_the_order_keeps_to_what_was_given_where_nothing_depends() -> None:
    assert in_order(["c", "a", "b"], {"a": frozenset({"b"})}) == ["c", "b", "a"]


def test_mappings_that_wait_for_each_other_are_named() -> None:
    with pytest.raises(UsageError) as caught:
        in_order(["a", "b"], {"a": frozenset({"b"}), "b": frozenset({"a"})})
    assert caught.value.message == "these mappings wait for each other: a → b → a"
