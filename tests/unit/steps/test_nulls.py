"""A field that never had a value in a run is pointed out, and no other."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from etl.model import Item, Record
from etl.specs import FieldSpec
from etl.steps.nulls import FEWEST, NullFields

FIELDS = [FieldSpec("a", value="x.a"), FieldSpec("b", value="x.b"), FieldSpec("nothing", const=None)]


def items(*outputs: Record) -> list[Item]:
    return [Item(str(number), {}, output=output) for number, output in enumerate(outputs)]


def test_the_field_and_its_expression_are_named() -> None:
    watch = NullFields(FIELDS)
    watch.look(items(*[{"a": 1, "b": None}] * FEWEST))
    (warning,) = watch.warnings(FEWEST)
    assert warning.startswith(f"'b' was null in all {FEWEST} records")
    assert "'x.b'" in warning


def test_a_few_records_tell_nothing() -> None:
    watch = NullFields(FIELDS)
    watch.look(items({"a": None, "b": None}))
    assert watch.warnings(FEWEST - 1) == []


def test_a_constant_null_is_meant() -> None:
    watch = NullFields(FIELDS)
    watch.look(items(*[{"a": 1, "b": 0, "nothing": None}] * FEWEST))
    assert watch.warnings(FEWEST) == []


@given(st.lists(st.lists(st.fixed_dictionaries({}, optional={"a": st.none() | st.just(0), "b": st.none()}))))
def test_a_field_is_named_just_where_no_page_had_a_value_of_it(pages: list[list[Record]]) -> None:
    watch = NullFields(FIELDS)
    for page in pages:
        watch.look(items(*page))
    never = [name for name in ("a", "b") if all(record.get(name) is None for page in pages for record in page)]
    assert [warning.split("'")[1] for warning in watch.warnings(FEWEST)] == never
