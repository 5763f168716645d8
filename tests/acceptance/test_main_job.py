"""The main job: Blikk's projects, tasks and users come to Dime.Sheets, each once, and nothing is sent twice."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from etl.sandbox import Sandbox
from tests.support.cli import etl_process
from tests.support.projects import ROOT, Folder, adds_up

COUNTS = ["read", "duplicates", "filtered", "unchanged", "created", "updated", "written", "deleted"]
KEYS = ["name", "status", *COUNTS, "rejected", "unsettled", "cursor", "error", "seconds"]


def requested(sandbox: Sandbox, api: str, path: str) -> list[int]:
    """The places in the journal of the requests to an address."""
    return [place for place, entry in enumerate(sandbox.requests()) if entry.api == api and path in entry.path]


def stored(sandbox: Sandbox, resource: str) -> Counter[str]:
    """What came from Blikk, by external id; the target has records of its own beside it."""
    names = (str(record["externalId"]) for record in sandbox.records("dimesheets", resource))
    return Counter(name for name in names if name.startswith("blikk-"))


# --- what arrives --------------------------------------------------------------------------------


def test_every_record_is_accounted_for_and_arrives_once(acme: Folder, sandbox: Sandbox) -> None:
    report = acme.run()
    assert {each["name"]: each["status"] for each in report["mappings"]} == dict.fromkeys(
        ("employees", "projects", "tasks"), "succeeded"
    )
    assert all(adds_up(each) for each in report["mappings"])
    read = {each["name"]: each["read"] for each in report["mappings"]}
    source = {name: len(sandbox.records("blikk", name)) for name in ("projects", "tasks", "users")}
    assert read == {"employees": source["users"], "projects": source["projects"], "tasks": source["tasks"]}


def test_the_target_holds_exactly_what_the_mappings_say(acme: Folder, sandbox: Sandbox) -> None:
    acme.run()
    ongoing = {each["id"] for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"]}
    tasks = [each for each in sandbox.records("blikk", "tasks") if each["project"]]
    theirs = [each for each in tasks if each["project"]["id"] in ongoing]
    assert stored(sandbox, "projects") == Counter(f"blikk-project-{number}" for number in ongoing)
    assert stored(sandbox, "tasks") == Counter(f"blikk-task-{each['id']}" for each in theirs)
    assert 0 < len(theirs) < len(tasks)


def test_projects_come_before_the_tasks_that_belong_to_them(acme: Folder, sandbox: Sandbox) -> None:
    acme.run()
    projects = requested(sandbox, "dimesheets", "/integration/projects")
    tasks = requested(sandbox, "dimesheets", "/integration/tasks")
    assert projects
    assert tasks
    assert max(projects) < min(tasks)


def test_only_current_users_are_asked_for_in_full_and_each_once(acme: Folder, sandbox: Sandbox) -> None:
    report = acme.run()
    details = Counter(entry.path for entry in sandbox.requests("blikk") if "/Users/" in entry.path)
    (employees,) = (each for each in report["mappings"] if each["name"] == "employees")
    assert set(details.values()) == {1}
    assert len(details) == employees["read"] - employees["filtered"] > 0


def test_a_second_run_sends_nothing_and_asks_for_no_detail_again(acme: Folder, sandbox: Sandbox) -> None:
    first = acme.run()
    sandbox.forget_requests()
    second = acme.run()
    assert sandbox.requests("dimesheets") == []
    assert [entry.path for entry in sandbox.requests("blikk") if "/Users/" in entry.path] == []
    assert [each["unchanged"] for each in second["mappings"]] == [each["written"] for each in first["mappings"]]
    assert second["connections"]["dimesheets"]["requests"] == 0
    assert all(adds_up(each) for each in second["mappings"])


def test_a_changed_record_is_sent_alone(acme: Folder, sandbox: Sandbox) -> None:
    acme.run()
    sent = stored(sandbox, "tasks")
    task = next(each for each in sandbox.records("blikk", "tasks") if f"blikk-task-{each['id']}" in sent)
    sandbox.change("blikk", "tasks", task["id"], title="Byt proppskåp")
    sandbox.forget_requests()
    report = acme.run()
    assert [each["written"] for each in report["mappings"]] == [0, 0, 1]
    (request,) = sandbox.requests("dimesheets")
    assert [each["name"] for each in request.body] == ["Byt proppskåp"]


def test_resend_sends_everything_again_and_doubles_nothing(acme: Folder, sandbox: Sandbox) -> None:
    first = acme.run()
    before = stored(sandbox, "projects")
    again = acme.run("--resend", "--select", "projects")
    assert again["mappings"][0]["written"] == next(e for e in first["mappings"] if e["name"] == "projects")["written"]
    assert stored(sandbox, "projects") == before


# --- the strict rate limit -----------------------------------------------------------------------


def in_the_sandbox(folder: Path) -> dict[str, Any]:
    """As a user runs it: the sandbox in the command's own process, here with its small data, kept in the folder."""
    with Sandbox(folder / ".etl" / "sandbox", small=True):
        pass
    found = etl_process("run", "--sandbox", "builtin:blikk-to-dimesheets", "--json", cwd=folder)
    assert (found.returncode, found.stderr) == (0, "")
    report: dict[str, Any] = json.loads(found.stdout)
    return report


