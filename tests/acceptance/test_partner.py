"""The worked example of a partner: shared base mappings, two customers over them, each in its environments."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import ROOT, Folder, adds_up, to_sandbox

CUSTOMERS = ("bjork", "fjell")
ENVIRONMENTS = ("", "test", "production")


@pytest.fixture
def partner(tmp_path: Path, sandbox: Sandbox) -> dict[str, Folder]:
    """The folders of the customers, in a copy of the example that has one more environment: `here`, the sandbox."""
    shutil.copytree(ROOT / "examples" / "partner", tmp_path / "partner", ignore=shutil.ignore_patterns(".etl", ".env"))
    folders = {name: Folder(tmp_path / "partner" / "customers" / name) for name in CUSTOMERS}
    for folder in folders.values():
        etl_yaml = folder.path / "etl.yaml"
        text = etl_yaml.read_text(encoding="utf-8")
        wanted = {name: block for name, block in to_sandbox(sandbox).items() if f"\n  {name}:" in text}
        etl_yaml.write_text(f"{text}  here: {json.dumps({'connections': wanted})}\n", encoding="utf-8")
        given = (folder.path / ".env.example").read_text(encoding="utf-8")
        given = given.replace("STATE_URL=\n", "STATE_URL=postgresql://db.example.com/etl\n")
        folder.write(".env", given.replace("=\n", "=made-up-value\n"))
    return folders


def run(folder: Folder) -> dict[str, dict[str, Any]]:
    """The reports of all mappings of a customer, by name."""
    return {each["name"]: each for each in folder.run("--env", "here")["mappings"]}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("customer", CUSTOMERS)
def test_each_customer_is_right_in_each_environment(
    customer: str, environment: str, partner: dict[str, Folder]
) -> None:
    words = ("--env", environment) if environment else ()
    checked = partner[customer].etl("validate", *words)
    assert checked.exit_code == 0, checked.stdout
    assert checked.stdout.endswith("mappings checked: no problems\n")
    tested = partner[customer].etl("test", *words)
    assert tested.exit_code == 0, tested.stdout


@pytest.mark.parametrize("customer", CUSTOMERS)
def test_each_customer_runs_and_a_second_run_changes_nothing(customer: str, partner: dict[str, Folder]) -> None:
    first, second = run(partner[customer]), run(partner[customer])
    mappings = partner[customer].path / "mappings"
    assert len(first) == len(list(mappings.glob("*.yaml")))
    assert all(each["written"] for each in first.values())
    assert all(adds_up(each) for each in (*first.values(), *second.values()))
    assert not any(each[count] for each in second.values() for count in ("written", "deleted", "rejected"))


def test_customers_and_environments_do_not_meet_in_one_target(partner: dict[str, Folder], sandbox: Sandbox) -> None:
    run(partner["bjork"])
    run(partner["fjell"])
    partner["bjork"].run("--env", "here", "--var", "customer=bjork-test", "--allow-rekey", "--select", "projects")
    names = [each["externalId"] for each in sandbox.records("dimesheets", "projects")]
    ongoing = [each for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"]]
    agreed = [each for each in ongoing if each["projectCollection"]]
    assert 0 < len(agreed) < len(ongoing)
    for prefix, projects in (("bjork", ongoing), ("bjork-test", ongoing), ("fjell", agreed)):
        wanted = {f"{prefix}-project-{each['id']}" for each in projects}
        assert {name for name in names if name.startswith(f"{prefix}-project-")} == wanted


def test_what_a_customer_says_holds_over_base_and_library(partner: dict[str, Folder], sandbox: Sandbox) -> None:
    before = {each["id"] for each in sandbox.records("blikk", "time_reports")}
    run(partner["bjork"])
    run(partner["fjell"])
    office = {each["id"] for each in sandbox.records("blikk", "users") if each["department"]["name"] == "Kontor"}
    resources = {each["ResourceNo"] for each in sandbox.records("dimescheduler", "resources")}
    assert office
    assert not resources & {f"blikk-user-{number}" for number in office}
    made = [each for each in sandbox.records("blikk", "time_reports") if each["id"] not in before]
    assert any(each["hours"] == 1.25 and each["invoiceableHours"] == 1.5 for each in made)
    (exported,) = (partner["fjell"].path / "out").glob("*.csv")
    rows = list(csv.DictReader(exported.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
    companies = [each for each in sandbox.records("blikk", "contacts") if each["contactType"].lower() == "company"]
    assert {row["email"] for row in rows} == {each["email"] for each in companies if each["isActive"] and each["email"]}
    assert "type" not in rows[0]


def test_the_merged_mapping_says_from_which_file_each_value_comes(partner: dict[str, Folder]) -> None:
    shown = partner["fjell"].etl("show", "mappings/projects.yaml").stdout
    assert "mappings/projects.yaml" in shown
    assert "base/projects.yaml" in shown
    assert "blikk-to-dimesheets/projects.yaml" in shown
