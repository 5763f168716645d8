"""Files written: appended, replaced by key, in one step and once, whatever kills the writer in between."""

from __future__ import annotations

import asyncio
import stat
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.connectors.files import FilesConnection
from etl.connectors.files_formats import build_format
from etl.connectors.files_target import FilesTarget, Wanted
from etl.errors import ConnectionFailed
from etl.keys import key_text
from etl.model import Action, Item, Outcome, Record
from etl.specs import ConnectionSpec


def target(
    folder: Path, name: str, columns: Sequence[str] = ("id", "name"), mapping: str = "m", **params: Any
) -> FilesTarget:
    connection = FilesConnection(ConnectionSpec("local", "files", path=folder), folder)
    return connection.target(name, Wanted(tuple(columns), ("id",), params, mapping))


def item(record: Record, key: str | None = None) -> Item:
    text = key or key_text(record.get("id")) or ""
    return Item(text, {}, output=record, target_key=key_text(record.get("id")) or "", hash=b"h")


def upsert(to: FilesTarget, *records: Record) -> list[Outcome]:
    return asyncio.run(to.upsert([item(record) for record in records]))


def append(to: FilesTarget, *records: Record) -> list[Outcome]:
    return asyncio.run(to.append([item(record) for record in records]))


def publish(to: FilesTarget) -> None:
    asyncio.run(to.publish())


def rows(path: Path, **params: Any) -> list[Record]:
    return [row.record for row in build_format(path.name, params).rows(path)]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


# --- what a file looks like ----------------------------------------------------------------------


def test_a_csv_file_has_the_columns_in_the_order_of_the_fields_and_every_value_as_text(tmp_path: Path) -> None:
    to = target(tmp_path, "a.csv", ("id", "name", "hours", "done", "tags", "day", "none", "wide"))
    record = {
        "day": "2026-04-01",
        "name": 'Björk, "AB"\nLuleå',
        "id": 1,
        "hours": Decimal("1.50"),
        "done": True,
        "tags": ["a", {"b": 1.5}],
        "none": None,
        "wide": 12345678901234567890,
    }
    upsert(to, record, {"id": 2.0, "done": False, "name": "=1+1"})
    publish(to)

    assert (tmp_path / "a.csv").read_bytes().decode() == (
        "id,name,hours,done,tags,day,none,wide\n"
        '1,"Björk, ""AB""\nLuleå",1.5,true,"[""a"",{""b"":1.5}]",2026-04-01,,12345678901234567890\n'
        "2,=1+1,,false,,,,\n"
    )


def test_a_json_file_is_an_array_and_a_jsonl_file_has_a_record_a_line(tmp_path: Path) -> None:
    for name in ("a.json", "a.jsonl"):
        to = target(tmp_path, name)
        append(to, {"id": 1, "name": None}, {"id": 2, "name": Decimal("0.1234567890123456789")})
        publish(to)

    lines = ['{"id":1,"name":null}', '{"id":2,"name":0.1234567890123456789}']
    assert (tmp_path / "a.jsonl").read_text() == "\n".join(lines) + "\n"
    assert (tmp_path / "a.json").read_text() == "[\n" + ",\n".join(lines) + "\n]\n"


