"""Files as source and target of whole runs: exported, imported, downloaded, and each record once whatever is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import ROOT, Folder, adds_up, plain, project, to_sandbox

LOCAL = {"local": {"connector": "files", "path": "data"}}
CUSTOMERS = """\
version: 1
name: customers
source: {connection: local, endpoint: customers.csv, params: {delimiter: ";", encoding: cp1252}, key: id}
fields:
  id: {value: id, type: integer}
  name: "name || `null`"
  city: upper(city)
target: {connection: local, endpoint: out/customers.jsonl, operation: upsert, key: id}
"""
LOG = """\
version: 1
name: log
source: {connection: local, endpoint: customers.csv, params: {delimiter: ";", encoding: cp1252}, key: id}
fields: {city: city, name: name}
target: {connection: local, endpoint: out/log.csv, operation: create, batch_size: 3}
"""
PLACES = """\
version: 1
name: places
source: {connection: local, endpoint: places.csv, key: no}
fields: {ResourceNo: no, Date: day, Latitude: latitude, Longitude: 0}
target: {connection: dimescheduler, endpoint: resource_gps_trackings}
"""
ATTACHMENTS = """\
version: 1
name: attachments
source:
  connection: blikk
  endpoint: task_attachments
  parent: {endpoint: tasks, where: "numberOfAttachments > `0`", as: task}
fields: {taskId: task.id, id: id, name: name}
target: {connection: local, endpoint: "attachments/{taskId}-{id}-{name}", operation: download}
"""


def customers(folder: Folder, *rows: str) -> None:
    folder.write("data/customers.csv", "\n".join(["id;name;city", *rows, ""]).encode("cp1252"))


@pytest.fixture
def local(tmp_path: Path) -> Folder:
    folder = project(tmp_path, LOCAL)
    customers(folder, "1;Björk;Luleå", "2;;Boden")
    return folder


def lines(folder: Folder, name: str) -> list[Any]:
    return [json.loads(line) for line in (folder.path / name).read_text(encoding="utf-8").splitlines()]


# --- rows ----------------------------------------------------------------------------------------


def test_a_csv_file_becomes_a_jsonl_file_and_a_second_run_leaves_it_alone(local: Folder) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS)
    (first,) = local.run()["mappings"]
    before = (local.path / "data/out/customers.jsonl").stat()
    (second,) = local.run()["mappings"]

    assert lines(local, "data/out/customers.jsonl") == [
        {"id": 1, "name": "Björk", "city": "LULEÅ"},
        {"id": 2, "name": None, "city": "BODEN"},
    ]
    assert (first["written"], second["written"], second["unchanged"]) == (2, 0, 2)
    assert (local.path / "data/out/customers.jsonl").stat().st_mtime_ns == before.st_mtime_ns
    assert adds_up(first)
    assert adds_up(second)


def test_a_changed_row_replaces_its_record_and_one_that_is_gone_is_removed_where_the_mapping_says_so(
    local: Folder,
) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS.replace("upsert, key: id}", "upsert, key: id, missing: delete}"))
    local.run()
    customers(local, "3;Ny;Kiruna", "1;Björk AB;Luleå")
    (report,) = local.run()["mappings"]

    assert lines(local, "data/out/customers.jsonl") == [
        {"id": 1, "name": "Björk AB", "city": "LULEÅ"},
        {"id": 3, "name": "Ny", "city": "KIRUNA"},
    ]
    assert (report["written"], report["deleted"]) == (2, 1)


def test_a_row_that_is_gone_may_be_marked_with_a_field_that_no_other_record_has(local: Folder) -> None:
    marked = CUSTOMERS.replace("upsert, key: id}", "upsert, key: id, missing: {set: {gone: true}}}")
    local.write("mappings/customers.yaml", f"{marked}limits: {{max_deletes: 100%}}\n")
    local.run()
    customers(local, "1;Björk;Luleå")
    local.run()

    found = lines(local, "data/out/customers.jsonl")
    assert [(each["id"], each.get("gone")) for each in found] == [(1, None), (2, True)]


def test_a_plan_names_what_a_file_would_get_and_writes_nothing(local: Folder) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS)
    result = local.etl("plan")

    assert result.exit_code == 0
    assert "2 to create" in result.stdout
    assert not (local.path / "data/out").exists()


def test_a_saved_plan_holds_only_while_the_file_is_as_it_was(local: Folder) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS)
    local.run()
    customers(local, "1;Björk AB;Luleå", "2;;Boden")
    assert local.etl("plan", "-o", "p.json").exit_code == 0
    written = local.path / "data/out/customers.jsonl"
    before = written.read_bytes()

    written.write_bytes(before.replace("LULEÅ".encode(), "PITEÅ".encode()))
    refused = local.etl("run", "--plan", "p.json")
    assert (refused.exit_code, "a file that is written to" in refused.stderr) == (3, True)
    assert "PITEÅ" in written.read_text(encoding="utf-8")

    written.write_bytes(before)
    assert local.etl("run", "--plan", "p.json").exit_code == 0


def test_create_appends_and_never_the_same_twice(local: Folder) -> None:
    local.write("mappings/log.yaml", LOG)
    local.run()
    customers(local, "1;Björk;Luleå", "2;;Boden", "3;Ny;Kiruna")
    local.run()
    local.run("--full")

    assert (local.path / "data/out/log.csv").read_text(encoding="utf-8") == (
        "city,name\nLuleå,Björk\nBoden,\nKiruna,Ny\n"
    )


def test_a_row_that_changed_after_it_was_appended_is_rejected_once(local: Folder) -> None:
    local.write("mappings/log.yaml", LOG)
    local.run()
    customers(local, "1;Björk AB;Luleå", "2;;Boden")
    (report,) = local.run(code=1)["mappings"]

    assert (report["rejected"], report["unchanged"]) == (1, 1)
    assert "Björk\n" in (local.path / "data/out/log.csv").read_text(encoding="utf-8")


def test_a_file_that_was_taken_away_is_told_and_written_again_when_asked(local: Folder) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS)
    local.run()
    (local.path / "data/out/customers.jsonl").unlink()
    result = local.etl("run")

    assert "customers.jsonl is not there any more" in result.stderr + result.stdout
    result = local.etl("run", "--full")
    assert "not there any more" not in result.stderr + result.stdout
    assert len(lines(local, "data/out/customers.jsonl")) == 2


def test_a_mapping_that_reads_what_another_writes_runs_after_it(local: Folder) -> None:
    local.write("mappings/b.yaml", CUSTOMERS)
    local.write(
        "mappings/a.yaml",
        """\
