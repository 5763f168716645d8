"""The explanation of a record is what the generated function does, step by step: on any fields and data."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.keys import canonical
from etl.model import MISSING, Record, Schema
from etl.specs import FieldSpec
from etl.steps.explain import Explained, Step, explain_fields
from etl.steps.fields import compile_fields
from tests.support.expressions import scope

PLACES = ("a", "b", "missing")
TEXTS = [
    "",
    "a",
    "Draft",
    "person",
    "7",
    "7.50",
    "007",
    "true",
    "2026-04-01",
    "2026-04-01 10:00:00",
    "Åsa\n",
    "\ud800",
    "e\u0301" * 4,
]
NUMBERS = [0, 1, 7, -3, 7.0, 7.5, 2**63, 10**30, float("nan"), Decimal("1.50"), Decimal("12345678901234567.8")]

scalars = st.none() | st.booleans() | st.sampled_from(TEXTS) | st.sampled_from(NUMBERS)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.sampled_from(["x", "y"]), scalars, max_size=2)
records = st.dictionaries(st.sampled_from(PLACES[:2]), values)

types = st.sampled_from(
    ["string", "integer", "number", "boolean", "date", "date-time", "time", "object", "array", "json"]
)
schemas = st.builds(
    Schema,
    types,
    nullable=st.booleans(),
    required=st.booleans(),
    max_length=st.none() | st.integers(0, 4),
    sensitive=st.booleans(),
) | st.builds(
    Schema,
    st.sampled_from(["string", "integer"]),
    values=st.sampled_from([(), ("Person", "Company"), (1, 7)]),
    labels=st.sampled_from([None, {"Draft": 0, "Done": 1}]),
)
missing = st.just(MISSING)
specs = st.builds(
    FieldSpec,
    name=st.sampled_from(["p", "q", "r"]),
    value=st.sampled_from(
        [*PLACES, "a || b", "[a, b]", "lower(a)", "lookup('clients', a).name", "add(a, b)", "to_date(a)"]
    ),
    const=missing | missing | values,
    type=st.none() | types,
    map=st.none() | st.dictionaries(st.sampled_from(["a", "7", "true", "Draft"]), values, max_size=2),
    otherwise=missing | values,
    default=missing | values,
    truncate=st.none() | st.integers(0, 5),
    required=st.booleans(),
)


@settings(max_examples=300)
@given(
    st.lists(specs, max_size=3, unique_by=lambda spec: spec.name),
    st.dictionaries(st.sampled_from(["p", "q"]), schemas),
    records,
    st.sampled_from(["send", "omit"]),
    st.booleans(),
)
def test_the_generated_function_does_what_the_explanation_says(
    fields: list[FieldSpec],
    target: dict[str, Schema],
    record: Record,
    nulls: Literal["send", "omit"],
    update: bool,
) -> None:
    told = explain_fields(fields, target, nulls=nulls, update=update)(record, scope("Europe/Stockholm"))
    refusals = [each.rejected for each in told if each.rejected]
    try:
        output = compile_fields(fields, target, nulls=nulls, update=update)(record, scope("Europe/Stockholm"))
    except RecordRejected as error:
        assert str(error) == str(refusals[0])  # noqa: PT017 - both ends are compared
        assert (error.code, error.field, error.filtered) == (  # noqa: PT017
            refusals[0].code,
            refusals[0].field,
            refusals[0].filtered,
        )
    else:
        assert refusals == []
        expected = {each.field: each.result for each in told if each.result is not MISSING}
        assert list(output) == list(expected)
        assert canonical(output) == canonical(expected)


def test_each_step_of_a_field_is_told() -> None:
    field = FieldSpec("status", "state.name", map={"Ongoing": None}, default=12345, type="string", truncate=2)
    (told,) = explain_fields([field], {})({"state": {"name": "Ongoing"}}, scope())
    assert told == Explained(
        "status",
        (
            Step("value", "Ongoing"),
            Step("map", None),
            Step("default", 12345),
            Step("type", "12345"),
            Step("truncate", "12"),
        ),
        "12",
    )


def test_steps_that_a_field_does_not_have_are_not_told() -> None:
    (told,) = explain_fields([FieldSpec("x", const=7)], {})({}, scope())
    assert told.steps == (Step("value", 7), Step("type", 7))


def test_a_reject_is_told_after_the_steps_that_went_well_and_stops_no_other_field() -> None:
    fields = [FieldSpec("a", "v", type="integer"), FieldSpec("b", "v")]
    first, second = explain_fields(fields, {})({"v": "x"}, scope())
    assert first.steps == (Step("value", "x"),)
    assert first.result is MISSING
    assert str(first.rejected) == "field 'a': 'x' is no integer"
    assert second.result == "x"


def test_a_field_that_is_left_out_has_no_result() -> None:
    (told,) = explain_fields([FieldSpec("x", "v")], {"x": Schema("string", nullable=False)})({}, scope())
    assert told.result is MISSING
    assert told.rejected is None