def test_what_is_not_touched_stays_as_it_was_spelled(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{ "id" : 1, "x": 1.50e0 }\n{"id":2}\n')
    (tmp_path / "a.json").write_text('[{ "id" : 1,\n  "x": 1.50e0 }, {"id":2}]')
    for name in ("a.jsonl", "a.json"):
        to = target(tmp_path, name)
        upsert(to, {"id": 2, "name": "b"})
        publish(to)

    assert (tmp_path / "a.jsonl").read_text() == '{ "id" : 1, "x": 1.50e0 }\n{"id":2,"name":"b"}\n'
    assert '{ "id" : 1,\n  "x": 1.50e0 }' in (tmp_path / "a.json").read_text()


def test_line_ends_byte_order_mark_and_rights_stay_as_they_were(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"\xef\xbb\xbfid,name\r\n1,a\r\n")
    path.chmod(0o640)
    to = target(tmp_path, "a.csv")
    upsert(to, {"id": 2, "name": "b"})
    publish(to)

    assert path.read_bytes() == b"\xef\xbb\xbfid,name\r\n1,a\r\n2,b\r\n"
    assert sys.platform == "win32" or stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-8-sig"])
def test_a_file_is_written_and_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    for name in ("Björk", "Ås"):
        to = target(tmp_path, "a.csv", encoding=encoding, delimiter=";")
        upsert(to, {"id": name, "name": name})
        publish(to)

    assert (tmp_path / "a.csv").read_text(encoding=encoding) == "id;name\nBjörk;Björk\nÅs;Ås\n"


def test_a_character_that_the_encoding_does_not_have_rejects_its_record_alone(tmp_path: Path) -> None:
    to = target(tmp_path, "a.csv", encoding="cp1252")
    good, bad = upsert(to, {"id": 1, "name": "ö"}, {"id": 2, "name": "a → b"})
    publish(to)

    assert (good.action, bad.action, bad.field) == (Action.WRITTEN, Action.REJECTED, "name")
    assert "'→' does not exist in cp1252" in (bad.reason or "")
    assert rows(tmp_path / "a.csv", encoding="cp1252") == [{"id": "1", "name": "ö"}]


# --- upsert, append, delete ----------------------------------------------------------------------


def test_an_upsert_keeps_places_and_columns_that_the_mapping_does_not_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("note,id\nmine,1\nmine too,2\n")
    to = target(tmp_path, "a.csv")
    upsert(to, {"id": 3, "name": "c"}, {"id": 1, "name": "a"})
    publish(to)

    assert (tmp_path / "a.csv").read_text() == "note,id,name\nmine,1,a\nmine too,2,\n,3,c\n"


def test_a_file_without_the_key_s_column_can_t_be_merged_and_nothing_is_lost(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("number,name\n1,a\n")
    to = target(tmp_path, "a.csv")
    upsert(to, {"id": 3, "name": "c"})
    with pytest.raises(ConnectionFailed, match="there is no column 'id'"):
        publish(to)
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    publish(target(tmp_path, "a.csv"))

    assert (tmp_path / "a.csv").read_text() == "id,name\n1,a\n3,c\n"
    assert names(tmp_path) == ["a.csv"]


def test_a_delete_removes_the_records_with_its_key(tmp_path: Path) -> None:
    to = target(tmp_path, "a.jsonl")
    upsert(to, *({"id": number} for number in range(4)))
    publish(to)
    asyncio.run(to.delete([item({"id": number}) for number in (1, 3, 9)]))
    publish(to)

    assert rows(tmp_path / "a.jsonl") == [{"id": 0}, {"id": 2}]


def test_records_that_are_alike_are_all_appended(tmp_path: Path) -> None:
    to = target(tmp_path, "a.csv")
    for number in range(2):
        asyncio.run(to.append([item({"id": 1, "name": "a"}, f"{number}-{part}") for part in "ab"]))
        publish(to)

    assert rows(tmp_path / "a.csv") == 4 * [{"id": "1", "name": "a"}]


@pytest.mark.parametrize("header", [False, ["id", "name"]])
def test_a_file_without_a_header_line_gets_none(tmp_path: Path, header: Any) -> None:
    for name in ("a", "b"):
        to = target(tmp_path, "a.csv", header=header)
        upsert(to, {"id": 1, "name": name}, {"id": name, "name": ""})
        publish(to)

    assert (tmp_path / "a.csv").read_text() == "1,b\na,\nb,\n"


@pytest.mark.parametrize("text", ["a,b", "a\nb", "a\rb", ["a", "b"]])
def test_what_needs_quotes_is_a_reject_where_the_file_has_none(tmp_path: Path, text: Any) -> None:
    to = target(tmp_path, "a.csv", quote="none")
    good, bad = upsert(to, {"id": 1, "name": 'a "b" c'}, {"id": 2, "name": text})
    publish(to)

    assert good.action is Action.WRITTEN
    assert (bad.action, bad.field) == (Action.REJECTED, "name")
    assert "the file has no quotes" in str(bad.reason)
    assert rows(tmp_path / "a.csv", quote="none") == [{"id": "1", "name": 'a "b" c'}]


# --- properties ----------------------------------------------------------------------------------

TEXTS = st.text(st.characters(exclude_categories=("Cs",)), max_size=8) | st.sampled_from(
    ["", ",", '"', "\r", "\n", "\r\n", " ", "\ufeff", "\x00", "=1", "\x85", "\u2028"]
)


@given(
    st.lists(st.tuples(TEXTS, TEXTS), max_size=6), st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(['"', "'"])
)
@settings(max_examples=80)
def test_whatever_a_csv_file_is_given_it_gives_back(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], delimiter: str, quote: str
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    to = target(path.parent, "a.csv", ("a", "b"), delimiter=delimiter, quote=quote)
    asyncio.run(to.append([item({"a": a, "b": b}, str(index)) for index, (a, b) in enumerate(pairs)]))
    publish(to)

    params = {"delimiter": delimiter, "quote": quote}
    assert rows(path, **params) == [{"a": a, "b": b} for a, b in pairs] if pairs else not path.exists()


Change = tuple[str, int, int]
CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from(["upsert", "delete"]), st.integers(0, 5), st.integers(0, 9)), max_size=8),
    max_size=4,
)


