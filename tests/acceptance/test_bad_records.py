"""Records that no source should give: written exactly, or rejected with a reason, or the end of the run, in words."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest
from aiohttp import web
from syrupy.assertion import SnapshotAssertion

from etl.sandbox import Sandbox
from tests.support.background import background
from tests.support.projects import Folder, adds_up, plain, project, to_sandbox
from tests.support.serving import Handler, serving

MAPPING = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields:
  externalId: "concat('odd-', id)"
  name: {value: "title || orderNumber", required: true}
  description: {value: orderNumber, truncate: 30}
  startDate: startDate
  budget: {value: budget, type: number}
target: {connection: dimesheets, endpoint: projects}
"""
GOOD = b'{"id": 7, "title": "Villa Bj\xc3\xb6rk", "startDate": "2026-04-01"}'


def blikk(*records: bytes) -> Handler:
    """A Blikk that holds these records, spelled as they stand here."""
    head = b'{"page": 1, "pageSize": 100, "totalItemCount": %d, "totalPages": 1, "items": [' % len(records)

    async def answer(request: web.Request) -> web.Response:
        if request.path.endswith("/Auth/Token"):
            return web.json_response({"accessToken": "a-made-up-token", "expires": "2099-07-01 05:43:12 +00:00"})
        return web.Response(body=head + b",".join(records) + b"]}", content_type="application/json")

    return answer


def run(path: Path, sandbox: Sandbox, *records: bytes) -> tuple[int, str, dict[str, dict[str, object]], Folder]:
    """Exit code, what is said, and what Dime.Sheets holds afterwards by external id."""
    mapping = MAPPING.replace("source: {", "source: {extra_fields: {budget: {type: number}}, ")
    with background(serving(blikk(*records))) as served:
        folder = project(
            path, to_sandbox(sandbox, blikk={"base_url": served.url, "retry": {"attempts": 1}}), projects=mapping
        )
        result = folder.etl("run", "--report", "run.json")
    assert "Traceback" not in result.stdout + result.stderr
    (counts,) = json.loads((path / "run.json").read_text(encoding="utf-8"))["mappings"]
    assert adds_up(counts)
    arrived = {each["externalId"]: each for each in sandbox.records("dimesheets", "projects")}
    odd = {key: each for key, each in arrived.items() if key.startswith("odd-")}
    said = [line for line in (result.stdout + result.stderr).splitlines() if line.startswith(("projects: ", "  "))]
    return result.exit_code, plain("\n".join(said), folder), odd, folder