def test_against_the_strict_limit_no_request_is_refused(tmp_path: Path) -> None:
    """A machine that halts this process for longer than the margin may spoil a try, but hardly three."""
    for attempt in range(3):
        (tmp_path / str(attempt)).mkdir()
        report = in_the_sandbox(tmp_path / str(attempt))
        assert report["connections"]["blikk"]["requests"] > 8
        assert report["connections"]["blikk"]["waited_seconds"] > 1
        assert sum(each["written"] for each in report["mappings"]) > 50
        if report["connections"]["blikk"]["throttled"] == 0:
            return
    raise AssertionError("every try met a 429")


# --- what is printed -----------------------------------------------------------------------------


def test_the_document_of_a_run_has_the_contracts_keys_in_the_contracts_order(acme: Folder) -> None:
    report = acme.run()
    assert list(report) == ["run_id", "status", "exit_code", "started_at", "finished_at", "mappings", "connections"]
    for mapping in report["mappings"]:
        assert list(mapping) == KEYS
        assert all(type(mapping[name]) is int for name in [*COUNTS, "rejected", "unsettled"])
        assert type(mapping["seconds"]) is float
        assert mapping["error"] is None
    assert list(report["connections"]) == ["blikk", "dimesheets"]
    for connection in report["connections"].values():
        assert list(connection) == ["requests", "retries", "throttled", "waited_seconds"]
    assert report["started_at"] <= report["finished_at"]
    assert report["started_at"].endswith("Z")


def test_the_reported_requests_are_those_that_were_made(acme: Folder, sandbox: Sandbox) -> None:
    report = acme.run()
    made = {api: len(sandbox.requests(api)) for api in ("blikk", "dimesheets")}
    assert {name: each["requests"] for name, each in report["connections"].items()} == made


def test_a_report_file_says_what_json_says(acme: Folder) -> None:
    shown = acme.etl("run", "--report", "run.json", "--json")
    assert json.loads((acme.path / "run.json").read_text(encoding="utf-8")) == json.loads(shown.stdout)


def test_a_report_page_names_every_mapping_and_its_counts(acme: Folder) -> None:
    report = acme.run("--report", "run.html")
    page = (acme.path / "run.html").read_text(encoding="utf-8")
    for mapping in report["mappings"]:
        assert mapping["name"] in page
        assert str(mapping["read"]) in page


# --- exit codes ----------------------------------------------------------------------------------


def test_a_run_with_a_rejected_record_ends_with_1_and_says_how_to_look_at_it(acme: Folder, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "projects", title="", orderNumber="")
    result = acme.etl("run", "--select", "projects")
    assert result.exit_code == 1
    assert "etl rejects list projects" in result.stdout
    assert result.stderr == ""
    shown = json.loads(acme.etl("rejects", "show", "projects", str(key), "--json").stdout)
    assert [each["key"] for each in shown["rejects"]] == [str(key)]
    assert "name" in shown["rejects"][0]["reason"] or shown["rejects"][0]["field"] == "name"


def test_a_mended_record_is_no_reject_any_more(acme: Folder, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "projects", title="", orderNumber="")
    acme.run("--select", "projects", code=1)
    sandbox.change("blikk", "projects", key, title="Nybygge")
    report = acme.run("--select", "projects")
    assert report["mappings"][0]["written"] == 1
    assert json.loads(acme.etl("rejects", "list", "--json").stdout) == {"rejects": []}


