"""Commands from the shell to the made-up systems and back: what is printed where, and the exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.resources import mappings as library
from etl.sandbox import Rule, Sandbox
from tests.support.cli import etl, etl_process, normalised

LIBRARY = "builtin:blikk-to-dimesheets/projects"

MAPPING = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields:
  externalId: "concat('blikk-', id)"
  name: {value: "title || orderNumber", required: true}
target: {connection: dimesheets, endpoint: projects}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project whose connections lead to a small, unthrottled sandbox."""
    sandbox.reset()
    blocks = [
        f"  {name}: {{connector: {name}, base_url: '{each['base_url']}', auth: {json.dumps(each['auth'])}}}"
        for name, each in sandbox.connections.items()
    ]
    (tmp_path / "etl.yaml").write_text("\n".join(["version: 1", "name: acme", "connections:", *blocks]) + "\n")
    (tmp_path / "mappings").mkdir()
    (tmp_path / "mappings" / "projects.yaml").write_text(MAPPING)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wrong(project: Path, text: str) -> None:
    (project / "mappings" / "wrong.yaml").write_text(text)


# --- run -----------------------------------------------------------------------------------------


def test_one_command_in_an_empty_folder_runs_a_library_mapping_and_a_second_run_sends_nothing(tmp_path: Path) -> None:
    first = etl_process("run", "--sandbox", LIBRARY, "--json", cwd=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    second = etl_process("run", "--sandbox", LIBRARY, "--json", cwd=tmp_path)
    again = json.loads(second.stdout)
    assert json.loads(first.stdout)["mappings"][0]["written"] > 200
    assert (again["mappings"][0]["written"], again["mappings"][0]["rejected"]) == (0, 0)
    assert again["connections"]["dimesheets"]["requests"] == 0


@pytest.mark.parametrize("command", ["run", "plan", "preview", "explain"])
def test_a_template_alone_is_nothing_to_run_or_to_look_at(command: str, project: Path) -> None:
    (project / "mappings" / "projects.yaml").write_text(f"template: true\n{MAPPING}")
    result = etl(command, "mappings/projects.yaml", *(("--key", "1") if command == "explain" else ()))
    assert result.exit_code == 2
    assert result.stderr == (
        "error: there are only templates here: 'projects' — they are never run: name a mapping that extends one\n"
    )


def test_a_run_prints_one_json_document_whose_counts_add_up(project: Path) -> None:
    result = etl("run", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["status"] == "succeeded"
    (counts,) = document["mappings"]
    settled = ("filtered", "unchanged", "written", "deleted", "rejected", "unsettled")
    assert counts["read"] == sum(counts[name] for name in settled) > 0


def test_a_run_closes_with_a_table(project: Path, snapshot: SnapshotAssertion) -> None:
    result = etl("run")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert normalised(result.stdout) == snapshot


def test_reports_are_written_beside_what_is_printed(project: Path) -> None:
    assert etl("run", "--report", "run.json").exit_code == 0
    assert json.loads((project / "run.json").read_text(encoding="utf-8"))["mappings"][0]["name"] == "projects"
    assert etl("run", "--report", "run.html").exit_code == 0
    assert "<!doctype html>" in (project / "run.html").read_text(encoding="utf-8")


def test_a_limit_takes_so_many_source_records(project: Path) -> None:
    document = json.loads(etl("run", "--limit", "3", "--json").stdout)
    assert document["mappings"][0]["read"] == 3


def test_a_wrong_key_ends_with_3_and_says_which_connection(project: Path, snapshot: SnapshotAssertion) -> None:
    file = project / "etl.yaml"
    file.write_text(file.read_text().replace("sandbox-key", "no-such-key"))
    result = etl("run", "--json")
    assert result.exit_code == 3
    document = json.loads(result.stdout)
    assert document["status"] == "failed"
    assert "dimesheets" in document["mappings"][0]["error"]
    assert "no-such-key" not in result.stdout + result.stderr


def test_invalid_documents_stop_a_run_before_the_first_request(
    project: Path, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    wrong(project, MAPPING.replace("name: projects", "name: wrong").replace("title ||", "titel ||"))
    before = sum(api["requests"] for api in sandbox.summary()["apis"].values())
    result = etl("run")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert normalised(result.stderr, project) == snapshot
    assert sum(api["requests"] for api in sandbox.summary()["apis"].values()) == before


def test_who_asks_for_json_gets_a_document_even_if_nothing_could_begin(project: Path) -> None:
    wrong(project, "version: 1\nnope: 1\n")
    result = etl("run", "--json")
    assert result.exit_code == 2
    assert json.loads(result.stdout)["exit_code"] == 2
    assert "error[" in result.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to another process is a POSIX thing")
def test_an_interrupt_finishes_what_is_in_flight_and_a_rerun_goes_on(project: Path, sandbox: Sandbox) -> None:
    sandbox.misbehave(Rule("latency", path="/Core/Projects", seconds=600))
    command = [sys.executable, "-m", "etl", "run", "--json"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
    while not sandbox.held() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert "stopping" in process.stderr.readline()
    sandbox.behave()
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    document = json.loads(out)
    assert (document["status"], document["exit_code"]) == ("interrupted", 130)
    assert "Traceback" not in err
    rerun = json.loads(etl("run", "--json").stdout)
    assert rerun["mappings"][0]["written"] == len(sandbox.records("blikk", "projects"))


# --- plan, preview -------------------------------------------------------------------------------


def test_a_plan_shows_what_a_run_would_do_and_sends_nothing(project: Path, sandbox: Sandbox) -> None:
    before = sandbox.records("dimesheets", "projects")
    result = etl("plan")
    assert result.exit_code == 0, result.stderr
    assert "  + blikk-" in result.stdout
    assert "to create" in result.stdout
    assert sandbox.records("dimesheets", "projects") == before


def test_after_a_run_a_plan_shows_only_what_changed_field_by_field(project: Path, sandbox: Sandbox) -> None:
    assert etl("run").exit_code == 0
    key = sandbox.records("blikk", "projects")[0]["id"]
    sandbox.change("blikk", "projects", key, title="Villa Björk")
    document = json.loads(etl("plan", "--json").stdout)
    assert document["planned"] is True
    (change,) = document["mappings"][0]["changes"]
    assert (change["key"], change["action"]) == (str(key), "update")
    assert change["fields"]["name"][1] == "Villa Björk"
    text = etl("plan").stdout
    assert f"~ blikk-{key}" in text
    assert '→ "Villa Björk"' in text


def test_a_plan_names_each_record_that_would_be_rejected(project: Path, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "projects", title="", orderNumber=None)
    result = etl("plan")
    assert result.exit_code == 1
    assert f"! {key}  rejected: field 'name': is required and has no value" in result.stdout


def test_a_preview_shows_source_and_result(project: Path, sandbox: Sandbox) -> None:
    before = sandbox.records("dimesheets", "projects")
    result = etl("preview", "mappings/projects.yaml", "--limit", "2", "--json")
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert len(document["records"]) == 2
    first = document["records"][0]
    assert first["result"]["externalId"] == f"blikk-{first['source']['id']}"
    assert sandbox.records("dimesheets", "projects") == before
    assert "│ externalId" in etl("preview", "mappings/projects.yaml").stdout


FOUND = """\
version: 1
name: found
source: {connection: blikk, endpoint: projects, where: "lookup('sent', id)"}
lookups: {sent: {file: sent.csv, key: id, on_miss: skip}}
fields: {externalId: "concat('blikk-', id)", name: title}
target: {connection: dimesheets, endpoint: projects}
tests:
  a project that is not in the table is left out:
    record: {id: 7, title: Villa}
    expect: filtered
"""
"""Its filter looks records up, and a miss leaves them out."""


def test_a_record_that_the_filter_finds_nowhere_is_left_out_of_a_preview_a_test_and_a_run(project: Path) -> None:
    (project / "mappings" / "projects.yaml").write_text(FOUND)
    (project / "mappings" / "sent.csv").write_text("id\n0\n")
    assert etl("test").exit_code == 0
    shown = etl("preview", "mappings/projects.yaml", "--json")
    assert {str(each["result"]) for each in json.loads(shown.stdout)["records"]} == {"filtered"}
    counts = json.loads(etl("run", "--json").stdout)["mappings"][0]
    assert counts["filtered"] == counts["read"] > 0


# --- validate ------------------------------------------------------------------------------------


def test_a_good_project_is_said_to_be_good(project: Path) -> None:
    result = etl("validate")
    assert (result.exit_code, result.stdout) == (0, "1 mapping checked: no problems\n")
    assert json.loads(etl("validate", "--format", "json").stdout) == []


def test_every_problem_is_reported_in_one_go_in_each_format(project: Path, snapshot: SnapshotAssertion) -> None:
    wrong(project, MAPPING.replace("name: projects", "name: wrong").replace("title ||", "titel ||") + "limtis: {}\n")
    text = etl("validate")
    assert text.exit_code == 2
    assert normalised(text.stdout, project) == snapshot
    found = json.loads(etl("validate", "--format", "json").stdout)
    assert [list(each) for each in found] == [["file", "line", "column", "severity", "code", "message"]] * len(found)
    sarif = json.loads(etl("validate", "--format", "sarif").stdout)
    assert sarif["version"] == "2.1.0"
    assert len(sarif["runs"][0]["results"]) == len(found) >= 1


# --- test ----------------------------------------------------------------------------------------

TESTS = """\
tests:
  a project:  # its name comes first
    record: {id: 7, title: Villa}
    expect: {externalId: blikk-7, name: Villa}
  one without a name:
    record: {id: 8, title: null, orderNumber: null}
    expect: {rejected: name}
"""


def test_the_mappings_tests_run_offline_and_pass(project: Path, sandbox: Sandbox) -> None:
    (project / "mappings" / "projects.yaml").write_text(MAPPING + TESTS)
    result = etl("test")
    assert (result.exit_code, result.stdout) == (0, "2 tests of 1 mapping: all passed\n")
    assert "passed projects: a project" in etl("test", "-v").stdout
    assert json.loads(etl("test", "--json").stdout)["passed"] == 2
    assert sandbox.summary()["apis"] == {}


def test_a_failed_test_points_at_the_field_and_ends_with_1(project: Path, snapshot: SnapshotAssertion) -> None:
    (project / "mappings" / "projects.yaml").write_text(MAPPING + TESTS.replace("name: Villa}", "name: Vila}"))
    result = etl("test", "--junit", "junit.xml")
    assert result.exit_code == 1
    assert result.stdout == snapshot
    assert '<failure message="name:' in (project / "junit.xml").read_text(encoding="utf-8").replace("'", '"')


def test_expectations_are_rewritten_and_everything_around_them_stays(project: Path) -> None:
    wanted = MAPPING + TESTS
    file = project / "mappings" / "projects.yaml"
    file.write_text(
        wanted.replace("name: Villa}", "name: Vila}").replace("{rejected: name}", "{rejected: no such reason}")
    )
    assert etl("test", "--update").exit_code == 0
    rewritten = file.read_text(encoding="utf-8")
    assert 'expect: {externalId: blikk-7, name: "Villa"}' in rewritten
    assert 'expect: {"rejected":"field \'name\':' in rewritten
    assert "# its name comes first" in rewritten
    assert etl("test").exit_code == 0


def test_a_failed_test_of_the_library_is_left_and_how_to_replace_it_is_said(project: Path) -> None:
    overlay = "version: 1\nextends: builtin:blikk-to-dimesheets/projects\nfields: {description: null}\n"
    (project / "mappings" / "projects.yaml").write_text(overlay)
    checked = etl("validate")
    assert checked.exit_code == 0
    assert "warning[test-expect]: no field 'description' is mapped any more" in checked.stdout
    result = etl("test", "--update")
    assert result.exit_code == 1
    told = "'an ongoing project' stands outside of the project and is left as it is"
    assert f"{told} — write it anew under `tests` here, or `null` to leave it out" in result.stderr
    replaced = "tests: {an ongoing project: null, a project without title is called by its order number: null}\n"
    (project / "mappings" / "projects.yaml").write_text(overlay + replaced)
    assert etl("test").exit_code == 0


BOARDS = """\
version: 1
name: boards
source: {connection: blikk, endpoint: task_boards, each: {items: "tags[]", as: tag, key: tag.id}, where: tag.title}
fields: {externalId: "concat('tag-', tag.id)", name: tag.title}
target: {connection: dimesheets, endpoint: projects, on_duplicate: last}
tests:
  each tag:
    record: {id: 301, tags: [{id: 1, title: Akut}, {id: 8, title: null}, {id: 2, title: ROT}]}
    expect: [{externalId: tag-1, name: Akut}, filtered, {name: ROT}]
"""


def test_a_record_that_becomes_several_has_a_list_of_expectations(project: Path) -> None:
    file = project / "mappings" / "projects.yaml"
    file.write_text(BOARDS)
    assert etl("test").exit_code == 0
    file.write_text(BOARDS.replace("{name: ROT}", "{name: RUT}"))
    failed = etl("test")
    assert failed.exit_code == 1
    assert "[2].name" in failed.stdout
    assert '"RUT"' in failed.stdout
    assert etl("test", "--update").exit_code == 0
    assert etl("test").exit_code == 0
    file.write_text(BOARDS.replace("{name: ROT}", "{nam: ROT}"))
    assert "no field 'nam' is mapped" in etl("validate").stdout


def test_the_librarys_tests_pass_without_any_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl("test", "builtin:blikk-to-dimesheets")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert etl("validate", "builtin:blikk-to-dimesheets").exit_code == 0


# --- what was stored -----------------------------------------------------------------------------


def test_runs_are_listed_and_shown_one_by_one(project: Path) -> None:
    assert etl("runs").stdout == "no runs yet\n"
    assert not (project / ".etl").exists()
    run = json.loads(etl("run", "--json").stdout)
    listed = json.loads(etl("runs", "--json").stdout)["runs"]
    assert [each["run_id"] for each in listed] == [run["run_id"]]
    assert json.loads(etl("runs", run["run_id"][:4], "--json").stdout) == run
    assert run["run_id"] in etl("runs").stdout
    assert "projects" in etl("runs", run["run_id"]).stdout
    assert etl("runs", "--html", "run.html").exit_code == 0
    assert run["run_id"] in (project / "run.html").read_text(encoding="utf-8")
    assert etl("runs", "zzzz").exit_code == 2


def test_rejects_are_kept_listed_and_shown(project: Path, sandbox: Sandbox) -> None:
    key = sandbox.add("blikk", "projects", title="", orderNumber=None)
    assert etl("run").exit_code == 1
    (listed,) = json.loads(etl("rejects", "list", "projects", "--json").stdout)["rejects"]
    assert (listed["key"], listed["field"]) == (str(key), "name")
    assert "1 open reject" in etl("rejects").stdout
    shown = etl("rejects", "show", "projects", str(key))
    assert shown.exit_code == 0
    assert "source record" in shown.stdout
    (full,) = json.loads(etl("rejects", "show", "projects", "--json").stdout)["rejects"]
    assert full["record"]["id"] == key
    assert etl("rejects", "show", "projects", "nope").exit_code == 2
    assert etl("rejects", "show", "nothing").exit_code == 2
    assert etl("rejects", "drop", "projects").exit_code == 2
    assert etl("rejects", "drop", "projects", str(key)).exit_code == 0
    assert etl("rejects").stdout == "no open rejects\n"


def test_the_state_is_shown_and_forgotten_only_when_that_is_confirmed(project: Path) -> None:
    etl("run")
    (known,) = json.loads(etl("state", "--json").stdout)["mappings"]
    assert known["known"] > 0
    refused = etl("state", "reset", "projects")
    assert refused.exit_code == 2
    assert "--yes" in refused.stderr
    assert etl("state", "reset", "projects", "--yes").exit_code == 0
    assert json.loads(etl("state", "show", "--json").stdout)["mappings"] == []


# --- check ---------------------------------------------------------------------------------------


def test_connections_that_work_are_said_to_work(project: Path) -> None:
    result = etl("check")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert {"blikk: works", "dimesheets: works"} <= {line.split(" (")[0] for line in result.stdout.splitlines()}


def test_a_connection_that_fails_says_why_in_words(project: Path, sandbox: Sandbox) -> None:
    file = project / "etl.yaml"
    file.write_text(file.read_text().replace("sandbox-secret", "wrong-secret-here"))
    result = etl("check", "blikk", "--json")
    assert result.exit_code == 1
    (blikk,) = json.loads(result.stdout)["connections"]
    assert (blikk["name"], blikk["works"]) == ("blikk", False)
    assert "the login was refused" in blikk["faults"][0]
    assert "connections.blikk.auth" in blikk["faults"][0]
    assert "wrong-secret-here" not in result.stdout
    assert etl("check", "blik").exit_code == 2


def test_a_missing_permission_is_named(project: Path, sandbox: Sandbox) -> None:
    sandbox.configure(missing_permissions={"Project_Read"})
    result = etl("check", "blikk")
    assert result.exit_code == 1
    assert "the permission project_read" in result.stdout.lower()


# --- catalogue, init -----------------------------------------------------------------------------


def test_the_catalogue_is_given_as_text_and_as_json() -> None:
    names = [each["name"] for each in json.loads(etl("connectors", "--json").stdout)["connectors"]]
    assert {"blikk", "dimesheets"} <= set(names)
    blikk = json.loads(etl("connectors", "blikk", "--json").stdout)
    assert blikk["name"] == "blikk"
    projects = next(each for each in blikk["endpoints"] if each["name"] == "projects")
    assert projects["operations"]["list"]["method"] == "GET"
    assert projects["fields"]["id"]["type"] == "integer"
    assert [each["name"] for each in json.loads(etl("connectors", "blikk", "users", "--json").stdout)["endpoints"]] == [
        "users"
    ]
    assert "list  GET" in etl("connectors", "blikk", "projects").stdout
    assert "did you mean 'blikk'?" in etl("connectors", "blik").stderr
    assert "did you mean 'projects'?" in etl("connectors", "blikk", "project").stderr


def test_a_new_project_runs_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = etl("init", "acme")
    assert made.exit_code == 0, made.stderr
    (tmp_path / "acme" / ".env").write_text((tmp_path / "acme" / ".env.example").read_text())
    monkeypatch.chdir(tmp_path / "acme")
    assert etl("validate").exit_code == 0
    ran = etl_process("run", "--sandbox", "--select", "projects", "--json", cwd=tmp_path / "acme")
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["mappings"][0]["written"] > 0


PAIRS = sorted(folder.name for folder in library().iterdir() if folder.is_dir())


@pytest.mark.parametrize("pair", PAIRS)
def test_a_new_project_is_valid_and_tested_whatever_it_moves(
    pair: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source, target = pair.split("-to-")
    assert etl("init", "acme", "--from", source, "--to", target).exit_code == 0
    monkeypatch.chdir(tmp_path / "acme")
    Path(".env.example").rename(".env")
    assert "no problems" in etl("validate").stdout
    assert etl("test").exit_code == 0


def test_what_only_fits_the_sandbox_lies_in_the_new_project_for_all_to_see(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert etl("init", "acme", "--from", "dimesheets", "--to", "blikk").exit_code == 0
    monkeypatch.chdir(tmp_path / "acme")
    assert "`lookups/sandbox-tasks.csv` and `lookups/sandbox-users.csv`" in Path("README.md").read_text()
    assert "\nTIME_FROM=2025-11-15\n" in Path(".env.example").read_text()
    assert "lookups/sandbox-users.csv" in etl("show", "mappings/time-reports.yaml").stdout


def test_a_new_project_overwrites_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "README.md").write_text("mine")
    result = etl("init", ".")
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
    assert (tmp_path / "README.md").read_text() == "mine"


def test_a_new_project_says_what_comes_next_from_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert etl("init", "acme").stderr == "next: cd acme && etl run --sandbox\n"
    (tmp_path / "bolt").mkdir()
    monkeypatch.chdir(tmp_path / "bolt")
    assert etl("init", ".").stderr == "next: etl run --sandbox\n"


def test_a_pair_that_the_library_does_not_have_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = etl("init", "acme", "--from", "dimesheets", "--to", "dimesheets")
    assert result.exit_code == 2
    assert "the library has no mappings from dimesheets to dimesheets — it has blikk to" in result.stderr


def test_a_merged_mapping_is_shown_with_the_origin_of_each_value(project: Path) -> None:
    (project / "mappings" / "mine.yaml").write_text(f"version: 1\nname: mine\nextends: {LIBRARY}\n")
    text = etl("show", "mappings/mine.yaml").stdout
    assert "# mappings/mine.yaml:2" in text
    assert "blikk-to-dimesheets/projects.yaml:" in text
    values = json.loads(etl("show", "mappings/mine.yaml", "--json").stdout)["values"]
    assert {"path": ["name"], "value": "mine", "file": "mappings/mine.yaml", "line": 2} in values


def test_the_mappings_are_drawn(project: Path) -> None:
    assert '["projects"]' in etl("graph").stdout
    assert etl("graph", "-o", "graph.svg").exit_code == 0
    assert (project / "graph.svg").read_text(encoding="utf-8").startswith("<svg")


# --- sandbox -------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="a signal to another process is a POSIX thing")
def test_the_sandbox_prints_its_connections_and_serves_until_it_is_told_to_end(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "etl", "sandbox", "--json"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )
    assert process.stderr
    assert "serving" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert {"blikk", "dimesheets"} <= set(json.loads(out)["connections"])


def test_a_chaos_profile_that_does_not_exist_lists_those_that_do(tmp_path: Path) -> None:
    result = etl("sandbox", "--chaos", "nope")
    assert result.exit_code == 2
    assert "flaky" in result.stderr
