"""One document over another: RFC 7396, the rules that mappings add, and where each value stands afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.documents import overlay, source
from etl.documents.source import Document
from etl.errors import DocumentError
from etl.model import Json


def merged(base: str, over: str, kind: str = "mapping") -> Json:
    return both(base, over, kind).data


def both(base: str, over: str, kind: str = "mapping") -> Document:
    return overlay.merge(source.parse(base, "base.yaml"), source.parse(over, "over.yaml"), kind=kind)


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ('{"a":"b"}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'),
        ('{"a":"b"}', '{"a":null}', "{}"),
        ('{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'),
        ('{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'),
        ('{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'),
        ('{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'),
        ('{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'),
        ('["a","b"]', '["c","d"]', '["c","d"]'),
        ('{"a":"b"}', '["c"]', '["c"]'),
        ('{"a":"foo"}', "null", "null"),
        ('{"a":"foo"}', '"bar"', '"bar"'),
        ('{"e":null}', '{"a":1}', '{"e":null,"a":1}'),
        ("[1,2]", '{"a":"b","c":null}', '{"a":"b"}'),
        ("{}", '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'),
    ],
)
@pytest.mark.parametrize("kind", ["project", "mapping", "connector"])
def test_the_cases_of_rfc_7396(target: str, patch: str, result: str, kind: str) -> None:
    assert merged(target, patch, kind) == json.loads(result)


# --- laws ----------------------------------------------------------------------------------------

SCALARS = st.none() | st.booleans() | st.integers(-9, 9) | st.sampled_from(["a", "b", ""])
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=4),
    max_leaves=10,
)


def document(value: Json, file: str = "m.yaml") -> Document:
    return source.parse(json.dumps(value), file)


def patched(base: Json, over: Json) -> Json:
    return overlay.merge(document(base), document(over), kind="project").data


def reference(target: Json, patch: Json) -> Json:
    """The RFC's own pseudocode."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = reference(result.get(name), value)
    return result


@given(VALUES, VALUES)
def test_the_merge_is_that_of_the_rfc(base: Json, over: Json) -> None:
    assert patched(base, over) == reference(base, over)


@given(VALUES, VALUES)
def test_merging_twice_is_merging_once(base: Json, over: Json) -> None:
    once = patched(base, over)

    assert patched(once, over) == once


@given(VALUES)
def test_an_empty_overlay_changes_nothing(base: Json) -> None:
    assert patched(base if isinstance(base, dict) else {}, {}) == (base if isinstance(base, dict) else {})


@given(VALUES, VALUES)
def test_neither_document_is_changed(base: Json, over: Json) -> None:
    lower, upper = document(base), document(over)

    overlay.merge(lower, upper, kind="project")

    assert (lower.data, upper.data) == (base, over)


def paths(value: Json, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(below for name, inner in entries for below in paths(inner, (*path, name)))]


@given(VALUES, VALUES)
def test_each_value_keeps_the_place_in_the_file_where_it_stands(base: Json, over: Json) -> None:
    lower, upper = document(base, "base.yaml"), document(over, "over.yaml")
    result = overlay.merge(lower, upper, kind="project")

    for path in paths(result.data):
        place = result.marks.value(path)
        origin = upper if place.file == "over.yaml" else lower
        assert place == origin.marks.value(path)
        assert result.marks.find(path)[1] == len(path)