# --- answers that no record can be taken from ----------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        b'"hello"',
        b"null",
        b"[1, 2]",
        b'{"id": 2, "title": "x", "budget": NaN}',
        b'{"id": 2, "title": "x", "budget": -Infinity}',
        b'{"id": 2, "title": "a\xffb"}',
        b'{"id": 2, "location": ' + b"[" * 5000 + b"]" * 5000 + b"}",
        b'{"id": 2, "title": "x"',
        b"\x00\x01\x02",
    ],
    ids=["a text", "null", "a list", "NaN", "Infinity", "not UTF-8", "nesting", "not closed", "binary"],
)
def test_a_page_with_something_else_than_records_ends_the_run(
    record: bytes, tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    code, said, _, folder = run(tmp_path, sandbox, GOOD, record)
    assert code == 3
    assert said == snapshot
    assert len(said.splitlines()) == 1
    with background(serving(blikk(GOOD))) as served:
        connections = to_sandbox(sandbox, blikk={"base_url": served.url})
        project(folder.path, connections, projects=MAPPING.replace("  budget: {value: budget, type: number}\n", ""))
        assert folder.run()["mappings"][0]["read"] == 1, "once the source is well again, so is the run"


# --- records that are odd, but say exactly what they mean ----------------------------------------


@pytest.mark.parametrize(
    ("record", "key", "name"),
    [
        (b'{"id": 9223372036854775808, "title": "wide"}', "odd-9223372036854775808", "wide"),
        (b'{"id": 184467440737095516160, "title": "wider"}', "odd-184467440737095516160", "wider"),
        (b'{"id": 3, "title": "half \\ud800 a letter"}', "odd-3", "half � a letter"),
        (b'{"id": 3, "title": "nul \\u0000 in it"}', "odd-3", "nul \x00 in it"),
        (b'{"id": 3, "title": "\\ud83d\\ude00"}', "odd-3", "😀"),
        (b'{"id": "3", "title": "' + b"x" * 5000 + b'"}', "odd-3", "x" * 5000),
        (b'{"id": 3, "title": 12}', "odd-3", "12"),
    ],
    ids=["2^63", "beyond 2^64", "lone surrogate", "NUL", "surrogate pair", "long", "number for a text"],
)
def test_an_odd_record_arrives_exactly(record: bytes, key: str, name: str, tmp_path: Path, sandbox: Sandbox) -> None:
    code, said, arrived, _ = run(tmp_path, sandbox, record, GOOD)
    assert code == 0, said
    assert set(arrived) == {key, "odd-7"}
    assert arrived[key]["name"] == name
    assert arrived["odd-7"]["startDate"] == "2026-04-01T00:00:00Z"


@pytest.mark.parametrize(
    "spelled",
    ["0.1", "1e3", "12345678901234567890", "1234567890.12345678901", "1e400", "-0.0", "9007199254740993"],
)
def test_a_number_keeps_every_digit_on_its_way(spelled: str, tmp_path: Path, sandbox: Sandbox) -> None:
    code, said, _, _ = run(tmp_path, sandbox, b'{"id": 3, "title": "x", "budget": %s}' % spelled.encode())
    assert code in (0, 1), said
    (request,) = (entry for entry in sandbox.requests("dimesheets") if entry.method == "POST")
    sent = json.loads(request.raw, parse_float=Decimal, parse_int=Decimal)[0]["budget"]
    assert sent == Decimal(spelled)


def test_a_field_that_stands_twice_counts_as_the_last(tmp_path: Path, sandbox: Sandbox) -> None:
    _, _, arrived, _ = run(tmp_path, sandbox, b'{"id": 3, "title": "first", "title": "second"}')
    assert arrived["odd-3"]["name"] == "second"


# --- records that are rejected, alone ------------------------------------------------------------


@pytest.mark.parametrize(
    "record",
    [
        b'{"title": "no id"}',
        b'{"id": null, "title": "null id"}',
        b'{"id": {"a": 1}, "title": "x"}',
        b"{}",
        b'{"id": 3, "title": {"a": 1}}',
        b'{"id": 3, "title": ["a"]}',
        b'{"id": 3, "title": null, "orderNumber": null}',
        b'{"id": 3, "title": "x", "budget": "much"}',
        b'{"id": 3, "title": "x", "budget": [1]}',
        b'{"id": 7, "title": "the same key"}',
    ],
    ids=[
        "no id",
        "null id",
        "object as id",
        "empty",
        "object for a text",
        "list for a text",
        "null for what is required",
        "word for a number",
        "list for a number",
        "twice",
    ],
)
def test_a_record_that_can_not_be_written_is_rejected_alone(
    record: bytes, tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    code, said, arrived, folder = run(tmp_path, sandbox, GOOD, record)
    assert said == snapshot
    assert set(arrived) == {"odd-7"}
    rejects = json.loads(folder.etl("rejects", "list", "--json").stdout)["rejects"]
    assert len(rejects) == code


DATES = [
    "2026-13-01",
    "2026-02-30",
    "2026-4-1",
    "20260401",
    "01/02/2026",
    "1 april 2026",
    "yesterday",
    "",
    " ",
    "0000-00-00",
    "2026-04-01T25:00:00",
    "2026-04-01T10:00:00+99:00",
    "2026-W14",
    20260401,
    {"year": 2026},
    True,
]


@pytest.mark.parametrize("date", DATES, ids=str)
def test_a_date_in_a_wrong_form_rejects_its_record_with_field_and_form(
    date: object, tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    record = json.dumps({"id": 3, "title": "x", "startDate": date}).encode()
    code, said, arrived, _ = run(tmp_path, sandbox, record, GOOD)
    assert code == 1
    assert set(arrived) == {"odd-7"}
    assert "startDate" in said
    assert said == snapshot
