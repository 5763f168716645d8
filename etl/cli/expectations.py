"""`etl test --update`: what the mappings' tests expect, rewritten to what the records really become."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from etl.model import MISSING
from etl.reporting.values import compact

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace
    from etl.rehearse import TestResult

Place = tuple[str | int, ...]


def update(workspace: Workspace, results: Iterable[TestResult]) -> tuple[list[Path], list[TestResult]]:
    """Rewrites the files below the project; gives them, and the failed tests that stand elsewhere (in the library)."""
    from etl.documents.rewrite import rewrite

    changes: dict[str, dict[Place, str]] = {}
    elsewhere: list[TestResult] = []
    documents = {each.spec.name: each.document for each in workspace.loaded}
    for result in results:
        if result.passed:
            continue
        file = documents[result.mapping].marks.source((*result.path, "expect")).path
        if file is None or not file.resolve().is_relative_to(workspace.project.root):
            elsewhere.append(result)
        else:
            changes.setdefault(result.mapping, {}).update(_wanted(result))
    written = {
        path: text for name, places in changes.items() for path, text in rewrite(documents[name], places).items()
    }
    for path, text in written.items():
        path.write_text(text, encoding="utf-8", newline="")
    return sorted(written), elsewhere


def _wanted(result: TestResult) -> Mapping[Place, str]:
    """Field by field where only fields differ, so that the rest stays as it is written."""
    expect = (*result.path, "expect")
    if result.message or isinstance(result.actual, list) or any(each.actual is MISSING for each in result.differences):
        return {expect: compact(result.actual)}
    return {(*expect, each.field): compact(each.actual) for each in result.differences}
