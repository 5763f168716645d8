"""Connectors of one's own against servers that we did not write: `examples/own-connectors` is run as it stands there.

json-server pages by Link header and is written to record by record; Datasette pages by a link in the body and takes
rows in bulk.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.support.projects import ROOT, Folder, adds_up
from tests.support.real_servers import Running, datasette, json_server

CUSTOMERS = [
    {"id": n, "name": f"Kund {n} Åkeri", "address": {"street": f"Gatan {n}", "city": "Umeå"}, "blocked": n % 20 == 0}
    for n in range(1, 46)
]
"""Three pages of 20; two are blocked."""

ORDERS = 230
"""Three pages of 100."""

DATABASE = f"""
create table customers (code text primary key, name text not null, city text not null);
create table orders (id integer primary key, customer integer, text text, hours real, state text, changed text);
with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < {ORDERS})
insert into orders
  select n, n % 45 + 1, 'Service ' || n, n + 0.5, 'open', strftime('%Y-%m-%dT%H:%M:%SZ', '2026-01-01', n || ' hours')
  from numbers;
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Running]:
    """json-server with the customers, and one job that somebody has entered by hand."""
    jobs = [{"id": 900, "number": "o-3", "title": "by hand", "colour": "red"}]
    with json_server(tmp_path, {"customers": CUSTOMERS, "jobs": jobs}) as running:
        yield running


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Running]:
    """Datasette with the orders."""
    with datasette(tmp_path, DATABASE) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, shop: Running, rows: Running) -> Folder:
    """The example's folder, its addresses and token in .env."""
    copied = Folder(shutil.copytree(ROOT / "examples" / "own-connectors", tmp_path / "own", dirs_exist_ok=True))
    copied.write(".env", f"JSON_SERVER_URL={shop.url}\nDATASETTE_URL={rows.url}\nDATASETTE_TOKEN={rows.token}\n")
    return copied


def run(folder: Folder, mapping: str, code: int = 0) -> dict[str, Any]:
    """One mapping's counts."""
    document = folder.run(f"mappings/{mapping}.yaml", code=code)
    (counts,) = document["mappings"]
    assert adds_up(counts)
    return {**counts, "requests": document["connections"]}


def good(result: Result) -> str:
    assert result.exit_code == 0, result.stderr + result.stdout
    return result.stdout


# --- Link header → bulk upsert -------------------------------------------------------------------


def test_all_pages_of_a_link_header_reach_a_bulk_upsert_and_a_second_run_sends_nothing(
    folder: Folder, shop: Running, rows: Running
) -> None:
    first = run(folder, "customers")

    assert (first["read"], first["filtered"], first["written"]) == (45, 2, 43)
    assert [line for line in shop.lines() if "customers" in line] == [
        f"GET /customers?_page={page}&_sort=id&_limit=20" for page in (1, 2, 3)
    ]
    assert [line for line in rows.lines() if "POST" in line] == ["POST /shop/customers/-/upsert"]
    written = rows.get("/shop/customers.json?_shape=array&_size=1000")
    assert len(written) == 43
    assert {"code": "c-7", "name": "Kund 7 Åkeri", "city": "Umeå"} in written

    second = run(folder, "customers")

    assert (second["read"], second["unchanged"], second["written"]) == (45, 43, 0)
    assert second["requests"]["datasette"]["requests"] == 0


def test_a_plan_shows_a_change_field_by_field_and_a_run_sends_just_that(
    folder: Folder, shop: Running, rows: Running
) -> None:
    run(folder, "customers")
    shop.send("PATCH", "/customers/7", {"name": "Björk AB"})
    shop.send("POST", "/customers", {"name": "Ny kund", "address": {"city": "Luleå"}})
    sent = len(rows.lines())

    text = good(folder.etl("plan", "mappings/customers.yaml"))
    planned = json.loads(good(folder.etl("plan", "mappings/customers.yaml", "--json")))

    assert "~ c-7" in text
    assert "+ c-46" in text
    changes = {each["key"]: each for each in planned["mappings"][0]["changes"]}
    assert changes["7"]["fields"] == {"name": ["Kund 7 Åkeri", "Björk AB"]}
    assert changes.keys() == {"7", "46"}
    assert len(rows.lines()) == sent
    assert run(folder, "customers")["written"] == 2
    assert rows.get("/shop/customers/c-7.json")["rows"][0]["name"] == "Björk AB"


def test_of_a_batch_that_is_refused_only_the_record_at_fault_is_rejected_in_the_servers_words(
    folder: Folder, shop: Running, rows: Running
) -> None:
    shop.send("PATCH", "/customers/7", {"address": {"street": "Gatan 7"}})

    counts = run(folder, "customers", code=1)

    assert (counts["written"], counts["rejected"]) == (42, 1)
    assert rows.get("/shop/customers.json?_extra=count&_size=0")["count"] == 42
    (reject,) = json.loads(good(folder.etl("rejects", "list", "customers", "--json")))["rejects"]
    assert (reject["key"], reject["reason"]) == ("7", "NOT NULL constraint failed: customers.city")

    shop.send("PATCH", "/customers/7", {"address": {"city": "Kiruna"}})
    assert run(folder, "customers")["written"] == 1


