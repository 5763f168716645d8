"""A key in the target may be nobody's business, too: an e-mail that the mapping calls sensitive is shown nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import Folder, project, to_sandbox

EMPLOYEES = """\
version: 1
name: employees
source: {connection: blikk, endpoint: users, detail: true, where: "id < `6`"}
fields:
  email: {value: "lower(email)", sensitive: true}
  employeeNo: {value: "NUMBER", required: true}
  employeeExternalId: {const: null}
target: {connection: dimesheets, endpoint: employees}
"""


@pytest.mark.parametrize("number", ["to_string(id)", "endDate"])
def test_no_command_shows_a_sensitive_key(tmp_path: Path, sandbox: Sandbox, number: str) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), employees=EMPLOYEES.replace("NUMBER", number))
    report = tmp_path / "plan.html"

    said = [told(folder, "plan", "--report", str(report)), report.read_text(encoding="utf-8")]
    said += [told(folder, "plan", "--json"), told(folder, "preview", "mappings/employees.yaml")]
    said += [told(folder, "run"), told(folder, "explain", "mappings/employees.yaml", "--key", "1")]
    for form in ((), ("--json",)):
        said += [told(folder, "rejects", "list", *form), told(folder, "rejects", "show", "employees", *form)]

    assert "@example.com" not in "".join(said)
    assert "•••" in said[0] or number == "endDate"


def told(folder: Folder, *words: str) -> str:
    result = folder.etl(*words)
    assert result.exit_code in (0, 1, 2), result.stderr
    return result.stdout + result.stderr
