"""What is wrong with an expression before any record is read, though it is valid JMESPath."""

from __future__ import annotations

import re
from typing import Any

from etl.errors import RecordRejected
from etl.expressions.findings import Finding, Findings
from etl.expressions.functions import FUNCTIONS, Function
from etl.expressions.parse import Expression, Node, children, walk
from etl.expressions.suggest import nearest

_ELSEWHERE = {
    "if": "condition && value || other",
    "iif": "condition && value || other",
    "not": "!(…)",
    "and": "a && b",
    "or": "a || b",
    "ifnull": "coalesce(a, b)",
    "isnull": "a == `null`",
    "nvl": "coalesce(a, b)",
    "default": "coalesce(a, b)",
    "len": "length(v)",
    "count": "length(v)",
    "int": "to_number(v)",
    "float": "to_number(v)",
    "str": "to_string(v)",
    "strip": "trim(s)",
    "today": "to_date(now())",
    "date": "to_date(v)",
    "datetime": "to_datetime(v)",
    "strftime": "format_datetime(v, pattern)",
    "format_date": "format_datetime(v, pattern)",
    "md5": "sha256(v)",
    "hash": "sha256(v)",
    "mul": "multiply(a, b)",
    "minus": "subtract(a, b)",
    "plus": "add(a, b)",
    "filter": "list[?condition]",
    "substring": "`truncate: 3` beside the field's value for the first characters, or regex_replace(s, regex, with)",
    "substr": "`truncate: 3` beside the field's value for the first characters, or regex_replace(s, regex, with)",
    "left": "`truncate: 3` beside the field's value for the first characters, or regex_replace(s, regex, with)",
    "year": "format_datetime(v, '%Y')",
    "month": "format_datetime(v, '%m')",
    "day": "format_datetime(v, '%d')",
    "first": "list[0]",
    "last": "list[-1]",
}
"""What functions of other languages are here."""


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
        elif node["type"] == "literal":
            _check_literal(findings, node)
        elif node["type"] == "slice" and node["children"][2] == 0:
            findings.at(node, "expression", "the step of a slice can't be 0", "leave it out, or write 1 or -1")
    return list(findings.ordered())


_WORDS = ("null", "true", "false")
"""What JSON has words for."""


def _check_literal(findings: Findings, node: Node) -> None:
    """JMESPath takes what is no JSON between backticks for text: `` `nul` `` is no null."""
    written = findings.excerpt(node)
    if not isinstance(node["value"], str) or written[:1] != "`" or written[1:-1].strip()[:1] == '"':
        return
    value = node["value"]
    meant = nearest(value.lower(), _WORDS)
    hint = f"did you mean `{meant}`?" if meant else f"write '{value}'"
    findings.at(node, "literal", f"{written} is the text '{value}'", hint, "error" if meant else "warning")


def _arguments(node: Node) -> list[Node]:
    return children(node) if node["type"] == "function_expression" else []


def _check_call(findings: Findings, node: Node) -> None:
    name, arguments = node["value"], children(node)
    function = FUNCTIONS.get(name)
    if function is None:
        near = nearest(name, FUNCTIONS)
        hint = f"did you mean '{near}'?" if near else "`etl functions` lists them all"
        hint = f"write {_ELSEWHERE[name.lower()]}" if name.lower() in _ELSEWHERE else hint
        findings.add(
            "unknown-function", f"there is no function '{name}'", hint, node["start"], node["start"] + len(name)
        )
        return
    if len(arguments) < function.least or (function.most is not None and len(arguments) > function.most):
        message = f"{name}() takes {_count(function)}, not {len(arguments)}"
        findings.at(node, "arity", message, f"write {_of_a_method(findings, node) or function.usage}")
        return
    if turned_round(function, arguments):
        a, b = (findings.excerpt(argument) for argument in arguments)
        message = f"the arguments of {name}() are the other way round"
        findings.at(node, "argument-type", message, f"write {name}({b}, {a})")
        return
    for index, argument in enumerate(arguments):
        _check_argument(findings, function, index, argument)


def _of_a_method(findings: Findings, node: Node) -> str | None:
    """`title.upper()` of other languages is upper(title) here."""
    path = re.search(r"([A-Za-z_][\w.]*)\s*\.\s*\Z", findings.text[: node["start"]])
    return f"{node['value']}({path[1]})" if path is not None and not children(node) else None


def turned_round(function: Function, arguments: list[Node]) -> bool:
    """Whether `&expression` and list stand in each other's place."""
    wanted = ["expref" in function.parameter(index).kinds for index in range(len(arguments))]
    given = [argument["type"] == "expref" for argument in arguments]
    return len(given) == 2 and given != wanted and given == wanted[::-1]


def _count(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return f"{least} or more arguments" if least else "any number of arguments"
    noun = "argument" if most == 1 else "arguments"
    return (
        f"{'no' if most == 0 else most} {noun}"
        if least == most
        else f"{least} or {most} {noun}"
        if most == least + 1
        else f"{least} to {most} {noun}"
    )


def _check_argument(findings: Findings, function: Function, index: int, argument: Node) -> None:
    parameter = function.parameter(index)
    wants_expression = "expref" in parameter.kinds
    if wants_expression and argument["type"] != "expref":
        message = f"{function.name}() needs an expression here, evaluated for each item"
        findings.at(argument, "argument-type", message, f"write &{findings.excerpt(argument)}")
    elif not wants_expression and argument["type"] == "expref":
        findings.at(argument, "argument-type", f"{function.name}() takes a value here, not an expression", "remove '&'")
    elif argument["type"] == "literal" and parameter.name == "with" and re.search(r"\$\d", str(argument["value"])):
        right = re.sub(r"\$(\d)", r"\\\1", argument["value"])
        message = f"'{argument['value']}' is taken as it stands: a group of the pattern is written \\1"
        findings.at(argument, "argument", message, f"write '{right}'", "warning")
    elif argument["type"] == "literal" and parameter.check is not None and isinstance(argument["value"], str):
        reason = _refused(parameter.check, argument["value"])
        if reason:
            message, _, remedy = reason.partition("; ")
            findings.at(argument, "argument", message, remedy or parameter.remedy)
        elif parameter.name == "pattern" and "%" not in argument["value"]:
            message = f"'{argument['value']}' holds no letter such as %Y: every date becomes this very text"
            findings.at(argument, "argument", message, "write '%Y-%m-%d' for 2026-04-01", "warning")


def _refused(check: Any, value: str) -> str | None:
    try:
        check(value)
    except RecordRejected as rejected:
        return rejected.reason
    return None
