"""Every syntax error is said in words, at its place; every node knows its place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from etl.expressions.parse import Expression, ExpressionError, Node, children, names_used, parse, walk

WRONG = [
    "",
    "   ",
    "addresses[*.city",
    "n > 0",
    "items[?count >= 5].name",
    "a = 'x'",
    "a == ",
    "a and b",
    "a or b",
    "a + b",
    "a - b",
    "a -1",
    "a * b",
    "a / b",
    "a.0",
    "a.'b'",
    "a[",
    "a[x]",
    "a]",
    "(a",
    "a)",
    "join(', ', a",
    "join(', ' a)",
    "join(',',)",
    "join('x'",
    "{a: b, c}",
    "{a: b c: d}",
    "[a, b",
    "'unclosed",
    '"unclosed',
    "`unclosed",
    '"lower"(a)',
    '"\\q"',
    "a[0](b)",
    "Ärende.namn",
    "‘a’",
    "${var:prefix}",
    "$.a",
    "a b",
    "a 'b'",
    "a[1:2:3:4]",
    "&",
    "a | ",
    "%",
    "not a.b",
    "a in b",
    "a is null",
    "a & b",
    "a ? b : c",
    "a?.b",
    "{{ a }}",
    "contains([2, 4], a)",
    "to_string(a]",
    "f(a and b)",
    "a.[0]",
    "a['b']",
    "a..b",
    "a <> b",
    "a == 1.5",
    "a || || b",
    "'it''s'",
    "{a b}",
    "a, b",
    "@@",
]


def told(text: str) -> str:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    error = caught.value
    return f"{text}\n{' ' * error.offset}{'^' * error.length}\n{error}"


@pytest.mark.parametrize("text", WRONG)
def test_a_syntax_error_says_what_is_wrong_and_how_to_fix_it(text: str, snapshot: SnapshotAssertion) -> None:
    assert told(text) == snapshot
    assert " — " in told(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("(" * 5_000 + "a" + ")" * 5_000, id="brackets"),
        pytest.param("[" * 50_000, id="open-brackets"),
        pytest.param("!" * 9_000 + "a", id="negations"),
        pytest.param(" || ".join(["a"] * 5_000), id="alternatives"),
        pytest.param("a" + "[*]" * 5_000, id="projections"),
        pytest.param("`" + "[" * 40_000 + "]" * 40_000 + "`", id="literal"),
        pytest.param("a." * 5_000_000 + "a", id="ten-megabytes"),
        pytest.param("1" * 9_000, id="long-number"),
    ],
)
def test_an_expression_beyond_all_measure_is_refused_in_words(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    assert len(str(caught.value)) < 200


@given(st.text(st.sampled_from("ab.[]()*?&|!<>=`'\"@{}:,01- \\$å"), max_size=30))
def test_any_text_is_parsed_or_refused_within_its_bounds(text: str) -> None:
    outcome = parsed(text)
    if isinstance(outcome, ExpressionError):
        assert 0 <= outcome.offset <= len(text)
        assert outcome.length >= 1
    else:
        assert all(0 <= node["start"] <= node["end"] <= len(text) for node in walk(outcome.ast))


def parsed(text: str) -> Expression | ExpressionError:
    try:
        return parse(text)
    except ExpressionError as error:
        return error


def outline(expression: Expression, node: Node | None = None) -> str:
    node = node or expression.ast
    inner = ", ".join(outline(expression, child) for child in children(node))
    text = expression.text[node["start"] : node["end"]]
    return f"{node['type']}<{text}>" + (f"({inner})" if inner else "")


@pytest.mark.parametrize(
    "text",
    [
        "customer.name",
        " a . b ",
        "(a || b).c",
        "tags[].name",
        "list[?n > `1`].name | [0]",
        "join(', ', [a, b.c][?@])",
        "{first: a[0], rest: a[1:]}",
        "sort_by(@, &when)[-1]",
        "*.a",
        "a.*.b",
        "!a && b != 'it\\'s'",
        "lookup('clients', customer.id).id",
    ],
)
def test_each_node_knows_the_text_that_it_stands_for(text: str, snapshot: SnapshotAssertion) -> None:
    assert outline(parse(text)) == snapshot


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("customer.name", {"customer"}),
        ("!(status.isCompletedStatus) && a[0].b", {"status", "a"}),
        ("join('-', [to_string(id), title])", {"id", "title"}),
        ("tags[?name == 'x'].id | [0]", {"tags"}),
        ("@.customer | name", {"customer"}),
        ("sort_by(rows, &age)", {"rows"}),
        ("'constant'", set()),
        ("@", None),
        ("to_string(@)", None),
        ("*", None),
        ("[].a", None),
        ("a || @", None),
    ],
)
def test_the_fields_that_an_expression_looks_at_are_known(text: str, names: set[str] | None) -> None:
    assert names_used(parse(text)) == names


def test_a_number_that_a_float_would_round_is_kept_exactly() -> None:
    literal = parse("`12345678901234567.891`").ast["value"]
    assert str(literal) == "12345678901234567.891"
    assert parse("`0.1`").ast["value"] == 0.1


def test_what_is_no_json_between_backticks_is_text() -> None:
    assert parse("`Ongoing`").ast["value"] == "Ongoing"
    assert parse("`NaN`").ast["value"] == "NaN"
    assert parse(f"`{json.dumps({'a': [1, None]})}`").ast["value"] == {"a": [1, None]}
