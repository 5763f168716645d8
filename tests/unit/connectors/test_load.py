"""A connector of one's own, from its file: shorthand made long, bases merged, mistakes told at their place."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.catalogue import Connector
from etl.connectors.checks import check_connector, expressions
from etl.connectors.load import load_connector, packaged
from etl.documents import source
from etl.errors import DocumentError, UsageError
from etl.model import Schema
from etl.reporting.problems import full_message
from etl.resources import connectors as packaged_folder
from etl.specs import ThrottleWindow

ACME = """\
version: 1
base_url: https://things.example.com
auth: {kind: api_key, header: X-Key}
throttle: [{requests: 10, per: 1s}, {requests: 1000, per: 1h}]
types:
  name_id: {properties: {id: {type: integer, required: true}, name: string}}
endpoints:
  things:
    operations:
      list: {path: /things, records: items, params: {status: {type: string, values: [open, closed]}, ids: [integer]}}
      create: {path: /things}
    fields:
      id: {type: integer, required: true}
      owner: name_id
      tags: [name_id]
      note: {type: string, required: true, nullable: true}
      colours: {items: string, description: of its parts}
"""


def load(folder: Path, text: str = ACME, name: str = "acme.yaml") -> Connector:
    (folder / name).write_text(text, encoding="utf-8")
    return load_connector(f"./{name}", folder)


def problems(folder: Path, text: str) -> list[tuple[str, int]]:
    with pytest.raises(DocumentError) as caught:
        load(folder, text)
    return [(each.code, each.location.line if each.location else 0) for each in caught.value.problems]


# --- found ---------------------------------------------------------------------------------------


def test_packaged_connectors_are_found_by_their_names(tmp_path: Path) -> None:
    assert {"blikk", "dimesheets", "dimescheduler"} <= set(packaged())
    assert load_connector("blikk", tmp_path).name == "blikk"


def test_a_name_that_is_nearly_right_is_asked_about(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no connector 'blik'.*did you mean 'blikk'"):
        load_connector("blik", tmp_path)


def test_a_name_that_is_nothing_shows_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"dimesheets.*\./connectors/x\.yaml"):
        load_connector("salesforce", tmp_path)


def test_a_file_without_its_ending_is_told_how_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\./connectors/acme\.yaml"):
        load_connector("./connectors/acme", tmp_path)


def test_a_file_that_is_missing_is_told_with_its_path(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone\.yaml"):
        load_connector("./gone.yaml", tmp_path)


def test_a_connector_takes_the_name_of_its_file(tmp_path: Path) -> None:
    assert load(tmp_path).name == "acme"
    assert load(tmp_path, f"{ACME}name: other\n").name == "other"


# --- shorthand -----------------------------------------------------------------------------------


def test_types_of_one_s_own_stand_for_what_they_define(tmp_path: Path) -> None:
    fields = load(tmp_path).endpoints["things"].fields
    person = {"id": Schema("integer", nullable=False, required=True), "name": Schema("string")}

    assert fields["owner"] == Schema("object", properties=person)
    assert fields["tags"] == Schema("array", items=Schema("object", properties=person))
    assert fields["colours"] == Schema("array", items=Schema("string"), description="of its parts")


def test_what_is_required_is_not_null_unless_said(tmp_path: Path) -> None:
    fields = load(tmp_path).endpoints["things"].fields

    assert (fields["id"].required, fields["id"].nullable) == (True, False)
    assert (fields["note"].required, fields["note"].nullable) == (True, True)


def test_a_field_to_write_has_the_type_that_is_read(tmp_path: Path) -> None:
    text = ACME + "    write_fields: {id: {}, note: {required: true}, ownerId: {type: integer, read_from: owner.id}}\n"
    written = load(tmp_path, text).endpoints["things"].write_fields

    assert written == {
        "id": Schema("integer"),
        "note": Schema("string", nullable=False, required=True),
        "ownerId": Schema("integer", read_from="owner.id"),
    }


def test_what_only_the_full_form_has_is_marked(tmp_path: Path) -> None:
    fields = load(tmp_path, ACME + "    detail_fields: {email: string}\n").endpoints["things"].fields

    assert [name for name, schema in fields.items() if schema.detail_only] == ["email"]


def test_params_may_be_written_short(tmp_path: Path) -> None:
    params = load(tmp_path).endpoints["things"].operations["list"].params

    assert (params["status"].type, params["status"].values) == ("string", ("open", "closed"))
    assert (params["ids"].type, params["ids"].items) == ("array", "integer")


def test_methods_are_the_usual_ones(tmp_path: Path) -> None:
    operations = load(tmp_path).endpoints["things"].operations

    assert {name: op.method for name, op in operations.items()} == {"list": "GET", "create": "POST"}


def test_spans_and_windows_are_seconds(tmp_path: Path) -> None:
    text = ACME + "    incremental: {param: since, cursor: changed, lookback: 2h}\n"
    connector = load(tmp_path, text)

    assert connector.throttle == (ThrottleWindow(10, 1.0), ThrottleWindow(1000, 3600.0))
    incremental = connector.endpoints["things"].incremental
    assert incremental is not None
    assert incremental.lookback == 7200.0


def test_defaults_lie_under_each_operation_of_their_kind(tmp_path: Path) -> None:
    defaults = "defaults: {list: {records: rows, paging: {kind: page_number, page_param: page, total: count}}}\n"
    text = ACME.replace("records: items", "paging: {page_param: p, total: null}") + defaults
    op = load(tmp_path, text).endpoints["things"].operations["list"]

    assert op.records == "rows"
    assert op.paging == {"kind": "page_number", "page_param": "p"}


def test_nulls_are_left_out_where_the_defaults_say_so(tmp_path: Path) -> None:
    fields = load(tmp_path, ACME + "defaults: {fields: {nullable: false}}\n").endpoints["things"].fields

    assert fields["owner"].nullable is False
    assert fields["note"].nullable is True


def test_where_nothing_can_be_listed_a_record_is_known_by_its_target_key(tmp_path: Path) -> None:
    fields = "fields: {x: string, y: string}"
    text = f"version: 1\nendpoints: {{a: {{target_key: [x, y], operations: {{upsert: {{path: /a}}}}, {fields}}}}}\n"
    endpoint = load(tmp_path, text).endpoints["a"]

    assert endpoint.key == ("x", "y")
    assert endpoint.id_field == "x"


# --- bases ---------------------------------------------------------------------------------------


def test_a_packaged_connector_can_be_extended(tmp_path: Path) -> None:
    text = """\
