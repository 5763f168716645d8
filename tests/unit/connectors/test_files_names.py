"""Names of downloaded files: made of fields, fit for every system, and never outside of their folder."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.connectors.files_names import MOST_BYTES, filled, names_in
from etl.errors import RecordRejected

PATTERN = "attachments/{taskId}-{id}-{name}"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ritning.pdf", "ritning.pdf"),
        ("a/b\\c.pdf", "a_b_c.pdf"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ('wh*t? "x" <y>|z:.txt', "wh_t_ _x_ _y__z_.txt"),
        ("dot. ", "dot"),
        ("line\nbreak.txt", "line_break.txt"),
    ],
)
def test_what_a_name_can_t_hold_is_replaced(name: str, expected: str) -> None:
    assert filled(PATTERN, {"taskId": 7, "id": 3, "name": name}) == f"attachments/7-3-{expected}"


@pytest.mark.parametrize("name", ["con", "NUL.txt", "lpt1", "..", ".", "...", " . "])
def test_names_that_a_system_keeps_for_itself_get_another(name: str) -> None:
    assert filled("{name}", {"name": name}).startswith("_")


def test_a_long_name_is_cut_before_its_ending() -> None:
    name = filled("{name}", {"name": "å" * 300 + ".pdf"})

    assert name.endswith("å.pdf")
    assert len(name.encode()) <= MOST_BYTES


def test_a_name_needs_all_its_values() -> None:
    with pytest.raises(RecordRejected, match="the name of the file needs one") as caught:
        filled(PATTERN, {"taskId": 7, "id": None, "name": "a"})
    assert caught.value.field == "id"


def test_the_fields_of_a_pattern_are_found() -> None:
    assert names_in(PATTERN) == ["taskId", "id", "name"]


@given(st.text(min_size=1))
def test_no_value_brings_a_folder_or_a_sign_that_some_system_refuses(value: str) -> None:
    name = filled("out/{name}", {"name": value})

    folder, _, rest = name.partition("/")
    assert folder == "out"
    assert rest not in ("", ".", "..")
    assert not set(rest) & set('<>:"/\\|?*\n\0')
    assert len(rest.encode("utf-8", "replace")) <= MOST_BYTES + 1
