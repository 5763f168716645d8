"""Looking into the sandbox and turning its screws, in Python and over HTTP."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from etl.errors import UsageError
from etl.sandbox import Sandbox

TASKS = "/v1/Core/Tasks"


def test_connections_say_where_each_api_is_and_with_which_credentials(sandbox: Sandbox) -> None:
    found = sandbox.connections
    assert set(found) == {"blikk", "dimesheets", "dimescheduler"}
    assert len({connection["base_url"] for connection in found.values()}) == 3
    assert all(connection["base_url"].startswith("http://127.0.0.1:") for connection in found.values())
    assert set(found["blikk"]["auth"]) == {"app_id", "app_secret"}
    assert set(found["dimesheets"]["auth"]) == {"api_key"}
    assert set(found["dimescheduler"]["auth"]) == {"username", "password"}


def test_requests_are_counted_and_kept_with_time_and_body(
    sandbox: Sandbox, blikk: httpx.Client, sheets: httpx.Client
) -> None:
    sandbox.forget_requests()
    blikk.get(TASKS, params={"page": 1, "filter.taskIds": "10001"})
    sheets.post("/api/v1/integration/projects", json=[{"externalId": "p"}])
    first, second = sandbox.requests()
    assert (first.api, first.method, first.path, first.status) == ("blikk", "GET", TASKS, 200)
    assert first.query == {"page": "1", "filter.taskids": "10001"}
    assert (second.api, second.body) == ("dimesheets", [{"externalId": "p"}])
    assert 0 <= second.at - first.at < 60
    assert sandbox.requests("blikk") == [first]
    summary = sandbox.summary(last=1)
    assert summary["apis"]["blikk"] == {"requests": 1, "throttled": 0, "statuses": {"200": 1}}
    assert [entry["api"] for entry in summary["last"]] == ["dimesheets"]


def test_a_record_changed_at_the_source_moves_its_updated_moment(sandbox: Sandbox, blikk: httpx.Client) -> None:
    key = sandbox.add("blikk", "projects", title="Nytt", customerId=101)
    project = next(row for row in sandbox.records("blikk", "projects") if row["id"] == key)
    assert (project["title"], project["customer"]["id"], project["updated"]) == ("Nytt", 101, None)
    sandbox.change("blikk", "projects", key, title="Nyare")
    project = next(row for row in sandbox.records("blikk", "projects") if row["id"] == key)
    assert (project["title"], bool(project["updated"])) == ("Nyare", True)
    sandbox.remove("blikk", "projects", key)
    assert key not in {row["id"] for row in sandbox.records("blikk", "projects")}


@pytest.mark.parametrize("api", ["blikk", "dimesheets", "dimescheduler"])
def test_every_resource_can_be_looked_at_added_to_changed_and_deleted_from(sandbox: Sandbox, api: str) -> None:
    base = sandbox.connections[api]["base_url"]
    for resource in httpx.get(f"{base}/_sandbox").json()[api]:
        if resource in ("employees", "task_comments", "task_checklists", "task_attachments"):
            continue
        before = len(sandbox.records(api, resource))
        key = sandbox.add(api, resource)
        assert len(sandbox.records(api, resource)) == before + 1, resource
        sandbox.change(api, resource, key)
        sandbox.remove(api, resource, key)
        assert len(sandbox.records(api, resource)) == before, resource


def test_a_record_that_was_added_can_be_read_over_the_api(sandbox: Sandbox, blikk: httpx.Client) -> None:
    for resource, path in (("contacts", "/v1/Core/Contacts"), ("users", "/v1/Admin/Users")):
        key = sandbox.add("blikk", resource)
        assert blikk.get(f"{path}/{key}").json()["id"] == key
    for resource in ("task_comments", "task_checklists", "task_attachments"):
        key = sandbox.add("blikk", resource, taskId=10_001)
        child = resource.removeprefix("task_").capitalize()
        items = blikk.get(f"{TASKS}/10001/{child}", params={"page": 1, "pageSize": 100}).json()["items"]
        assert key in {item["id"] for item in items}


@pytest.mark.parametrize(
    ("work", "says"),
    [
        (lambda box: box.records("fortnox", "tasks"), "no API 'fortnox'"),
        (lambda box: box.records("blikk", "invoices"), "no 'invoices'"),
        (lambda box: box.change("blikk", "tasks", 1), "no record 1"),
        (lambda box: box.remove("blikk", "tasks", 1), "no record 1"),
        (lambda box: box.configure(colour="red"), "no setting 'colour'"),
        (lambda box: box.configure(throttle="sometimes"), "'sometimes' is no value"),
    ],
)
def test_what_does_not_exist_is_said_in_words(sandbox: Sandbox, work: Any, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        work(sandbox)


def test_all_of_it_goes_over_http_too(sandbox: Sandbox, blikk: httpx.Client) -> None:
    base = f"{sandbox.connections['dimesheets']['base_url']}/_sandbox"
    with httpx.Client(base_url=base) as desk:
        assert desk.get("/records/blikk/countries").json()[0]["name"] == "Sverige"
        key = desk.post("/records/blikk/countries", json={"name": "Island"}).json()["key"]
        desk.post(f"/records/blikk/countries/{key}", json={"name": "Ísland"})
        assert desk.get("/records/blikk/countries").json()[-1]["name"] == "Ísland"
        desk.post(f"/records/blikk/countries/{key}", json=None, headers={"Content-Type": "application/json"})
        desk.post(f"/records/blikk/countries/{key}", content=b"null")
        assert key not in {row["id"] for row in desk.get("/records/blikk/countries").json()}
        desk.post("/settings", json={"missing_permissions": ["Task_Read"]})
        assert desk.get("/settings").json()["missing_permissions"] == ["Task_Read"]
        assert blikk.get(TASKS, params={"page": 1}).status_code == 403
        desk.post("/chaos", json={"rules": [{"fault": "503", "path": "Contacts"}]})
        assert blikk.get("/v1/Core/Contacts", params={"page": 1}).status_code == 503
        desk.post("/behave")
        assert blikk.get("/v1/Core/Contacts", params={"page": 1}).status_code == 200
        assert "storm" in desk.get("/chaos").json()["profiles"]
        assert desk.get("/requests", params={"last": 1}).json()["apis"]["blikk"]["statuses"]["503"] == 1
        assert desk.post("/revoke").json() == 1
        assert blikk.get(TASKS, params={"page": 1}).status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/nope"),
        ("GET", "/records/blikk/nope"),
        ("POST", "/nope"),
        ("DELETE", "/records/blikk/tasks/1"),
        ("GET", "/requests?last=x"),
    ],
)
def test_a_wrong_request_to_the_desk_is_a_400_with_a_sentence(sandbox: Sandbox, method: str, path: str) -> None:
    base = f"{sandbox.connections['blikk']['base_url']}/_sandbox"
    answer = httpx.request(method, base + path)
    assert answer.status_code == 400
    assert answer.json()["message"]


def test_a_reset_brings_back_the_first_day(sandbox: Sandbox, blikk: httpx.Client) -> None:
    before = sandbox.records("blikk", "projects")
    sandbox.add("blikk", "projects")
    sandbox.configure(refuse_ip=True, throttle="sliding")
    sandbox.misbehave(chaos="endless")
    sandbox.reset()
    assert sandbox.records("blikk", "projects") == before
    assert sandbox.requests() == []
    assert blikk.get(TASKS, params={"page": 1}).status_code == 200


def test_a_port_that_is_taken_is_said_in_words(sandbox: Sandbox) -> None:
    port = int(sandbox.connections["blikk"]["base_url"].rpartition(":")[2])
    with pytest.raises(UsageError, match=f"can't listen on 127.0.0.1:{port}"), Sandbox(ports={"blikk": port}):
        pass


def test_a_sandbox_that_is_not_running_says_so() -> None:
    box = Sandbox(small=True)
    with box:
        pass
    with pytest.raises(UsageError, match="not running"):
        box.summary()


WRITER = """
import sys, httpx
from pathlib import Path
from etl.sandbox import Sandbox
with Sandbox(Path(sys.argv[1]), small=True) as sandbox:
    connection = sandbox.connections["dimesheets"]
    client = httpx.Client(base_url=connection["base_url"], headers={"X-API-KEY": connection["auth"]["api_key"]})
    for number in range(100_000):
        client.post("/api/v1/integration/projects", json=[{"externalId": f"p-{number}", "name": "x"}])
        print(number, flush=True)
