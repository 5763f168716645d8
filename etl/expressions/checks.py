"""What is wrong with an expression before any record is read, though it is valid JMESPath."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from etl.errors import RecordRejected
from etl.expressions.findings import Finding, Findings
from etl.expressions.functions import FUNCTIONS, Function
from etl.expressions.parse import Expression, Node, children, walk

_OTHER_NAMES = {
    "len": "length",
    "count": "length",
    "size": "length",
    "lowercase": "lower",
    "tolower": "lower",
    "to_lower": "lower",
    "uppercase": "upper",
    "toupper": "upper",
    "to_upper": "upper",
    "strip": "trim",
    "str": "to_string",
    "string": "to_string",
    "int": "to_number",
    "float": "to_number",
    "number": "to_number",
    "if_null": "coalesce",
    "ifnull": "coalesce",
    "nvl": "coalesce",
    "plus": "add",
    "sub": "subtract",
    "minus": "subtract",
    "times": "multiply",
    "mul": "multiply",
    "div": "divide",
    "format_date": "format_datetime",
    "strftime": "format_datetime",
    "date": "to_date",
    "datetime": "to_datetime",
    "today": "now",
    "datediff": "date_diff",
    "dateadd": "add_days",
    "regex_match": "matches",
    "index_of": "find_first",
    "entries": "items",
    "average": "avg",
}
"""What the same thing is called elsewhere."""


def check_calls(expression: Expression) -> list[Finding]:
    """Unknown functions, wrong numbers of arguments, `&` out of place, and arguments that no call can take."""
    findings = Findings(expression.text)
    exprefs = {id(child) for node in walk(expression.ast) for child in _arguments(node)}
    for node in walk(expression.ast):
        if node["type"] == "function_expression":
            _check_call(findings, node)
        elif node["type"] == "expref" and id(node) not in exprefs:
            message = "'&' stands only before an argument of functions such as sort_by(list, &name)"
            findings.at(node, "expression", message, "remove it, or write '&&' for 'and'")
        elif node["type"] == "slice" and node["children"][2] == 0:
            findings.at(node, "expression", "the step of a slice can't be 0", None)
    return list(findings.ordered())


def _arguments(node: Node) -> list[Node]:
    return children(node) if node["type"] == "function_expression" else []


def _check_call(findings: Findings, node: Node) -> None:
    name, arguments = node["value"], children(node)
    function = FUNCTIONS.get(name)
    if function is None:
        near = nearest(name)
        hint = f"did you mean '{near}'?" if near else "`etl functions` lists them all"
        findings.add(
            "unknown-function", f"there is no function '{name}'", hint, node["start"], node["start"] + len(name)
        )
        return
    if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
        message = f"{name}() takes {_count(function)}, not {len(arguments)}"
        findings.at(node, "arity", message, f"write {function.usage}")
        return
    for index, argument in enumerate(arguments):
        _check_argument(findings, function, index, argument)


def nearest(name: str) -> str | None:
    """The function that a wrong name most likely means."""
    other = _OTHER_NAMES.get(name.lower())
    close = get_close_matches(name.lower(), FUNCTIONS, n=1)
    return other or (close[0] if close else None)


def _count(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return f"{least} or more arguments" if least else "any number of arguments"
    noun = "argument" if most == 1 else "arguments"
    return f"{'no' if most == 0 else most} {noun}" if least == most else f"{least} to {most} {noun}"


def _check_argument(findings: Findings, function: Function, index: int, argument: Node) -> None:
    parameter = function.parameter(index)
    wants_expression = "expref" in parameter.kinds
    if wants_expression and argument["type"] != "expref":
        message = f"{function.name}() needs an expression here, evaluated for each item"
        findings.at(argument, "argument-type", message, f"write &{findings.excerpt(argument)}")
    elif not wants_expression and argument["type"] == "expref":
        findings.at(argument, "argument-type", f"{function.name}() takes a value here, not an expression", "remove '&'")
    elif argument["type"] == "literal" and parameter.check is not None and isinstance(argument["value"], str):
        reason = _refused(parameter.check, argument["value"])
        if reason:
            findings.at(argument, "argument", reason)


def _refused(check: Any, value: str) -> str | None:
    try:
        check(value)
    except RecordRejected as rejected:
        return rejected.reason
    return None


# --- traps ---------------------------------------------------------------------------------------


def traps(expression: Expression) -> list[Finding]:
    """What JMESPath reads in another way than most people do."""
    findings = Findings(expression.text)
    for node in walk(expression.ast):
        _check_negation(findings, node)
        _check_order(findings, node)
    return list(findings.ordered())


def _check_negation(findings: Findings, node: Node) -> None:
    """`!a.b` is `(!a).b`, which is always null."""
    inner = children(node)
    if node["type"] not in ("subexpression", "index_expression", "value_projection") or not inner:
        return
    first = inner[0]
    if first["type"] != "not_expression" or findings.text[node["start"] : node["start"] + 1] != "!":
        return
    written = findings.excerpt(node)
    if written.startswith("!"):
        findings.at(
            node,
            "negation",
            f"JMESPath reads {written} as ({findings.excerpt(first)}){_rest(findings, node, first)}, "
            "which is always null",
            f"write !({written[1:].strip()})",
        )


def _rest(findings: Findings, node: Node, first: Node) -> str:
    return findings.text[first["end"] : node["end"]]


def _check_order(findings: Findings, node: Node) -> None:
    if node["type"] != "comparator" or node["value"] in ("eq", "ne"):
        return
    for side in children(node):
        if side["type"] == "literal" and isinstance(side["value"], str):
            message = "JMESPath puts only numbers in order: compared with a text, this is always null"
            hint = "compare dates with date_diff(a, b, 'seconds') > `0`, numbers between backticks: `5`"
            findings.at(side, "order", message, hint)