version: 1
extends: blikk
endpoints:
  offers:
    operations: {list: {path: /v1/Core/Offers, sort: {values: [createdDate], stable: createdDate}}}
    fields: {id: {type: integer, required: true}, customer: name_id}
  projects: {fields: {category: name_id, location: null}}
  users: null
"""
    connector = load(tmp_path, text, "ours.yaml")

    assert "users" not in connector.endpoints
    assert connector.endpoints["offers"].operations["list"].paging["size"] == 100
    assert connector.endpoints["offers"].fields["customer"].properties is not None
    assert "category" in connector.endpoints["projects"].fields
    assert "location" not in connector.endpoints["projects"].fields
    assert connector.throttle == (ThrottleWindow(4, 1.0),)


def test_an_endpoint_that_is_added_need_not_say_by_what_it_can_be_sorted(tmp_path: Path) -> None:
    text = """\
version: 1
extends: blikk
endpoints:
  offers:
    operations: {list: {path: /v1/Core/Offers}}
    fields: {id: integer}
"""
    offers = load(tmp_path, text, "mine.yaml").endpoints["offers"].operations["list"]

    assert (offers.records, offers.paging["page_param"], offers.sort) == ("items", "page", None)


def test_a_list_that_is_added_with_its_own_paging_has_that_alone(tmp_path: Path) -> None:
    text = """\
version: 1
extends: blikk
endpoints:
  things:
    operations:
      list: {path: /things, paging: {kind: page_number, page_param: page, size_param: per_page, size: 10}}
      get: {path: "/things/{id}"}
    fields: {id: integer}
  projects: {operations: {list: {paging: {size: 50}}}}