@given(CHANGES, st.sampled_from(["a.csv", "a.jsonl", "a.json"]))
@settings(max_examples=60)
def test_upserts_and_deletes_leave_what_a_table_would_hold(
    tmp_path_factory: pytest.TempPathFactory, runs: list[list[Change]], name: str
) -> None:
    path = tmp_path_factory.mktemp("merge") / name
    model: dict[str, str] = {}
    for changes in runs:
        to = target(path.parent, name)
        for kind, key, value in changes:
            one = item({"id": str(key), "name": str(value)})
            asyncio.run(to.upsert([one]) if kind == "upsert" else to.delete([one]))
            if kind == "upsert":
                model[str(key)] = str(value)
            else:
                model.pop(str(key), None)
        publish(to)

    found = rows(path) if path.exists() else []
    assert {row["id"]: row["name"] for row in found} == model
    assert len(found) == len(model)


def test_a_merge_of_many_records_goes_through_pages(tmp_path: Path) -> None:
    to = target(tmp_path, "a.jsonl")
    upsert(to, *({"id": number, "name": "old"} for number in range(2000)))
    publish(to)
    upsert(to, *({"id": number, "name": "new"} for number in range(1, 4000, 2)))
    publish(to)

    found = {row["id"]: row["name"] for row in rows(tmp_path / "a.jsonl")}
    assert found == {n: "new" if n % 2 else "old" for n in range(4000) if n % 2 or n < 2000}


# --- one step, and once --------------------------------------------------------------------------


