"""What an author hears about an expression before any record is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etl.expressions.calls import ANY_VAR
from etl.expressions.findings import Finding
from etl.expressions.infer import Inferred, infer
from etl.expressions.parse import parse
from etl.model import Schema
from tests.support.schemas import PROJECT, SURROUNDINGS, always


def inferred(text: str) -> Inferred:
    return infer(parse(text), SURROUNDINGS)


def said(text: str) -> list[str]:
    """Each finding as `marked text: severity[code] message — hint`."""
    return [
        f"{text[each.offset : each.offset + each.length]}: {each.severity}[{each.code}] {each.message} — {each.hint}"
        for each in inferred(text).findings
    ]


def only(text: str) -> Finding:
    (finding,) = inferred(text).findings
    return finding


def type_of(text: str) -> str:
    """`integer`, with `?` where the result can be null."""
    schema = inferred(text).schema
    return schema.type + ("?" if schema.nullable else "")


# --- types ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("id", "integer"),
        ("title", "string?"),
        ("customer.id", "integer?"),
        ("status.name", "string"),
        ("status", "object"),
        ("tags", "array?"),
        ("tags[0]", "object?"),
        ("tags[0].id", "integer?"),
        ("tags[].name", "array?"),
        ("codes[1:]", "array"),
        ("codes[?@ > `1`]", "array"),
        ("codes[-1]", "integer?"),
        ("status.*", "array?"),
        ("custom.anything[3].you.like", "json?"),
        ("[id, title]", "array"),
        ("{a: id}.a", "integer"),
        ("tags[] | [0].name", "string?"),
        ("title || 'none'", "string"),
        ("title && id", "json?"),
        ("status.isCompletedStatus && 'Done' || 'Open'", "string"),
        ("!title", "boolean"),
        ("id == `7`", "boolean"),
        ("hours > `7`", "boolean?"),
        ("id > `7`", "boolean"),
        ("'text'", "string"),
        ("`null`", "json?"),
        ("length(codes)", "integer"),
        ("upper(title)", "string?"),
        ("upper(status.name)", "string"),
        ("coalesce(title, orderNumber)", "string?"),
        ("coalesce(title, '')", "string"),
        ("not_null(hours, `0`)", "number"),
        ("max(codes)", "integer?"),
        ("max_by(tags || `[]`, &id)", "object?"),
        ("sort_by(tags || `[]`, &id)[0].name", "string?"),
        ("map(&id, tags || `[]`)", "array"),
        ("merge(status, {x: id}).x", "integer"),
        ("values(status)", "array"),
        ("to_array(id)", "array"),
        ("to_number(title)", "number?"),
        ("concat(id, title)", "string"),
        ("add(id, `1`)", "number"),
        ("to_date(startDate)", "date?"),
        ("now()", "date-time"),
        ("date_diff(startDate, now(), 'days')", "number?"),
        ("var('prefix')", "string"),
        ("lookup('clients', id)", "object"),
        ("lookup('clients', customer.id).dimesheets_id", "string?"),
        ("split(title, ',')[0]", "string?"),
    ],
)
def test_an_expressions_type_is_known(text: str, result: str) -> None:
    assert said(text) == []
    assert type_of(text) == result


def test_a_choice_between_fixed_texts_keeps_them_apart() -> None:
    assert inferred("isActive && 'Yes' || 'No'").schema.values == ("Yes", "No")


def test_the_items_of_a_list_that_the_expression_makes_are_known() -> None:
    items = inferred("tags[].{number: id}").schema.items
    assert items is not None
    assert items.properties is not None
    assert items.properties["number"].type == "integer"


# --- fields that are not there -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "suggestion"),
    [
        ("custmer.name", "did you mean 'customer.name'?"),
        ("customer.nme", "did you mean 'customer.name'?"),
        ("customer_name", "did you mean 'customer.name'?"),
        ("customerName", "did you mean 'customer.name'?"),
        ("Title", "did you mean 'title'? (for the fixed text write {const: Title})"),
        ("titel", "did you mean 'title'?"),
        ("tags[].nam", "did you mean 'tags[].name'?"),
        ("tags[?nmae == 'x']", "did you mean 'name'?"),
        ("status.isComplete", "did you mean 'status.isCompletedStatus'?"),
        ("sort_by(codes, &nothing)", None),
        ("lookup('clients', id).dimesheetsId", "did you mean 'dimesheets_id'?"),
        ("{a: id, b: title}.c", "it has a, b"),
        ("true", "write true"),
        ("isActive == false", "write `false` in backticks"),
        ("var(prefix)", "its name is a text: write var('prefix'"),
        ("lookup(clients, id)", "its name is a text: write lookup('clients'"),
        ("title == null", "write `null` in backticks"),
        ('status.name == "Ongoing"', "text stands in single quotes: write 'Ongoing'"),
    ],
)
def test_a_field_that_the_record_lacks_is_named_with_what_was_meant(text: str, suggestion: str | None) -> None:
    finding = next(each for each in inferred(text).findings if each.severity == "error")
    assert finding.code in ("unknown-field", "no-field-here")
    if suggestion is not None:
        assert finding.hint == suggestion


def test_a_bare_word_may_have_been_meant_as_a_fixed_text() -> None:
    assert (only("Blikk").hint or "").startswith("did you mean the fixed text {const: Blikk}?")


def test_the_wrong_part_of_a_path_is_marked() -> None:
    finding = only("join(', ', [customer.name, custmer.nr])")
    assert finding.offset == len("join(', ', [customer.name, ")
    assert finding.length == len("custmer")


def test_a_name_outside_the_list_can_not_be_reached_from_inside_a_filter() -> None:
    assert "can't be reached from there" in (only("tags[?name == orderNumber]").hint or "")


def test_one_mistake_is_said_once() -> None:
    assert len(inferred("length(join('', [nothing.at.all, nothing.at.all]))").findings) == 2


def test_fields_of_an_undocumented_object_are_not_complained_about() -> None:
    assert said("custom.a.b[].c") == []


def test_an_undocumented_record_has_any_field() -> None:
    around = replace(SURROUNDINGS, record=Schema("object"))
    assert infer(parse("whatever.you[0].like"), around).findings == ()


def test_another_name_of_a_field_is_accepted() -> None:
    record = always("object", properties={"invoiceable": always("boolean", aliases=("invoicable",))})
    assert infer(parse("invoicable"), replace(SURROUNDINGS, record=record)).findings == ()


def test_a_field_that_only_the_detail_has_says_how_to_get_it() -> None:
    finding = only("email")
    assert finding.code == "detail-only"
    assert "detail: true" in (finding.hint or "")


def test_with_the_detail_read_such_a_field_is_there_and_noted_as_used() -> None:
    result = infer(parse("lower(email)"), replace(SURROUNDINGS, full=True))
    assert result.findings == ()
    assert result.needs_detail


def test_a_field_of_a_list_is_taken_of_its_items() -> None:
    finding = only("tags.name")
    assert finding.code == "field-of-list"
    assert finding.hint == "write tags[].name for that field of each item"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("title.length", "no-field-here"),
        ("customer[0]", "not-a-list"),
        ("customer[].name", "not-a-list"),
        ("title[?@]", "not-a-list"),
        ("title[1:2]", "not-a-list"),
        ("codes.*", "not-an-object"),
    ],
)
def test_taking_apart_what_has_no_parts_is_an_error(text: str, code: str) -> None:
    assert only(text).code == code


# --- traps of the language -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("!status.isCompletedStatus", "write !(status.isCompletedStatus)"),
        ("!customer.name || title", "write !(customer.name)"),
        ("!tags[]", "write !(tags[])"),
        ("!tags[?name]", "write !(tags[?name])"),
    ],
)
def test_a_negation_that_binds_too_tightly_is_shown_with_its_parentheses(text: str, fix: str) -> None:
    finding = only(text)
    assert (finding.code, finding.hint) == ("negation", fix)


def test_a_negated_list_item_is_no_trap() -> None:
    assert said("!tags[0]") == []


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("id == '7'", "a number is written in backticks: `7`"),
        ("orderNumber == `5`", "it is a text: write '5' in single quotes, or to_number(…) around the field"),
        ("isActive == 'true'", "write `true` in backticks"),
        ("status == 'Ongoing'", "compare one of its fields, such as status.name (name, isCompletedStatus)"),
        ("tags == 'x'", "to look into a list write contains(tags, 'x')"),
        ("status.name == 'Ongonig'", "did you mean 'Ongoing'?"),
        ("status.name != 'Nothing like it'", "its values are Ongoing, Completed"),
        ("!title == 'x'", "`!` binds tighter than `==`: put the comparison in parentheses, !(title …)"),
    ],
)
def test_a_comparison_that_never_holds_is_warned_about(text: str, hint: str) -> None:
    finding = only(text)
    assert (finding.code, finding.severity, finding.hint) == ("never-equal", "warning", hint)


@pytest.mark.parametrize(
    "text",
    [
        "status.name == 'ongoing'",
        "title == orderNumber",
        "id == `null`",
        "customer == `null`",
        "hours == id",
        "startDate == '2026-04-01'",
        "codes == `[1]`",
    ],
)
def test_a_comparison_that_can_hold_is_left_alone(text: str) -> None:
    assert [each for each in inferred(text).findings if each.code == "never-equal"] == []


@pytest.mark.parametrize("text", ["startDate >= '2026-01-01'", "title > 'a'", "hours > '5'"])
def test_only_numbers_can_be_put_in_order(text: str) -> None:
    finding = only(text)
    assert (finding.code, finding.severity) == ("order", "warning")


def test_dates_are_compared_by_their_distance() -> None:
    hint = only("startDate >= now()").hint
    assert hint == "compare dates by their distance: date_diff(now(), startDate, 'seconds') >= `0`"


# --- functions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("uper(title)", "unknown-function"),
        ("upper()", "arity"),
        ("upper(title, id)", "arity"),
        ("sort_by(codes, id)", "argument-type"),
        ("date_diff(startDate, now(), 'weeks')", "argument"),
        ("lookup('client', id)", "unknown-lookup"),
        ("var('prefx')", "unknown-var"),
    ],
)
def test_a_call_that_can_not_be_made_is_an_error(text: str, code: str) -> None:
    assert (code, "error") in [(each.code, each.severity) for each in inferred(text).findings]


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("upper(id)", "write to_string(id)"),
        ("join('-', [title || '', id])", "write to_string(id)"),
        ("join('-', [title, id][?@])", "write to_string(id)"),
        ("abs(status.name)", "write to_number(status.name)"),
        ("starts_with(status, 'O')", "take one of its fields: name, isCompletedStatus"),
        ("keys(codes)", None),
    ],
)
def test_an_argument_that_never_fits_is_an_error_with_its_conversion(text: str, fix: str | None) -> None:
    finding = inferred(text).findings[0]
    assert (finding.code, finding.severity, finding.hint) == ("argument-type", "error", fix)


@pytest.mark.parametrize(
    ("text", "fix"),
    [
        ("join(', ', tags[].id || `[]`)", "write map(&to_string(@), tags[].id || `[]`)"),
        ("join(', ', tags || `[]`)", "take a field of each item, such as (tags || `[]`)[].name"),
        ("add(title, `1`)", "write to_number(title)"),
        ("title && upper(id)", "write to_string(id)"),
    ],
)
def test_where_some_records_get_by_it_is_a_warning(text: str, fix: str) -> None:
    finding = inferred(text).findings[0]
    assert (finding.code, finding.severity, finding.hint) == ("argument-type", "warning", fix)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("length(tags)", "length(tags || `[]`)"),
        ("starts_with(title, 'A')", "starts_with(title || '', 'A')"),
        ("join(', ', tags[].name)", "join(', ', tags[].name || `[]`)"),
        ("join(' / ', [customer.name, orderNumber])", "join(' / ', [customer.name, orderNumber][?@])"),
        ("abs(hours)", "hours && abs(hours)"),
        ("merge(customer, status)", "merge(customer || `{}`, status)"),
    ],
)
def test_a_standard_function_on_null_is_warned_about_with_a_form_that_takes_it(text: str, safe: str) -> None:
    finding = only(text)
    assert (finding.code, finding.severity, finding.hint) == ("null-argument", "warning", f"write {safe}")
    assert said(safe) == []


@pytest.mark.parametrize(
    "text",
    [
        "tags && length(tags)",
        "!tags || length(tags) > `1`",
        "tags != `null` && length(tags)",
        "title == 'x' && starts_with(title, 'x')",
        "(tags && title) && length(tags)",
        "tags[?name].length(name)",
        "upper(title)",
        "length(custom.list)",
        "to_string(title)",
        "tags[].name && length(tags)",
        "customer.id == `3` && merge(customer, status)",
        "tags[0].name && join(', ', tags[].name)",
        "keys(group_by(tags || `[]`, &name))",
    ],
)
def test_what_was_asked_for_before_or_takes_null_is_not_warned_about(text: str) -> None:
    assert said(text) == []


def test_a_function_that_takes_null_says_nothing_of_what_it_is_called_on() -> None:
    assert [each.code for each in inferred("customer.to_string(@) && merge(customer, status)").findings] == [
        "null-argument"
    ]


def test_what_was_known_of_one_item_is_not_known_of_another() -> None:
    assert [each.code for each in inferred("title && [customer] | [0].length(name)").findings] == ["null-argument"]


def test_a_lookup_by_a_whole_object_is_pointed_at() -> None:
    assert only("lookup('clients', customer)").hint == "take one of its fields, such as customer.id"


def test_a_computed_lookup_name_counts_as_use_of_all_and_a_computed_var_may_be_any() -> None:
    assert inferred("lookup(title, id)").lookups == {"clients"}
    assert inferred("var(title)").vars == {ANY_VAR}


def test_the_lookups_and_vars_in_use_are_known() -> None:
    result = inferred("concat(var('prefix'), lookup('clients', id).dimesheets_id)")
    assert (result.lookups, result.vars) == ({"clients"}, {"prefix"})


def test_lookups_and_vars_that_are_not_known_are_not_checked() -> None:
    around = replace(SURROUNDINGS, tables=None, vars=None)
    assert infer(parse("lookup('x', var('y')).z"), around).findings == ()


def test_the_record_itself_is_typed() -> None:
    assert inferred("@").schema.properties == PROJECT.properties