"""


def test_what_was_answered_survives_kill_9_and_the_next_start_finds_it(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        last = -1
        while last < 20:
            last = int(writer.stdout.readline())
        writer.kill()
    with Sandbox(tmp_path, small=True) as sandbox:
        keys = {record["externalId"] for record in sandbox.records("dimesheets", "projects")}
        assert {f"p-{number}" for number in range(last + 1)} <= keys


def test_a_second_start_finds_what_the_first_wrote_and_makes_nothing_up_again(tmp_path: Path) -> None:
    with Sandbox(tmp_path, small=True) as sandbox:
        key = sandbox.add("blikk", "contacts", name="Kvar")
        sandbox.remove("blikk", "contacts", 101)
    with Sandbox(tmp_path, small=True) as sandbox:
        names = {row["id"]: row["name"] for row in sandbox.records("blikk", "contacts")}
        assert names[int(key)] == "Kvar"
        assert 101 not in names


def test_two_sandboxes_may_share_a_folder(tmp_path: Path) -> None:
    with Sandbox(tmp_path, small=True) as one, Sandbox(tmp_path, small=True) as two:
        first = one.add("blikk", "countries", name="Island")
        second = two.add("blikk", "countries", name="Malta")
        assert first != second
        assert one.records("blikk", "countries") == two.records("blikk", "countries")
        assert one.records("blikk", "countries")[-1]["name"] == "Malta"
