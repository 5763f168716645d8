"""Each code of the static checks: its bad example has it and nothing else, its good one has no problem."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from etl.mapping.checks.codes import ABOUT
from etl.reporting.problems import problem_text
from tests.documents.checks_page import CASES, PAGE, page, problems

_CODE_AT = {
    **{f"checked.{name}": 1 for name in ("at_value", "at_key", "warn_value", "warn_key", "add")},
    "findings.at": 1,
    "findings.add": 0,
    "Problem": 0,
}
"""Function → which of its arguments is the code."""
ROOT = CASES.parents[2]
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir() and path.name != "connectors")


@pytest.fixture(autouse=True)
def _here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)


@pytest.mark.parametrize("code", NAMES)
def test_the_bad_example_has_this_problem_only(code: str) -> None:
    found = problems(CASES / code / "bad")
    assert {problem.code for problem in found} == {code}


@pytest.mark.parametrize("code", NAMES)
def test_every_problem_says_where_and_what_to_do(code: str) -> None:
    for problem in problems(CASES / code / "bad"):
        assert problem.location is not None
        assert problem.location.text.strip()
        assert problem.hint or "; " in problem.message
        assert "None" not in problem_text(problem)


@pytest.mark.parametrize("code", NAMES)
def test_the_good_example_has_no_problem(code: str) -> None:
    assert problems(CASES / code / "good") == []


def test_every_code_is_documented_and_shown() -> None:
    assert sorted(ABOUT) == NAMES


def test_the_checks_use_no_code_that_is_not_documented() -> None:
    modules = [*(ROOT / "etl/mapping/checks").glob("*.py"), *_typing()]
    used = {code for module in modules for code in _codes(module.read_text(encoding="utf-8"))}
    assert used - set(ABOUT) == set()


def _typing() -> list[Path]:
    names = ("arguments", "calls", "compare", "fields", "infer", "shapes", "checks")
    return [ROOT / "etl/expressions" / f"{name}.py" for name in names]


def _codes(text: str) -> set[str]:
    """The texts that stand where a code does: beside the place of a problem, or first in a refusal handed back."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        values: list[ast.expr] = []
        if isinstance(node, ast.Call):
            values = node.args[_CODE_AT.get(_called(node.func), 9) :][:1]
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple) and len(node.value.elts) == 3:
            values = node.value.elts[:1]
        found |= {
            each.value
            for each in values
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and each.value
        }
    return found


def _called(function: ast.expr) -> str:
    """`findings.add` → `findings.add`; `self.findings.at` → `findings.at`."""
    return ".".join(ast.unparse(function).split(".")[-2:])


def test_the_page_is_current() -> None:
    """`python -m tests.documents.checks_page` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page()
