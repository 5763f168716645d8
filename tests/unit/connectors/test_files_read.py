"""Files read: rows as records, one at a time, and what is wrong with a file told with file, line and byte."""

from __future__ import annotations

import asyncio
import json
import os
import tracemalloc
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from syrupy.assertion import SnapshotAssertion

from etl.connectors.files import FilesConnection
from etl.connectors.files_formats import build_format
from etl.connectors.files_lookup import read_rows
from etl.connectors.files_options import PARAMS
from etl.connectors.load import load_connector
from etl.errors import ConnectionFailed, EtlError, UsageError
from etl.http.decoding import encode
from etl.model import Record
from etl.ports import ReadRequest
from etl.specs import ConnectionSpec, LookupSpec


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(folder: Path, name: str, content: str | bytes, **params: Any) -> list[Record]:
    (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return [row.record for row in build_format(name, params).rows(folder / name)]


def refusal(folder: Path, name: str, content: str | bytes, **params: Any) -> str:
    with pytest.raises(EtlError) as caught:
        read(folder, name, content, **params)
    return str(caught.value)


# --- csv -----------------------------------------------------------------------------------------


def test_every_cell_of_a_csv_file_is_a_text_and_an_empty_one_an_empty_text(folder: Path) -> None:
    rows = read(folder, "a.csv", 'id,name,note\r\n007,"Björk, AB",\r\n8,"two\r\nlines","say ""hi"""\r\n')

    assert rows == [
        {"id": "007", "name": "Björk, AB", "note": ""},
        {"id": "8", "name": "two\r\nlines", "note": 'say "hi"'},
    ]


@pytest.mark.parametrize(
    ("content", "params"),
    [
        (b"\xef\xbb\xbfid,name\n1,\xc3\xb6\n", {}),
        ("id;name\n1;ö\n".encode("cp1252"), {"delimiter": ";", "encoding": "cp1252"}),
        ("id\tname\n1\tö\n".encode("utf-16"), {"delimiter": "tab", "encoding": "utf-16"}),
        ("id,name\n'1',ö\n".encode("latin-1"), {"quote": "'", "encoding": "latin-1"}),
        ("1,ö\n".encode(), {"header": ["id", "name"]}),
        ("id,name\n\n1,ö\n\n".encode(), {}),
        (b"id,name\r1,\xc3\xb6", {}),
    ],
)
def test_encodings_delimiters_quotes_and_headers_are_as_the_params_say(
    folder: Path, content: bytes, params: dict[str, Any]
) -> None:
    assert read(folder, "a.csv", content, **params) == [{"id": "1", "name": "ö"}]


def test_without_a_header_the_columns_are_numbered(folder: Path) -> None:
    assert read(folder, "a.csv", "1,a\n2,b\n", header=False) == [{"c1": "1", "c2": "a"}, {"c1": "2", "c2": "b"}]


def test_quotes_are_ordinary_signs_where_there_are_none(folder: Path) -> None:
    assert read(folder, "a.csv", 'id,size\n1,5" pipe\n', quote="none") == [{"id": "1", "size": '5" pipe'}]


@pytest.mark.parametrize(
    ("name", "content"), [("a.csv", ""), ("a.csv", "id,name\n"), ("a.jsonl", ""), ("a.json", "[]")]
)
def test_a_file_without_records_is_read_as_none(folder: Path, name: str, content: str) -> None:
    assert read(folder, name, content) == []


# --- JSON ----------------------------------------------------------------------------------------


def test_numbers_are_exact(folder: Path) -> None:
    text = '{"a":12345678901234567890123,"b":0.12345678901234567891,"c":1.5}'

    for rows in (read(folder, "a.jsonl", f"{text}\n\n{text}\n"), read(folder, "a.json", f"[{text},\n{text}]")):
        assert rows == 2 * [{"a": 12345678901234567890123, "b": Decimal("0.12345678901234567891"), "c": 1.5}]


def test_the_array_may_stand_deeper_in_a_file(folder: Path) -> None:
    text = '{"meta": {"page": [1, {"items": 3}]}, "data": {"skip": "] } ,", "items": [{"id": 1}, {"id": 2}], "x": 1}}'

    assert read(folder, "a.json", text, records="data.items") == [{"id": 1}, {"id": 2}]


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=4), st.text() | st.floats(allow_nan=False, allow_infinity=False) | st.integers()
        )
    )
)
@example([{"": -9223372036854775809, "0": 3.762532098252091e16}])
@settings(max_examples=40)
def test_an_array_is_read_alike_however_it_is_spaced(tmp_path_factory: pytest.TempPathFactory, rows: list[Any]) -> None:
    folder = tmp_path_factory.mktemp("spaced")
    compact, wide = json.dumps(rows), json.dumps(rows, indent=3, ensure_ascii=False)

    expected = [exactly(row) for row in rows]
    assert [exactly(row) for row in read(folder, "a.json", compact)] == expected
    assert [exactly(row) for row in read(folder, "a.json", wide.encode("utf-8", "replace"))] == expected


