"""Every function does what its example says, takes null as promised, and never fails but in words."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.expressions.checks import check_calls
from etl.expressions.compile import compile_expression
from etl.expressions.functions import FUNCTIONS, Function
from etl.expressions.functions.signature import EXPREF
from etl.expressions.parse import parse
from etl.model import Json
from tests.support.expressions import scope, search

DOCUMENTED = """
    lower upper trim split replace pad_left pad_right find_first matches regex_replace slug concat
    add subtract multiply divide round to_date to_datetime format_datetime add_days date_diff now
    items from_items zip group_by coalesce sha256 uuid5 lookup var
    abs avg ceil contains ends_with floor join keys length map max max_by merge min min_by not_null reverse
    sort sort_by starts_with sum to_array to_number to_string type values
"""

SCOPE = scope()
EVERY = pytest.mark.parametrize("function", FUNCTIONS.values(), ids=list(FUNCTIONS))


def test_the_language_has_exactly_the_documented_functions() -> None:
    assert sorted(FUNCTIONS) == sorted(DOCUMENTED.split())


@EVERY
def test_the_example_gives_what_it_says(function: Function) -> None:
    found = search(function.example, function.example_record)
    assert found == function.example_result
    assert type(found) is type(function.example_result)


@EVERY
def test_documentation_is_one_sentence_or_two(function: Function) -> None:
    assert function.name in function.example
    assert function.doc.endswith(".")
    assert function.usage.startswith(f"{function.name}(")
    assert all(parameter.name for parameter in function.parameters)


@EVERY
def test_null_in_gives_null_out_unless_said(function: Function) -> None:
    for index, parameter in enumerate(function.parameters):
        if function.standard or parameter.nullable or parameter.kinds == EXPREF:
            continue
        arguments = [_plausible(function, place) for place in range(function.least)]
        arguments += [_plausible(function, place) for place in range(function.least, index + 1)]
        arguments[index] = "nothing"
        assert search(f"{function.name}({', '.join(arguments)})", {}) is None


def _plausible(function: Function, index: int) -> str:
    parameter = function.parameter(index)
    if function.name in ("lookup", "var"):
        return "'clients'" if index == 0 and function.name == "lookup" else "'prefix'"
    texts = {"unit": "'days'", "namespace": "'dns'", "zone": "'UTC'", "pattern": "'%Y'"}
    texts |= dict.fromkeys(("v", "a", "b"), "'2026-04-01'")
    kind = parameter.kinds[0] if parameter.kinds else "string"
    return {
        "string": texts.get(parameter.name, "'x'"),
        "number": "`1`",
        "array": "`[]`",
        "object": "`{}`",
        "expref": "&a",
    }[kind]


@EVERY
def test_a_wrong_number_of_arguments_is_told_before_any_record(function: Function) -> None:
    too_few = function.least - 1
    if too_few >= 0:
        text = f"{function.name}({', '.join(_plausible(function, place) for place in range(too_few))})"
        assert [finding.code for finding in check_calls(parse(text))] == ["arity"]
    if function.most is not None:
        text = f"{function.name}({', '.join(['a'] * (function.most + 1))})"
        assert [finding.code for finding in check_calls(parse(text))] == ["arity"]


ODD: list[Json] = [
    None,
    True,
    0,
    -1,
    7,
    1.5,
    1e308,
    10**30,
    Decimal("0.1234567890123456789"),
    Decimal("1E+400"),
    float("nan"),
    float("inf"),
    "",
    "x",
    "2026-04-01",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31 23:59:59",
    "\ud800",
    "%",
    "\\9",
    "(",
    [],
    [1, "a"],
    [[1]],
    ["a", "b"],
    [1, 2.5, Decimal("3.25")],
    {},
    {"a": {"b": [None]}},
]


@EVERY
def test_no_value_whatever_makes_a_function_fail_but_in_words(function: Function) -> None:
    most = function.most if function.most is not None else function.least + 1
    for count in range(function.least, most + 1):
        values = ODD if count < 3 else ODD[::3]
        names = "abcdef"[:count]
        spelled = [
            f"&{name}" if function.parameter(place).kinds == EXPREF else name for place, name in enumerate(names)
        ]
        compiled = compile_expression(parse(f"{function.name}({', '.join(spelled)})"))
        for chosen in product(values, repeat=count):
            try:
                compiled(dict(zip(names, chosen, strict=True)), SCOPE)
            except RecordRejected as rejected:
                assert rejected.reason  # noqa: PT017 - both ends are right
                assert len(rejected.reason) < 400  # noqa: PT017


CASES: list[tuple[str, Json]] = [
    ("split('all', '')", ["a", "l", "l"]),
    ("split('all', '', `1`)", ["a", "ll"]),
    ("split('a-b-c', '-', `1`)", ["a", "b-c"]),
    ("split('a-b', '-', `0`)", ["a-b"]),
    ("split('', ',')", [""]),
    ("split('/', '/')", ["", ""]),
    ("replace('aabaaabaaaab', 'aa', '-')", "-b-ab--b"),
    ("replace('aabaaabaaaab', 'aa', '-', `2`)", "-b-abaaaab"),
    ("replace('abc', '', '-')", "abc"),
    ("find_first('subject string', 'string')", 8),
    ("find_first('subject string', 'string', `0`, `14`)", 8),
    ("find_first('subject string', 'string', `-99`, `100`)", 8),
    ("find_first('subject string', 'string', `0`, `13`)", None),
    ("find_first('subject string', 'string', `9`)", None),
    ("find_first('subject string', 's', `1`)", 8),
    ("find_first('abc', '')", None),
    ("pad_left('string', `10`)", "    string"),
    ("pad_left('string', `0`)", "string"),
    ("pad_right('string', `10`, '-')", "string----"),
    ("trim(' subject string ', 'gsu ')", "bject strin"),
    ("trim('\u00a0x\t', '')", "x"),
    ("slug('Åsa Öberg–Ängström')", "asa-oberg-angstrom"),
    ("slug('  --A  (B)/C&D--  ')", "a-b-c-d"),
    ("slug('Straße Æble Łódź')", "strasse-aeble-lodz"),
    ("slug('东京 2')", "东京-2"),
    ("slug('')", ""),
    ("concat(`null`)", ""),
    ("concat('a', `7.0`, `1.50`, `true`)", "a71.5true"),
    ("matches('Björk', 'j.rk$')", True),
    ("matches('Björk', '^j')", False),
    ("matches('ÅÄÖ', '(?i)åäö')", True),
    ("regex_replace('Lind, Åsa', '(\\w+), (\\pL+)', '\\2 \\1')", "Åsa Lind"),
    ("regex_replace('a.b', '[.]', '\\\\')", "a\\b"),
    ('zip(`[1, 2, 3]`, `["a", "b"]`, `[true]`)', [[1, "a", True]]),
    ('from_items(`[["a", 1], ["a", 2]]`)', {"a": 2}),
    ('from_items(items(`{"a": 1, "b": [2]}`))', {"a": 1, "b": [2]}),
    ('group_by(`[{"k": "a"}, {"k": null}, {}]`, &k)', {"a": [{"k": "a"}]}),
    ("coalesce(`null`, `false`, `1`)", False),
    ("sha256('Björk')", "bca757a930e0595640ca28032ac88ecbf150cbd703e8180ff854a84c3ec742dc"),
    ('sha256(`{"b": 1, "a": [true, null]}`) == sha256(\'{"a":[true,null],"b":1}\')', True),
    ("uuid5('DNS', 'example.com')", "cfbff0d1-9375-5685-968c-48ce8b15ae17"),
    ("uuid5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'example.com')", "cfbff0d1-9375-5685-968c-48ce8b15ae17"),
    ("uuid5('url', `7`) == uuid5('url', '7')", True),
    ("to_number('7,5')", None),
    ("to_number('1_000')", None),
    ("to_number(' 7')", None),
    ("to_number('1e3')", 1000),
    ("to_number('12345678901234567890.5')", Decimal("12345678901234567890.5")),
    ("to_string('a')", "a"),
    ('to_string(`["ö", 1.5]`)', '["ö",1.5]'),
    ("sum(`[0.1, 0.2]`)", 0.3),
    ("sum(`[]`)", 0),
    ("avg(`[1, 2]`)", 1.5),
    ("avg(`[1, 1, 2]`)", 4 / 3),
    ("var('nothing')", None),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_result(text: str, expected: Json) -> None:
    found = search(text, {})
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("split('a', ',', `-1`)", "the count of split() is negative: -1"),
        ("split('a', ',', `1.5`)", "the count of split() has to be a whole number, not 1.5"),
        ("pad_left('a', `5`, 'ab')", "the text to pad with has to be one character, not 'ab'"),
        ("pad_left('a', `1000000`)", "the width is more than 100000: 1000000"),
        (
            'group_by(`[{"k": 1}]`, &k)',
            "group_by() needs a text to group by, not a value of type number; write to_string(…)",
        ),
        ("from_items(`[[1, 2]]`)", "from_items() needs a list of [key, value] with a text as key, not a list [1,2]"),
        (
            "regex_replace('a', 'a', '\\1')",
            "'\\1' in a replacement is neither a group (\\0 to \\0) nor a backslash (\\\\)",
        ),
        ("matches('a', pattern)", "'(a' is no regular expression: missing ): (a"),
        ("round(`1`, `0.5`)", "the number of digits has to be a whole number, not 0.5"),
        (
            "concat('a', `[1]`)",
            "concat() needs a text or a number or true or false as its 2nd argument, not a list [1]",
        ),
        ("uuid5(name, 'x')", "'nowhere' is no namespace: it has to be a UUID, or one of dns, url, oid, x500"),
    ],
)
def test_what_a_function_can_not_do_it_says(text: str, reason: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        search(text, {"pattern": "(a", "name": "nowhere"})
    assert (caught.value.code, caught.value.reason) == ("expression", reason)


def test_a_regular_expression_that_would_take_for_ever_elsewhere_takes_no_time() -> None:
    assert search("matches(text, '^(a+)+$')", {"text": "a" * 50_000 + "b"}) is False


@given(st.dictionaries(st.text(), st.integers() | st.text()))
def test_items_and_from_items_undo_each_other(value: dict[str, Json]) -> None:
    assert search("from_items(items(@))", value) == value


@given(st.text(), st.text(min_size=1))
def test_split_and_join_undo_each_other(text: str, separator: str) -> None:
    assert search("join(sep, split(text, sep))", {"text": text, "sep": separator}) == text


@given(st.text())
def test_a_slug_is_a_slug_already(text: str) -> None:
    once = search("slug(@)", text)
    assert search("slug(@)", once) == once
    assert not set(once) & set(" /?&#%")
