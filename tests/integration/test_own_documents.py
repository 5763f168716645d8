"""A project's own connector document: extending a packaged one, its place in the catalogue, its mistakes, its check."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from syrupy.assertion import SnapshotAssertion

from etl.resources import connectors as packaged_folder
from etl.sandbox import Sandbox
from tests.support.own_api import Asked, Told, api, own_folder, reads
from tests.support.projects import ROOT, Folder, plain

PLUS = """\
version: 1
name: blikk-plus
title: Blikk, and what its documents don't say
extends: blikk
base_url: https://elsewhere.example.com
endpoints:
  invoices:
    title: Invoices
    operations:
      list: {path: /v1/Core/Invoices, params: {filter.createdSince: date-time}, sort: {values: [createdDate]}}
    fields: {id: {type: integer, required: true}, number: string, customer: name_id}
  projects:
    operations:
      list: {query: {expand: location}}
    fields: {invoiceCount: integer}
  contacts: null
"""
"""Adds an endpoint, changes one, removes one, and stands elsewhere."""

INVOICES = """\
version: 1
name: invoices
source: {connection: plus, endpoint: invoices}
fields: {id: id, number: number, customer: customer.name}
target: {connection: local, endpoint: invoices.csv, operation: upsert, key: id}
"""

PROJECTS = """\
version: 1
name: projects
source: {connection: plus, endpoint: projects}
fields: {id: id, title: title, invoices: invoiceCount}
target: {connection: local, endpoint: projects.csv, operation: upsert, key: id}
"""


@pytest.fixture
def plus(tmp_path: Path) -> Folder:
    """A folder with a connector that extends Blikk's."""
    folder = Folder(tmp_path)
    folder.write("connectors/blikk-plus.yaml", PLUS)
    folder.write("mappings/invoices.yaml", INVOICES)
    return folder


def connect(folder: Folder, url: str, auth: dict[str, str]) -> None:
    """Its etl.yaml."""
    block = {"connector": "./connectors/blikk-plus.yaml", "base_url": url, "auth": auth, "retry": {"attempts": 1}}
    connections = {"plus": block, "local": {"connector": "files"}}
    folder.write("etl.yaml", json.dumps({"version": 1, "name": "own", "connections": connections}))


# --- extends -------------------------------------------------------------------------------------


def test_what_extends_a_packaged_connector_logs_in_pages_and_sorts_as_that_does(plus: Folder) -> None:
    def answer(asked: Asked) -> Told:
        if asked.path == "/v1/Auth/Token":
            return Told({"accessToken": "t", "expires": "2099-01-01 00:00:00 +00:00"})
        items = [{"id": 7, "number": "F-7", "customer": {"id": 1, "name": "Björk", "objectName": "contact"}}]
        counts = {"page": 1, "pageSize": 100, "itemCount": 1, "totalItemCount": 1, "totalPages": 1}
        return Told({**counts, "items": items})

    with api(answer) as server:
        connect(plus, server.url, {"app_id": "the-id", "app_secret": "the-secret"})
        plus.run()
    assert server.lines == ["POST /v1/Auth/Token", "GET /v1/Core/Invoices?page=1&pageSize=100"]
    assert (plus.path / "invoices.csv").read_text(encoding="utf-8") == "id,number,customer\n7,F-7,Björk\n"


def test_what_is_changed_of_an_endpoint_goes_with_its_requests_and_the_rest_stays(plus: Folder) -> None:
    plus.write("mappings/invoices.yaml", PROJECTS)
    with Sandbox(small=True, throttle=False) as sandbox:
        connect(plus, sandbox.connections["blikk"]["base_url"], dict(sandbox.connections["blikk"]["auth"]))
        (counts,) = plus.run()["mappings"]
        assert counts["written"] == len(sandbox.records("blikk", "projects"))
        checked = plus.etl("check", "plus")
    assert (checked.exit_code, checked.stdout.split(" (")[0]) == (0, "plus: works")


def test_the_catalogue_shows_it_by_name_and_by_path(plus: Folder, snapshot: SnapshotAssertion) -> None:
    listed = json.loads(plus.etl("connectors", "--json").stdout)["connectors"]
    assert (listed[-1]["name"], listed[-1]["connector"]) == ("blikk-plus", "./connectors/blikk-plus.yaml")
    shown = plus.etl("connectors", "./connectors/blikk-plus.yaml", "--json")
    endpoints = {each["name"]: each for each in json.loads(shown.stdout)["endpoints"]}
    assert plus.etl("connectors", "blikk-plus", "--json").stdout == shown.stdout
    assert "contacts" not in endpoints
    assert {"title", "invoiceCount"} <= endpoints["projects"]["fields"].keys()
    assert plus.etl("connectors", "blikk-plus", "invoices").stdout == snapshot