# --- fields --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        ("name: title", "name: {truncate: 80}", {"value": "title", "truncate": 80}),
        ("name: {value: title, truncate: 80}", "name: orderNumber", {"value": "orderNumber", "truncate": 80}),
        ("name: title", "name: 5", {"const": 5}),
        ("name: 5", "name: [a]", {"const": ["a"]}),
        ("name: 5", "name: title", {"value": "title"}),
        ("name: {const: {a: 1}}", "name: {const: {b: null}}", {"const": {"b": None}}),
        ("name: title", "name: {const: null}", {"const": None}),
        ("name: {const: null}", "name: {value: title}", {"value": "title"}),
        ("name: {value: a, const: null}", "name: {type: string}", {"value": "a", "const": None, "type": "string"}),
        (
            "name: {value: a, map: {x: 1, y: 2}, otherwise: 3}",
            "name: {map: {x: null}}",
            {"value": "a", "map": {"x": None}, "otherwise": 3},
        ),
        (
            "name: {value: a, map: {x: 1}, otherwise: 3}",
            "name: {map: null, otherwise: null}",
            {"value": "a", "otherwise": None},
        ),
        ("name: {value: a, default: {x: 1}}", "name: {default: {y: null}}", {"value": "a", "default": {"y": None}}),
        ("name: {value: a, default: 1}", "name: {default: null}", {"value": "a", "default": None}),
        ("name: {value: a, required: true}", "name: {required: null}", {"value": "a"}),
        ("name: {value: a}", "name: {value: null}", {}),
    ],
)
def test_a_field_of_an_overlay(base: str, over: str, result: Json) -> None:
    assert merged(f"fields: {{{base}}}", f"fields: {{{over}}}")["fields"]["name"] == result


def test_null_takes_a_field_out() -> None:
    assert merged("fields: {a: x, b: y}", "fields: {a: null}")["fields"] == {"b": {"value": "y"}}


def test_fields_that_only_one_side_has_are_made_long_too() -> None:
    assert merged("fields: {a: x}", "fields: {b: 0}")["fields"] == {"a": {"value": "x"}, "b": {"const": 0}}


# --- the rest of a mapping -----------------------------------------------------------------------


def test_credentials_tests_and_what_is_set_on_missing_records_are_replaced_whole() -> None:
    base = """
connections: {a: {connector: x, auth: {user: u, password: p}}}
tests: {one: {record: {a: 1, b: 2}, expect: {}}}
target: {missing: {set: {active: false, end: today}}}
"""
    over = """
connections: {a: {auth: {api_key: null}}}
tests: {one: {record: {c: null}}}
target: {missing: {set: {end: null}}}
"""

    assert merged(base, over) == {
        "connections": {"a": {"connector": "x", "auth": {"api_key": None}}},
        "tests": {"one": {"record": {"c": None}}},
        "target": {"missing": {"set": {"end": None}}},
    }


def test_null_takes_a_test_and_credentials_out() -> None:
    base = "tests: {one: {record: {}}, two: {record: {}}}\nconnections: {a: {auth: {b: c}}}"

    assert merged(base, "tests: {one: null}\nconnections: {a: {auth: null}}") == {
        "tests": {"two": {"record": {}}},
        "connections": {"a": {}},
    }


@pytest.mark.parametrize(
    ("base", "over", "result"),
    [
        (
            "{file: a.csv, key: id, params: {delimiter: ;}}",
            "{connection: b, endpoint: c}",
            {"connection": "b", "endpoint": "c", "key": "id"},
        ),
        (
            "{connection: b, endpoint: c, key: id, where: d, on_miss: skip}",
            "{file: a.csv}",
            {"file": "a.csv", "key": "id", "on_miss": "skip"},
        ),
        ("{connection: b, endpoint: c, detail: true}", "{mapping: m}", {"mapping": "m"}),
        (
            "{mapping: m}",
            "{file: a.csv, params: {encoding: cp1252}}",
            {"file": "a.csv", "params": {"encoding": "cp1252"}},
        ),
        ("{connection: b, endpoint: c}", "{connection: d}", {"connection": "d", "endpoint": "c"}),
        ("{file: a.csv, key: id}", "{key: code}", {"file": "a.csv", "key": "code"}),
    ],
)
def test_where_a_lookups_rows_come_from_is_replaced(base: str, over: str, result: Json) -> None:
    assert merged(f"lookups: {{x: {base}}}", f"lookups: {{x: {over}}}")["lookups"]["x"] == result


def test_being_a_template_and_a_former_name_are_not_inherited() -> None:
    assert merged("{template: true, renamed_from: old, name: a}", "{tags: [b]}") == {"name": "a", "tags": ["b"]}
    assert merged("{name: a}", "{template: true, renamed_from: old}") == {
        "name": "a",
        "template": True,
        "renamed_from": "old",
    }


