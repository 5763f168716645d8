"""Whatever a record holds, a function gives a value or rejects that record; a run never ends by it."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.expressions.compile import compile_expression
from etl.expressions.error import ExpressionError
from etl.expressions.functions import FUNCTIONS
from etl.expressions.parse import parse
from etl.expressions.scope import Scope

SCOPE = Scope(now=datetime(2026, 1, 1, tzinfo=UTC), timezone="Europe/Stockholm", vars={"a": 1})
ODD = [
    2**63, 10**9, 10**30, -(10**9), Decimal("1E+400"), Decimal("-1E-400"), Decimal("123456789012345678.5"), 1e308, -0.0,
    float("nan"), float("inf"), "å\ud800", "\x00", "1e400", "9" * 30, "2026-04-01", "9999-12-31T23:59:59Z",
    "0001-01-01", "2026-13-01", "2026-02-29T25:61:00", "2026-04-01 00:00:00Z", "Europe/Stockholm", "days", "%Q%", "[",
]  # fmt: skip
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(ODD),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=4,
)
ARGUMENTS = st.lists(st.sampled_from(["a", "b", "c", "d", "&a", "@"]), min_size=1, max_size=4)


@given(st.sampled_from(sorted(FUNCTIONS)), ARGUMENTS, st.fixed_dictionaries(dict.fromkeys("abcd", VALUES)))
def test_a_function_gives_a_value_or_rejects_the_record(name: str, arguments: list[str], record: Any) -> None:
    try:
        call = compile_expression(parse(f"{name}({', '.join(arguments)})"))
    except ExpressionError:
        return
    with suppress(RecordRejected):
        call(record, SCOPE)