def exactly(row: Any) -> Any:
    """What is written of a row; numbers are the same however they are spelled, as 3.7e16 and 37000000000000000."""
    return json.loads(encode(row), parse_float=Decimal, parse_int=Decimal)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_a_large_file_is_never_in_memory_as_a_whole(folder: Path, name: str) -> None:
    line = {"id": "1", "text": "x" * 1000}
    begin, between, end = {"a.csv": ("id,text\n", "", ""), "a.jsonl": ("", "", ""), "a.json": ("[", ",", "{}]")}[name]
    row = f"1,{'x' * 1000}\n" if name == "a.csv" else json.dumps(line) + between + "\n"
    with (folder / name).open("w") as file:
        file.write(begin)
        file.writelines(row for _ in range(8_000))
        file.write(end)

    tracemalloc.start()
    count = sum(1 for _ in build_format(name, {}).rows(folder / name))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert count == 8_000 + (name == "a.json")
    assert peak < 4_000_000 < 8_000_000 < (folder / name).stat().st_size


# --- what is wrong -------------------------------------------------------------------------------

BAD: dict[str, tuple[str, str | bytes, dict[str, Any]]] = {
    "too few values": ("a.csv", "id,name,city\n1,a,b\n2,c\n", {}),
    "too many values": ("a.csv", 'id,name\n1,"a\nb"\n2,c,d\n', {}),
    "a quote that is never closed": ("a.csv", 'id,name\n1,"a\n2,b\n', {}),
    "a column twice": ("a.csv", "id,name,id\n1,a,1\n", {}),
    "a column without a name": ("a.csv", "id,,city\n1,a,b\n", {}),
    "another delimiter": ("a.csv", "id;name\n1;a\n", {}),
    "another encoding": ("a.csv", "id,name\n1,a\n2,Björk\n".encode("cp1252"), {}),
    "another encoding behind a byte order mark": ("a.csv", b"\xef\xbb\xbfid\n1\n\xff\n", {}),
    "another encoding far behind": ("a.jsonl", b'{"a":1}\n' * 20_000 + b'{"a":"\xe5"}\n', {}),
    "not UTF-16": ("a.csv", "id\n1\n".encode("utf-16") + b"\x00\xd8\x20\x00", {"encoding": "utf-16"}),
    "UTF-16 that nobody spoke of": ("a.csv", "id,name\n".encode("utf-16"), {}),
    "a line that is no JSON": ("a.jsonl", '{"id": 1}\n{"id": 2\n', {}),
    "a line that is no object": ("a.jsonl", '{"id": 1}\n[2]\n', {}),
    "NaN": ("a.jsonl", '{"id": NaN}\n', {}),
    "an object where an array was expected": ("a.json", '{"items": [{"id": 1}]}', {}),
    "an array that breaks off": ("a.json", '[{"id": 1},\n{"id": 2}', {}),
    "a record that breaks off": ("a.json", '[{"id": 1},\n{"id": "2', {}),
    "a comma too few": ("a.json", '[{"id": 1}\n{"id": 2}]', {}),
    "something behind the array": ("a.json", "[]\n[]", {}),
    "a fault early in a large array": ("a.json", '[{"id": 1},\n{id: 2},\n' + '{"id": 3},' * 1000, {}),
    "an array that is elsewhere": ("a.json", '{"items": []}', {"records": "data"}),
    "nesting without end": ("a.json", "[" * 100_000, {}),
    "an unknown param": ("a.jsonl", "", {"delimiter": ";"}),
    "a delimiter of two characters": ("a.csv", "", {"delimiter": "::"}),
    "an unknown encoding": ("a.csv", "", {"encoding": "cp99"}),
    "a header that is none": ("a.csv", "", {"header": "yes"}),
    "no ending": ("customers", "", {}),
}


def test_whatever_is_wrong_with_a_file_is_told_with_its_place(folder: Path, snapshot: SnapshotAssertion) -> None:
    assert {name: refusal(folder, file, content, **params) for name, (file, content, params) in BAD.items()} == snapshot


def test_a_file_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(ConnectionFailed, match=r"there is no file 'nowhere\.csv'"):
        list(build_format("nowhere.csv", {}).rows(folder / "nowhere.csv"))


# --- a source ------------------------------------------------------------------------------------


def test_a_source_gives_pages_of_a_thousand_records_in_the_file_s_order(folder: Path) -> None:
    (folder / "data").mkdir()
    (folder / "data" / "a.csv").write_text("id\n" + "".join(f"{number}\n" for number in range(2500)))
    connection = FilesConnection(ConnectionSpec("local", "files", path=folder / "data"), folder)

    async def pages() -> list[list[Record]]:
        return [page.records async for page in connection.source("a.csv").pages(ReadRequest())]

    found = asyncio.run(pages())
    assert [len(page) for page in found] == [1000, 1000, 500]
    assert [record["id"] for page in found for record in page] == [str(number) for number in range(2500)]