version: 1
name: again
source: {connection: local, endpoint: out/customers.jsonl, key: id}
fields: {id: id, name: name}
target: {connection: local, endpoint: out/again.json, key: id}
""",
    )
    local.run()

    assert [row["id"] for row in json.loads((local.path / "data/out/again.json").read_text("utf-8"))] == [1, 2]


# --- mistakes ------------------------------------------------------------------------------------


def test_mistakes_with_files_are_found_before_anything_is_read(local: Folder, snapshot: Any) -> None:
    local.write(
        "mappings/a.yaml",
        """\
version: 1
name: a
source: {connection: local, endpoint: customers.csv, params: {delimeter: ";", encoding: cp1253x}}
fields: {id: id}
target: {connection: local, endpoint: ../out.csv, key: id}
""",
    )
    local.write(
        "mappings/b.yaml",
        """\
version: 1
name: b
source: {connection: local, endpoint: customers.csv, params: {delimiter: ";", encoding: cp1252}, key: nr}
fields: {number: idd, town: city}
target: {connection: local, endpoint: out/b.xlsx, operation: update, key: id}
""",
    )
    local.write(
        "mappings/c.yaml",
        """\
version: 1
name: c
source: {connection: local, endpoint: customers.csv, params: {delimiter: ";", encoding: cp1252}, key: id}
fields: {number: id}
target: {connection: local, endpoint: out/{id}.txt, operation: download}
""".replace("out/{id}.txt", '"out/{id}.txt"'),
    )
    local.write(
        "mappings/d.yaml",
        """\