"""
    (tmp_path / "plus.yaml").write_text(text, encoding="utf-8")
    endpoints = load_connector("plus.yaml", tmp_path).endpoints
    things = endpoints["things"].operations
    assert things["list"].paging == {"kind": "page_number", "page_param": "page", "size_param": "per_page", "size": 10}
    assert things["get"].not_found == (400,)
    assert endpoints["projects"].operations["list"].paging["total_pages"] == "totalPages"


def test_the_digest_changes_with_the_base(tmp_path: Path) -> None:
    over = "version: 1\nextends: ./acme.yaml\n"
    load(tmp_path)
    before = load(tmp_path, over, "over.yaml").digest
    assert load(tmp_path, over, "over.yaml").digest == before
    (tmp_path / "acme.yaml").write_text(ACME + "title: Acme\n", encoding="utf-8")
    assert load(tmp_path, over, "over.yaml").digest != before


def test_an_unknown_base_is_told_at_its_place(tmp_path: Path) -> None:
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, "version: 1\nextends: blick\n")

    (problem,) = caught.value.problems
    assert (problem.code, problem.hint) == ("unknown-connector", "did you mean 'blikk'?")
    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (2, 10)


def test_a_mistake_in_a_base_is_told_at_its_own_place(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(ACME.replace("owner: name_id", "owner: nam_id"), encoding="utf-8")
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, "version: 1\nextends: ./acme.yaml\n", "over.yaml")

    (problem,) = caught.value.problems
    assert problem.location is not None
    assert (Path(problem.location.file).name, problem.location.line) == ("acme.yaml", 14)


# --- mistakes ------------------------------------------------------------------------------------

PARENT = "parent: {endpoint: x, params: {}}"
WRONG = {
    "a key that does not exist": ("records: items", "recrods: items", ("unknown-key", 10)),
    "an auth kind that does not exist": ("kind: api_key", "kind: apikey", ("wrong-value", 3)),
    "a key of another auth kind": ("header: X-Key", "token_url: /t", ("unknown-key", 3)),
    "a span that is none": ("per: 1h", "per: 1 hour", ("wrong-type", 4)),
    "a type that does not exist": ("owner: name_id", "owner: nameid", ("unknown-type", 14)),
    "a type inside a list": ("tags: [name_id]", "tags: [nameid]", ("unknown-type", 15)),
    "values of another type": ("tags: [name_id]", "n: {type: integer, values: [1, low, high]}", ("wrong-value", 15)),
    "an expression with an error": ("records: items", 'records: "items["', ("expression", 10)),
    "a path that is none": ("list: {path: /things", "list: {path: things", ("wrong-type", 10)),
    "an operation without path": ("create: {path: /things}", "create: {body: object}", ("missing-key", 11)),
    "an operation whose path is taken out": ("create: {path: /things}", "create: {path: null}", ("missing-key", 11)),
    "paging of no kind": ("records: items", "paging: {size: 5}", ("missing-key", 10)),
    "paging without its parameter": ("records: items", "paging: {kind: page_number}", ("missing-key", 10)),
    "a sort without its parameters": ("records: items", "sort: {values: [a], order_param: o}", ("missing-key", 10)),
    "an address without scheme": ("https://things", "things", ("wrong-type", 2)),
    "a parent that does not exist": ("    fields:", f"    {PARENT}\n    fields:", ("unknown-endpoint", 12)),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_told_at_its_line(case: str, tmp_path: Path) -> None:
    right, wrong, problem = WRONG[case]

    assert problems(tmp_path, ACME.replace(right, wrong, 1)) == [problem]


@pytest.mark.parametrize("values", ["[1, 2]", "[-1.5, 1e16]", '["1", "2"]'])
def test_values_of_a_number_may_be_written_as_text(values: str, tmp_path: Path) -> None:
    right = ACME.replace("tags: [name_id]", f"n: {{type: number, values: {values}}}", 1)
    (tmp_path / "acme.yaml").write_text(right, encoding="utf-8")

    assert load_connector("acme.yaml", tmp_path).endpoints["things"].fields["n"].type == "number"


def test_all_mistakes_are_told_at_once_with_what_was_probably_meant(tmp_path: Path) -> None:
    text = ACME.replace("records:", "record:").replace("owner: name_id", "owner: name_ids")
    with pytest.raises(DocumentError) as caught:
        load(tmp_path, text)
    told = "\n".join(full_message(each) for each in caught.value.problems)

    assert "did you mean 'records'?" in told
    assert "there is no type 'name_ids' — did you mean 'name_id'?" in told


def test_a_type_that_contains_itself_is_told(tmp_path: Path) -> None:
    text = ACME.replace("name: string}", "name: string, boss: name_id}")

    assert problems(tmp_path, text) == [("type-cycle", 6)]


SMALL = """\
version: 1
extends: blikk
endpoints: {%s}
check: null
"""
KEPT = ("contacts", "user_day_statistics")


def test_an_endpoint_that_lacks_any_one_of_its_keys_is_whole_or_told_in_words(tmp_path: Path) -> None:
    blikk = source.load(packaged_folder() / "blikk.yaml").data["endpoints"]
    others = "".join(f"{name}: null, " for name in blikk if name not in KEPT)
    for path in (path for name in KEPT for path in branches(blikk[name], (name,)) if len(path) > 1):
        patch: Any = None
        for key in reversed(path):
            patch = {key: patch}
        with suppress(DocumentError):  # any other error is a fault
            load(tmp_path, SMALL % (others + json.dumps(patch)[1:-1]), "mine.yaml")


def branches(node: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """The place of every key below."""
    for key, inner in node.items() if isinstance(node, dict) else ():
        yield (*path, key)
        yield from branches(inner, (*path, key))


KEYS = ("endpoints", "things", "operations", "list", "fields", "types", "defaults", "paging", "sort", "auth", "check")
JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
@settings(max_examples=150)
def test_whatever_stands_in_a_document_is_told_in_words(data: Any) -> None:
    document = source.parse("version: 1\n", "x.yaml")

    for problem in check_connector(source.Document("x.yaml", data, document.marks)):
        assert problem.message


@pytest.mark.parametrize("name", packaged())
def test_packaged_connectors_pass_the_checks_of_everyone_s(name: str) -> None:
    document = source.load(packaged_folder() / f"{name}.yaml")

    assert [full_message(each) for each in check_connector(document)] == []
    assert document.problems == ()
    assert load_connector(name, packaged_folder()).kind == "files" or any(expressions(document.data))


def test_a_packaged_connector_is_read_once_however_many_connections_it_has(tmp_path: Path) -> None:
    assert load_connector("blikk", tmp_path) is load_connector("blikk", packaged_folder())


def test_a_packaged_connector_is_read_without_the_import_of_the_checker() -> None:
    code = (
        "import sys; from pathlib import Path; from etl.connectors.load import load_connector;"
        "load_connector('blikk', Path()); print('jsonschema' in sys.modules)"
    )

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "False"
