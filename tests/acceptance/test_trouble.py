"""What goes wrong on the way to the systems: one message with what, where, why and what to do; never a traceback."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from click.testing import Result
from syrupy.assertion import SnapshotAssertion

from etl.sandbox import Rule, Sandbox
from tests.support.background import background
from tests.support.projects import FAST, PROJECTS, Folder, adds_up, plain, project, to_sandbox
from tests.support.serving import Served, raw_server, serving
from tests.support.tls import authority, server_tls

QUICK = {"attempts": 2, "seconds": 0.2}
HOPEFUL = {"attempts": 4, "seconds": 1}


def told(result: Result, folder: Folder) -> str:
    """All that a user reads beside the table of counts; without a traceback, whatever happened."""
    text = result.stdout + result.stderr
    assert "Traceback" not in text
    assert "fault of the engine" not in text
    for line in (folder.path / ".env").read_text().splitlines():
        assert line.partition("=")[2] not in text
    table, _, notes = text.partition("\n\n")
    shown = plain(notes if "──" in table else text, folder)
    return shown.replace(", held back SECONDS by its rate limit", "")  # told only where a busy machine waited long


@pytest.fixture
def one(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """One mapping, projects to projects, whose connections give up soon."""
    return to(sandbox, tmp_path)


def to(sandbox: Sandbox, path: Path, **changes: Mapping[str, Any]) -> Folder:
    usual = {name: {"retry": QUICK, **changes.get(name, {})} for name in ("blikk", "dimesheets")}
    return project(path, to_sandbox(sandbox, **usual), projects=PROJECTS)


# --- credentials and permissions -----------------------------------------------------------------


def test_a_secret_that_blikk_refuses(one: Folder, snapshot: SnapshotAssertion) -> None:
    result = one.etl("run", env={"BLIKK_APP_SECRET": "wrong-secret-7"})
    assert result.exit_code == 3
    assert told(result, one) == snapshot


def test_a_key_that_dimesheets_refuses(one: Folder, snapshot: SnapshotAssertion) -> None:
    result = one.etl("run", env={"DIMESHEETS_API_KEY": "wrong-key-7"})
    assert result.exit_code == 3
    assert told(result, one) == snapshot


def test_a_credential_that_is_not_set(one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    one.write(".env", "BLIKK_APP_ID=sandbox-app\nDIMESHEETS_API_KEY=sandbox-key\n")
    result = one.etl("run")
    assert result.exit_code == 2
    assert told(result, one) == snapshot
    assert sandbox.requests() == []


def test_a_permission_that_is_missing(one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    sandbox.configure(missing_permissions=["Project_Read"])
    result = one.etl("run")
    assert result.exit_code == 3
    assert told(result, one) == snapshot


def test_an_address_that_may_not_come_in(one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    sandbox.configure(refuse_ip=True)
    result = one.etl("run")
    assert result.exit_code == 3
    assert told(result, one) == snapshot


def test_a_token_that_is_revoked_in_the_middle_is_renewed_once(tmp_path: Path, sandbox: Sandbox) -> None:
    for number in range(100):
        sandbox.add("blikk", "projects", title=f"Etapp {number}")
    sandbox.misbehave(Rule("revoke", api="blikk", path="/Core/Projects", nth=2))
    report = to(sandbox, tmp_path).run()
    assert [entry.path for entry in sandbox.requests("blikk")].count("/v1/Auth/Token") == 2
    assert report["mappings"][0]["written"] == len(sandbox.records("blikk", "projects"))


# --- no way there --------------------------------------------------------------------------------


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_host_where_nothing_listens(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder = to(sandbox, tmp_path, blikk={"base_url": f"http://127.0.0.1:{unused_port()}", "retry": QUICK})
    result = folder.etl("run")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


def test_a_host_that_does_not_exist(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder = to(sandbox, tmp_path, blikk={"base_url": "https://no-such-host.invalid", "retry": QUICK})
    result = folder.etl("run")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


def test_a_host_that_never_answers(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    async def never(request: web.Request) -> web.Response:
        await asyncio.sleep(30)
        return web.Response()

    with background(serving(never)) as silent:
        folder = to(sandbox, tmp_path, blikk={"base_url": silent.url, "retry": QUICK, "timeout": "500ms"})
        result = folder.etl("run")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


@pytest.mark.parametrize("trusted", [True, False], ids=["of another host", "of an unknown authority"])
def test_a_certificate(trusted: bool, tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    made = authority(tmp_path)
    tls = server_tls(made, "publicapi.blikk.example" if trusted else "127.0.0.1")

    async def answer(request: web.Request) -> web.Response:
        return web.json_response({})

    with background(serving(answer, tls)) as served:
        block = {"base_url": served.url, "retry": QUICK} | ({"ca_file": str(made.file)} if trusted else {})
        folder = to(sandbox, tmp_path / "acme", blikk=block)
        result = folder.etl("run")
        assert served.requests == []
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


def test_a_plain_address_beyond_this_machine(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder = to(sandbox, tmp_path, blikk={"base_url": "http://publicapi.blikk.example"})
    result = folder.etl("run")
    assert result.exit_code == 2
    assert told(result, folder) == snapshot


def test_a_redirect_to_another_place_carries_no_credentials(
    tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    async def away(request: web.Request) -> web.Response:
        raise web.HTTPFound("https://collector.example/v1")

    with background(serving(away)) as served:
        folder = to(sandbox, tmp_path, blikk={"base_url": served.url, "retry": QUICK})
        result = folder.etl("run")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


# --- answers that are none -----------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["html", "502", "503", "500", "reset", "truncated", "cut-json", "empty"])
def test_pages_that_stay_broken(fault: str, one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    sandbox.misbehave(Rule(fault, api="blikk", path="/Core/Projects"))
    result = one.etl("run")
    assert result.exit_code == 3
    assert told(result, one) == snapshot
    assert len([entry for entry in sandbox.requests("blikk") if "Projects" in entry.path]) == QUICK["attempts"]


@pytest.mark.parametrize("fault", ["html", "502", "503", "500", "reset", "truncated", "cut-json", "empty", "penalty"])
def test_pages_that_heal(fault: str, tmp_path: Path, sandbox: Sandbox) -> None:
    for number in range(200):
        sandbox.add("blikk", "projects", title=f"Etapp {number}")
    sandbox.misbehave(Rule(fault, api="blikk", path="/Core/Projects", nth=2, seconds=0.1))
    report = to(sandbox, tmp_path, blikk={"retry": HOPEFUL}).run()
    counts = report["connections"]["blikk"]
    assert counts["retries"] >= 1
    assert counts["throttled"] == (counts["retries"] if fault == "penalty" else 0)
    assert report["mappings"][0]["written"] == len(sandbox.records("blikk", "projects"))


def test_what_was_read_before_the_trouble_is_written_and_the_next_run_goes_on(tmp_path: Path, sandbox: Sandbox) -> None:
    for number in range(200):
        sandbox.add("blikk", "projects", title=f"Etapp {number}")
    folder = to(sandbox, tmp_path)
    sandbox.misbehave(*(Rule("502", api="blikk", path="/Core/Projects", nth=number) for number in range(2, 9)))
    broken = folder.run(code=3)["mappings"][0]
    assert (broken["status"], broken["written"] > 0, adds_up(broken)) == ("failed", True, True)
    sandbox.behave()
    mended = folder.run()["mappings"][0]
    assert mended["unchanged"] == broken["written"]
    assert mended["read"] == len(sandbox.records("blikk", "projects")) == broken["written"] + mended["written"]


def test_a_page_without_its_records(one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    sandbox.misbehave(Rule("no-items", api="blikk", path="/Core/Projects"))
    result = one.etl("run")
    assert result.exit_code == 3
    assert told(result, one) == snapshot


def test_a_login_that_answers_with_a_web_page(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    page = b"<html><body>Sign in</body></html>"
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s" % (len(page), page)
    with background(raw_server(answer)) as url:
        folder = to(sandbox, tmp_path, blikk={"base_url": url, "retry": QUICK})
        result = folder.etl("run")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot


def test_a_mapping_that_depends_on_a_failed_one_does_not_run(acme: Folder, sandbox: Sandbox) -> None:
    sandbox.configure(missing_permissions=["Project_Read"])
    report = acme.run(code=3)
    status = {each["name"]: each["status"] for each in report["mappings"]}
    assert status == {"employees": "succeeded", "projects": "failed", "tasks": "failed"}
    assert "projects" in next(each["error"] for each in report["mappings"] if each["name"] == "tasks")
    assert [entry for entry in sandbox.requests("blikk") if "/Tasks" in entry.path] == []


# --- records that the target refuses -------------------------------------------------------------

TASKS = """\
version: 1
name: tasks
source: {connection: blikk, endpoint: tasks}
fields:
  externalId: "concat('blikk-task-', id)"
  projectExternalId: "concat('ds-project-', id)"
  name: title
  description: {const: null}
  estimatedHours: estimate
  isBillable: true