def test_in_a_project_the_plain_rules_hold() -> None:
    base = "connections: {a: {auth: {user: u, password: p}}}\nvars: {x: 1}"

    assert merged(base, "connections: {a: {auth: {password: q, user: null}}}\nvars: {x: null}", "project") == {
        "connections": {"a": {"auth": {"password": "q"}}},
        "vars": {},
    }


def test_in_a_connector_another_kind_of_auth_or_paging_brings_its_own_keys_only() -> None:
    base = "auth: {kind: api_key, header: X-Key}\nlist: {paging: {kind: page_number, page_param: page}}"

    assert merged(base, "auth: {kind: basic}\nlist: {paging: {kind: page_number, size: 5}}", "connector") == {
        "auth": {"kind": "basic"},
        "list": {"paging": {"kind": "page_number", "page_param": "page", "size": 5}},
    }
    assert merged(base, "auth: {header: Y-Key}", "connector")["auth"] == {"kind": "api_key", "header": "Y-Key"}


# --- places --------------------------------------------------------------------------------------


def test_a_short_field_made_long_keeps_the_places_of_its_key_and_expression() -> None:
    document = both("fields:\n  name: title.x\n", "fields:\n  name: {truncate: 5}\n")

    value = document.marks.inside(("fields", "name", "value"), 6, 1)
    assert (value.file, value.line, value.column) == ("base.yaml", 2, 15)
    assert document.marks.key(("fields", "name", "value")).column == 3
    assert document.marks.value(("fields", "name", "truncate")).file == "over.yaml"
    assert document.marks.key(("fields", "name")).file == "over.yaml"


def test_warnings_of_both_files_are_kept() -> None:
    document = both("a: 007", "b: 008")

    assert [problem.location and problem.location.file for problem in document.problems] == ["base.yaml", "over.yaml"]


# --- chains --------------------------------------------------------------------------------------


def base_of(document: Document) -> Path | None:
    text = document.data.get("extends")
    return document.marks.folder(("extends",)) / text if text else None


def write(folder: Path, **files: str) -> Document:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    return source.load(folder / f"{next(iter(files))}.yaml")


def test_a_chain_of_several_levels_is_merged_from_its_base_upwards(tmp_path: Path) -> None:
    document = write(
        tmp_path,
        top="{extends: middle.yaml, a: 3}",
        middle="{extends: base.yaml, a: 2, b: 2}",
        base="{a: 1, b: 1, c: 1}",
    )

    whole = overlay.resolve(overlay.chain(document, base_of), kind="mapping")

    assert whole.data == {"a": 3, "b": 2, "c": 1}
    assert [Path(whole.marks.value((key,)).file).stem for key in "abc"] == ["top", "middle", "base"]
    assert whole.file == document.file


def test_a_document_without_a_base_is_itself(tmp_path: Path) -> None:
    document = write(tmp_path, top="{a: 1}")

    assert overlay.resolve(overlay.chain(document, base_of), kind="mapping").data == {"a": 1}


def test_a_chain_that_comes_back_to_itself_is_told_where_it_does(tmp_path: Path) -> None:
    document = write(
        tmp_path,
        top="extends: middle.yaml",
        middle="extends: ./base.yaml",
        base=f"extends: ../{tmp_path.name}/middle.yaml",
    )

    with pytest.raises(DocumentError) as caught:
        overlay.chain(document, base_of)

    problem = caught.value.problems[0]
    assert problem.code == "extends-cycle"
    assert problem.location is not None
    assert Path(problem.location.file).name == "base.yaml"


def test_a_base_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    document = write(tmp_path, top="a: 1\nextends: none.yaml")

    with pytest.raises(DocumentError) as caught:
        overlay.chain(document, base_of)

    assert caught.value.problems[0].location == document.marks.value(("extends",))


def test_a_base_with_errors_gives_its_own_problems(tmp_path: Path) -> None:
    document = write(tmp_path, top="extends: base.yaml", base="a: 1\na: 2")

    with pytest.raises(DocumentError, match="'a' is already in line 1"):
        overlay.chain(document, base_of)