def test_a_run_of_an_invalid_mapping_ends_with_2_before_any_request(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/tasks.yaml", (acme.path / "mappings" / "tasks.yaml").read_text().replace("title,", "titel,"))
    result = acme.etl("run")
    assert result.exit_code == 2
    assert "did you mean 'title'" in result.stderr
    assert sandbox.requests() == []


def test_a_run_that_can_not_log_in_ends_with_3(acme: Folder) -> None:
    result = acme.etl("run", env={"BLIKK_APP_SECRET": "another"})
    assert result.exit_code == 3


# --- choosing ------------------------------------------------------------------------------------


def ran(folder: Folder, *words: str) -> list[str]:
    return [each["name"] for each in folder.run("--limit", "1", *words)["mappings"]]


def test_mappings_are_chosen_by_name_glob_tag_and_need(acme: Folder) -> None:
    assert ran(acme, "--select", "proj*") == ["projects"]
    assert ran(acme, "--select", "+tasks") == ["projects", "tasks"]
    assert ran(acme, "--select", "tag:nightly", "--exclude", "tasks") == ["employees", "projects"]
    assert ran(acme, "mappings/projects.yaml") == ["projects"]


def test_a_choice_of_nothing_is_a_mistake_that_names_what_there_is(acme: Folder) -> None:
    assert acme.etl("run", "--exclude", "tag:nigtly").stderr == (
        "error: no mapping fits 'tag:nigtly' — did you mean 'nightly'?\n"
    )
    result = acme.etl("run", "--select", "invoices")
    assert result.exit_code == 2
    assert "there are: employees, projects, tasks" in result.stderr
    nothing = acme.etl("run", "--exclude", "*")
    assert (nothing.exit_code, "employees, projects, tasks" in nothing.stderr) == (2, True)


def test_a_limit_takes_so_many_records_of_each_and_the_next_run_the_rest(acme: Folder, sandbox: Sandbox) -> None:
    few = acme.run("--limit", "5", "--select", "projects")
    assert few["mappings"][0]["read"] == 5
    rest = acme.run("--select", "projects")
    assert rest["mappings"][0]["unchanged"] == few["mappings"][0]["written"]
    assert stored(sandbox, "projects").total() == few["mappings"][0]["written"] + rest["mappings"][0]["written"]


# --- plan, preview, runs -------------------------------------------------------------------------


def test_a_plan_shows_field_by_field_what_a_run_will_change(acme: Folder, sandbox: Sandbox) -> None:
    acme.run()
    project = next(each for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"])
    sandbox.change("blikk", "projects", project["id"], title="Ny titel")
    sandbox.forget_requests()
    planned = json.loads(acme.etl("plan", "--json").stdout)
    assert planned["planned"] is True
    changes = {each["name"]: each["changes"] for each in planned["mappings"]}
    assert changes == {
        "employees": [],
        "tasks": [],
        "projects": [
            {"key": str(project["id"]), "action": "update", "fields": {"name": [project["title"], "Ny titel"]}}
        ],
    }
    text = acme.etl("plan").stdout
    assert f"~ blikk-project-{project['id']}" in text
    assert f"{project['title']} → Ny titel" in text.replace('"', "")
    assert sandbox.requests("dimesheets") == []
    assert [each["written"] for each in acme.run()["mappings"]] == [0, 1, 0]


def test_a_plan_leaves_no_trace(acme: Folder) -> None:
    acme.etl("plan")
    assert [each["unchanged"] for each in acme.run()["mappings"]] == [0, 0, 0]


def test_a_preview_shows_records_beside_what_they_become(acme: Folder, sandbox: Sandbox) -> None:
    document = json.loads(acme.etl("preview", "mappings/employees.yaml", "--json").stdout)
    assert document["mapping"] == "employees"
    assert len(document["records"]) == 5
    assert sandbox.requests("dimesheets") == []


def test_runs_are_remembered_with_their_counts(acme: Folder) -> None:
    report = acme.run()
    (remembered,) = json.loads(acme.etl("runs", "--json").stdout)["runs"]
    assert remembered["run_id"] == report["run_id"]
    assert [each["written"] for each in remembered["mappings"]] == [each["written"] for each in report["mappings"]]
    one = acme.etl("runs", report["run_id"][:6])
    assert "employees" in one.stdout


# --- a customer's folder -------------------------------------------------------------------------


def test_the_example_customers_folder_runs(tmp_path: Path) -> None:
    acme = Folder(tmp_path / "acme")
    for file in (ROOT / "examples" / "acme").rglob("*"):
        if file.is_file() and ".etl" not in file.parts:
            acme.write(str(file.relative_to(ROOT / "examples" / "acme")), file.read_bytes())
    with Sandbox(acme.path / ".etl" / "sandbox", small=True):
        pass
    found = acme.process("run", "--sandbox", "--json", "--limit", "20")
    assert found.returncode == 0, found.stderr
    report = json.loads(found.stdout)
    assert [each["name"] for each in report["mappings"]] == ["employees", "projects", "tasks"]
    assert all(adds_up(each) for each in report["mappings"])
    with Sandbox(acme.path / ".etl" / "sandbox") as kept:
        names = {record["externalId"] for record in kept.records("dimesheets", "projects")}
    assert names
    assert {name.rsplit("-", 1)[0] for name in names} == {"acme-project", "ds-project"}


def test_the_readmes_mapping_of_two_lines_needs_no_project(tmp_path: Path) -> None:
    with Sandbox(tmp_path / ".etl" / "sandbox", small=True):
        pass
    result = Folder(tmp_path).etl("run", "--sandbox", "builtin:blikk-to-dimesheets/projects", "--limit", "3", "--json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["mappings"][0]["read"] == 3
    assert not (tmp_path / "etl.yaml").exists()
    assert [each.name for each in tmp_path.iterdir()] == [".etl"]