target: {connection: dimesheets, endpoint: tasks}
"""
"""Only one in 120 of these tasks has a project there."""


def test_records_that_are_refused_one_by_one(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), tasks=TASKS)
    result = folder.etl("run", "--limit", "3")
    assert result.exit_code == 1
    assert told(result, folder) == snapshot
    listed = folder.etl("rejects", "list", "tasks")
    assert listed.exit_code == 0
    assert told(listed, folder) == snapshot


@contextmanager
def strict_target(status: int) -> Iterator[Served]:
    """A Dime.Sheets that refuses a whole request for one project whose name it does not like."""

    async def upsert(request: web.Request) -> web.Response:
        items = await request.json()
        if any("asbest" in item["name"] for item in items):
            return web.json_response({"title": "One or more names are not allowed."}, status=status)
        results = [{"externalId": item["externalId"], "success": True, "error": None} for item in items]
        return web.json_response({"total": len(items), "succeeded": len(items), "results": results})

    server: AbstractAsyncContextManager[Served] = serving(upsert)
    with background(server) as served:
        yield served


@pytest.mark.parametrize("status", [400, 413, 422, 500])
def test_a_batch_that_is_refused_whole_is_halved_until_the_record_at_fault_stands_alone(
    status: int, tmp_path: Path, sandbox: Sandbox
) -> None:
    bad = sandbox.add("blikk", "projects", title="Sanera asbest")
    with strict_target(status) as served:
        retry = {"attempts": 1}
        folder = to(sandbox, tmp_path, dimesheets={"base_url": served.url, "retry": retry, "throttle": FAST})
        counts = folder.run(code=1)["mappings"][0]
    assert counts["rejected"] == 1
    assert counts["written"] == counts["read"] - 1 > 20
    (reject,) = json.loads(folder.etl("rejects", "list", "--json").stdout)["rejects"]
    assert (reject["key"], reject["mapping"]) == (str(bad), "projects")
    assert "names are not allowed" in reject["reason"]


def test_a_target_that_is_down_ends_the_run_instead_of_rejecting_everything(
    one: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    sandbox.misbehave(Rule("500", api="dimesheets"))
    result = one.etl("run")
    assert result.exit_code == 3
    assert told(result, one) == snapshot
    assert json.loads(one.etl("rejects", "list", "--json").stdout)["rejects"] == []
    assert len(sandbox.requests("dimesheets")) < 20


def test_more_rejects_than_allowed_stop_the_run(tmp_path: Path, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), tasks=TASKS + "limits: {max_rejects: 10%}\n")
    result = folder.etl("run", "--limit", "100")
    assert result.exit_code == 3
    assert told(result, folder) == snapshot
