"""On the standard language generated code and jmespath's own interpreter give the same, on any expression and data.

The library is held to the specification where it is laxer: it puts texts in order, and takes 1 for true inside lists.
"""

from __future__ import annotations

from typing import Any

import jmespath
from hypothesis import given, settings
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError
from jmespath.visitor import TreeInterpreter

from etl.errors import RecordRejected
from etl.expressions.parse import ExpressionError
from tests.support.expressions import search

NAMES = ("a", "b", "c")

scalars = st.none() | st.booleans() | st.sampled_from([2, -3, 2.5, 7]) | st.sampled_from(["", "a", "bb", "å"])
data = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=3),
    max_leaves=12,
)
records = st.dictionaries(st.sampled_from(NAMES), data, max_size=3)

names = st.sampled_from(NAMES)
atoms = names | st.sampled_from(["@", "'a'", "''", "`2`", "`0`", "`null`", "`true`", "`[]`", '`[2, "a", null]`', '"b"'])
steps = st.sampled_from(
    [".a", ".b", "[0]", "[-1]", "[*]", "[]", "[1:]", "[::-1]", "[:2]", ".*", "[*].a", "[].b", "[?a]", "[?@]", ".[a, b]"]
)
ONE = ("length", "to_array", "to_string", "type", "keys", "values", "reverse", "sort", "max", "min", "to_number", "abs")


def wider(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, steps).map(lambda pair: f"({pair[0]}){pair[1]}"),
        st.tuples(names, steps, steps).map("".join),
        two.map(lambda pair: f"({pair[0]} || {pair[1]})"),
        two.map(lambda pair: f"({pair[0]} && {pair[1]})"),
        two.map(lambda pair: f"({pair[0]} | {pair[1]})"),
        two.map(lambda pair: f"[{pair[0]}, {pair[1]}]"),
        two.map(lambda pair: f"{{x: {pair[0]}, a: {pair[1]}}}"),
        st.tuples(inner, st.sampled_from(["==", "!="]), inner).map(" ".join).map("({})".format),
        st.tuples(inner, st.sampled_from(["<", "<=", ">", ">="])).map(lambda pair: f"({pair[0]} {pair[1]} `2`)"),
        inner.map(lambda text: f"!({text})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]})[?{pair[1]}]"),
        st.tuples(st.sampled_from(ONE), inner).map(lambda pair: f"{pair[0]}({pair[1]})"),
        two.map(lambda pair: f"not_null({pair[0]}, {pair[1]})"),
        two.map(lambda pair: f"map(&({pair[0]}), {pair[1]})"),
        two.map(lambda pair: f"sort_by({pair[1]}, &({pair[0]}))"),
        two.map(lambda pair: f"merge({{x: {pair[0]}}}, {{x: {pair[1]}, a: @}})"),
        inner.map(lambda text: f"join('-', {text})"),
    )


expressions = st.recursive(atoms, wider, max_leaves=8)


class ToTheLetter(TreeInterpreter):
    """The library's interpreter, held to the specification where it is laxer."""

    def visit_comparator(self, node: Any, value: Any) -> Any:
        left, right = (self.visit(child, value) for child in node["children"])
        if node["value"] in ("eq", "ne"):
            return (exactly(left) == exactly(right)) is (node["value"] == "eq")
        if isinstance(left, str) or isinstance(right, str):
            return None
        return super().visit_comparator(node, value)


def theirs(text: str, record: Any) -> tuple[bool, Any]:
    try:
        return True, ToTheLetter().visit(jmespath.compile(text).parsed, record)
    except (JMESPathError, AttributeError, TypeError):
        return False, None


def ours(text: str, record: Any) -> tuple[bool, Any]:
    try:
        return True, search(text, record)
    except (ExpressionError, RecordRejected):
        return False, None


def exactly(value: Any) -> Any:
    """The value with its types told: True is not 1."""
    if isinstance(value, list):
        return [exactly(item) for item in value]
    if isinstance(value, dict):
        return {key: exactly(item) for key, item in value.items()}
    return (isinstance(value, bool), value)


@settings(max_examples=400)
@given(expressions, records)
def test_the_same_result_as_jmespath(text: str, record: Any) -> None:
    worked, expected = theirs(text, record)
    our_worked, found = ours(text, record)
    assert our_worked == worked
    assert exactly(found) == exactly(expected)
