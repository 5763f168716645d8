"""JMESPath's comparisons of JSON values: true is not 1, 1 is 1.0, Decimal('0.1') is 0.1; only numbers are ordered."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import Decimal

from etl.expressions.exact import is_number
from etl.model import Json


def equal(left: Json, right: Json) -> bool:
    """Deep equality."""
    if isinstance(left, str):
        return isinstance(right, str) and left == right
    if left is None or isinstance(left, bool) or right is None or isinstance(right, bool):
        return left is right
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, dict):
        return (
            isinstance(right, dict)
            and left.keys() == right.keys()
            and all(equal(left[key], right[key]) for key in left)
        )
    return is_number(right) and _comparable(left, right) == _comparable(right, left)


def contains_value(values: list[Json], wanted: Json) -> bool:
    """Whether a list holds a value."""
    return any(equal(value, wanted) for value in values)


def _comparable(value: Json, other: Json) -> Json:
    """A float beside a decimal counts as what it spells, not as its binary value."""
    if isinstance(value, float) and isinstance(other, Decimal) and math.isfinite(value):
        return Decimal(repr(value))
    return value


def _ordering(compare: Callable[[Json, Json], bool]) -> Callable[[Json, Json], bool | None]:
    def ordered(left: Json, right: Json) -> bool | None:
        if not is_number(left) or not is_number(right):
            return None
        return compare(_comparable(left, right), _comparable(right, left))

    return ordered


less = _ordering(operator.lt)
less_or_equal = _ordering(operator.le)
greater = _ordering(operator.gt)
greater_or_equal = _ordering(operator.ge)


def truthy(value: Json) -> bool:
    """JMESPath's truth: null, false and everything empty are false; 0 is true."""
    return bool(value) or (value == 0 and value is not False)
