"""YAML 1.2 with positions: what becomes of scalars, and that nothing a file can hold brings the reader down."""

from __future__ import annotations

import json
import math
import os
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.documents import source
from etl.errors import DocumentError
from etl.model import Json, Problem


def only_problem(text: str | bytes) -> Problem:
    with pytest.raises(DocumentError) as caught:
        source.parse(text, "m.yaml")
    assert len(caught.value.problems) == 1
    return caught.value.problems[0]


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "on",
        "yes",
        "Off",
        "12:30",
        "2026-01-01",
        "1_000",
        "0b1",
        "<<",
        "2026-01-01T10:00:00Z",
        "1.2.3",
        "-",
        "+",
        ".",
        "0x",
        "1e",
        "~x",
    ],
)
def test_what_yaml_1_1_made_into_other_types_stays_text(text: str) -> None:
    assert source.parse(f"a: {text!s}\n" if text != "-" else "a: '-'", "m.yaml").data == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("7", 7),
        ("-7", -7),
        ("+7", 7),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("12345678901234567890", 12345678901234567890),
        ("0.1", 0.1),
        ('"7"', "7"),
        ("'true'", "true"),
        ("! 7", "7"),
        ("!!str 7", "7"),
        ("123456789012345678.5", Decimal("123456789012345678.5")),
        ("1e999", Decimal("1e999")),
    ],
)
def test_the_core_schema_of_yaml_1_2(text: str, value: Json) -> None:
    found = source.parse(f"a: {text}", "m.yaml").data["a"]

    assert found == value
    assert type(found) is type(value)


def test_not_a_number_is_one() -> None:
    assert math.isnan(source.parse("a: .nan", "m.yaml").data["a"])


def test_a_number_with_leading_zeros_is_a_number_with_a_warning() -> None:
    document = source.parse("a: 007\nb: '007'\nc: 0\nd: 0.5\n", "m.yaml")

    assert document.data == {"a": 7, "b": "007", "c": 0, "d": 0.5}
    assert [
        (problem.severity, problem.code, problem.location.line if problem.location else 0)
        for problem in document.problems
    ] == [("warning", "leading-zero", 1)]


def test_keys_are_texts_as_lookups_and_maps_compare_them() -> None:
    document = source.parse("{3: a, 1.50: b, true: c, null: d, 0x10: e, text: f, 2026-01-01: g}", "m.yaml")

    assert list(document.data) == ["3", "1.5", "true", "null", "16", "text", "2026-01-01"]


def test_an_alias_repeats_its_anchor_and_points_to_where_it_is_written() -> None:
    document = source.parse("a: &x {b: text}\nc: *x\n", "m.yaml")

    assert document.data == {"a": {"b": "text"}, "c": {"b": "text"}}
    assert document.marks.value(("c", "b")).line == 1


def test_merge_keys_are_ordinary_keys() -> None:
    assert source.parse("a: &x {b: 1}\nc:\n  <<: *x\n", "m.yaml").data["c"] == {"<<": {"b": 1}}


def test_all_duplicate_keys_are_told_with_the_line_of_the_first() -> None:
    with pytest.raises(DocumentError) as caught:
        source.parse("a: 1\nb: {c: 1, c: 2}\na: 2\n", "m.yaml")

    assert [problem.message for problem in caught.value.problems] == [
        "'c' is already in line 2",
        "'a' is already in line 1",
    ]


