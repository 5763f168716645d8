"""What is known not to be null where a condition holds: in `a && f(a)` the second `a` is no null."""

from __future__ import annotations

from etl.expressions.findings import Findings, Node
from etl.expressions.parse import Expression

Known = frozenset[str]
"""Texts of expressions, without blanks."""


def text_of(findings: Findings, node: Node) -> str:
    """A node's text without blanks, by which equal expressions are known."""
    return "".join(findings.text[node["start"] : node["end"]].split())


def kept_by(where: Expression) -> Known:
    """What is not null in the records that a filter keeps."""
    return where_true(Findings(where.text), where.ast)


def where_true(findings: Findings, node: Node) -> Known:
    """What is not null where this node is true."""
    if node["type"] == "and_expression":
        left, right = node["children"]
        return where_true(findings, left) | where_true(findings, right)
    if node["type"] == "comparator":
        return _compared(findings, node)
    if node["type"] == "not_expression":
        return where_false(findings, node["children"][0])
    return _not_null(findings, node)


def where_false(findings: Findings, node: Node) -> Known:
    """What is not null where this node is false."""
    if node["type"] == "or_expression":
        left, right = node["children"]
        return where_false(findings, left) | where_false(findings, right)
    if node["type"] == "not_expression":
        return where_true(findings, node["children"][0])
    return frozenset()


def _compared(findings: Findings, node: Node) -> Known:
    """`a == 'x'`, ``a > `5` `` and ``a != `null` `` hold for no null."""
    left, right = node["children"]
    if right["type"] != "literal":
        return frozenset()
    unequal, null = node["value"] == "ne", right["value"] is None
    return _not_null(findings, left) if unequal == null else frozenset()


_PATHS = {"subexpression", "index_expression", "projection", "filter_projection", "flatten", "value_projection"}


def _not_null(findings: Findings, node: Node) -> Known:
    """What is not null where this node is not: for a path also what it leads through, `tags` for `tags[].title`."""
    known = {text_of(findings, node)}
    while node["type"] in _PATHS and all(child["type"] != "function_expression" for child in node["children"][1:]):
        node = node["children"][0]
        known.add(text_of(findings, node))
    return frozenset(known)
