"""A mapping's fields: value → map → default → type → truncate → required, and a reject that names its field."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from etl.errors import RecordRejected
from etl.expressions.parse import ExpressionError
from etl.model import Json, Record, Schema
from etl.specs import FieldSpec
from etl.steps.fields import compile_fields
from tests.support.expressions import scope

TARGET = {
    "externalId": Schema("string", required=True, nullable=False, max_length=20),
    "name": Schema("string", max_length=10),
    "clientId": Schema("integer", required=True, nullable=True),
    "budget": Schema("number", nullable=False),
    "startDate": Schema("date-time"),
    "status": Schema("integer", labels={"Open": 0, "Closed": 1}),
    "kind": Schema("string", values=("Person", "Company")),
    "ssn": Schema("string", max_length=3, sensitive=True),
    "tags": Schema("array", items=Schema("string")),
    "invoiceable": Schema("boolean", aliases=("invoicable",)),
}


def made(
    record: Record, *specs: FieldSpec, schemas: Mapping[str, Schema] = TARGET, timezone: str = "UTC", **options: Any
) -> Record:
    return compile_fields(specs, schemas, **options)(record, scope(timezone))


def refused(record: Record, *specs: FieldSpec, **options: Any) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        made(record, *specs, **options)
    return caught.value


def one(value: Json, **spec: Any) -> Json:
    """What field `x`, whose target is documented by nothing, becomes of a value."""
    return made({"v": value}, FieldSpec("x", "v", **spec), schemas={}).get("x", "left out")


def test_values_are_coerced_to_the_targets_documented_types() -> None:
    record = {"id": 7, "title": "Villa", "start": "2022-07-01 05:43:12 +00:00", "kind": "company", "done": "true"}
    assert made(
        record,
        FieldSpec("externalId", "id"),
        FieldSpec("name", "title"),
        FieldSpec("clientId", "to_string(id)"),
        FieldSpec("startDate", "start"),
        FieldSpec("kind", "kind"),
        FieldSpec("status", const="open"),
        FieldSpec("tags", "[id, title]"),
        FieldSpec("invoicable", "done"),
    ) == {
        "externalId": "7",
        "name": "Villa",
        "clientId": 7,
        "startDate": "2022-07-01T05:43:12Z",
        "kind": "Company",
        "status": 0,
        "tags": ["7", "Villa"],
        "invoicable": True,
    }


def test_a_type_of_the_fields_own_holds_instead_of_the_documented_one() -> None:
    record = {"when": "2026-07-01T22:30:00Z"}
    spec = FieldSpec("startDate", "when", type="date")
    assert made(record, spec, timezone="Europe/Stockholm") == {"startDate": "2026-07-02"}


def test_a_field_that_the_target_does_not_document_takes_any_json() -> None:
    assert one({"a": [1, None, "å"]}) == {"a": [1, None, "å"]}
    assert one(None) is None


def test_default_replaces_null_only() -> None:
    assert one(None, default=5) == 5
    assert [one(value, default=5) for value in (False, "", [], 0, {})] == [False, "", [], 0, {}]


def test_a_map_names_values_by_their_text() -> None:
    names = {"3": "three", "true": "yes", "Ongoing": None}
    assert [one(value, map=names) for value in (3, "3", 3.0, True, "true")] == ["three", "three", "three", "yes", "yes"]
    assert one("Ongoing", map=names, default="none") == "none"


def test_a_map_passes_null_on_to_the_default() -> None:
    assert one(None, map={"a": 1}) is None
    assert one(None, map={"a": 1}, otherwise=9) is None
    assert one(None, map={"a": 1}, otherwise=9, default=0) == 0


def test_a_value_that_the_map_does_not_name_takes_otherwise_or_rejects() -> None:
    assert one("b", map={"a": 1}, otherwise=9) == 9
    assert one("b", map={"a": 1}, otherwise=None, default=0) == 0
    assert one([1], map={"a": 1}, otherwise=9) == 9
    error = refused({"v": "Ongoin"}, FieldSpec("x", "v", map={"Ongoing": 1, "Done": 2}))
    assert (error.code, error.field) == ("map", "x")
    assert error.reason == "'Ongoin' is not named by `map`, and there is no `otherwise`; did you mean 'Ongoing'?"


def test_the_steps_apply_in_their_order() -> None:
    spec = FieldSpec("name", "v", map={"a": None, "b": 12345}, default=98765, type="string", truncate=3)
    assert [made({"v": value}, spec) for value in ("a", "b", None)] == [
        {"name": "987"},
        {"name": "123"},
        {"name": "987"},
    ]


def test_a_text_that_is_too_long_rejects_unless_it_is_truncated() -> None:
    error = refused({"v": "x" * 11}, FieldSpec("name", "v"))
    assert (error.code, error.field) == ("type", "name")
    assert made({"v": "x" * 11}, FieldSpec("name", "v", truncate=10)) == {"name": "x" * 10}
    assert "at most 10 fit" in refused({"v": "x" * 12}, FieldSpec("name", "v", truncate=11)).reason


def test_null_is_sent_where_the_target_allows_it_and_else_left_out() -> None:
    specs = (FieldSpec("name", "v"), FieldSpec("budget", "v"), FieldSpec("clientId", "v"))
    assert made({}, *specs) == {"name": None, "clientId": None}


def test_nulls_omit_leaves_out_what_the_target_does_not_insist_on() -> None:
    specs = (FieldSpec("name", "v"), FieldSpec("budget", "v"), FieldSpec("clientId", "v"))
    assert made({}, *specs, nulls="omit") == {"clientId": None}


def test_a_required_field_without_a_value_rejects() -> None:
    error = refused({}, FieldSpec("name", "v", required=True))
    assert (error.code, error.field, error.reason) == ("required", "name", "is required and has no value")
    error = refused({}, FieldSpec("externalId", "v"))
    assert (error.code, error.field) == ("required", "externalId")
    assert made({}, FieldSpec("externalId", "v"), update=True) == {}
    assert made({"v": ""}, FieldSpec("name", "v", required=True)) == {"name": ""}


def test_constants_are_values_like_others() -> None:
    assert made({}, FieldSpec("budget", const=0), FieldSpec("tags", const=["a", 1])) == {
        "budget": 0,
        "tags": ["a", "1"],
    }
    assert made({}, FieldSpec("x", const={"a": None}), schemas={}) == {"x": {"a": None}}
    assert refused({}, FieldSpec("budget", const="much")).field == "budget"


def test_a_reject_names_the_field_and_keeps_its_reason() -> None:
    fine = FieldSpec("name", "'x'")
    lookup = FieldSpec("clientId", "lookup('clients', customer.id).dimesheets_id")
    error = refused({"customer": {"id": 88}}, fine, lookup, fine)
    assert str(error) == "field 'clientId': its lookup 'clients' has no customer.id 88"
    assert (error.code, error.filtered) == ("lookup", False)
    assert refused({"id": 1}, fine, FieldSpec("clientId", "lookup('gone', id)")).filtered
    error = refused({"v": 7}, fine, FieldSpec("name", "lower(v)"))
    assert (error.code, error.field) == ("expression", "name")


@pytest.mark.parametrize("spec", [FieldSpec("ssn", "v"), FieldSpec("name", "v", type="integer", sensitive=True)])
def test_the_reason_of_a_sensitive_field_does_not_tell_its_value(spec: FieldSpec) -> None:
    error = refused({"v": "19121212"[:8] + "-1212"}, spec)
    assert error.reason == "its value does not fit its type (not shown, as the field is sensitive)"
    assert "1912" not in str(error)


def test_a_sensitive_lookup_does_not_tell_its_key() -> None:
    error = refused({"v": "4711"}, FieldSpec("ssn", "lookup('clients', v).name"))
    assert "4711" not in str(error)


def test_half_a_character_rejects_wherever_it_stands() -> None:
    for name in ("name", "x", "tags"):
        value = ["\udc00"] if name == "tags" else "\udc00"
        assert "half a character" in refused({"v": value}, FieldSpec(name, "v")).reason


def test_true_is_no_coded_value() -> None:
    assert "true is not one of Open, Closed" in refused({"v": True}, FieldSpec("status", "v")).reason


@pytest.mark.parametrize("name", ["a'b", 'a"b', "a\\", "{0}", "å\n", "__import__('os')"])
def test_any_text_may_be_a_fields_name(name: str) -> None:
    assert made({"v": 1}, FieldSpec(name, "v"), schemas={}) == {name: 1}


def test_a_record_is_never_changed() -> None:
    record = {"v": {"a": ["x"]}}
    result = made(record, FieldSpec("x", "v"), schemas={})
    result["x"]["a"].append("y")
    assert record == {"v": {"a": ["x"]}}


def test_an_expression_that_can_not_be_compiled_is_told_at_once() -> None:
    with pytest.raises(ExpressionError, match="there is no function 'lowr'"):
        compile_fields([FieldSpec("x", "lowr(v)")], {})


def test_no_fields_give_an_empty_record() -> None:
    assert made({"v": 1}) == {}
