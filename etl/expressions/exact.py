"""Numbers without rounding: JSON numbers to decimals and back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import (
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    Inexact,
    InvalidOperation,
    Overflow,
)

from etl.expressions.fail import fail

Number = int | float | Decimal

LEAST, MOST = -(2**63), 2**63 - 1
"""Integers that JSON encoders and databases can hold; wider ones travel as decimals."""

_FLOAT_DIGITS = 15
_QUOTIENT_DIGITS = 28
_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
EXACT = Context(prec=2000, Emax=999_999, Emin=-999_999, traps=[*_TRAPS, Inexact])
QUOTIENT = Context(prec=_QUOTIENT_DIGITS, rounding=ROUND_HALF_EVEN, Emax=999_999, Emin=-999_999, traps=_TRAPS)
_HALF_UP = Context(prec=2000, rounding=ROUND_HALF_UP, Emax=999_999, Emin=-999_999, traps=_TRAPS)

_JSON_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_LONGEST = 400


def is_number(value: object) -> bool:
    """A JSON number; true and false are none."""
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def decimal(value: Number) -> Decimal:
    """The decimal that the number's shortest spelling says: 0.1 is 0.1."""
    if isinstance(value, float):
        if not math.isfinite(value):
            fail(f"{value} is no number")
        return Decimal(repr(value))
    if isinstance(value, Decimal):
        return value if value.is_finite() else fail(f"{value} is no number")
    return Decimal(value)


def number(value: Decimal) -> Number:
    """The plainest number that is exactly this: an int, a float of up to 15 digits, else the decimal itself."""
    if value.is_zero():
        return 0
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int):
        fail(f"{value} is no number")
    if value.adjusted() < 19 and (exponent >= 0 or value == value.to_integral_value()):
        whole = int(value)
        return whole if LEAST <= whole <= MOST else value
    if len(value.as_tuple().digits) - _trailing_zeros(value) <= _FLOAT_DIGITS and abs(value.adjusted()) < 300:
        return float(value)
    return value


def _trailing_zeros(value: Decimal) -> int:
    digits = value.as_tuple().digits
    return next((count for count, digit in enumerate(reversed(digits)) if digit), 0)


def read_number(text: str) -> Number | None:
    """The number that a text spells as JSON does, exactly; None for any other text."""
    if len(text) > _LONGEST or not _JSON_NUMBER.match(text):
        return None
    value = Decimal(text)
    return number(value) if abs(value.adjusted()) <= 2 * _LONGEST else None


def calculate(operation: Callable[[Decimal, Decimal], Decimal], values: tuple[Number, ...]) -> Number:
    """The values taken together from left to right, exactly. Rejects the record where that can't be."""
    result = decimal(values[0])
    try:
        for value in values[1:]:
            result = operation(result, decimal(value))
    except (Inexact, Overflow, InvalidOperation):
        fail("the result has too many digits to be exact")
    return number(result)


def rounded(value: Number, digits: int) -> Number:
    """Half away from zero; negative digits round to tens, hundreds…"""
    exact = decimal(value)
    exponent = exact.as_tuple().exponent
    if isinstance(exponent, int) and exponent >= -digits:
        return number(exact)
    return number(exact.quantize(Decimal(1).scaleb(-digits), context=_HALF_UP))
