"""`etl runs`"""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.options import Settings, WholeNumber, with_settings
from etl.cli.outputs import check_place, written
from etl.cli.screen import Screen
from etl.cli.stored import Stored, path_option, sandbox_option, stored
from etl.errors import UsageError
from etl.reporting.rejects import runs_text
from etl.reporting.runs import run_document, run_json_texts
from etl.reporting.values import to_json


@click.command("runs")
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option(
    "--html", type=click.Path(path_type=Path), metavar="FILE", help="Write RUN (default: the last) as a page."
)
@click.option("--limit", type=WholeNumber(min=1), default=20, show_default=True, help="How many runs to list.")
@path_option
@sandbox_option
@with_settings
def command(
    settings: Settings,
    run: str | None,
    as_json: bool,
    html: Path | None,
    limit: int,
    paths: tuple[str, ...],
    sandbox: bool,
) -> None:
    """Show the history of runs; with RUN (its id or the beginning of it) that run in detail."""
    screen = Screen(settings)
    with stored(settings, sandbox, paths) as store:
        if html:
            _write_page(store, run, html)
            screen.note(f"written to {html}")
        if run:
            _print_one(store, run, screen, as_json)
        elif as_json:
            screen.document(to_json({"runs": [run_document(each) for each in store.runs(limit)]}))
        elif not html:
            screen.out(runs_text(store.runs(limit), screen.ink))


def _print_one(store: Stored, run: str, screen: Screen, as_json: bool) -> None:
    report = store.run(run)
    if as_json:
        screen.document(run_json_texts(report))
        return
    from etl.reporting.summary import summary

    screen.show(summary(report, screen.settings.spelled()))


def _write_page(store: Stored, run: str | None, path: Path) -> None:
    from etl.reporting.html import run_html_texts

    check_place("--html", path)
    newest = store.runs(1)
    if not run and not newest:
        raise UsageError("there is no run yet", "`etl run` makes one")
    report = store.run(run) if run else newest[0]
    with written("--html", path, "make room, or name another file"), path.open("w", encoding="utf-8") as file:
        file.writelines(run_html_texts(report))