# --- next link in the body → one by one ------------------------------------------------------------


def test_all_pages_of_a_link_in_the_body_are_upserted_one_by_one_and_nothing_is_doubled(
    folder: Folder, shop: Running, rows: Running
) -> None:
    first = run(folder, "jobs")

    assert (first["read"], first["created"], first["updated"]) == (ORDERS, ORDERS - 1, 1)
    assert len([line for line in rows.lines() if "GET /shop/orders.json" in line]) == 3
    jobs = {job["number"]: job for job in shop.get("/jobs")}
    assert len(jobs) == len(shop.get("/jobs")) == ORDERS
    wanted = {"title": "Service 3, Kund 4 Åkeri", "hours": 3.5, "done": False}
    assert jobs["o-3"] == {"id": 900, "number": "o-3", "colour": "red", **wanted}

    writes = [line for line in shop.lines() if not line.startswith("GET")]
    second = run(folder, "jobs")

    assert (second["written"], second["rejected"]) == (0, 0)
    assert [line for line in shop.lines() if not line.startswith("GET")] == writes


def test_what_changed_is_asked_for_by_its_time_and_changed_in_place(
    folder: Folder, shop: Running, rows: Running
) -> None:
    run(folder, "jobs")
    update = {"update": {"state": "done", "changed": "2026-03-01T00:00:00Z"}}
    rows.send("POST", "/shop/orders/5/-/update", update)
    before = len(rows.lines())

    counts = run(folder, "jobs")

    assert (counts["updated"], counts["written"]) == (1, 1)
    assert counts["read"] <= 2
    asked = [line for line in rows.lines()[before:] if "orders.json" in line]
    assert all("changed__gte=2026-01-10T" in line for line in asked)
    assert [line for line in shop.lines() if "PATCH" in line][1:] == [f"PATCH /jobs/{job_of(shop, 'o-5')['id']}"]
    assert job_of(shop, "o-5")["done"] is True


def test_what_is_gone_in_the_source_is_deleted_where_the_mapping_says_so(
    folder: Folder, shop: Running, rows: Running
) -> None:
    file = folder.path / "mappings" / "jobs.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("endpoint: jobs}", "endpoint: jobs, missing: delete}"), encoding="utf-8")
    run(folder, "jobs")
    rows.send("POST", "/shop/orders/5/-/delete")
    wanted = f"DELETE /jobs/{job_of(shop, 'o-5')['id']}"

    planned = json.loads(good(folder.etl("plan", "mappings/jobs.yaml", "--json")))

    assert [(each["key"], each["action"]) for each in planned["mappings"][0]["changes"]] == [("5", "delete")]
    assert run(folder, "jobs")["deleted"] == 1
    assert [line for line in shop.lines() if "DELETE" in line] == [wanted]
    assert len(shop.get("/jobs")) == ORDERS - 1


def job_of(shop: Running, number: str) -> dict[str, Any]:
    (job,) = shop.get(f"/jobs?number={number}")
    return dict(job)


# --- before anything is sent -----------------------------------------------------------------------


def test_the_whole_folder_runs_in_its_order_and_is_valid_and_its_tests_pass(folder: Folder) -> None:
    good(folder.etl("validate"))
    good(folder.etl("test"))
    document = folder.run()
    assert [each["name"] for each in document["mappings"]] == ["customers", "jobs"]
    assert {each["written"] for each in folder.run()["mappings"]} == {0}


def test_a_typo_is_found_before_the_first_request(folder: Folder, shop: Running, rows: Running) -> None:
    file = folder.path / "mappings" / "customers.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("address.city", "adress.city"), encoding="utf-8")
    before = (shop.lines(), rows.lines())

    for command in ("validate", "run"):
        result = folder.etl(command, "mappings/customers.yaml")
        assert result.exit_code == 2
        assert "did you mean 'address" in result.stdout + result.stderr

    assert (shop.lines(), rows.lines()) == before


def test_connections_are_checked_and_a_wrong_token_is_told(folder: Folder, rows: Running) -> None:
    checked = json.loads(good(folder.etl("check", "--json")))["connections"]
    assert [(each["name"], each["works"]) for each in checked] == [("json-server", True), ("datasette", True)]

    folder.write(".env", f"DATASETTE_URL={rows.url}\nDATASETTE_TOKEN=dstok_of-somebody-else\n")
    refused = folder.etl("check", "datasette", "--json")

    assert refused.exit_code == 1
    (found,) = json.loads(refused.stdout)["connections"]
    assert "403" in found["faults"][0]
    assert "dstok_of" not in refused.stdout + refused.stderr


def test_a_server_that_is_gone_ends_a_run_with_3(folder: Folder) -> None:
    file = folder.path / "etl.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("    base_url", "    retry: {attempts: 1}\n    base_url"), encoding="utf-8")
    folder.write(".env", "JSON_SERVER_URL=http://127.0.0.1:9\nDATASETTE_TOKEN=x\n")

    result = folder.etl("run", "mappings/customers.yaml")

    assert result.exit_code == 3
    assert "127.0.0.1:9" in result.stdout + result.stderr
