"""The lines on a terminal while a run goes on."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from etl.report import ConnectionReport, MappingReport, RunReport
from etl.reporting.progress import RunProgress


def lines(report: RunReport | None, columns: int = 140) -> str:
    """What a person sees at this moment."""
    text = io.StringIO()
    console = Console(file=text, width=columns, no_color=True, force_terminal=False)
    progress = RunProgress(console)
    if report is not None:
        progress.watch(report)
    console.print(progress.get_renderable())
    return text.getvalue()


def test_before_the_run_begins_nothing_is_shown() -> None:
    assert lines(None).strip() == ""
    assert lines(RunReport("r", mappings=[MappingReport("projects")])).strip() == ""


def test_a_mapping_under_way_shows_its_records_and_what_the_source_holds() -> None:
    shown = lines(
        RunReport("r", mappings=[MappingReport("projects", started=True, read=120, expected=312, written=100)])
    )
    assert "projects" in shown
    assert "120 of 312 100 written" in shown


def test_rejects_are_seen_as_they_happen() -> None:
    assert "7 rejected" in lines(RunReport("r", mappings=[MappingReport("tasks", started=True, read=50, rejected=7)]))


def test_waiting_for_a_rate_limit_is_named() -> None:
    report = RunReport(
        "r",
        mappings=[MappingReport("tasks", started=True, read=50, source="blikk.tasks", target="dimesheets.tasks")],
        connections={
            "blikk": ConnectionReport("blikk", waited_seconds=12, throttled=1),
            "other": ConnectionReport("other"),
        },
    )
    assert "blikk limits the rate, 1 × 429" in lines(report)


@pytest.mark.parametrize("columns", [120, 100, 80, 60, 40])
def test_a_narrow_terminal_leaves_out_what_says_least_and_keeps_one_line_each(columns: int) -> None:
    names = ("employees", "projects")
    report = RunReport(
        "r",
        mappings=[
            MappingReport(name, started=True, read=800, expected=1200, written=700, rejected=2, source="blikk.x")
            for name in names
        ],
        connections={"blikk": ConnectionReport("blikk", waited_seconds=12)},
    )
    shown = lines(report, columns).splitlines()
    assert len([line for line in shown if line.strip()]) == 2
    for name, line in zip(names, shown, strict=False):
        assert f"{name} " in line
        assert "800 of 1200" in line
        assert "…" not in line
        assert ("700 written, 2 rejected" in line) == (columns >= 60)
        assert ("blikk limits the rate" in line) == (columns >= 80)


def test_a_finished_mapping_says_so() -> None:
    shown = lines(RunReport("r", mappings=[MappingReport("tasks", started=True, finished=True, read=50, expected=60)]))
    assert "done" in shown
    assert "50 read" in shown


def test_a_mapping_that_failed_is_not_called_done() -> None:
    mapping = MappingReport("tasks", status="failed", started=True, finished=True)
    shown = lines(RunReport("r", mappings=[mapping]))
    assert "failed" in shown
    assert "done" not in shown


def test_a_finished_mapping_without_records_is_done_too() -> None:
    assert "done" in lines(RunReport("r", mappings=[MappingReport("tasks", started=True, finished=True)]))


def test_names_from_documents_cannot_paint_the_terminal() -> None:
    shown = lines(RunReport("r", mappings=[MappingReport("[red]x[/red]\x1b[2J", started=True)]))
    assert "[red]x[/red]\\x1b[2J" in shown


def test_on_a_terminal_the_lines_follow_the_report_and_are_gone_in_the_end() -> None:
    text = io.StringIO()
    report = RunReport("r", mappings=[MappingReport("projects"), MappingReport("tasks")])
    with RunProgress(Console(file=text, width=100, force_terminal=True)) as progress:
        progress.watch(report)
        report.mappings[0].started = True
        report.mappings[0].read = 7
        progress.refresh()
        report.mappings[0].finished = report.mappings[1].finished = True
        progress.refresh()
    shown = text.getvalue()
    assert "Traceback" not in shown
    assert shown.index("7 read") < shown.index("done")
    assert shown.endswith("\x1b[2K")