def test_nothing_is_seen_of_a_run_before_it_is_published(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    to = target(tmp_path, "a.csv")
    upsert(to, {"id": 1, "name": "b"})

    assert (tmp_path / "a.csv").read_text() == "id,name\n1,a\n"
    publish(to)
    assert names(tmp_path) == ["a.csv"]


def test_what_a_dead_run_had_accepted_is_shown_by_the_next(tmp_path: Path) -> None:
    first = target(tmp_path, "a.csv")
    append(first, {"id": 1, "name": "a"}, {"id": 2, "name": "b"})
    first.journal.close()  # as the system does with a process that is killed
    second = target(tmp_path, "a.csv")
    append(second, {"id": 2, "name": "b"}, {"id": 3, "name": "c"})
    assert [entry.key for page in second.appended() for entry in page] == ["1", "2", "3"]
    publish(second)

    assert (tmp_path / "a.csv").read_text() == "id,name\n1,a\n2,b\n3,c\n"


def test_a_mapping_leaves_alone_what_another_s_dead_run_had_accepted(tmp_path: Path) -> None:
    for mapping in ("first", "second"):
        dead = target(tmp_path, "a.csv", mapping=mapping)
        append(dead, {"id": mapping, "name": ""})
        dead.journal.close()
    publish(target(tmp_path, "a.csv", mapping="second"))
    assert (tmp_path / "a.csv").read_text() == "id,name\nsecond,\n"
    publish(target(tmp_path, "a.csv", mapping="first"))

    assert (tmp_path / "a.csv").read_text() == "id,name\nsecond,\nfirst,\n"


def test_a_merge_that_was_done_is_not_done_again(tmp_path: Path) -> None:
    """Killed after the file was replaced, before the journal was removed."""
    first = target(tmp_path, "a.csv")
    append(first, {"id": 1, "name": "a"})
    (tmp_path / "a.csv").write_text("id,name\n1,a\n")
    first.journal.name_part(".a.csv.x.part")
    first.journal.close()
    second = target(tmp_path, "a.csv")
    append(second, {"id": 2, "name": "b"})
    publish(second)

    assert (tmp_path / "a.csv").read_text() == "id,name\n1,a\n2,b\n"


def test_a_merge_that_was_not_done_is_done_anew_on_what_the_file_holds_by_then(tmp_path: Path) -> None:
    """Killed before the file was replaced; another mapping wrote to it since."""
    first = target(tmp_path, "a.csv")
    append(first, {"id": 1, "name": "a"})
    (tmp_path / ".a.csv.x.part").write_text("id,name\n1,a\n")
    first.journal.name_part(".a.csv.x.part")
    first.journal.close()
    (tmp_path / "a.csv").write_text("id,name\n5,other\n")
    publish(target(tmp_path, "a.csv"))

    assert (tmp_path / "a.csv").read_text() == "id,name\n5,other\n1,a\n"
    assert names(tmp_path) == ["a.csv"]


def test_a_folder_that_can_t_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(ConnectionFailed, match=r"a\.csv' can't be written: .* check the connection's `path`"):
        append(target(tmp_path, "out/a.csv"), {"id": 1})


def test_a_file_that_can_t_be_replaced_is_told_and_written_by_the_next_run(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    to = target(tmp_path, "a.jsonl")
    upsert(to, {"id": 1})
    with pytest.raises(ConnectionFailed, match=r"'.*a\.jsonl' (can't be replaced|is a folder)"):
        publish(to)
    (tmp_path / "a.jsonl").rmdir()
    publish(target(tmp_path, "a.jsonl"))

    assert rows(tmp_path / "a.jsonl") == [{"id": 1}]
    assert names(tmp_path) == ["a.jsonl"]


def test_two_writers_of_one_file_wait_for_each_other(tmp_path: Path) -> None:
    writers = [target(tmp_path, "a.jsonl", mapping=str(number)) for number in range(4)]
    for number, to in enumerate(writers):
        upsert(to, {"id": number})
    threads = [threading.Thread(target=publish, args=(to,)) for to in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["id"] for row in rows(tmp_path / "a.jsonl")) == [0, 1, 2, 3]

    impatient = replace(writers[0].merge, patience=0.05)
    upsert(writers[0], {"id": 9})
    with (
        FileLock(tmp_path / ".a.jsonl.lock"),
        pytest.raises(ConnectionFailed, match="is being written by another run"),
    ):
        impatient.run()
    publish(writers[0])
    assert len(rows(tmp_path / "a.jsonl")) == 5
