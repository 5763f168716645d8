"""Comparisons that can never come true: a number with a string, a value that an enumeration never has."""

from __future__ import annotations

from etl.expressions.findings import Findings, Node
from etl.expressions.suggest import listed, nearest, spelled
from etl.expressions.types import BOOLEAN, NULL, Type, is_any, kind, kinds, possible, simple, words
from etl.model import Json

_DATES = {"date", "date-time"}
_SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def comparison(findings: Findings, node: Node, left: Type, right: Type) -> Type:
    """The type of a comparison, after noting what is wrong with it."""
    if node["value"] in ("eq", "ne"):
        _equality(findings, node, left, right)
        return BOOLEAN
    return _order(findings, node, left, right)


def _equality(findings: Findings, node: Node, left: Type, right: Type) -> None:
    if is_any(left) or is_any(right) or (left.nullable and right.nullable):
        return
    if not left.options or not right.options:
        return  # comparing with null is how one asks for null, also where the documents promise a value
    if not kinds(left) & kinds(right):
        _different_kinds(findings, node, left, right)
    elif _scalar(left) and _scalar(right):
        _different_values(findings, node, left, right)


def _order(findings: Findings, node: Node, left: Type, right: Type) -> Type:
    """JMESPath puts only numbers in order; anything else gives null."""
    if is_any(left) or is_any(right) or not left.options or not right.options:
        return simple("boolean", nullable=True)
    if not ("number" in kinds(left) and "number" in kinds(right)):
        message = (
            f"only numbers can be put in order: this compares {words(left)} with {words(right)}, which is never true"
        )
        findings.at(node, "order", message, _order_hint(findings, node, left, right), "warning")
        return NULL
    certain = kinds(left) == kinds(right) == {"number"} and not left.nullable and not right.nullable
    return simple("boolean", nullable=not certain)


def _order_hint(findings: Findings, node: Node, left: Type, right: Type) -> str | None:
    first, second = (findings.excerpt(child) for child in node["children"])
    if _DATES & {option.type for option in (*left.options, *right.options)}:
        return f"compare dates by their distance: date_diff({second}, {first}, 'seconds') {_SIGNS[node['value']]} `0`"
    return _kind_hint(findings, node, left, right) or "make numbers of them with to_number(…)"


def _scalar(value: Type) -> bool:
    return not kinds(value) & {"array", "object"}


def _different_kinds(findings: Findings, node: Node, left: Type, right: Type) -> None:
    result = "never true" if node["value"] == "eq" else "always true"
    message = f"this compares {words(left)} with {words(right)}, which is {result}"
    findings.at(node, "never-equal", message, _kind_hint(findings, node, left, right), "warning")


def _kind_hint(findings: Findings, node: Node, left: Type, right: Type) -> str | None:
    first, second = node["children"]
    if first["type"] == "not_expression":
        inner = findings.excerpt(first["children"][0])
        return f"`!` binds tighter than `{_SIGNS[node['value']]}`: put the comparison in parentheses, !({inner} …)"
    for value, other, subject in ((left, second, first), (right, first, second)):
        hint = _literal_hint(value, other) or _part_hint(value, findings.excerpt(subject), findings.excerpt(other))
        if hint:
            return hint
    return None


def _literal_hint(value: Type, other: Node) -> str | None:
    if other["type"] != "literal":
        return None
    text = other["value"]
    code = next(
        (code for option in value.options for name, code in (option.labels or {}).items() if name == text), None
    )
    if code is not None:
        return f"records hold the code of '{text}': write `{code}`"
    if kinds(value) == {"number"} and isinstance(text, str):
        return f"a number is written in backticks: `{text.strip()}`" if _is_number(text) else "compare it with a number"
    if kinds(value) == {"boolean"} and isinstance(text, str) and text.strip().lower() in ("true", "false"):
        return f"write `{text.strip().lower()}` in backticks"
    if kinds(value) == {"string"} and isinstance(text, int | float) and not isinstance(text, bool):
        return f"it is a text: write '{text}' in single quotes, or to_number(…) around the field"
    return None


def _part_hint(value: Type, subject: str, other: str) -> str | None:
    if kinds(value) == {"array"}:
        return f"to look into a list write contains({subject}, {other})"
    if kinds(value) == {"object"} and value.options[0].properties:
        names = [name for name, inner in value.options[0].properties.items() if kind(inner) not in ("array", "object")]
        if names:
            preferred = "name" if "name" in names else names[0]
            others = f" ({listed(names)})" if len(names) > 1 else ""
            return f"compare one of its fields, such as {subject}.{spelled(preferred)}{others}"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _different_values(findings: Findings, node: Node, left: Type, right: Type) -> None:
    ours, theirs = _all_values(left), _all_values(right)
    if ours is None or theirs is None or {_fold(value) for value in ours} & {_fold(value) for value in theirs}:
        return
    first, second = node["children"]
    if second["type"] != "literal":
        first, second, ours, theirs = second, first, theirs, ours
    if second["type"] != "literal" or first["type"] == "literal":
        return
    wrong = theirs[0]
    names = [str(value) for value in ours]
    meant = nearest(str(wrong), names)
    hint = f"did you mean '{meant}'?" if meant else f"its values are {listed(names)}"
    outcome = "never true" if node["value"] == "eq" else "always true"
    message = f"'{findings.excerpt(first)}' is never {wrong!r}, so this is {outcome}"
    findings.at(second, "never-equal", message, hint, "warning")


def _all_values(value: Type) -> tuple[Json, ...] | None:
    """Every value that is possible, or None where there is no end to them."""
    found: list[Json] = []
    for option in value.options:
        values = possible(option)
        if not values:
            return None
        found += values
    return tuple(found)


def _fold(value: Json) -> Json:
    return value.casefold() if isinstance(value, str) else value
