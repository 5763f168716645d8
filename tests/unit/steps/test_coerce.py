"""Values fit their documented type without loss, or reject the record with the reason in words."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.keys import canonical
from etl.model import Json, Schema
from etl.steps.coerce import clean, coercion, truncate

STOCKHOLM = "Europe/Stockholm"


def fit(value: Json, schema: Schema | str, *, asked: bool = False) -> Json:
    schema = Schema(schema) if isinstance(schema, str) else schema
    return coercion(schema, asked=asked)(value, STOCKHOLM)


STATUS = Schema("integer", labels={"Draft": 0, "Submitted": 1})
KIND = Schema("string", values=("Person", "Company"))
CODE = Schema("integer", values=(1, 2, 4))

FITS: list[tuple[Json, Schema | str, Json]] = [
    ("a", "string", "a"),
    (7, "string", "7"),
    (7.0, "string", "7"),
    (7.5, "string", "7.5"),
    (0.00001, "string", "0.00001"),
    (Decimal("1234567890123456.50"), "string", "1234567890123456.5"),
    (True, "string", "true"),
    ("Åsa 👷🏽", "string", "Åsa 👷🏽"),
    (7, "integer", 7),
    (7.0, "integer", 7),
    ("7", "integer", 7),
    (" -7 ", "integer", -7),
    ("7.00", "integer", 7),
    ("1e3", "integer", 1000),
    (Decimal("7.00"), "integer", 7),
    (2**63 - 1, "integer", 2**63 - 1),
    (1e15, "integer", 10**15),
    (7, "number", 7),
    (7.5, "number", 7.5),
    ("7.50", "number", Decimal("7.50")),
    ("-0.25", "number", -0.25),
    ("-0.50 ", "number", Decimal("-0.50")),
    ("1.50e2", "number", 150),
    (2**63, "number", Decimal(2**63)),
    ("12345678901234567.891", "number", Decimal("12345678901234567.891")),
    (Decimal("0.5"), "number", 0.5),
    (True, "boolean", True),
    ("True", "boolean", True),
    (" false ", "boolean", False),
    ("2026-04-01", "date", "2026-04-01"),
    ("2021-11-10 00:00:00", "date", "2021-11-10"),
    ("2026-04-01", "date-time", "2026-04-01"),
    ("2026-04-01 10:00:00", "date-time", "2026-04-01T08:00:00Z"),
    ("2022-07-01 05:43:12 +00:00", "date-time", "2022-07-01T05:43:12Z"),
    ("2026-04-01T10:00:00.500Z", "date-time", "2026-04-01T10:00:00.5Z"),
    ("08:30", "time", "08:30"),
    ("08:30:00", "time", "08:30"),
    ("08:30:15", "time", "08:30:15"),
    ({"a": [1, None]}, "object", {"a": [1, None]}),
    ([1, "a", None], "array", [1, "a", None]),
    (["7", 8.0, None], Schema("array", items=Schema("integer")), [7, 8, None]),
    ({"id": "7", "x": "7"}, Schema("object", properties={"id": Schema("integer")}), {"id": 7, "x": "7"}),
    (2**70, "json", Decimal(2**70)),
    ({"deep": [2**64]}, "json", {"deep": [Decimal(2**64)]}),
    ("person", KIND, "Person"),
    (" COMPANY ", KIND, "Company"),
    ("draft", STATUS, 0),
    (0, STATUS, 0),
    ("1", STATUS, 1),
    (1.0, STATUS, 1),
    ("4", CODE, 4),
]


@pytest.mark.parametrize(("value", "schema", "expected"), FITS)
def test_a_value_fits_without_loss(value: Json, schema: Schema | str, expected: Json) -> None:
    found = fit(value, schema)
    assert found == expected
    assert type(found) is type(expected)
    assert fit(found, schema) == found


REJECTS: list[tuple[Json, Schema | str, str]] = [
    ([1], "string", "a list [1] is no text; make it one with join(), to_string() or a path into it"),
    ({"a": 1}, "string", 'an object {"a":1} is no text'),
    ("abc", Schema("string", max_length=2), "'abc' has 3 characters, at most 2 fit; `truncate: 2` cuts it"),
    (1234, Schema("string", max_length=2), "'1234' has 4 characters"),
    ("a\ud800", "string", "holds half a character (a lone surrogate) at 2"),
    (float("nan"), "string", "nan is no number"),
    (7.5, "integer", "7.5 is no integer; make it one with round(), floor() or ceil()"),
    ("7.5", "integer", "'7.5' is no integer; make it one with round()"),
    ("007", "integer", "'007' is no integer: it would lose its leading zeros"),
    ("", "integer", "an empty text is no integer; to make it null write: field || `null`"),
    ("seven", "integer", "'seven' is no integer"),
    ("1 000", "integer", "'1 000' is no integer; make it one with to_number(replace"),
    (True, "integer", "true is no integer"),
    ([7], "integer", "a list [7] is no integer"),
    (2**63, "integer", "9223372036854775808 is wider than an integer can be (64 bits)"),
    ("1e30", "integer", "is wider than an integer can be (64 bits)"),
    ("1e400", "integer", "1E+400 is wider than an integer can be (64 bits)"),
    (Decimal("-15E+399"), "integer", "-1.5E+400 is wider than an integer can be (64 bits)"),
    (Decimal("1E-400"), "integer", "is no integer"),
    ("Byte av elcentral, " * 9, "number", "'Byte av elcentral, Byte av elcentral,…' is no number"),
    ("7,5", "number", "'7,5' is no number; make it one with to_number(replace(…, ',', '.'))"),
    (float("inf"), "number", "inf is no number"),
    (False, "number", "false is no number"),
    (1, "boolean", "1 is neither true nor false; say which with `map`, or compare: field == …"),
    ("yes", "boolean", "'yes' is neither true nor false"),
    ("2026-04-01T10:00:00Z", "date", "is a date-time, and a date would lose its time; `type: date` takes its day"),
    ("2026-04-01T00:00:00Z", "date", "is a date-time, and a date would lose its time"),
    ("2026-02-30", "date", "'2026-02-30' is no date: day is out of range for month"),
    (20260401, "date", "20260401 is no date; write it as text such as 2026-04-01"),
    (1775037600, "date-time", "1775037600 is no date-time; write it as text such as 2026-04-01T10:00:00Z"),
    ("01/04/2026", "date-time", "does not say which is the day and which the month"),
    ("25:00", "time", "'25:00' is no time of day; write it as 08:30 or 08:30:00"),
    ("8:30", "time", "'8:30' is no time of day"),
    ("a", "array", "'a' is no list; make it one with to_array(…) or [ … ]"),
    ("a", "object", "'a' is no object; make it one with {name: …}"),
    (["x"], Schema("array", items=Schema("integer")), "its item 1: 'x' is no integer"),
    ({"id": "x"}, Schema("object", properties={"id": Schema("integer")}), "its 'id': 'x' is no integer"),
    ({"a": [float("nan")]}, "json", "nan is no number"),
    ({"a\ud800": 1}, "json", "half a character"),
    ("persn", KIND, "'persn' is not one of Person, Company; did you mean 'Person'?"),
    (5, CODE, "5 is not one of 1, 2, 4"),
    (True, CODE, "true is not one of 1, 2, 4"),
    ("Done", STATUS, "'Done' is not one of Draft, Submitted"),
    ([], STATUS, "a list [] is not one of Draft, Submitted"),
]


@pytest.mark.parametrize(("value", "schema", "reason"), REJECTS)
def test_what_would_lose_something_rejects(value: Json, schema: Schema | str, reason: str) -> None:
    with pytest.raises(RecordRejected) as caught:
        fit(value, schema)
    assert reason in caught.value.reason
    assert caught.value.code == "type"


def test_a_date_time_becomes_its_day_in_the_projects_timezone_where_the_mapping_asks_for_a_date() -> None:
    assert fit("2026-07-01T22:30:00Z", "date", asked=True) == "2026-07-02"


def test_a_value_nested_beyond_measure_rejects() -> None:
    deep: Json = []
    for _ in range(200):
        deep = [deep]
    with pytest.raises(RecordRejected, match="nested deeper than 100 levels"):
        fit(deep, "json")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
TYPES = ("string", "integer", "number", "boolean", "date", "date-time", "time", "object", "array", "json")
schemas = st.sampled_from([*map(Schema, TYPES), STATUS, KIND, CODE, Schema("string", max_length=3)])


@given(values.filter(lambda value: value is not None), schemas)
def test_what_fits_once_fits_again_unchanged_and_can_be_sent(value: Json, schema: Schema) -> None:
    try:
        once = fit(value, schema)
    except RecordRejected:
        return
    assert canonical(fit(once, schema)) == canonical(once)


@given(st.integers(-(2**63), 2**63 - 1))
def test_an_integer_survives_as_text_and_as_number(value: int) -> None:
    assert fit(fit(value, "string"), "integer") == value
    assert fit(fit(value, "number"), "integer") == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_survives_as_text(value: float) -> None:
    assert float(fit(fit(value, "string"), "number")) == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=8))
def test_a_decimal_is_sent_digit_by_digit(value: Decimal) -> None:
    sent = canonical(fit(value, "number")).decode()
    assert Decimal(sent) == value


@given(st.booleans())
def test_a_boolean_survives_as_text(value: bool) -> None:
    assert fit(fit(value, "string"), "boolean") is value


@given(values)
def test_clean_changes_nothing_that_can_be_sent(value: Json) -> None:
    try:
        cleaned = clean(value)
    except RecordRejected:
        return
    assert orjson.loads(canonical(cleaned)) is not None or cleaned is None


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("Villa Björk", 5, "Villa"),
        ("Björk", 5, "Björk"),
        ("👷🏽👷", 2, "👷🏽"),
        ("e\u0301a", 1, "e\u0301a"[:1]),
        ("ae\u0301", 2, "a"),
        ("a👩\u200d🔧", 3, "a"),
        ("\u0301\u0301", 1, "\u0301"),
        ("abc", 0, ""),
    ],
)
def test_truncate_counts_characters_and_does_not_tear_an_accent_from_its_letter(
    text: str, length: int, expected: str
) -> None:
    assert truncate(text, length) == expected


@given(st.text(), st.integers(1, 20))
def test_a_truncated_text_is_a_beginning_that_fits(text: str, length: int) -> None:
    cut = truncate(text, length)
    assert len(cut) <= length
    assert text.startswith(cut)
    assert bool(cut) == bool(text)
