"""One expression as a Python function: what a pipeline calls for each record."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

from etl.expressions.checks import check_calls
from etl.expressions.codegen import Code
from etl.expressions.error import ExpressionError
from etl.expressions.fail import fail
from etl.expressions.parse import Expression
from etl.expressions.scope import Scope
from etl.model import Json

Compiled = Callable[[Json, Scope], Json]


def compile_expression(expression: Expression) -> Compiled:
    """The expression as a function of a value and the run's scope, which raises RecordRejected (code `expression`
    or `lookup`) where it can't be evaluated. Raises ExpressionError for calls that can never be right."""
    code = Code()
    code.namespace |= {"RecursionError": RecursionError, "too_deep": _too_deep}
    with code.function("expression", "v, s"):
        with code.block("try:"):
            code.line(f"return {write_expression(code, expression, 'v')}")
        with code.block("except RecursionError:"):
            code.line("too_deep()")
    return code.build("expression")


def _too_deep() -> NoReturn:
    fail("the value is nested too deeply")


def write_expression(code: Code, expression: Expression, current: str) -> str:
    """Writes an expression's statements; gives the variable or literal that holds its result."""
    for finding in check_calls(expression):
        if finding.severity == "error":
            raise ExpressionError(finding.message, finding.offset, finding.length, finding.hint)
    code.text = expression.text
    return code.value(expression.ast, current)
