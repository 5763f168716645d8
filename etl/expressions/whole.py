"""Whole numbers as arguments: 3 and 3.0 are, 3.5 is not."""

from __future__ import annotations

from decimal import Decimal

from etl.expressions.fail import fail, shown

_MOST = 10**9


def whole(value: float | Decimal, what: str) -> int:
    """The integer that the number is. Rejects fractions and what is out of all proportion."""
    if value != value or not -_MOST <= value <= _MOST or value != int(value):
        fail(f"{what} has to be a whole number, not {shown(value)}")
    return int(value)
