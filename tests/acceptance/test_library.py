"""The whole mapping library against the made-up systems: checked, tested, run in order, and nothing sent twice."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from etl.documents import source
from etl.sandbox import Sandbox
from tests.support.cli import etl
from tests.support.projects import ROOT, Folder, adds_up, project, to_sandbox

MAPPINGS = ROOT / "mappings"
FILES = sorted(MAPPINGS.rglob("*.yaml"))
EARLY = {"TIME_FROM": "2025-01-01"}
"""Time entries from before everything that is made up, so that all of them take part."""


@pytest.fixture
def partner(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """A project with a connection to each system, and a folder for exports."""
    folder = project(tmp_path, {**to_sandbox(sandbox), "files": {"connector": "files", "path": "out"}})
    with (tmp_path / ".env").open("a", encoding="utf-8") as file:
        file.writelines(f"{name}={value}\n" for name, value in EARLY.items())
    return folder


def run(folder: Folder) -> dict[str, dict[str, Any]]:
    """The reports of all mappings of the library, by name."""
    report = folder.run("--project", str(folder.path), str(MAPPINGS))
    return {each["name"]: each for each in report["mappings"]}


# --- by itself -----------------------------------------------------------------------------------


def test_the_library_has_no_problem() -> None:
    result = etl("validate", str(MAPPINGS))
    assert (result.exit_code, result.stdout) == (0, f"{len(FILES)} mappings checked: no problems\n")


def test_every_test_in_the_library_passes() -> None:
    result = etl("test", str(MAPPINGS))
    assert result.exit_code == 0, result.stdout
    assert result.stdout.endswith(f"tests of {len(FILES)} mappings: all passed\n")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(MAPPINGS).with_suffix("").as_posix())
def test_each_mapping_stands_in_the_librarys_table(file: Path) -> None:
    readme = (MAPPINGS / "README.md").read_text(encoding="utf-8")
    section = next(part for part in readme.split("\n## ") if file.parent.name in part.splitlines()[0])
    assert f"| `{source.load(file).data['name']}` |" in section


# --- run -----------------------------------------------------------------------------------------


def test_all_of_it_runs_and_a_second_run_changes_nothing(partner: Folder, sandbox: Sandbox) -> None:
    first = run(partner)
    assert len(first) == len(FILES)
    assert {each["status"] for each in first.values()} == {"succeeded"}
    assert all(adds_up(each) for each in first.values())
    assert all(each["written"] for each in first.values())
    before = everything(sandbox, partner.path)
    sandbox.forget_requests()
    second = run(partner)
    assert all(adds_up(each) for each in second.values())
    assert {each["status"] for each in second.values()} == {"succeeded"}
    assert not any(each[count] for each in second.values() for count in ("written", "deleted", "rejected"))
    assert {entry.path for entry in sandbox.requests() if entry.method != "GET"} <= {"/v1/Auth/Token"}
    assert everything(sandbox, partner.path) == before


def everything(sandbox: Sandbox, folder: Path) -> list[Any]:
    """What the targets hold."""
    scheduler = ("jobs", "tasks", "resources", "categories", "filter_groups", "filter_values", "resource_filter_values")
    held = [sandbox.records("dimescheduler", name) for name in scheduler]
    held += [sandbox.records("dimesheets", name) for name in ("projects", "tasks", "users")]
    held.append(sandbox.records("blikk", "time_reports"))
    return held + [file.read_bytes() for file in exported(folder)]


def exported(folder: Path) -> list[Path]:
    return sorted(file for file in (folder / "out").rglob("*") if file.suffix in (".csv", ".jsonl"))


def test_parents_are_written_before_what_hangs_on_them(partner: Folder, sandbox: Sandbox) -> None:
    run(partner)
    written: dict[str, list[int]] = {}
    for place, entry in enumerate(sandbox.requests("dimescheduler")):
        if entry.path == "/import":
            for call in entry.body:
                written.setdefault(call["StoredProcedureName"], []).append(place)
    pairs = [
        ("mboc_upsertJob", "mboc_upsertTask"),
        ("mboc_upsertCategory", "mboc_upsertTask"),
        ("mboc_upsertFilterGroup", "mboc_upsertFilterValue"),
        ("mboc_upsertFilterValue", "mboc_upsertResourceFilterValue"),
        ("mboc_upsertResource", "mboc_upsertResourceFilterValue"),
    ]
    assert all(max(written[first]) < min(written[then]) for first, then in pairs)


# --- Blikk → Dime.Scheduler ----------------------------------------------------------------------


def test_the_planning_board_has_the_jobs_tasks_and_resources_of_blikk(partner: Folder, sandbox: Sandbox) -> None:
    run(partner)
    ongoing = [each for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"]]
    jobs = {each["JobNo"]: each for each in sandbox.records("dimescheduler", "jobs")}
    assert set(jobs) == {str(each["id"]) for each in ongoing}
    numbers = {each["id"]: each["customerNumber"] for each in sandbox.records("blikk", "contacts")}
    for each in ongoing:
        job = jobs[str(each["id"])]
        assert job["CustomerNo"] == numbers[each["customer"]["id"]]
        assert job["ShortDescription"].startswith(each["orderNumber"])
        assert job["SiteCity"] or not each["location"]
    tasks = {each["TaskNo"]: each for each in sandbox.records("dimescheduler", "tasks")}
    theirs = [each for each in sandbox.records("blikk", "tasks") if str((each["project"] or {}).get("id")) in jobs]
    assert set(tasks) == {str(each["id"]) for each in theirs}
    assert {each["id"] for each in theirs if tasks[str(each["id"])]["IsComplete"]} == {
        each["id"] for each in theirs if each["completedDate"]
    }
    resources = {each["ResourceNo"]: each for each in sandbox.records("dimescheduler", "resources")}
    assert {f"blikk-user-{each['id']}" for each in sandbox.records("blikk", "users") if not each["endDate"]} <= set(
        resources
    )


def test_every_department_can_be_filtered_by(partner: Folder, sandbox: Sandbox) -> None:
    run(partner)
    departments = {each["department"]["name"] for each in sandbox.records("blikk", "users") if each["department"]}
    values = [
        each for each in sandbox.records("dimescheduler", "filter_values") if each["FilterGroupName"] == "Department"
    ]
    assert Counter(each["FilterValue"] for each in values) == Counter(departments)
    marked = {
        each["ResourceNo"]: each["FilterValue"] for each in sandbox.records("dimescheduler", "resource_filter_values")
    }
    users = {f"blikk-user-{each['id']}": each for each in sandbox.records("blikk", "users")}
    assert marked
    assert all(users[number]["department"]["name"] == value for number, value in marked.items())


# --- Dime.Sheets → Blikk -------------------------------------------------------------------------


def test_approved_time_is_reported_in_blikk_once_and_customers_see_no_note(partner: Folder, sandbox: Sandbox) -> None:
    before = {each["id"] for each in sandbox.records("blikk", "time_reports")}
    run(partner)
    run(partner)
    made = [each for each in sandbox.records("blikk", "time_reports") if each["id"] not in before]
    entries = [each for each in sandbox.records("dimesheets", "time_entries") if each["timesheetStatus"] in (2, 4)]
    assert Counter((each["user"]["id"] + 1000, each["date"], each["hours"]) for each in made) == Counter(
        (each["userId"], each["date"][:10], each["duration"]) for each in entries
    )
    assert {each["comment"] for each in made} == {None}
    assert all(each["internalComment"] for each in made)


def test_an_entry_that_was_corrected_and_approved_again_is_corrected_in_blikk(
    partner: Folder, sandbox: Sandbox
) -> None:
    first = run(partner)["time-reports"]
    entry = next(each for each in sandbox.records("dimesheets", "time_entries") if each["timesheetStatus"] == 4)
    sandbox.change("dimesheets", "time_entries", entry["id"], duration=5.75)
    second = run(partner)["time-reports"]
    assert (first["updated"], second["updated"], second["created"]) == (0, 1, 0)
    reports = [each for each in sandbox.records("blikk", "time_reports") if each["hours"] == 5.75]
    assert [(each["user"]["id"] + 1000, each["date"]) for each in reports] == [(entry["userId"], entry["date"][:10])]


# --- files ---------------------------------------------------------------------------------------


def test_exports_hold_every_record_and_nothing_private(partner: Folder, sandbox: Sandbox) -> None:
    run(partner)
    rows = {file.relative_to(partner.path / "out").as_posix(): read(file) for file in exported(partner.path)}
    attested = [each for each in sandbox.records("blikk", "time_reports") if each["attestedDate"]]
    assert {name: len(found) for name, found in rows.items()} == {
        **{
            f"exports/blikk/{name}.csv": len(sandbox.records("blikk", name))
            for name in ("contacts", "projects", "users")
        },
        "exports/blikk/tasks.jsonl": len(sandbox.records("blikk", "tasks")),
        "exports/blikk/time-reports.csv": len(attested),
        "exports/dimesheets/periods.csv": len(sandbox.records("dimesheets", "timesheet_periods")),
        "exports/dimesheets/time-entries.csv": len(sandbox.records("dimesheets", "time_entries")),
    }
    text = "".join(file.read_text(encoding="utf-8") for file in exported(partner.path))
    assert "Tog längre tid än räknat" in {each["internalComment"] for each in attested}
    assert "Tog längre tid än räknat" not in text
    assert not any(
        str(each["costPerHour"]) in text for each in sandbox.records("blikk", "users") if each["costPerHour"]
    )


def read(file: Path) -> list[dict[str, Any]]:
    text = file.read_text(encoding="utf-8")
    return (
        list(csv.DictReader(text.splitlines()))
        if file.suffix == ".csv"
        else [json.loads(each) for each in text.splitlines()]
    )


def test_what_is_made_up_does_not_meet_the_projects_own_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.write("etl.yaml", "version: 1\nconnections: {files: {connector: files, path: data}}\n")
    folder.write("mappings/periods.yaml", "version: 1\nextends: builtin:dimesheets-to-files/periods\n")
    ours = folder.write("data/exports/dimesheets/periods.csv", "id,name\n900,ours\n")
    with Sandbox(tmp_path / ".etl" / "sandbox", small=True):
        pass
    first = folder.run("--sandbox")["mappings"][0]
    second = folder.run("--sandbox")["mappings"][0]
    assert ours.read_text(encoding="utf-8") == "id,name\n900,ours\n"
    assert first["written"] == second["unchanged"] > 100
    made_up = tmp_path / ".etl/sandbox/files/files/exports/dimesheets/periods.csv"
    assert len(read(made_up)) == first["written"]
