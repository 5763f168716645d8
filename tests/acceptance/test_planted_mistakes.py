"""A good folder, and one mistake at a time planted in it: each is found before any request, at its place, with a fix.

`planted/mistakes.yaml` is the list; a new line there is a new test.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml
from syrupy.assertion import SnapshotAssertion

from etl import secrets
from tests.support.cli import etl

HERE = Path(__file__).parent / "planted"
MISTAKES = {row[0]: row[1:] for row in yaml.safe_load((HERE / "mistakes.yaml").read_text(encoding="utf-8"))}
WARNINGS = {
    "wrong test record",
    "never equal enum",
    "compare string num",
    "date format args",
    "project: env var typo",
    "project: vars unused",
    "mapping lookup key object",
    "constant target key",
    "code by its name",
    "group of a regex",
    "connection: address of files",
    "connection: folder of an API",
}
"""What does no harm to every record, or none at all."""
ENVIRON = {
    "BLIKK_APP_ID": "a",
    "BLIKK_APP_SECRET": "b",
    "DIMESHEETS_API_KEY": "c",
    "DS_USER": "d",
    "DS_PASSWORD": "e",
    "ERP_KEY": "f",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    secrets.forget()
    good = tmp_path / "good"
    shutil.copytree(HERE / "good", good)
    monkeypatch.chdir(good)
    return good


@pytest.mark.parametrize("arguments", [(), ("--env", "test"), ("--env", "production"), ("mappings/things.yaml",)])
def test_the_folder_is_good(folder: Path, arguments: tuple[str, ...]) -> None:
    found = etl("validate", *arguments, env=ENVIRON)
    assert (found.exit_code, found.stdout.endswith("checked: no problems\n")) == (0, True)


@pytest.mark.parametrize("name", MISTAKES)
def test_a_planted_mistake_is_found_at_its_place_with_a_fix(
    folder: Path, name: str, snapshot: SnapshotAssertion
) -> None:
    file, was, now = MISTAKES[name]
    place = folder / file
    text = place.read_text(encoding="utf-8") if place.exists() else ""
    assert was is None or was in text
    place.write_text(now if was is None else text.replace(was, now, 1), encoding="utf-8")

    found = etl("validate", env=ENVIRON)

    assert found.exit_code == (0 if name in WARNINGS else 2)
    heads = re.findall(r"^\S+:\d+:\d+: (?:error|warning)\[[a-z-]+\]: .*$", found.stdout, re.MULTILINE)
    assert heads
    assert all(" — " in head for head in heads)
    assert found.stdout == snapshot


def test_one_mistake_hides_no_other(folder: Path, snapshot: SnapshotAssertion) -> None:
    for name in (
        "project: top key",
        "project: datetime typo",
        "project: env instance typo",
        "project: connection unused wrong",
        "connector: lookback",
        "field typo nested",
        "type unknown",
        "operation value",
        "mapping list field",
        "parent where typo",
    ):
        file, was, now = MISTAKES[name]
        text = (folder / file).read_text(encoding="utf-8")
        (folder / file).write_text(text.replace(was, now, 1), encoding="utf-8")
    found = etl("validate", env=ENVIRON)
    assert found.exit_code == 2
    assert found.stdout == snapshot
