"""The keys of a run, in memory and beyond it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.state import SeenKeys
from tests.unit.state.test_processes import child, line

Calls = list[list[str]]

any_calls = st.lists(st.lists(st.text(st.characters(), max_size=3), max_size=8), max_size=8)
in_order = st.lists(st.integers(0, 120), max_size=20, unique=True).map(
    lambda numbers: [[str(number), str(number + 1)] for number in sorted(numbers)]
)
backwards = in_order.map(lambda calls: calls[::-1])
disturbed = st.tuples(in_order | backwards, in_order).map(lambda both: [*both[0], *both[1]])


@given(any_calls | in_order | backwards | disturbed, st.integers(0, 12), st.booleans())
def test_a_key_is_new_once_wherever_it_is_kept(calls: Calls, in_memory: int, asked: bool) -> None:
    seen, model = SeenKeys(in_memory), set[str]()
    for keys in calls:
        expected = [key not in model and key not in keys[:place] for place, key in enumerate(keys)]
        if asked:
            assert seen.contains_many(keys) == [key in model for key in keys]
        assert seen.add_many(keys) == expected
        model.update(keys)
    assert seen.contains_many([*model, "never"]) == [True] * len(model) + [False]
    seen.close()


def test_keys_beyond_memory_leave_no_file_behind(tmp_path: Path) -> None:
    before = set(Path(tempfile.gettempdir()).glob("etilqs_*"))
    seen = SeenKeys(in_memory=1000)
    pages = [[f"{page}-{number:060}" for number in range(500)] for page in range(200)]
    assert all(all(seen.add_many(page)) for page in pages)
    assert not any(any(seen.add_many(page)) for page in pages)
    seen.close()
    assert set(Path(tempfile.gettempdir()).glob("etilqs_*")) <= before


def test_a_closed_set_is_empty_and_can_be_closed_again() -> None:
    seen = SeenKeys(in_memory=1)
    seen.add_many(["a", "b", "c"])
    seen.close()
    seen.close()
    assert seen.contains_many(["a", "b"]) == [False, False]


@pytest.mark.skipif(os.name != "posix", reason="the limit on files is POSIX's")
def test_a_full_folder_for_temporary_files_is_named(tmp_path: Path) -> None:
    with child("spill", "memory:", tmp_path) as process:
        said = line(process)
    assert said.startswith("StateError the folder for temporary files can't hold the keys of this run: ")
    assert said.endswith("— free some space there, or name another folder with the environment variable SQLITE_TMPDIR")
