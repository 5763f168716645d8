"""Whether a function can take what it is given: types that never fit, and null where that is an error."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from etl.expressions.findings import Findings, Node, quoted
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
    spared: bool = False
    """Null among the call's arguments may make the call null before this one is looked at."""


def check_argument(findings: Findings, argument: Argument) -> None:
    """Notes what is wrong with an argument."""
    given, parameter = argument.type, argument.parameter
    if is_any(given) or not parameter.kinds or "expref" in parameter.kinds or argument.node["type"] == "expref":
        return
    wrong = _wrong(parameter, given)
    if wrong is not None:
        _misfit(findings, argument, wrong)
    elif argument.function.standard and not parameter.nullable:
        _null(findings, argument)


def exchanged(findings: Findings, call: Node, function: Function, types: Sequence[Type], *, spared: bool) -> bool:
    """Whether neither of two arguments fits where it stands, and each where the other does; that is noted.

    `spared`: null among them may make the call null before it is looked at.
    """
    if len(types) != 2 or any(is_any(each) or not each.options for each in types):
        return False
    first, second = (function.parameter(index) for index in (0, 1))
    if (
        not _wrong(first, types[0])
        or not _wrong(second, types[1])
        or _wrong(first, types[1])
        or _wrong(second, types[0])
    ):
        return False
    a, b = (findings.excerpt(child) for child in call["children"])
    message = f"the arguments of {call['value']}() are the other way round"
    severity = "warning" if spared else findings.severity()
    findings.at(call, "argument-type", message, f"write {call['value']}({b}, {a})", severity)
    return True


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
    what = f"{quoted(text)} {'is' if whole else 'holds'} {words(wrong)}"
    wanted = " or ".join(_KINDS[each] for each in argument.parameter.kinds)
    hint = (
        _conversion(argument.parameter, wrong, text) if whole else _conversion_of_items(argument.parameter, wrong, text)
    )
    hint = _respelled(argument.parameter, node) or hint
    findings.at(
        node, "argument-type", f"{function.name}() takes {wanted}, and {what}", hint, _harm(findings, argument, wrong)
    )


def _respelled(parameter: Parameter, node: Node) -> str | None:
    """A literal of the wrong kind, as one of the right kind."""
    if node["type"] != "literal":
        return None
    value = node["value"]
    if "number" in parameter.kinds and isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?", value):
        return f"write `{value}` in backticks"
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return f"write '{value}' in single quotes" if numeric and parameter.kinds == ("string",) else None


def _harm(findings: Findings, argument: Argument, wrong: Type) -> Severity:
    """An error only if no record gets by: null passes through most functions, and an empty list fits any."""
    given = argument.type
    null_fits = given.nullable and argument.parameter.nullable
    certain = (wrong is given or wrong in given.present) and not argument.spared and not null_fits
    return findings.severity() if certain else "warning"


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
        return f"take a field of each item, such as {_grouped(text)}[].{spelled(field)}"
    name = _converter(parameter, wrong)
    return f"write map(&{name}(@), {text})" if name else None


def _converter(parameter: Parameter, wrong: Type) -> str | None:
    """The function that makes the wanted kind of a scalar, if that can succeed."""
    wanted = {each.rpartition("-")[2] for each in parameter.kinds}
    scalar = kinds(wrong) and not kinds(wrong) & {"array", "object"}
    if "string" in wanted and scalar:
        return "to_string"
    return "to_number" if "number" in wanted and kinds(wrong) == {"string"} else None


def _grouped(text: str) -> str:
    """The text of an expression so that an index can follow it."""
    return f"({text})" if " || " in text or " && " in text or " | " in text else text


# --- null in a standard function -----------------------------------------------------------------


def _null(findings: Findings, argument: Argument) -> None:
    given, name = argument.type, argument.function.name
    text = findings.excerpt(argument.node)
    if given.nullable:
        message = f"{name}() fails on null, and {quoted(text)} can be null: such records are rejected"
    elif _holds_null(argument):
        message = f"{name}() fails where its list holds null, and {quoted(text)} can: such records are rejected"
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
        return _with(findings, call, node, f"{_grouped(text)}[?@]")
    fitting = [each for each in argument.parameter.kinds if each.partition("-")[0] in kinds(argument.type)]
    empties = {_EMPTY[each] for each in fitting if each in _EMPTY}
    if len(empties) == 1 and node["type"] != "pipe":
        return _with(findings, call, node, f"{text} || {empties.pop()}")
    return f"{text} && {findings.excerpt(call)}"


def _with(findings: Findings, call: Node, node: Node, replacement: str) -> str:
    text = findings.text
    return (text[call["start"] : node["start"]] + replacement + text[node["end"] : call["end"]]).strip()
