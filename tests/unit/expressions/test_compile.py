"""Expressions evaluate as JMESPath says, whatever the data; what can't be evaluated rejects the record in words."""

from __future__ import annotations

from decimal import Decimal

import pytest

from etl.errors import RecordRejected
from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.model import Json
from tests.support.expressions import scope, search

PROJECT = {
    "id": 7,
    "title": "Villa Björk",
    "customer": {"id": 3, "name": "Björk AB", "contact": None},
    "status": {"name": "Ongoing", "isCompleted": False},
    "hours": 0,
    "empty": "",
    "tags": [{"id": 1, "name": "roof"}, {"id": 2, "name": None}, "odd", None, {"name": "wall"}],
    "nested": [[1, 2], [], 3, [4, [5]]],
    "odd key": 1,
    "wide": Decimal("12345678901234567.891"),
}

CASES: list[tuple[str, Json]] = [
    ("customer.name", "Björk AB"),
    ("customer.contact.email", None),
    ("title.name", None),
    ('"odd key"', 1),
    ("tags[].name", ["roof", "wall"]),
    ("tags[0].name", "roof"),
    ("tags[-1].name", "wall"),
    ("tags[9]", None),
    ("tags[-9]", None),
    ("title[0]", None),
    ("tags[?name].id", [1]),
    ("tags[?id > `1`].id | [0]", 2),
    ("tags[*].name | length(@)", 2),
    ("customer.*", [3, "Björk AB"]),
    ("title.*", None),
    ("nested[]", [1, 2, 3, 4, [5]]),
    ("nested[][]", [1, 2, 3, 4, 5]),
    ("nested[0][::-1]", [2, 1]),
    ("hours || `5`", 0),
    ("empty || 'none'", "none"),
    ("empty && 'some'", ""),
    ("hours && 'some'", "some"),
    ("!hours", False),
    ("!empty", True),
    ("!status.isCompleted", None),
    ("!(status.isCompleted)", True),
    ("hours == `0`", True),
    ("hours == `false`", False),
    ("`1` == `true`", False),
    ("`[1]` == `[true]`", False),
    ('`{"a": 1}` == `{"a": 1.0}`', True),
    ("customer.contact == `null`", True),
    ("missing != `null`", False),
    ("status.name != 'Ongoing'", False),
    ("title > `1`", None),
    ("'b' > 'a'", None),
    ("`true` > `0`", None),
    ("missing > `0`", None),
    ("wide > `12345678901234567`", True),
    ("wide == `12345678901234567.891`", True),
    ("[id, missing]", [7, None]),
    ("missing.[id]", None),
    ("missing.{a: id}", None),
    ('{a: id, "b c": customer.name}', {"a": 7, "b c": "Björk AB"}),
    ("join(' / ', [customer.name, missing][?@])", "Björk AB"),
    ("sort_by(tags[?type(@) == 'object'], &name || 'x')[].id", [1, 2]),
    ("map(&name, tags)", ["roof", None, None, None, "wall"]),
    ("contains(nested[0], `1`) && contains(title, 'Villa')", True),
    ("contains(`[1]`, `true`)", False),
    ("@.id", 7),
    ("`[]`[*].a", []),
    ("'a'.b", None),
    ("`1`[0]", None),
    ("`null` == `null` && !`null`", True),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_result(text: str, expected: Json) -> None:
    found = search(text, PROJECT)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("record", [None, True, 0, 1.5, "text", [], {}, [None], Decimal("1.5")])
def test_no_record_whatever_makes_a_path_fail(record: Json) -> None:
    for text in ("a.b[0].c", "a[].b", "a.*.b", "a[?b == `1`]", "[0]", "@ | a", "a[1:]", "!a", "a || b", "a > b"):
        search(text, record)


@pytest.mark.parametrize(
    "name", ["__class__", "'); import os; ('", "a\\nb", "{0}", "%s", "\\u2028", "\\ud800", "r", "s", "scope"]
)
def test_a_name_is_only_ever_a_name(name: str) -> None:
    text = f'"{name}"'
    key = parse(text).ast["value"]
    assert search(text, {key: "found"}) == "found"
    assert search(f"{{{text}: {text}}}", {key: "found"}) == {key: "found"}


def test_text_in_an_expression_is_only_ever_text() -> None:
    assert search("concat('a\"\"\"b', '{x}', '\n', '\\t%s', \"k'y\")", {"k'y": "!"}) == 'a"""b{x}\n\\t%s!'


def test_projections_nest_deeper_than_loops_may_in_python() -> None:
    depth = 40
    record: Json = 1
    for _ in range(depth):
        record = {"a": [record]}
    expected: Json = 1
    for _ in range(depth):
        expected = [expected]
    assert search(".".join(["a[*]"] * depth), record) == expected


@pytest.mark.parametrize("opening", ["[?a || ", "[*].[", "map(&", "(a || (b && "])
def test_every_kind_of_nesting_compiles_up_to_the_limit(opening: str) -> None:
    closing = {"[?a || ": "]", "[*].[": "]", "map(&": ", @)", "(a || (b && ": "))"}[opening]
    depth = 25
    body = "a" if opening != "map(&" else "@"
    function = compile_expression(parse(opening * depth + body + closing * depth))
    assert function([], scope()) in ([], None)


def test_a_record_nested_beyond_measure_rejects() -> None:
    left: Json = []
    right: Json = []
    for _ in range(100_000):
        left, right = [left], [right]
    with pytest.raises(RecordRejected, match="nested too deeply"):
        search("a == b", {"a": left, "b": right})


REJECTS = [
    ("lower(id)", "lower() needs a text, not 7; write to_string(…)"),
    (
        "join(', ', tags)",
        'join() needs a list of texts as its 2nd argument, not a list [{"id":1,"name":"roof"},{"id":2,…',
    ),
    (
        "length(missing)",
        "length() needs a text or a list or an object, not null; give it another value with coalesce(…, '')",
    ),
    (
        "sort_by(tags, &id)",
        "sort_by() needs only numbers or only texts to compare; its expression gives null and number",
    ),
    ("lookup('clients', id)", "its lookup 'clients' has no id 7"),
    ("lookup('clients', customer.id || id)", None),
    ("lookup('clents', id)", "there is no lookup 'clents'; did you mean 'clients'?"),
    ("lookup('clients', `88`)", "its lookup 'clients' has no row with key 88"),
    ("var('prefx')", "there is no variable 'prefx'; did you mean 'prefix'?"),
    ("divide(id, hours)", "a division by zero"),
]


@pytest.mark.parametrize(("text", "reason"), REJECTS, ids=[text for text, _ in REJECTS])
def test_what_can_not_be_evaluated_says_why(text: str, reason: str | None) -> None:
    if reason is None:
        assert search(text, PROJECT) == {"name": "Björk AB", "dimesheets_id": 41}
        return
    with pytest.raises(RecordRejected) as caught:
        search(text, PROJECT)
    assert caught.value.reason == reason
    assert caught.value.code == ("lookup" if "has no" in reason else "expression")


def test_lookup_keys_compare_as_text() -> None:
    for key in (3, "3", 3.0, Decimal("3.0")):
        assert search("lookup('clients', key).dimesheets_id", {"key": key}) == 41
    assert search("lookup('clients', key).name", {"key": True}) == "yes"


def test_a_lookup_of_null_is_null_and_no_miss() -> None:
    assert search("lookup('clients', missing).name", {}) is None


def test_a_miss_does_as_the_lookup_says() -> None:
    assert search("lookup('users', id)", {"id": 1}) is None
    with pytest.raises(RecordRejected) as caught:
        search("lookup('gone', id)", {"id": 1})
    assert caught.value.filtered
    with pytest.raises(RecordRejected) as caught:
        search("lookup('clients', customer.id)", {"customer": {"id": 88}})
    assert not caught.value.filtered
    assert caught.value.reason == "its lookup 'clients' has no customer.id 88"
