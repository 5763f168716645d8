"""Downloads: each record's content in a file of its own, and what is said where that can't be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.connectors.files_download import FilesDownload
from etl.errors import Refused
from etl.model import Action, Item, LedgerEntry, Outcome, Record
from etl.ports import MappingState, Scope
from etl.state import open_state
from etl.writers import DownloadWriter


@pytest.fixture
def state(tmp_path: Path) -> Iterator[MappingState]:
    opened = open_state("memory:", tmp_path)
    yield opened.mapping(Scope("acme", "", "m", "files:data attachments"))
    opened.close()


async def fetch(record: Record, path: Path) -> int:
    if record.get("content") is None:
        raise Refused("GET /Download answered 404", status=404, reason="there is no such attachment")
    return save(str(record["content"]), path)


def save(text: str, path: Path) -> int:
    return path.write_text(text)


def download(folder: Path, state: MappingState, *records: Record) -> list[Outcome]:
    writer = DownloadWriter(
        FilesDownload(folder, "out/{id}/{name}"), fetch, state, without=lambda record: record.get("type") == "link"
    )
    items = [Item(str(number), record, output={"id": 1}) for number, record in enumerate(records)]

    async def all_of_them() -> list[Outcome]:
        found = []
        async for outcomes in writer.write(items):
            state.accept(
                [
                    LedgerEntry(each.item.key, each.item.target_key, b"h", {}, each.target_id)
                    for each in outcomes
                    if each.action is Action.CREATED
                ],
                "run",
            )
            found += outcomes
        return found

    return asyncio.run(all_of_them())


def test_names_come_from_the_fields_and_from_the_record(tmp_path: Path, state: MappingState) -> None:
    (outcome,) = download(tmp_path, state, {"name": "a/b.txt", "content": "hej"})

    assert (outcome.action, outcome.target_id) == (Action.CREATED, "out/1/a_b.txt")
    assert (tmp_path / "out/1/a_b.txt").read_text() == "hej"


def test_the_second_record_of_a_name_is_rejected_and_the_first_one_s_file_stays(
    tmp_path: Path, state: MappingState
) -> None:
    first, second = download(tmp_path, state, {"name": "a.txt", "content": 1}, {"name": "A.TXT", "content": 2})

    assert (first.action, second.action, second.code) == (Action.CREATED, Action.REJECTED, "duplicate")
    assert "another record has the file 'out/1/A.TXT' already" in (second.reason or "")
    assert [path.read_text() for path in (tmp_path / "out/1").iterdir()] == ["1"]


def test_links_are_filtered_and_what_can_t_be_fetched_is_rejected(tmp_path: Path, state: MappingState) -> None:
    outcomes = download(
        tmp_path, state, {"name": "a", "type": "link"}, {"name": "b"}, {"name": None}, {"name": "c", "content": 1}
    )

    assert [outcome.action for outcome in outcomes] == [
        Action.FILTERED,
        Action.REJECTED,
        Action.REJECTED,
        Action.CREATED,
    ]
    assert [outcome.reason for outcome in outcomes[1:3]] == [
        "there is no such attachment",
        "has no value, but the name of the file needs one",
    ]


def test_a_folder_in_the_place_of_a_file_rejects_the_record(tmp_path: Path, state: MappingState) -> None:
    (tmp_path / "out/1/a").mkdir(parents=True)
    (outcome,) = download(tmp_path, state, {"name": "a", "content": 1})

    assert outcome.action is Action.REJECTED
    assert "is a folder" in (outcome.reason or "")
