"""Static types against what really happens, on generated schemas, records of them and expressions.

An expression whose fields exist and that runs is never called wrong; its result is of the type that was told; a
misspelt field is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.errors import RecordRejected
from etl.expressions.compile import compile_expression
from etl.expressions.error import ExpressionError
from etl.expressions.findings import Surroundings
from etl.expressions.infer import infer
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.expressions.types import Type, items_of, kind, possible
from etl.model import Json, Schema

NAMES = ("id", "name", "title", "customer", "tags", "amount", "isActive", "period")
SCOPE = Scope(now=datetime(2026, 4, 1, 10, tzinfo=UTC))
MANY = settings(max_examples=80, suppress_health_check=list(HealthCheck))

# --- schemas and their records -------------------------------------------------------------------

SCALARS = st.sampled_from(["string", "integer", "number", "boolean", "date", "date-time"])


@st.composite
def scalar_schemas(draw: st.DrawFn) -> Schema:
    name = draw(SCALARS)
    values = draw(st.sampled_from([(), (), ("Ongoing", "Completed"), ("a", "")])) if name == "string" else ()
    return Schema(name, nullable=draw(st.booleans()), required=draw(st.booleans()), values=values)


def _composed(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    lists = st.builds(
        lambda items, nullable, required: Schema("array", nullable=nullable, required=required, items=items),
        st.one_of(st.none(), inner),
        st.booleans(),
        st.booleans(),
    )
    return st.one_of(object_schemas(inner), lists)


def object_schemas(inner: st.SearchStrategy[Schema]) -> st.SearchStrategy[Schema]:
    return st.builds(
        lambda properties, nullable, required: Schema(
            "object", nullable=nullable, required=required, properties=properties
        ),
        st.one_of(st.none(), st.dictionaries(st.sampled_from(NAMES), inner, min_size=1, max_size=4)),
        st.booleans(),
        st.booleans(),
    )


SCHEMAS = st.recursive(scalar_schemas(), _composed, max_leaves=8)
RECORDS = st.builds(
    lambda properties: Schema("object", nullable=False, required=True, properties=properties),
    st.dictionaries(st.sampled_from(NAMES), SCHEMAS, min_size=2, max_size=5),
)

ANYTHING = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.sampled_from(["", "x", "7", "Ongoing"])),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.sampled_from(NAMES), inner, max_size=2)),
    max_leaves=3,
)
VALUES: dict[str, st.SearchStrategy[Json]] = {
    "string": st.sampled_from(["", "x", "7", "Ongoing", "två ord"]),
    "integer": st.integers(-5, 5),
    "number": st.one_of(st.integers(-5, 5), st.sampled_from([0.5, -2.25, Decimal("12345678901234567.5")])),
    "boolean": st.booleans(),
    "date": st.sampled_from(["2026-04-01", "2024-02-29"]),
    "date-time": st.sampled_from(["2026-04-01T10:00:00Z", "2026-04-01 10:00:00"]),
}


@st.composite
def values_of(draw: st.DrawFn, schema: Schema, *, item: bool = False) -> Json:
    if schema.nullable and not item and draw(st.integers(0, 3)) == 0:
        return None
    if schema.values:
        return draw(st.sampled_from(schema.values))
    if schema.type == "object":
        return draw(_objects(schema))
    if schema.type == "array":
        inner = ANYTHING if schema.items is None else values_of(schema.items, item=True)
        return draw(st.lists(inner, max_size=3))
    return draw(VALUES[schema.type])


@st.composite
def _objects(draw: st.DrawFn, schema: Schema) -> Json:
    if schema.properties is None:
        return draw(st.dictionaries(st.sampled_from(NAMES), ANYTHING, max_size=3))
    return {
        name: draw(values_of(inner))
        for name, inner in schema.properties.items()
        if inner.required or draw(st.integers(0, 3))
    }


# --- expressions over a schema -------------------------------------------------------------------


@dataclass(frozen=True)
class Path:
    """A path that exists in the schema, and what stands at its end."""

    text: str
    schema: Schema


def paths(schema: Schema, prefix: str = "", depth: int = 0) -> list[Path]:
    found: list[Path] = []
    for name, inner in (schema.properties or {}).items():
        path = f"{prefix}.{name}" if prefix else name
        found.append(Path(path, inner))
        if depth < 3:
            found += _into(inner, path, depth)
    return found


def _into(schema: Schema, path: str, depth: int) -> list[Path]:
    if schema.type == "object":
        return paths(schema, path, depth + 1)
    if schema.type == "array" and schema.items is not None:
        projected = Path(f"{path}[]", Schema("array", items=schema.items))
        first = Path(f"{path}[0]", schema.items)
        inside = paths(schema.items, f"{path}[]", depth + 1) if schema.items.type == "object" else []
        return [projected, first, *[Path(each.text, Schema("array", items=each.schema)) for each in inside]]
    return []


LITERALS = ["'x'", "'Ongoing'", "'7'", "''", "`0`", "`7`", "`true`", "`null`", "`[]`", "`{}`", "`[1, 2]`"]
UNARY = [
    "length({0})", "upper({0})", "lower({0})", "to_string({0})", "to_number({0})", "to_array({0})", "keys({0})",
    "values({0})", "abs({0})", "sum({0})", "max({0})", "sort({0})", "reverse({0})", "type({0})", "not_null({0})",
    "coalesce({0}, 'x')", "concat({0}, '-')", "add({0}, `1`)", "to_date({0})", "slug({0})", "join('-', {0})", "!({0})",
    "({0})[?@]", "({0})[0]", "({0})[1:]", "({0})[*]", "({0})[]", "({0}) | @", "avg({0})", "items({0})",
    "map(&@, {0})", "sort_by({0}, &@)", "group_by({0}, &@)", "split({0}, ',')", "starts_with({0}, 'O')",
    "contains({0}, 'x')", "ceil({0})", "date_diff({0}, now(), 'days')", "{{k: {0}}}.k", "[{0}][0]", "[{0}]",
    "{{k: {0}}}", "merge({0}, {{k: `1`}})", "({0}).*",
]  # fmt: skip
BINARY = [
    "{0} || {1}", "{0} && {1}", "({0}) == ({1})", "({0}) != ({1})", "({0}) > ({1})", "({0}) <= ({1})", "[{0}, {1}]",
    "{{a: {0}, b: {1}}}", "join('-', [{0}, {1}])", "join('-', [{0}, {1}][?@])", "coalesce({0}, {1})",
    "concat({0}, {1})", "add({0}, {1})", "contains({0}, {1})", "not_null({0}, {1})", "[{0}, {1}][]", "zip({0}, {1})",
    "[{0}, {1}][?@ == 'x']", "to_array({0})[?@ != `null`] | [0]", "merge({0}, {1})", "max([{0}, {1}])",
]  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, schema: Schema) -> str:
    known = [path.text for path in paths(schema)]
    leaves = st.sampled_from(known * 3 + LITERALS + ["@"])
    text = st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(lambda form, a: form.format(a), st.sampled_from(UNARY), inner),
            st.builds(lambda form, a, b: form.format(a, b), st.sampled_from(BINARY), inner, inner),
        ),
        max_leaves=4,
    )
    return draw(text)


# --- what holds ----------------------------------------------------------------------------------

# Fields that exist, but on a value that can't have any: the generator can't tell them apart, the checks must.
ABOUT_SHAPE = {"not-a-list", "not-an-object"}


def conforms(value: Json, result: Type) -> bool:
    if value is None:
        return result.nullable
    return any(_is(value, option, result) for option in result.options)


def _is(value: Json, option: Schema, result: Type) -> bool:
    wanted = kind(option)
    if wanted == "any":
        return True
    actual = _kind(value)
    if actual != wanted:
        return False
    allowed = possible(option)
    if allowed and wanted != "number":
        return value in allowed
    if actual == "array":
        item = items_of(Type((option,), inner=result.inner))
        # A documented list may still hold nulls, about which nothing is promised.
        return all(each is None or conforms(each, item) for each in value)
    if actual == "object" and option.properties is not None:
        return all(
            conforms(value.get(name), Type((inner,), nullable=inner.nullable or not inner.required))
            for name, inner in option.properties.items()
        )
    return True


def _kind(value: Json) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float | Decimal):
        return "number"
    return {str: "string", list: "array", dict: "object"}[type(value)]


@MANY
@given(st.data())
def test_what_runs_well_on_a_record_is_never_called_wrong_and_its_type_is_right(data: st.DataObject) -> None:
    schema = data.draw(RECORDS)
    text = data.draw(expressions(schema))
    record = data.draw(values_of(schema))
    expression = parse(text)
    result = infer(expression, Surroundings(schema))
    errors = [each for each in result.findings if each.severity == "error" and each.code not in ABOUT_SHAPE]
    if any(each.code in ABOUT_SHAPE for each in result.findings):
        return
    try:
        value = compile_expression(expression)(record, SCOPE)
    except (ExpressionError, RecordRejected):  # it does not run: not at all, or not on this record
        return
    assert errors == []
    assert conforms(value, result.type), (text, value, result.type)


@MANY
@given(st.data())
def test_a_misspelt_field_is_found_at_its_place(data: st.DataObject) -> None:
    schema = data.draw(RECORDS)
    path = data.draw(st.sampled_from(paths(schema)))
    last = path.text.rpartition(".")[2].partition("[")[0]
    head = path.text[: path.text.rindex(last)]
    typo = last[:-1] + "xq"
    text = f"[{head}{typo}, `1`]"
    findings = infer(parse(text), Surroundings(schema)).findings
    if _undocumented(schema, head):
        return
    assert [each.code for each in findings] == ["unknown-field"]
    assert findings[0].offset == len(f"[{head}")
    assert findings[0].length == len(typo)


def _undocumented(schema: Schema, head: str) -> bool:
    """Whether the object in which the last field of the path stands is not documented."""
    parent = head.rstrip(".")
    if not parent:
        return False
    found = infer(parse(parent), Surroundings(schema)).type
    options: list[Any] = [*found.options, *items_of(found).options]
    return all(option.properties is None for option in options if option.type == "object") or not options


@pytest.mark.parametrize("form", UNARY)
def test_every_form_of_the_generator_can_be_read(form: str) -> None:
    parse(form.format("name"))
