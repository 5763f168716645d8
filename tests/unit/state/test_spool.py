"""What a plan finds, in memory and beyond it."""

from __future__ import annotations

import os
import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.report import Change
from etl.state import Spool
from tests.unit.state.test_processes import child, line

VALUES = st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False) | st.text(st.characters())


@given(st.lists(VALUES, max_size=30), st.integers(1, 12))
def test_it_holds_what_was_found_exactly_and_in_order_wherever_that_is_kept(found: list[object], block: int) -> None:
    spool = Spool[object](block)
    for number, item in enumerate(found):
        assert (len(spool), list(spool)) == (number, found[:number])
        spool.append(item)
    assert (len(spool), bool(spool)) == (len(found), bool(found))
    assert [pair for pair in zip(spool, spool, strict=True) if pair[0] != pair[1]] == []


def test_changes_come_back_as_they_were() -> None:
    spool = Spool[Change](block=1)
    change = Change("1", "update", {"hours": [Decimal("12345678901234567.89"), 2**70]}, target_key="t", later=True)
    spool.append(change)
    assert list(spool) == [change]


def test_the_file_has_no_name_that_others_could_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    spool = Spool[str](block=1)
    spool.append("x" * 100_000)
    if os.name == "posix":
        assert list(tmp_path.iterdir()) == []
    del spool
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="the limit on files is POSIX's")
def test_a_full_folder_for_temporary_files_is_named(tmp_path: Path) -> None:
    with child("pile_up", "memory:", tmp_path) as process:
        said = line(process)
    assert said.startswith("StateError the folder for temporary files can't hold what this plan found: ")
    assert said.endswith("— free some space there, or name another folder with the environment variable TMPDIR")
