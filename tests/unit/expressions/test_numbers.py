"""Arithmetic is exact: checked against fractions, never against floats."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.expressions.exact import decimal, number, read_number
from etl.model import Json
from tests.support.expressions import search

numbers = (
    st.integers(-(10**25), 10**25)
    | st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15, places=6)
)


def fraction(value: Json) -> Fraction:
    """What the number's spelling says."""
    return Fraction(repr(value)) if isinstance(value, float) else Fraction(value)


@given(numbers, numbers, numbers)
def test_sums_differences_and_products_are_exact(a: Json, b: Json, c: Json) -> None:
    record = {"a": a, "b": b, "c": c}
    assert fraction(search("add(a, b, c)", record)) == fraction(a) + fraction(b) + fraction(c)
    assert fraction(search("subtract(a, b)", record)) == fraction(a) - fraction(b)
    assert fraction(search("multiply(a, b, c)", record)) == fraction(a) * fraction(b) * fraction(c)


@given(numbers, numbers)
def test_a_quotient_is_exact_to_28_digits(a: Json, b: Json) -> None:
    assume(b != 0)
    found = fraction(search("divide(a, b)", {"a": a, "b": b}))
    exact = fraction(a) / fraction(b)
    assert abs(found - exact) <= abs(exact) * Fraction(1, 10**27)


@given(numbers, st.integers(-8, 8))
def test_rounding_goes_half_away_from_zero(value: Json, digits: int) -> None:
    unit = Fraction(10) ** -digits
    exact = fraction(value)
    whole, rest = divmod(abs(exact), unit)
    expected = (whole + (rest * 2 >= unit)) * unit * (-1 if exact < 0 else 1)
    assert fraction(search("round(n, d)", {"n": value, "d": digits})) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("add(`0.1`, `0.2`)", 0.3),
        ("subtract(`0.3`, `0.1`)", 0.2),
        ("multiply(`1.1`, `3`)", 3.3),
        ("divide(`1`, `3`)", Decimal("0.3333333333333333333333333333")),
        ("divide(`6`, `3`)", 2),
        ("divide(`7`, `2`)", 3.5),
        ("add(`0.5`, `0.5`)", 1),
        ("add(`9223372036854775807`, `1`)", Decimal("9223372036854775808")),
        ("add(`12345678901234.5`, `0.25`)", Decimal("12345678901234.75")),
        ("round(`2.5`)", 3),
        ("round(`-2.5`)", -3),
        ("round(`0.125`, `2`)", 0.13),
        ("round(`1250`, `-2`)", 1300),
        ("round(`1.005`, `2`)", 1.01),
        ("round(`7`, `2`)", 7),
        ("multiply(`0`, `-1.5`)", 0),
    ],
)
def test_result(text: str, expected: Json) -> None:
    found = search(text)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("text", ["divide(`1`, `0`)", "divide(`1`, `0.0`)"])
def test_a_division_by_zero_rejects(text: str) -> None:
    with pytest.raises(RecordRejected, match="a division by zero"):
        search(text)


@given(numbers)
def test_a_number_survives_being_made_a_decimal_and_back(value: Json) -> None:
    assert fraction(number(decimal(value))) == fraction(value)


@given(numbers)
def test_a_number_reads_back_as_it_is_written(value: Json) -> None:
    found = read_number(str(search("to_string(@)", value)))
    assert found is not None
    assert fraction(found) == fraction(value)


@pytest.mark.parametrize(
    "text", ["", " ", "+1", "1.", ".5", "01", "1 000", "1,5", "0x10", "NaN", "Infinity", "1e999999999", "٣"]
)
def test_what_is_no_json_number_is_none(text: str) -> None:
    assert read_number(text) is None
