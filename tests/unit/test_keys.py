"""Canonical JSON: one text for one value, whatever it holds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from etl.keys import canonical


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [Decimal("1.50"), None]}, b'{"a":[1.5,null],"b":1}'),
        ([2**64, True], b"[18446744073709551616,true]"),
        (["\ud800"], b'["\\ud800"]'),
        ([float("nan")], b"[null]"),
        ([float("inf"), 2**64], b"[null,18446744073709551616]"),
    ],
)
def test_every_value_has_its_text(value: Any, text: bytes) -> None:
    assert canonical(value) == text
