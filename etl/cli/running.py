"""What `run` and `plan` do: the sandbox, the checks, the watch on a terminal, and what is printed at the end."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from etl.cli.carrying_out import carry_out
from etl.cli.failures import INTERRUPTED, exit_code
from etl.cli.folder import project_folder
from etl.cli.options import Settings
from etl.cli.outputs import check_place, check_report, write_report
from etl.cli.plan_file import SavedPlan, save_plan
from etl.cli.request import Request
from etl.cli.screen import Screen
from etl.cli.sensitive import hidden_fields
from etl.cli.stopping import run_stoppable
from etl.errors import DocumentError, EtlError, UsageError

if TYPE_CHECKING:
    import asyncio

    from etl.assemble.stand_ins import StandIns
    from etl.assemble.workspace import Workspace
    from etl.report import RunOptions, RunReport
    from etl.reporting.progress import RunProgress
    from etl.reporting.runs import Sensitive


def execute(
    settings: Settings,
    request: Request,
    options: RunOptions,
    *,
    out: Path | None = None,
    saved: SavedPlan | None = None,
) -> int:
    """Opens the workspace, runs or plans it, prints; gives the exit code.

    `out`: where a plan is saved; `saved`: the plan that this run carries out.
    """
    screen = Screen(settings)
    with always_document(settings, request):
        if request.report is not None:
            check_report(request.report)
        if out is not None:
            check_place("--out", out)
        with sandboxed(settings, request.paths, request.sandbox) as sandbox:
            workspace = opened(settings, request.paths, sandbox, request.select, request.exclude)
            if not workspace.loaded:
                raise only_templates(workspace)
            report = _done(settings, request, workspace, options, saved)
    hidden, where = hidden_fields(workspace), _where(settings, request, workspace)
    unwritten = []
    if out is not None:
        unwritten += _tried(report, partial(save_plan, out, request, workspace, report))
    if request.report is not None:
        unwritten += _tried(report, partial(write_report, report, request.report, hidden, where))
    if request.as_json:
        _print_json(screen, report, hidden)
    else:
        _print(report, screen, request, where, hidden)
    if unwritten:
        raise unwritten[0]
    return report.exit_code


def _tried(report: RunReport, write: Callable[[], None]) -> list[EtlError]:
    """Why a file was not written. What is printed then tells the very exit code that the command ends with."""
    try:
        write()
    except EtlError as error:
        report.exit_code = error.exit_code
        report.status = "interrupted" if error.exit_code == INTERRUPTED else "failed"
        return [error]
    return []


@contextmanager
def always_document(settings: Settings, request: Request) -> Iterator[None]:
    """Who reads standard output as JSON gets a document of a run that could not begin, too."""
    try:
        yield
    except BaseException as error:
        if request.as_json:
            _print_json(Screen(settings), _never_begun(error), {})
        raise


def _done(
    settings: Settings, request: Request, workspace: Workspace, options: RunOptions, saved: SavedPlan | None
) -> RunReport:
    run = partial(_watched, settings, request)
    return run(workspace, options) if saved is None else carry_out(saved, workspace, options, run)


def _print_json(screen: Screen, report: RunReport, hidden: Sensitive) -> None:
    from etl.reporting.runs import run_json_texts
    from etl.reporting.values import clean

    screen.document(run_json_texts(report, hidden))
    plain = screen.settings.log_format == "text"
    for mapping in report.mappings:
        for warning in mapping.warnings:
            screen.note(f"{'warning: ' if plain else ''}{clean(mapping.name)}: {clean(warning)}", "warning")
    if report.error:
        screen.note(f"{'error: ' if plain else ''}{clean(report.error)}", "error")


def _never_begun(error: BaseException) -> RunReport:
    from etl.report import RunReport

    code = exit_code(error)
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return RunReport("", "interrupted" if code == INTERRUPTED else "failed", code, started_at=now, finished_at=now)


@contextmanager
def sandboxed(settings: Settings, paths: Sequence[str], wanted: bool) -> Iterator[StandIns | None]:
    """The made-up systems for as long as the block runs, with their data under `.etl/sandbox`."""
    if not wanted:
        yield None
        return
    from etl.sandbox import Sandbox

    with Sandbox(folder=project_folder(settings, paths) / ".etl" / "sandbox") as sandbox:
        yield sandbox.connections


def only_templates(workspace: Workspace) -> UsageError:
    """That there is nothing to run or look at: what was named is only there to be extended."""
    names = ", ".join(f"'{each.spec.name}'" for each in workspace.known)
    return UsageError(f"there are only templates here: {names}", "they are never run: name a mapping that extends one")


def opened(
    settings: Settings,
    paths: Sequence[str],
    sandbox: StandIns | None,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
) -> Workspace:
    """Everything loaded and checked; warnings are printed. Raises DocumentError with all problems found."""
    from etl.assemble.workspace import open_workspace
    from etl.reporting.problems import problems_text

    workspace = open_workspace(
        paths,
        project_file=settings.project,
        env=settings.env,
        vars=settings.vars,
        sandbox=sandbox,
        select=select,
        exclude=exclude,
    )
    problems = workspace.check()
    if any(problem.severity == "error" for problem in problems):
        raise DocumentError(problems)
    if problems:
        screen = Screen(settings)
        screen.note(problems_text(problems, screen.note_ink), "warning")
    return workspace


def _watched(settings: Settings, request: Request, workspace: Workspace, options: RunOptions) -> RunReport:
    from etl.assemble.runner import run_workspace

    screen = Screen(settings)
    with _progress(screen, request) as progress:

        async def work(stop: asyncio.Event) -> RunReport:
            return await run_workspace(workspace, options, watch=progress.watch if progress else None, stop=stop)

        return run_stoppable(work, lambda text: screen.note(text, "warning"))


@contextmanager
def _progress(screen: Screen, request: Request) -> Iterator[RunProgress | None]:
    given = screen.settings
    silent = given.quiet or given.log_format == "json" or request.as_json or not sys.stderr.isatty()
    if silent or request.progress is False:
        yield None
        return
    from etl.reporting.progress import RunProgress

    with RunProgress(screen.live()) as progress:
        yield progress


def _where(settings: Settings, request: Request, workspace: Workspace) -> str:
    """The options that a next command needs in order to look at what this run stored."""
    from etl.mapping.project import find_project

    project = workspace.project
    told = settings.project is not None or find_project(Path.cwd()) == project.file
    here = told and workspace.state == project.state
    paths = [] if here else [f"--path {path}" for path in request.paths]
    return " ".join(filter(None, [settings.spelled(), *paths, "--sandbox" if request.sandbox else ""]))


def _print(report: RunReport, screen: Screen, request: Request, where: str, hidden: Sensitive) -> None:
    if report.planned:
        from etl.reporting.plan import plan_texts

        note = f"Only the first {request.limit} records of each source were looked at." if request.limit else None
        for text in plan_texts(report, screen.ink, hidden, note):
            screen.out(text)
        return
    from etl.reporting.summary import summary

    screen.show(summary(report, where))
