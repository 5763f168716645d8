"""Every document in `negative/` gets its messages, every one in `positive/` none: a new file is a new test.

A file whose name starts with `project-` is read as `etl.yaml`, the others as mappings.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl import secrets
from etl.errors import DocumentError
from etl.mapping.load import load_mappings
from etl.mapping.project import load_project
from etl.model import Problem
from etl.reporting.problems import problems_text
from etl.specs import ProjectSpec

HERE = Path(__file__).parent
ENVIRON = {"BLIKK_APP_ID": "an-app-id", "BLIKK_APP_SECRET": "an-app-secret", "EMPTY": ""}


def problems(file: Path) -> tuple[Problem, ...]:
    project = ProjectSpec(name="acme", root=file.parent, file=None, connections={}, vars={"prefix": "blikk"})
    if not file.name.startswith("project-"):
        return load_mappings([file], project, environ=ENVIRON).problems
    try:
        return load_project(file=file, environ=ENVIRON).warnings
    except DocumentError as error:
        return error.problems


@pytest.fixture(autouse=True)
def _no_secrets_of_others() -> None:
    secrets.forget()


@pytest.mark.parametrize("name", sorted(file.name for file in (HERE / "negative").iterdir()))
def test_a_wrong_document_gets_messages_that_say_where_and_how(
    name: str, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(HERE)

    found = problems(Path("negative", name))

    assert any(problem.severity == "error" for problem in found)
    assert all(problem.hint for problem in found)
    assert problems_text(found) == snapshot


@pytest.mark.parametrize("name", sorted(file.name for file in (HERE / "positive").iterdir()))
def test_a_right_document_has_no_problem(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE / "positive")

    assert problems_text(problems(Path(name))) == ""