def test_a_wrong_connector_hides_none_of_the_others_in_the_catalogue(plus: Folder) -> None:
    plus.write("connectors/wrong.yaml", "version: 1\nextends: blick\n")
    result = plus.etl("connectors")
    assert result.exit_code == 2
    assert "./connectors/blikk-plus.yaml" in result.stdout
    assert "connectors/wrong.yaml:2:10: error[unknown-connector]" in result.stderr


# --- mistakes ------------------------------------------------------------------------------------

ACME = """\
version: 1
name: acme
base_url: https://things.example.com
auth: {kind: api_key, header: X-Key}
throttle: {requests: 10, per: 1s}
endpoints:
  things:
    target_key: number
    match: {params: {number: number}, compare: {number: number}}
    operations:
      list: {path: /things, records: items, paging: {kind: next_link, next: next}, params: {number: string}}
      get: {path: "/things/{id}"}
      create: {path: /things, id: id}
      update: {path: "/things/{id}", options: {replace: true}}
    fields:
      id: {type: integer, required: true}
      number: string
      owner: {properties: {id: integer, name: string}}
    write_fields:
      number: {required: true}
      ownerId: {type: integer, read_from: owner.id}
"""

WRONG = {
    "a misspelt key": ("records:", "recrods:"),
    "an operation that there is not": ("      get:", "      fetch:"),
    "an unknown kind of auth": ("kind: api_key", "kind: oauth"),
    "a key of another kind": ("kind: next_link, next: next", "kind: page_number, next: next"),
    "no place for the api key": (", header: X-Key", ""),
    "no place for the next link": (", next: next}", "}"),
    "a span that is none": ("per: 1s", "per: second"),
    "a throttle of nothing": ("requests: 10", "requests: 0"),
    "a path that is an address": ("path: /things, records", "path: https://things.example.com/things, records"),
    "an unknown type": ("number: string\n      owner", "number: strng\n      owner"),
    "an expression that ends too early": ("records: items", 'records: "items["'),
    "an unknown function": ("records: items", "records: valus(@)"),
    "a function of mappings": ("records: items", 'records: "coalesce(items, things)"'),
    "a target key that nobody writes": ("target_key: number", "target_key: numbr"),
    "a match by a field that there is not": ("compare: {number: number}", "compare: {numer: number}"),
    "a value that is read from nowhere": ("read_from: owner.id", "read_from: ownr.id"),
    "a path with a name that nothing fills": ('update: {path: "/things/{id}"', 'update: {path: "/things/{thing_id}"'),
    "an unknown base": ("name: acme", "extends: blick"),
    "a key twice": ("name: acme", "name: acme\nname: acme"),
}
"""What is right, and what stands there instead."""


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_with_its_place_and_a_way_out(
    mistake: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    right, wrong = WRONG[mistake]
    assert right in ACME
    folder = own_folder(tmp_path, "https://things.example.com", {}, auth={"api_key": "k"})
    folder.write("connectors/own.yaml", ACME.replace(right, wrong, 1))
    result = folder.etl("validate")
    assert result.exit_code == 2
    assert plain(result.stdout + result.stderr, folder) == snapshot


def test_the_document_itself_has_no_mistake(tmp_path: Path) -> None:
    folder = own_folder(tmp_path, "https://things.example.com", {}, auth={"api_key": "k"})
    folder.write("connectors/own.yaml", ACME)
    assert folder.etl("connectors", "own").exit_code == 0


# --- schema --------------------------------------------------------------------------------------


def test_the_schema_that_is_printed_is_one_that_editors_can_use() -> None:
    """Complete in itself, every key with a title and a description, and true of what is packaged and shown."""
    printed = json.loads(Folder(ROOT).etl("schema", "connector").stdout)
    Draft202012Validator.check_schema(printed)
    assert [path for path in references(printed) if not path.startswith("#/$defs/")] == []
    assert undescribed(printed) == []
    documents = [*packaged_folder().glob("*.yaml"), *(ROOT / "examples" / "own-connectors" / "connectors").iterdir()]
    for file in documents:
        problems = list(Draft202012Validator(printed).iter_errors(yaml.safe_load(file.read_text(encoding="utf-8"))))
        assert [each.message for each in problems] == [], file.name
        assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=") or file.stem == "files"


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def undescribed(node: Any, path: str = "") -> list[str]:
    """Keys of documents without words that an editor could show."""
    if isinstance(node, list):
        return [each for index, inner in enumerate(node) for each in undescribed(inner, f"{path}/{index}")]
    if not isinstance(node, dict):
        return []
    found = []
    for name, inner in (node.get("properties") or {}).items():
        if isinstance(inner, dict) and not (
            {"title", "description"} <= inner.keys() or "$ref" in inner or "const" in inner
        ):
            found.append(f"{path}/{name}")
    return found + [each for key, inner in node.items() for each in undescribed(inner, f"{path}/{key}") if key != "if"]


# --- check ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def three(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """A connection to each of the three made-up systems."""
    sandbox.reset()
    folder = Folder(tmp_path)
    blocks = {name: {"connector": name, "retry": {"attempts": 1}, **each} for name, each in sandbox.connections.items()}
    folder.write("etl.yaml", json.dumps({"version": 1, "name": "acme", "connections": blocks}))
    return folder


def checked(folder: Folder, code: int) -> dict[str, list[str]]:
    """What is wrong with each connection."""
    result = folder.etl("check", "--json")
    assert result.exit_code == code, result.stdout + result.stderr
    return {
        each["name"]: [plain(fault, folder) for fault in each["faults"]]
        for each in json.loads(result.stdout)["connections"]
    }


def test_every_system_is_logged_in_to_and_read(three: Folder) -> None:
    assert checked(three, 0) == {"blikk": [], "dimesheets": [], "dimescheduler": []}


def test_wrong_credentials_are_told_for_each_system_and_one_does_not_hide_the_others(
    three: Folder, snapshot: SnapshotAssertion
) -> None:
    document = json.loads((three.path / "etl.yaml").read_text(encoding="utf-8"))
    for block in document["connections"].values():
        block["auth"] = dict.fromkeys(block["auth"], "not-the-right-one")
    three.write("etl.yaml", json.dumps(document))
    found = checked(three, 1)
    assert all(len(faults) == 1 for faults in found.values())
    assert found == snapshot
    assert "not-the-right-one" not in three.etl("check").stdout


def test_permissions_that_are_missing_are_named_one_by_one(
    three: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    sandbox.configure(missing_permissions={"Project_Read", "Task_Read"})
    found = checked(three, 1)
    assert len(found["blikk"]) == 2
    assert found == snapshot


def test_a_refused_address_is_told_as_such(three: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    sandbox.configure(refuse_ip=True)
    assert checked(three, 1) == snapshot


def test_a_host_that_is_dead_is_told(three: Folder) -> None:
    document = json.loads((three.path / "etl.yaml").read_text(encoding="utf-8"))
    document["connections"]["blikk"]["base_url"] = "http://127.0.0.1:9"
    three.write("etl.yaml", json.dumps(document))
    found = checked(three, 1)
    assert "127.0.0.1:PORT" in found["blikk"][0]
    assert found["dimesheets"] == []


# --- the sandbox ---------------------------------------------------------------------------------


def test_what_extends_a_packaged_connector_is_in_the_sandbox_too(plus: Folder) -> None:
    plus.write("mappings/invoices.yaml", PROJECTS)
    connect(plus, "https://real.example.com", {"app_id": "${REAL_ID}", "app_secret": "${REAL_SECRET}"})
    assert plus.run("--sandbox")["mappings"][0]["written"] > 0


def test_a_run_in_the_sandbox_never_leads_to_a_real_system(tmp_path: Path) -> None:
    folder = own_folder(tmp_path, "https://real.example.com", reads())
    for command in ("run", "plan", "preview"):
        result = folder.etl(command, "mappings/read.yaml", "--sandbox")
        assert result.exit_code == 2
        assert "nothing that stands in for connection 'api': it would lead to https://real.example.com" in result.stderr
    with api(lambda asked: Told([{"id": 1, "name": "a"}])) as server:
        here = own_folder(tmp_path, server.url, reads())
        assert here.run("--sandbox")["mappings"][0]["written"] == 1


def test_a_login_at_another_address_is_no_way_out_of_the_sandbox_either(tmp_path: Path) -> None:
    auth = {"kind": "oauth2_client_credentials", "token_url": "https://login.example.com/token"}
    given = {"client_id": "x", "client_secret": "y"}
    folder = own_folder(tmp_path, "http://127.0.0.1:9", reads(auth=auth), auth=given)
    result = folder.etl("run", "mappings/read.yaml", "--sandbox")
    assert result.exit_code == 2
    assert "connection 'api': its login would lead to https://login.example.com/token" in result.stderr
