"""Arithmetic on exact decimals: money and hours are never binary floats here."""

from __future__ import annotations

from etl.expressions.exact import EXACT, LEAST, MOST, QUOTIENT, Number, calculate, decimal, rounded
from etl.expressions.fail import fail
from etl.expressions.functions.signature import NUMBER, Family, Parameter
from etl.expressions.whole import whole

FAMILY = Family("numbers")

_A = Parameter("a", NUMBER)
_B = Parameter("b", NUMBER)
_MORE = Parameter("b", NUMBER, variadic=True)
_MOST_DIGITS = 1000


@FAMILY.function(_A, _MORE, returns="number", example="add(`0.1`, `0.2`)", result=0.3)
def add(*values: Number) -> Number:
    """The sum, exactly."""
    if all(type(value) is int for value in values) and LEAST <= (total := sum(values)) <= MOST:
        return total
    return calculate(EXACT.add, values)


@FAMILY.function(_A, _B, returns="number", example="subtract(`8`, `0.25`)", result=7.75)
def subtract(minuend: Number, subtrahend: Number) -> Number:
    """The first less the second, exactly."""
    return calculate(EXACT.subtract, (minuend, subtrahend))


@FAMILY.function(_A, _MORE, returns="number", example="multiply(`1.1`, `1.1`)", result=1.21)
def multiply(*values: Number) -> Number:
    """The product, exactly."""
    return calculate(EXACT.multiply, values)


@FAMILY.function(_A, _B, returns="number", example="divide(`90`, `60`)", result=1.5)
def divide(dividend: Number, divisor: Number) -> Number:
    """The first by the second; exactly where that ends, else to 28 digits. By zero rejects the record."""
    if divisor == 0:
        fail("a division by zero")
    return calculate(QUOTIENT.divide, (dividend, divisor))


@FAMILY.function(
    Parameter("n", NUMBER),
    Parameter("digits", NUMBER, optional=True),
    returns="number",
    example="round(`2.345`, `2`)",
    result=2.35,
)
def round_(value: Number, digits: Number = 0) -> Number:
    """Rounded to so many digits after the point, half away from zero; -2 rounds to hundreds."""
    places = whole(digits, "the number of digits")
    if abs(places) > _MOST_DIGITS:
        fail(f"the number of digits is out of range: {places}")
    decimal(value)
    return rounded(value, places)
