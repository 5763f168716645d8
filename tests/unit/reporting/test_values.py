"""Data as it may be shown on a terminal."""

from __future__ import annotations

from decimal import Decimal

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl import secrets
from etl.model import Schema
from etl.reporting.ink import counted, seconds, thousands
from etl.reporting.tables import columns
from etl.reporting.values import clean, clean_lines, compact, masked, padded, shown, to_json, width

DANGEROUS = [*range(0x20), *range(0x7F, 0xA0), 0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)]


@given(st.text(st.characters()))
def test_no_text_brings_a_control_character_to_the_terminal(text: str) -> None:
    for shown_text in (clean(text), compact(text), compact({text: [text]})):
        assert not {ord(character) for character in shown_text} & set(DANGEROUS)
        shown_text.encode()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_json_shows_every_text_exactly(text: str) -> None:
    assert orjson.loads(to_json({"text": text})) == {"text": text}


def test_ordinary_text_stays_as_it_is() -> None:
    assert clean("Villa Björk – 名前 😀") == "Villa Björk – 名前 😀"
    assert clean_lines("a\n\tb\x1b") == "a\n\tb\\x1b"


def test_a_secret_is_masked_also_where_json_would_escape_it() -> None:
    secrets.register('pa"ss\nword')
    try:
        assert 'pa"ss' not in clean('x pa"ss\nword y')
        assert "ss" not in to_json({"text": 'x pa"ss\nword y', 'pa"ss\nword': 1})
    finally:
        secrets.forget()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (Decimal("1.50"), "1.50"),
        (Decimal("NaN"), "null"),
        (float("nan"), "null"),
        (2**80, str(2**80)),
        (-(2**63), str(-(2**63))),
        ({"a": [1, "b"]}, '{"a":[1,"b"]}'),
        ({3: "key"}, '{"3":"key"}'),
        ("\ud800", '"�"'),
    ],
)
def test_values_are_shown_as_json_spells_them(value: object, text: str) -> None:
    assert compact(value) == text


def test_long_values_are_cut() -> None:
    assert shown("x" * 300, 10) == '"xxxxxxxx…'


def test_sensitive_values_are_masked_at_any_depth_and_null_stays_null() -> None:
    schemas = {
        "ssn": Schema("string", sensitive=True),
        "user": Schema("object", properties={"ssn": Schema("string", sensitive=True)}),
        "relatives": Schema("array", items=Schema("object", properties={"phone": Schema("string", sensitive=True)})),
    }
    record = {"ssn": "19", "user": {"ssn": None, "name": "Bo"}, "relatives": [{"phone": "07"}], "other": 1}
    assert masked(record, schemas) == {
        "ssn": "•••",
        "user": {"ssn": None, "name": "Bo"},
        "relatives": [{"phone": "•••"}],
        "other": 1,
    }


def test_columns_stand_below_each_other_whatever_the_width_of_the_characters() -> None:
    head, wide, narrow = columns([["名前", "1"], ["abcde", "2"]], ["name", "n"]).splitlines()
    assert width(wide[: wide.index("1")]) == width(narrow[: narrow.index("2")]) == head.index("n", 1)
    assert padded("名", 4) == "名  "


def test_a_table_without_rows_is_nothing() -> None:
    assert columns([]) == ""


def test_numbers_and_times_read_well() -> None:
    assert [thousands(number) for number in (0, 9_999, 10_000, 1_234_567)] == ["0", "9999", "10 000", "1 234 567"]
    assert [counted(number, "retry", "retries") for number in (1, 2)] == ["1 retry", "2 retries"]
    assert [seconds(amount) for amount in (0.04, 9.96, 59.6, 125, 7_260)] == [
        "0.0 s",
        "10 s",
        "1 min 00 s",
        "2 min 05 s",
        "2 h 01 min",
    ]