def test_aliases_that_explode_are_refused() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    assert only_problem("\n".join(levels)).code == "alias"


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_ten_megabytes_of_nesting_are_refused_with_a_message(opening: str) -> None:
    problem = only_problem(opening * (10_000_000 // len(opening)))

    assert problem.code == "too-deep"
    assert problem.location is not None
    assert problem.location.text == ""


@pytest.mark.parametrize(
    "content", [b"a: 1", b"\xef\xbb\xbfa: 1", b"a: 1\r\n", b"---\na: 1\n...\n", b"%YAML 1.2\n---\na: 1\n"]
)
def test_byte_order_mark_line_ends_and_markers_make_no_difference(content: bytes) -> None:
    assert source.parse(content, "m.yaml").data == {"a": 1}


def test_the_byte_that_is_not_utf8_is_named_with_its_line_and_column() -> None:
    problem = only_problem(b"\xef\xbb\xbfa: \xc3\xa5\nb: \xe5\n")

    assert problem.message == "byte 13 (0xe5) is not UTF-8"
    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (2, 4)


def test_lone_surrogates_in_a_text_are_refused() -> None:
    assert only_problem("a: \ud800").code == "encoding"


# --- files ---------------------------------------------------------------------------------------


def test_half_a_character_is_told_from_an_unknown_escape() -> None:
    assert only_problem('a: "\\ud83d\\ude00"').message == "'\\ud83d' is half of a character"


def test_a_file_below_the_current_folder_is_shown_relative_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "m.yaml").write_text("a: 1")
    (tmp_path / "else").mkdir()

    monkeypatch.chdir(tmp_path)
    assert source.load(Path("mappings/m.yaml")).file == "mappings/m.yaml"
    assert source.load(tmp_path / "mappings" / "m.yaml").file == "mappings/m.yaml"
    monkeypatch.chdir(tmp_path / "else")
    assert source.load(Path("../mappings/m.yaml")).file == (tmp_path / "mappings" / "m.yaml").as_posix()


@pytest.mark.parametrize(
    ("name", "message", "hint"),
    [
        ("project.yaml", "there is no file 'project.yaml'", "did you mean 'projects.yaml'?"),
        ("none/x.yaml", "there is no file 'none/x.yaml'", "its folder 'none' does not exist either"),
        ("projects.yaml/x", "there is no file 'projects.yaml/x'", "its folder 'projects.yaml' does not exist either"),
        ("folder", "'folder' is a folder", "name a file in it"),
        ("tasks.yaml", "there is no file 'tasks.yaml'", "did you mean 'folder/tasks.yaml'?"),
        ("tasks", "there is no file 'tasks'", "did you mean 'folder/tasks.yaml'?"),
        ("[x]", "there is no file '[x]'", "check the path"),
    ],
)
def test_a_file_that_can_not_be_read(
    name: str, message: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "projects.yaml").write_text("a: 1")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "tasks.yaml").write_text("a: 1")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(DocumentError) as caught:
        source.load(Path(name))

    assert [(problem.message, problem.hint) for problem in caught.value.problems] == [(message, hint)]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the administrator may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    file = tmp_path / "m.yaml"
    file.write_text("a: 1")
    file.chmod(0)

    with pytest.raises(DocumentError, match="may not be read"):
        source.load(file)


def test_a_name_that_no_file_can_have() -> None:
    with pytest.raises(DocumentError) as caught:
        source.load(Path("a\0b"))

    assert caught.value.problems[0].code == "no-file"


# --- anything at all -----------------------------------------------------------------------------


def read(content: str | bytes) -> tuple[Problem, ...]:
    """The problems that stop a document from being read; none where it is read."""
    try:
        source.parse(content, "m.yaml")
    except DocumentError as error:
        return error.problems
    return ()


@given(
    st.text(st.sampled_from("ab:, -[]{}#&*!|>'\"%@`?\n\t \\0.x~<"), max_size=40)
    | st.binary(max_size=60)
    | st.text(max_size=20)
)
@example("!%")  # an escape that is none, but outside of quotes
def test_anything_at_all_is_read_or_refused_with_a_place_and_a_way_out(content: str | bytes) -> None:
    for problem in read(content):
        assert problem.location is not None
        assert problem.location.line >= 1
        assert problem.location.column >= 1
        assert problem.hint


# JSON escapes what lies beyond in two halves, which YAML refuses
TEXTS = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=["Cs"]), max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_json_can_say_is_read_as_it_is(value: Json) -> None:
    # JSON is YAML 1.2 but for the characters that YAML does not allow, which are escaped here
    assert source.parse(json.dumps(value), "m.yaml").data == value
