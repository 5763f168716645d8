"""`etl test`"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli.expectations import update
from etl.cli.offline import offline
from etl.cli.options import Settings, with_settings
from etl.cli.running import opened
from etl.cli.screen import Screen
from etl.reporting.values import to_json

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace
    from etl.rehearse import TestResult


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--update", "rewrite", is_flag=True, help="Rewrite what failed tests expect to what is.")
@click.option("--coverage", is_flag=True, help="Also say which fields and branches no test touches.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@click.option("--junit", type=click.Path(path_type=Path), metavar="FILE", help="Also write JUnit XML, for CI.")
@click.option("--select", multiple=True, metavar="NAME", help="Only these: a glob, tag:NAME, connection:NAME, +NAME.")
@click.option("--exclude", multiple=True, metavar="NAME", help="All but these, in the same forms.")
@with_settings
def command(
    settings: Settings,
    paths: tuple[str, ...],
    rewrite: bool,
    coverage: bool,
    as_json: bool,
    junit: Path | None,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
) -> int:
    """Run the mappings' own tests, offline. With -v the tests that pass are named, too."""
    from etl.assemble.tests import covered, run_tests
    from etl.reporting.coverage import coverage_document, coverage_text
    from etl.reporting.outcomes import outcomes_document, outcomes_junit, outcomes_text

    screen = Screen(settings)
    workspace = opened(settings, paths, offline(), select, exclude)
    results = list(run_tests(workspace))
    if junit:
        junit.write_text(outcomes_junit(results), encoding="utf-8")
    touched = covered(workspace) if coverage else {}
    places = {each.spec.name: each.document.marks.key for each in workspace.loaded}
    if as_json:
        more = {"coverage": coverage_document(touched, places)} if coverage else {}
        screen.document(to_json(outcomes_document(results) | more))
    else:
        screen.out(outcomes_text(results, screen.ink, verbose=bool(settings.verbose)))
        screen.out(coverage_text(touched, places, screen.ink) if coverage else "")
    left = _update(workspace, results, screen) if rewrite else [each for each in results if not each.passed]
    return 1 if left else 0


def _update(workspace: Workspace, results: list[TestResult], screen: Screen) -> list[TestResult]:
    written, elsewhere = update(workspace, results)
    for path in written:
        screen.note(f"rewritten: {path}")
    for result in elsewhere:
        left = f"{result.mapping}: '{result.name}' stands outside of the project and is left as it is"
        screen.note(f"{left} — write it anew under `tests` here, or `null` to leave it out", "warning")
    return elsewhere
