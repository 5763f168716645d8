"""Places: each character of a text is found again in the file, however YAML spells the text there."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from etl.documents import source
from etl.documents.scalars import offsets
from etl.documents.source import Document
from etl.errors import DocumentError


def place(document: Document, offset: int, length: int = 1) -> tuple[int, int, int | None]:
    found = document.marks.inside(("value",), offset, length)
    return found.line, found.column, found.end_column


@pytest.mark.parametrize(
    ("text", "wanted", "line", "column", "end"),
    [
        ("value: a.bcd", "bcd", 1, 10, 13),
        ("value: 'it''s bcd'", "bcd", 1, 15, 18),
        ("value: 'it''s bcd'", "'s", 1, 11, 14),
        ('value: "\\u00e5\\t\\"bcd"', "bcd", 1, 19, 22),
        ("value: a\n  b\n  bcd", "bcd", 3, 3, 6),
        ("value: 'a\n\n  bcd'", "bcd", 3, 3, 6),
        ('value: "a\\\n   \\  bcd"', "bcd", 2, 7, 10),
        ("value: |\n  a\n    bcd\n", "bcd", 3, 5, 8),
        ("value: |2\n    bcd\n", "bcd", 2, 5, 8),
        ("value: >-\n  a\n  bcd\n", "bcd", 3, 3, 6),
        ("value: > # why\n\n  a\n\n   x\n  bcd\n", "bcd", 6, 3, 6),
        ("x: 1\r\nvalue: |\r\n  a\r\n  bcd\r\n", "bcd", 4, 3, 6),
        ("value: åäö😀 bcd", "bcd", 1, 13, 16),
    ],
)
def test_a_part_of_a_text_is_found(text: str, wanted: str, line: int, column: int, end: int) -> None:
    document = source.parse(text, "m.yaml")

    offset = document.data["value"].index(wanted)

    assert place(document, offset, len(wanted)) == (line, column, end)


def test_a_part_that_goes_over_several_lines_ends_with_its_first() -> None:
    document = source.parse("value: |\n  abc\n  def\n", "m.yaml")

    assert place(document, 1, 5) == (2, 4, 6)


def test_behind_the_end_of_a_text_is_the_place_after_it() -> None:
    document = source.parse("value: 'abc'", "m.yaml")

    assert place(document, 3) == (1, 12, 13)


def test_without_a_mark_the_nearest_ancestor_answers() -> None:
    document = source.parse("fields:\n  name: title\n", "m.yaml")

    assert document.marks.inside(("fields", "name", "value"), 2, 3) == document.marks.inside(("fields", "name"), 2, 3)
    assert document.marks.value(("fields", "name", "value")).column == 9
    assert document.marks.key(("fields", "none")).column == 1


def test_an_empty_value_is_shown_at_its_key() -> None:
    document = source.parse("fields:\n  name:\n  x: 1\n", "m.yaml")

    assert document.marks.value(("fields", "name")) == document.marks.key(("fields", "name"))


def test_an_item_of_a_list_has_its_own_place() -> None:
    document = source.parse("a: [x, {b: y}]\n", "m.yaml")

    assert document.marks.value(("a", 1, "b")).column == 12
    assert document.marks.key(("a", 1)).column == 8


# --- any text in any style -----------------------------------------------------------------------

CHARACTERS = st.sampled_from(list("ab '\"\\#:,[]{}&*!|>%@`-?\n\n  .åÖ😀\t"))
TEXTS = st.text(CHARACTERS, max_size=40)


@given(TEXTS, st.sampled_from(["'", '"', "|", ">", None]), st.integers(10, 40), st.booleans())
def test_each_character_has_the_place_that_spells_it(text: str, style: str, width: int, unicode: bool) -> None:
    dumped = yaml.dump({"k": {"value": text}}, default_style=style, width=width, allow_unicode=unicode)
    document = source.parse(dumped, "m.yaml")
    value = document.data["k"]["value"]
    mark, _ = document.marks.find(("k", "value"))
    if not isinstance(value, str):
        return

    found = offsets(dumped[mark.start : mark.end], mark.style, value)

    assert found is not None
    assert found == sorted(found)
    assert_spelled(dumped, mark.start, found, value)


@given(
    st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "|2", ">2-", "|1+"]),
    st.lists(st.text(st.sampled_from("ab  #\t'"), max_size=8), max_size=8),
    st.booleans(),
)
def test_block_scalars_written_by_hand(header: str, lines: list[str], ended: bool) -> None:
    text = f"k:\n value: {header} # a comment\n" + "\n".join(f"   {line}" if line else "" for line in lines)
    text += "\nz: 1\n" if ended else ""
    try:
        document = source.parse(text, "m.yaml")
    except DocumentError:
        return
    value = document.data["k"]["value"]
    mark, _ = document.marks.find(("k", "value"))

    found = offsets(text[mark.start : mark.end], mark.style, value)

    assert found is not None
    assert_spelled(text, mark.start, found, value)


@given(
    st.lists(st.text(st.sampled_from("ab \t.|"), max_size=6), min_size=1, max_size=5), st.sampled_from(["'", '"', ""])
)
def test_flow_scalars_folded_by_hand(lines: list[str], quote: str) -> None:
    text = f"k:\n value: {quote}x" + "\n   ".join(lines) + f"x{quote}\n"
    try:
        document = source.parse(text, "m.yaml")
    except DocumentError:
        return
    value = document.data["k"]["value"]
    mark, _ = document.marks.find(("k", "value"))

    found = offsets(text[mark.start : mark.end], mark.style, value)

    assert found is not None
    assert_spelled(text, mark.start, found, value)


def assert_spelled(text: str, start: int, found: list[int], value: str) -> None:
    """What stands at each place is the character itself, an escape, or the break that became a blank or newline."""
    for character, offset in zip(value, found, strict=True):
        written = text[start + offset]
        assert written == character or written == "\\" or (character in " \n" and written in " \t\r\n")
