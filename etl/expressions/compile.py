"""One expression as a Python function: what a pipeline calls for each record."""

from __future__ import annotations

from collections.abc import Callable

from etl.expressions.checks import check_calls
from etl.expressions.codegen import Code
from etl.expressions.error import ExpressionError
from etl.expressions.parse import Expression
from etl.expressions.scope import Scope
from etl.model import Json

Compiled = Callable[[Json, Scope], Json]


def compile_expression(expression: Expression) -> Compiled:
    """The expression as a function of a value and the run's scope, which raises RecordRejected (code `expression`
    or `lookup`) where it can't be evaluated. Raises ExpressionError for calls that can never be right."""
    code = Code()
    with code.function("expression", "v, s"):
        code.line(f"return {write_expression(code, expression, 'v')}")
    return code.build("expression")


def write_expression(code: Code, expression: Expression, current: str) -> str:
    """Writes an expression's statements; gives the variable or literal that holds its result."""
    for finding in check_calls(expression):
        if finding.severity == "error":
            raise ExpressionError(finding.message, finding.offset, finding.length, finding.hint)
    code.text = expression.text
    return code.value(expression.ast, current)
