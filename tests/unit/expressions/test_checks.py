"""Valid JMESPath that can't be meant is told before any record is read."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.expressions.checks import check_calls
from etl.expressions.compile import compile_expression
from etl.expressions.findings import Finding
from etl.expressions.parse import ExpressionError, parse


def drawn(text: str, findings: list[Finding]) -> str:
    return "\n".join(
        f"{text}\n{' ' * finding.offset}{'^' * finding.length} {finding.code}: {finding.message} — {finding.hint}"
        for finding in findings
    )


CALLS = [
    "lowr(name)",
    "joined(a)",
    "xyzzy(a)",
    "lower()",
    "lower(a, b)",
    "round(n, `1`, `2`)",
    "add(`1`)",
    "now(a)",
    "concat()",
    "sort_by(rows, age)",
    "lower(&a)",
    "to_string(&a)",
    "{a: &b}",
    "rows[::0]",
    "matches(s, '(')",
    "date_diff(a, b, 'weeks')",
    "format_datetime(a, '%Q')",
    "to_datetime(a, 'Europe/Stokholm')",
    "uuid5('dsn', a)",
]


@pytest.mark.parametrize("text", CALLS)
def test_a_call_that_can_never_be_right_is_told(text: str, snapshot: SnapshotAssertion) -> None:
    findings = check_calls(parse(text))
    assert drawn(text, findings) == snapshot
    with pytest.raises(ExpressionError):
        compile_expression(parse(text))


def test_all_wrong_calls_of_an_expression_are_told_at_once() -> None:
    found = check_calls(parse("join(lowr(a), uper(b))"))
    assert [(finding.code, finding.offset) for finding in found] == [("unknown-function", 5), ("unknown-function", 14)]


@pytest.mark.parametrize("text", ["!(a.b)", "(!a).b", "!a", "!a[0]", "a.b", "!a && b.c", "n > `5`", "join('-', [a])"])
def test_a_right_call_is_left_alone(text: str) -> None:
    assert check_calls(parse(text)) == []
