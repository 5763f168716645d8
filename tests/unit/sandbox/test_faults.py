"""Faults on demand: what each of them looks like to a client, and which requests it strikes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from etl.errors import UsageError
from etl.sandbox import FAULTS, PROFILES, Rule, Sandbox
from etl.sandbox.faults import Faults

TASKS = "/v1/Core/Tasks"
COMMENTS = f"{TASKS}/10001/Comments"


def comments(sandbox: Sandbox) -> int:
    return len(sandbox.records("blikk", "task_comments"))


@pytest.mark.parametrize(("fault", "status"), [("500", 500), ("502", 502), ("503", 503)])
def test_a_server_error_before_anything_was_done(
    sandbox: Sandbox, blikk: httpx.Client, fault: str, status: int
) -> None:
    before = comments(sandbox)
    sandbox.misbehave(Rule(fault, method="POST", times=1))
    assert blikk.post(COMMENTS, json={"text": "x"}).status_code == status
    assert comments(sandbox) == before
    assert blikk.post(COMMENTS, json={"text": "x"}).status_code == 200


def test_a_500_has_blikks_request_id_and_a_502_a_gateways_page(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("500", nth=1), Rule("502", nth=2), Rule("503", nth=3))
    internal, gateway, restarting = (blikk.get(TASKS, params={"page": 1}) for _ in range(3))
    assert internal.json()["requestId"].startswith("r-")
    assert gateway.headers["Content-Type"].startswith("text/html")
    assert restarting.content == b""


@pytest.mark.parametrize(("fault", "applied"), [("reset", 0), ("reset-after", 1)])
def test_a_connection_that_is_reset_before_or_after_a_write_was_applied(
    sandbox: Sandbox, blikk: httpx.Client, fault: str, applied: int
) -> None:
    before = comments(sandbox)
    sandbox.misbehave(Rule(fault, api="blikk", method="POST"))
    with pytest.raises(httpx.TransportError):
        blikk.post(COMMENTS, json={"text": "x"})
    assert comments(sandbox) == before + applied
    assert sandbox.requests("blikk")[-1].status == 0


def test_a_500_although_the_write_was_applied(sandbox: Sandbox, blikk: httpx.Client) -> None:
    before = comments(sandbox)
    sandbox.misbehave(Rule("500-after", method="POST"))
    assert blikk.post(COMMENTS, json={"text": "x"}).status_code == 500
    assert comments(sandbox) == before + 1


def test_bodies_that_are_not_what_they_claim_to_be(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("empty", nth=1), Rule("html", nth=2), Rule("cut-json", nth=3), Rule("truncated", nth=4))
    empty, html, cut = (blikk.get(TASKS, params={"page": 1}) for _ in range(3))
    assert (empty.status_code, empty.content) == (200, b"")
    assert (html.status_code, html.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert cut.status_code == 200
    with pytest.raises(ValueError, match=r"JSON|Unterminated|Expecting|delimiter"):
        cut.json()
    with pytest.raises(httpx.RemoteProtocolError):
        blikk.get(TASKS, params={"page": 1})


@pytest.mark.parametrize("fault", ["reset-after", "500-after", "truncated", "cut-json", "empty", "html"])
def test_what_was_refused_is_never_told_as_if_it_had_been_carried_out(
    sandbox: Sandbox, blikk: httpx.Client, fault: str
) -> None:
    before = comments(sandbox)
    sandbox.misbehave(Rule("revoke", nth=1), Rule(fault, nth=1))
    assert blikk.post(COMMENTS, json={"text": "x"}).status_code == 401
    assert comments(sandbox) == before


def test_latency_and_jitter_only_cost_time(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("latency", seconds=0.05), Rule("jitter", seconds=0.01))
    answer = blikk.get(TASKS, params={"page": 1})
    assert answer.status_code == 200
    assert sandbox.requests("blikk")[-1].fault == "latency, jitter"


def test_what_is_held_up_goes_on_when_the_faults_end(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("latency", seconds=600.0))
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(blikk.get, TASKS, params={"page": 1}, timeout=60)
        while sandbox.held() == 0:
            time.sleep(0.01)
        sandbox.behave()
        assert answer.result().status_code == 200
    assert sandbox.held() == 0


def test_revoked_tokens_in_the_middle(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("revoke", path=TASKS, nth=2))
    assert [blikk.get(TASKS, params={"page": 1}).status_code for _ in range(3)] == [200, 401, 401]


def test_a_penalty_refuses_the_token_for_longer_than_the_documents_say(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("penalty", path=TASKS, nth=1, seconds=30.0))
    first, second = (blikk.get(TASKS, params={"page": 1}) for _ in range(2))
    assert (first.status_code, first.json(), first.headers["Retry-After"]) == (429, {"waitInSeconds": 30}, "30")
    assert second.status_code == 429
    assert 0 < int(second.headers["Retry-After"]) <= 30


def read_all(blikk: httpx.Client, path: str, pages: int) -> list[Any]:
    return [blikk.get(path, params={"page": page + 1, "pageSize": 50}).json() for page in range(pages)]


def test_records_drift_between_the_pages_and_the_journal_tells_which(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(*(Rule(kind, path=TASKS, nth=2) for kind in ("insert", "delete", "update")))
    pages = read_all(blikk, TASKS, 3)
    changes = sandbox.summary()["changes"]
    assert [change["change"] for change in changes] == ["insert", "delete", "update"]
    stored = {task["id"]: task for task in sandbox.records("blikk", "tasks")}
    inserted, deleted, updated = (change["key"] for change in changes)
    assert inserted in stored
    assert deleted not in stored
    assert stored[updated]["updatedDate"] is not None
    assert pages[0]["totalItemCount"] == pages[1]["totalItemCount"] == 120
    assert {item["id"] for page in pages for item in page["items"]} != set(stored)


def test_totals_that_lie_stand_beside_the_right_records(sandbox: Sandbox, blikk: httpx.Client) -> None:
    honest = read_all(blikk, TASKS, 3)
    sandbox.misbehave(Rule("lying-totals", path=TASKS), Rule("early-end", path=TASKS, nth=1))
    lying = read_all(blikk, TASKS, 3)
    assert [page["items"] for page in lying] == [page["items"] for page in honest]
    assert lying[0]["totalPages"] == 1
    assert {page["totalItemCount"] for page in lying} != {120}


def test_a_list_without_end_repeats_its_last_page(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("endless", path=TASKS))
    pages = read_all(blikk, TASKS, 6)
    assert [page["page"] for page in pages] == [1, 2, 3, 4, 5, 6]
    assert pages[3]["items"] == pages[5]["items"] == pages[2]["items"]
    assert pages[5]["totalPages"] == 7


def test_a_repeated_page_comes_under_the_number_that_was_asked_for(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("repeat", path=TASKS, nth=2))
    first, second, third = read_all(blikk, TASKS, 3)
    assert second["items"] == first["items"]
    assert second["page"] == 2
    assert third["items"] != first["items"]


def test_a_page_without_its_records(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.misbehave(Rule("no-items", path=TASKS))
    assert "items" not in blikk.get(TASKS, params={"page": 1}).json()


def test_the_target_misbehaves_as_well(sandbox: Sandbox, sheets: httpx.Client) -> None:
    item = {"externalId": "p-1", "name": "x"}
    sandbox.misbehave(Rule("500-after", api="dimesheets", nth=1), Rule("penalty", api="dimesheets", nth=2, seconds=3.0))
    assert sheets.post("/api/v1/integration/projects", json=[item]).status_code == 500
    assert any(project["externalId"] == "p-1" for project in sandbox.records("dimesheets", "projects"))
    assert sheets.post("/api/v1/integration/projects", json=[item]).headers["Retry-After"] == "3"


def struck(rule: Rule, requests: int, seed: int = 0) -> list[int]:
    faults = Faults([rule], seed)
    return [n for n in range(1, requests + 1) if faults.strike("blikk", "GET", TASKS).faults]


def test_a_rule_picks_the_nth_every_nth_or_some_requests() -> None:
    assert struck(Rule("500", nth=3), 9) == [3]
    assert struck(Rule("500", every=3), 9) == [3, 6, 9]
    assert struck(Rule("500", every=2, times=2), 9) == [2, 4]
    assert struck(Rule("500", times=1), 9) == [1]
    assert struck(Rule("500", api="dimesheets"), 9) == []
    assert struck(Rule("500", method="POST"), 9) == []
    assert struck(Rule("500", path=r"Projects$"), 9) == []
    assert struck(Rule("500", path=r"(Projects|Tasks)$", nth=1), 9) == [1]


def test_chance_is_the_same_for_the_same_seed() -> None:
    rule = Rule("500", probability=0.3)
    assert struck(rule, 200, seed=7) == struck(rule, 200, seed=7)
    assert struck(rule, 200, seed=7) != struck(rule, 200, seed=8)
    assert 30 < len(struck(rule, 200)) < 90


@pytest.mark.parametrize(
    "wrong", [{"fault": "fire"}, {"fault": "500", "path": "("}, {"fault": "500", "sometimes": 1}, {}]
)
def test_a_rule_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Rule.from_json(wrong)


def test_a_profile_that_does_not_exist_is_refused_with_those_that_do() -> None:
    with pytest.raises(UsageError, match="storm"):
        Sandbox(chaos="nope")


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_a_sentence_and_does_something(name: str) -> None:
    profile = PROFILES[name]
    assert profile.sentence.endswith(".")
    faults = Faults(profile.rules, seed=1)
    requests = [("blikk", "GET", TASKS), ("dimesheets", "POST", "/api/v1/integration/projects")] * 300
    hits = {fault for request in requests for fault in faults.strike(*request).faults}
    assert hits == {rule.fault for rule in profile.rules}
    assert hits <= FAULTS.keys()


def test_every_profile_runs_on_real_requests_and_never_breaks_the_sandbox_itself() -> None:
    with Sandbox(small=True, throttle=False) as sandbox:
        sandbox.misbehave(*(Rule(fault, every=5 + place) for place, fault in enumerate(FAULTS) if fault != "latency"))
        connection = sandbox.connections["blikk"]
        auth = (connection["auth"]["app_id"], connection["auth"]["app_secret"])
        with httpx.Client(base_url=connection["base_url"]) as client:
            for number in range(300):
                path, params = (TASKS, {"page": str(number % 3 + 1)}) if number % 4 else ("/v1/Auth/Token", {})
                try:
                    answer = client.request("GET" if number % 4 else "POST", path, params=params, auth=auth)
                except httpx.TransportError:
                    continue
                if "accessToken" in answer.text and answer.text.endswith("}"):
                    client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        assert sandbox.records("blikk", "tasks")
        assert sandbox.summary()["apis"]["blikk"]["requests"] == 300
