"""Canonical JSON: one text for one value, whatever it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl.keys import canonical, key_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [Decimal("1.50"), None]}, b'{"a":[1.5,null],"b":1}'),
        ([Decimal("-0.00"), Decimal("1E+3"), Decimal("0.0000000100")], b"[0,1000,0.00000001]"),
        ([2**64, True], b"[18446744073709551616,true]"),
        (["\ud800"], b'["\\ud800"]'),
        ([float("nan")], b"[null]"),
        ([float("inf"), 2**64], b"[null,18446744073709551616]"),
    ],
)
def test_every_value_has_its_text(value: Any, text: bytes) -> None:
    assert canonical(value) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("7.00", "7"),
        ("1.50", "1.5"),
        ("1234567890123456789012345678901.5", "1234567890123456789012345678901.5"),
        ("10E+4999", "1E+5000"),
    ],
)
def test_a_decimal_is_a_key_with_every_digit_and_no_scale(number: str, text: str) -> None:
    assert key_text(Decimal(number)) == text
