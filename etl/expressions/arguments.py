"""Whether a function can take what it is given: types that never fit, and null where that is an error."""

from __future__ import annotations

from dataclasses import dataclass

from etl.errors import RecordRejected
from etl.expressions.findings import Findings, Node
from etl.expressions.functions import Function, Parameter
from etl.expressions.suggest import listed, spelled
from etl.expressions.types import Type, is_any, items_of, kinds, known_properties, words
from etl.model import Severity

_KINDS = {
    "string": "a text",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "array-string": "a list of texts",
    "array-number": "a list of numbers",
}
_EMPTY = {"array": "`[]`", "array-string": "`[]`", "array-number": "`[]`", "object": "`{}`", "string": "''"}


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: the call's node, the parameter that takes it, its own node and its type."""

    call: Node
    function: Function
    parameter: Parameter
    node: Node
    type: Type


def check_argument(findings: Findings, argument: Argument) -> None:
    """Notes what is wrong with an argument."""
    wants_expression = "expref" in argument.parameter.kinds
    if wants_expression != (argument.node["type"] == "expref"):
        _marked(findings, argument, wants_expression)
    elif not wants_expression:
        _literal(findings, argument)
        _value(findings, argument)


def _marked(findings: Findings, argument: Argument, wants_expression: bool) -> None:
    text = findings.excerpt(argument.node)
    hint = f"write &{text}" if wants_expression else f"write {text.removeprefix('&')}"
    wanted = "an expression, marked with &," if wants_expression else "a value, not an expression,"
    findings.at(argument.node, "argument-type", f"{argument.function.name}() takes {wanted} here", hint)


def _literal(findings: Findings, argument: Argument) -> None:
    """A pattern, unit or zone that is written out can be tried at once."""
    check, node = argument.parameter.check, argument.node
    if check is None or node["type"] != "literal" or not isinstance(node["value"], str):
        return
    try:
        check(node["value"])
    except RecordRejected as rejected:
        message = f"{argument.function.name}(): {rejected.reason}"
        findings.at(node, "argument-value", message, None, findings.severity())


def _value(findings: Findings, argument: Argument) -> None:
    given, parameter = argument.type, argument.parameter
    if is_any(given) or not parameter.kinds:
        return
    wrong = _wrong(parameter, given)
    if wrong is not None:
        _misfit(findings, argument, wrong)
    elif argument.function.standard and not parameter.nullable:
        _null(findings, argument)


# --- types that never fit ------------------------------------------------------------------------


def _wrong(parameter: Parameter, given: Type) -> Type | None:
    """What can't fit: the value itself, or an item of a list; None where it can."""
    if not given.options:
        return None if parameter.nullable or given.nullable else given
    accepted = {each.partition("-")[0] for each in parameter.kinds}
    if not kinds(given) & accepted:
        return given
    inside = {each.partition("-")[2] for each in parameter.kinds if each.startswith("array-")}
    if not inside or kinds(given) & {each for each in parameter.kinds if "-" not in each}:
        return None
    items = (*given.present, items_of(given))
    return next((item for item in items if item.options and not is_any(item) and not kinds(item) & inside), None)


def _misfit(findings: Findings, argument: Argument, wrong: Type) -> None:
    function, given = argument.function, argument.type
    node = _element(findings, argument.node, wrong)
    text = findings.excerpt(node)
    whole = wrong is given or node is not argument.node
    what = f"'{text}' is {words(wrong)}" if whole else f"'{text}' holds {words(wrong)}"
    wanted = " or ".join(_KINDS[each] for each in argument.parameter.kinds)
    hint = (
        _conversion(argument.parameter, wrong, text) if whole else _conversion_of_items(argument.parameter, wrong, text)
    )
    findings.at(
        node, "argument-type", f"{function.name}() takes {wanted}, and {what}", hint, _harm(findings, argument, wrong)
    )


def _harm(findings: Findings, argument: Argument, wrong: Type) -> Severity:
    """An error only if no record gets by: null passes through most functions, and an empty list fits any."""
    given = argument.type
    if given.nullable and not argument.function.standard:
        return "warning"
    return findings.severity() if wrong is given or wrong in given.present else "warning"


def _element(findings: Findings, node: Node, wrong: Type) -> Node:
    """The item of a list spelled out that is at fault, else the whole argument."""
    base = node["children"][0] if node["type"] == "filter_projection" else node
    if base["type"] != "multi_select_list" or not wrong.name:
        return node
    return next((child for child in base["children"] if f"'{findings.excerpt(child)}'" == wrong.name), node)


def _conversion(parameter: Parameter, wrong: Type, text: str) -> str | None:
    properties = known_properties(wrong)
    if properties:
        return f"take one of its fields: {listed(map(spelled, properties))}"
    name = _converter(parameter, wrong)
    return f"write {name}({text})" if name else None


def _conversion_of_items(parameter: Parameter, wrong: Type, text: str) -> str | None:
    properties = known_properties(wrong)
    if properties:
        field = "name" if "name" in properties else next(iter(properties))
        return f"take a field of each item, such as {text}[].{spelled(field)}"
    name = _converter(parameter, wrong)
    return f"write map(&{name}(@), {text})" if name else None


def _converter(parameter: Parameter, wrong: Type) -> str | None:
    """The function that makes the wanted kind of a scalar, if that can succeed."""
    wanted = {each.rpartition("-")[2] for each in parameter.kinds}
    scalar = kinds(wrong) and not kinds(wrong) & {"array", "object"}
    if "string" in wanted and scalar:
        return "to_string"
    return "to_number" if "number" in wanted and kinds(wrong) == {"string"} else None


# --- null in a standard function -----------------------------------------------------------------


def _null(findings: Findings, argument: Argument) -> None:
    given, name = argument.type, argument.function.name
    text = findings.excerpt(argument.node)
    if given.nullable:
        message = f"{name}() fails on null, and '{text}' can be null: such records are rejected"
    elif _holds_null(argument):
        message = f"{name}() fails where its list holds null, and '{text}' can: such records are rejected"
    else:
        return
    findings.at(argument.node, "null-argument", message, f"write {_safe(findings, argument)}", "warning")


def _holds_null(argument: Argument) -> bool:
    inner = items_of(argument.type)
    by_item = any(each.startswith("array-") for each in argument.parameter.kinds)
    return by_item and inner.nullable and not is_any(inner)


def _safe(findings: Findings, argument: Argument) -> str:
    """The call in a form that takes null."""
    call, node = argument.call, argument.node
    text = findings.excerpt(node)
    if not argument.type.nullable:
        return _with(findings, call, node, f"{text}[?@]")
    fitting = [each for each in argument.parameter.kinds if each.partition("-")[0] in kinds(argument.type)]
    empties = {_EMPTY[each] for each in fitting if each in _EMPTY}
    if len(empties) == 1 and node["type"] != "pipe":
        return _with(findings, call, node, f"{text} || {empties.pop()}")
    return f"{text} && {findings.excerpt(call)}"


def _with(findings: Findings, call: Node, node: Node, replacement: str) -> str:
    text = findings.text
    return (text[call["start"] : node["start"]] + replacement + text[node["end"] : call["end"]]).strip()
