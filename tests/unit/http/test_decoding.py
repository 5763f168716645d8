"""JSON keeps every digit, and what is not JSON is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http.decoding import decode, encode
from etl.model import Json


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"7", 7),
        (b"75000.5", 75000.5),
        (b"0.1", 0.1),
        (b"9223372036854775808", 2**63),
        (b"123456789012345678901234567890", 123456789012345678901234567890),
        (b"0.12345678901234567", Decimal("0.12345678901234567")),
        (b"100.00000000000000001", Decimal("100.00000000000000001")),
        (b"1.5e-7", 1.5e-7),
        (b'"12345678901234567890"', "12345678901234567890"),
        (b'["12345678901234567890", 0.5]', ["12345678901234567890", 0.5]),
    ],
)
def test_numbers_come_through_exactly(text: bytes, value: Json) -> None:
    decoded = decode(text)
    assert decoded == value
    assert type(decoded) is type(value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-(10**12), max_value=10**12))
def test_any_decimal_survives_the_way_out_and_back(number: Decimal) -> None:
    back = decode(encode({"n": number}))["n"]
    assert Decimal(str(back)) == number


@given(st.integers())
def test_any_integer_survives_the_way_in(number: int) -> None:
    assert decode(str(number).encode()) == number


@pytest.mark.parametrize(
    "text", [b"NaN", b"[Infinity, 12345678901234567890]", b"{", b"<html>", b"", b"[1,]", b'"\xff"']
)
def test_what_is_not_json_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        decode(text)


def test_nesting_without_end_is_refused_and_not_a_crash() -> None:
    for digits in (b"", b"12345678901234567890"):
        with pytest.raises(ValueError, match=r".*"):
            decode(b"[" * 100_000 + digits)
    for number in (b"1", b"12345678901234567890"):
        with pytest.raises(ValueError, match="nested too deeply"):
            decode(b"[" * 1100 + number + b"]" * 1100)


def test_half_a_character_becomes_the_replacement_character() -> None:
    assert decode(b'{"a\\ud800": ["x\\uDFFFy"]}') == {"a�": ["x�y"]}
    assert decode(b'"\\ud83d\\ude00"') == "😀"