@pytest.mark.parametrize("name", ["../a.csv", "a/../../a.csv", "/etc/passwd.csv", r"..\a.csv", r"C:\a.csv", "."])
def test_no_path_leads_out_of_the_folder(folder: Path, name: str) -> None:
    connection = FilesConnection(ConnectionSpec("local", "files", path=folder / "data"), folder)

    with pytest.raises(UsageError, match="does not lie below the connection's folder"):
        connection.source(name)


def test_where_a_connection_leads_does_not_change_when_the_project_is_moved(tmp_path: Path) -> None:
    at = [
        FilesConnection(ConnectionSpec("x", "files", path=tmp_path / each / "data"), tmp_path / each) for each in "ab"
    ]

    assert {each.base_url for each in at} == {"files:data"}
    assert FilesConnection(ConnectionSpec("x", "files", path=tmp_path), tmp_path / "a").base_url == tmp_path.as_uri()


# --- the catalogue -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", PARAMS)
def test_the_catalogue_and_the_documentation_name_the_params_of_each_format(kind: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / "connectors" / "files.md").read_text(encoding="utf-8")
    params = load_connector("files", Path()).endpoints[kind].operations["list"].params

    assert set(params) == PARAMS[kind]
    assert [name for name in params if f"| `{name}` |" not in text] == []


# --- lookups -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "options"),
    [
        ("a.csv", "id;name\n3;Björk\n", {"delimiter": ";"}),
        ("a.jsonl", '{"id":"3","name":"Björk"}\n', {}),
        ("a.ndjson", '{"id":"3","name":"Björk"}\n', {}),
        ("a.json", '[{"id":"3","name":"Björk"}]', {}),
        ("a.json", '{"3": {"name":"Björk"}}', {}),
        ("a.json", '{"rows": [{"id":"3","name":"Björk"}]}', {"records": "rows"}),
        ("a.yaml", '- {id: "3", name: Björk}\n', {}),
        ("a.yml", '"3": {name: Björk}\n', {}),
    ],
)
def test_lookup_files_are_read_as_sources_are(folder: Path, name: str, text: str, options: dict[str, Any]) -> None:
    (folder / name).write_text(text, encoding="utf-8")

    assert read_rows(LookupSpec("t", key="id", file=folder / name, options=options)) == [{"id": "3", "name": "Björk"}]


def test_a_lookup_file_that_can_t_be_read_names_file_and_line(folder: Path, snapshot: SnapshotAssertion) -> None:
    (folder / "a.csv").write_text("id,name\n1\n")
    (folder / "a.json").write_text('"text"')
    (folder / "rows.json").write_text('[{"id": 1},\n 2]')
    (folder / "half.json").write_text('[{"id": 1},\n {"id"')
    (folder / "nan.json").write_text('{"1": {"hours": NaN}}')
    (folder / "rows.yaml").write_text("- {id: 1}\n- 2\n")
    (folder / "tab.yaml").write_text("- id: 1\n\t- 2\n")
    (folder / "excel.csv").write_bytes(b"PK\x03\x04\x14\x00\xff\xfe")
    (folder / "nul.csv").write_bytes(b"\x00\x01\x02")
    (folder / "folder.csv").mkdir()
    names = ("rows.json", "half.json", "nan.json", "rows.yaml", "tab.yaml", "excel.csv", "nul.csv", "folder.csv")
    cases = [("a.csv", {}), ("a.csv", {"delimter": ";"}), ("a.json", {}), ("a.xml", {}), ("b.csv", {})]
    found = []
    for name, options in cases + [(name, {}) for name in names]:
        with pytest.raises(UsageError) as caught:
            read_rows(LookupSpec("clients", key="id", file=folder / name, options=options))
        found.append(str(caught.value).replace(str(folder), "FOLDER"))

    assert found == snapshot


def grown(path: Path) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("2\n")


def cut_short(path: Path) -> None:
    os.truncate(path, 3)


def put_in_its_place(path: Path) -> None:
    new = path.with_name("new.csv")
    new.write_text("id\n9\n", encoding="utf-8")
    new.replace(path)


@pytest.mark.parametrize(("change", "disturbed"), [(grown, True), (cut_short, True), (put_in_its_place, False)])
def test_a_file_that_changes_while_it_is_read_is_told_and_not_taken_for_all_there_is(
    change: Callable[[Path], None], disturbed: bool, folder: Path
) -> None:
    path = folder / "a.csv"
    path.write_text("id\n" + "1\n" * 3000, encoding="utf-8")
    source = FilesConnection(ConnectionSpec("local", "files"), folder).source("a.csv")

    async def read_on() -> None:
        async for page in source.pages(ReadRequest()):
            if page.number == 1:
                change(path)

    asyncio.run(read_on())
    assert source.disturbed is disturbed
    assert source.remarks == ["'a.csv' changed while it was read: the next run reads what is new in it"] * disturbed