version: 1
name: d
source: {connection: local, endpoint: names.csv}
fields: {name: name}
target: {connection: local, endpoint: out/d.csv, operation: update}
""",
    )
    local.write("data/names.csv", "name,age\na,1\n")
    result = local.etl("validate")

    assert result.exit_code == 2
    assert plain(result.stderr + result.stdout, local) == snapshot


def test_a_file_that_is_broken_stops_the_run_with_its_place(local: Folder) -> None:
    local.write("mappings/customers.yaml", CUSTOMERS)
    local.write("data/customers.csv", "id;name;city\n1;a;b\n2;c\n")
    (report,) = local.run(code=3)["mappings"]

    assert "customers.csv:3: this row has 2 values where the file has 3 columns" in report["error"]


def test_a_decimal_keeps_its_scale_where_it_is_sent_as_text_and_is_the_same_number_without(
    tmp_path: Path, sandbox: Sandbox
) -> None:
    folder = project(tmp_path, {**to_sandbox(sandbox), **LOCAL}, places=PLACES)
    sandbox.add("dimescheduler", "resources", ResourceNo="R1")
    sent = []
    for latitude in ("57.50", "57.5", "57.75"):
        folder.write("data/places.csv", f"no,day,latitude\nR1,2026-04-01,{latitude}\n")
        sandbox.forget_requests()
        folder.run()
        imports = [each.body for each in sandbox.requests("dimescheduler") if each.path == "/import"]
        sent.append([call["ParameterValues"] for body in imports for call in body])

    assert sent == [
        [["R1", "2026-04-01 00:00:00Z", "57.50", "0"]],
        [],
        [["R1", "2026-04-01 00:00:00Z", "57.75", "0"]],
    ]


# --- downloads -----------------------------------------------------------------------------------


def test_attachments_are_downloaded_once_and_links_are_left_out(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, {**to_sandbox(sandbox), **LOCAL}, attachments=ATTACHMENTS)
    (first,) = folder.run()["mappings"]
    files = sorted(path for path in (tmp_path / "data/attachments").iterdir())
    sandbox.forget_requests()
    (second,) = folder.run()["mappings"]

    assert adds_up(first)
    assert first["created"] == len(files) > 0
    assert first["filtered"] > 0
    assert all(path.stat().st_size for path in files)
    assert (second["written"], second["unchanged"]) == (0, len(files))
    assert [entry for entry in sandbox.requests("blikk") if entry.path.endswith("/Download")] == []


# --- kill -9 -------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_run_that_is_killed_at_any_step_loses_no_row_and_doubles_none(local: Folder) -> None:
    local.write("mappings/log.yaml", LOG)
    rows: list[str] = []
    killed = 0
    for step in range(1, 60, 6):
        rows += [f"{step}-{number};n{step}-{number};x" for number in range(5)]
        customers(local, *rows)
        killed += _killed(local, step)
        if step % 4 == 1:
            local.run("--limit", "1")  # shows what was accepted before, without seeing those rows again
    local.run()

    written = (local.path / "data/out/log.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert Counter(written) == Counter(f"x,{row.split(';')[1]}" for row in rows)
    assert killed > 4
    assert [path.name for path in (local.path / "data/out").iterdir() if path.suffix in (".part", ".journal")] == []


def _killed(folder: Folder, step: int) -> bool:
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.killed", str(step), "run"],
        cwd=folder.path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr + done.stdout
    return done.returncode != 0


def test_what_a_run_points_out_is_told_beside_its_json_document_too(local: Folder) -> None:
    customers(local, *(f"{number};;Luleå" for number in range(1, 21)))
    local.write("mappings/customers.yaml", CUSTOMERS.replace("  name:", '  "name\\e[2J":'))
    result = local.etl("run", "--json")
    assert (result.exit_code, json.loads(result.stdout)["status"]) == (0, "succeeded")
    assert "warning: customers: 'name\\x1b[2J' was null in all 20 records" in result.stderr
