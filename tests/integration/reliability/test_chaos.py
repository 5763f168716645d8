"""On a bad day a run ends right or says what to do; after a good one the target holds what the source does, once."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl.sandbox import Sandbox
from etl.sandbox.faults import Rule
from etl.sandbox.pages import DRIFT
from etl.sandbox.profiles import PROFILES, profile_rules
from tests.support.projects import Folder, adds_up, library, project, to_sandbox

REPORTS = """\
version: 1
name: reports
source: {connection: local, endpoint: reports.jsonl, key: id}
fields:
  {date: date, userId: user, projectId: project, hours: hours, invoiceableHours: hours, comment: text,
   activityId: activity, timeCodeId: code, timeArticleId: article}
target: {connection: blikk, endpoint: time_reports, operation: create}
"""
CONTACTS = """\
version: 1
name: contacts
source: {connection: local, endpoint: contacts.jsonl, key: no}
fields: {customerNumber: no, name: name, contactType: "`company`", responsibleId: 1}
target: {connection: blikk, endpoint: contacts}
"""
PATIENT = {"retry": {"attempts": 5, "seconds": 0.3}}
"""Many tries, little waiting."""


def quickened(profile: str) -> list[Rule]:
    """The profile's rules with waits that a test can afford."""
    return [replace(rule, seconds=min(rule.seconds, 0.1)) for rule in profile_rules(profile)]


@pytest.fixture(autouse=True)
def _no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sandbox has done what it does by the time its answer is lost."""
    from etl.writers import once

    monkeypatch.setattr(once, "GRACE", once.GRACE * 0)


def disturbed(folder: Folder, runs: int = 2) -> list[dict[str, Any]]:
    """Runs on a bad day: each ends with an exit code of the contract, accounts for all, and says what stopped it."""
    reports = []
    for _ in range(runs):
        result = folder.etl("run", "--json")
        assert result.exit_code in (0, 1, 3), result.stderr
        report = json.loads(result.stdout)
        for mapping in report["mappings"]:
            assert adds_up(mapping)
            assert mapping["status"] != "failed" or " — " in mapping["error"] or "not run" in mapping["error"]
        reports.append(report)
    return reports


def expected(sandbox: Sandbox) -> dict[str, Any]:
    """What the main job makes of the source as it is now."""
    ongoing = [each for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"]]
    kept = {each["id"] for each in ongoing}
    tasks = [each for each in sandbox.records("blikk", "tasks") if each["project"] and each["project"]["id"] in kept]
    return {f"blikk-project-{each['id']}": each["title"] or each["orderNumber"] for each in ongoing} | {
        f"blikk-task-{each['id']}": each["title"] for each in tasks
    }


def arrived(sandbox: Sandbox) -> dict[str, Any]:
    records = [*sandbox.records("dimesheets", "projects"), *sandbox.records("dimesheets", "tasks")]
    assert set(Counter(each["externalId"] for each in records).values()) == {1}
    return {each["externalId"]: each["name"] for each in records if each["externalId"].startswith("blikk-")}


@pytest.mark.parametrize("profile", PROFILES)
def test_the_main_job_survives_a_bad_day(tmp_path: Path, sandbox: Sandbox, profile: str) -> None:
    acme = project(tmp_path, to_sandbox(sandbox, blikk=PATIENT, dimesheets=PATIENT), **library())
    for minute in range(180):
        sandbox.add("blikk", "projects", statusId=1, created=f"2026-01-02T10:{minute // 60:02}:{minute % 60:02}Z")
    users = {str(each["id"]) for each in sandbox.records("blikk", "users")}
    sandbox.misbehave(*quickened(profile))
    disturbed(acme)
    sandbox.behave()
    final = acme.etl("run", "--json")
    assert final.exit_code in (0, 1), final.stderr
    rejects = json.loads(acme.etl("rejects", "list", "--json").stdout)["rejects"]
    rejected = {(each["mapping"], each["key"] in users) for each in rejects}
    assert rejected <= {("employees", False)}  # users whom the drift has added lack what an employee needs
    assert sum(each["rejected"] for each in json.loads(final.stdout)["mappings"]) == len(rejects)
    there, wanted = arrived(sandbox), expected(sandbox)
    assert {name: there.get(name) for name in wanted} == wanted


@pytest.mark.parametrize("profile", ["flaky", "lost-answers", "broken-bodies", "revoked", "storm"])
def test_creates_and_upserts_by_hand_survive_a_bad_day(tmp_path: Path, sandbox: Sandbox, profile: str) -> None:
    connections = {**to_sandbox(sandbox, blikk=PATIENT), "local": {"connector": "files"}}
    acme = project(tmp_path, connections, reports=REPORTS, contacts=CONTACTS)
    sample = next(each for each in sandbox.records("blikk", "time_reports") if each["project"])
    ids = {"activity": "activity", "code": "timeCode", "article": "timeArticle", "user": "user", "project": "project"}
    found = {name: sample[field]["id"] for name, field in ids.items()}
    reports = [
        {**found, "id": n, "date": f"2031-05-{n // 3 + 1:02}", "hours": 2, "text": f"work {n // 3}"} for n in range(40)
    ]
    contacts = [{"no": f"K-77{n:03}", "name": f"New {n} AB"} for n in range(25)]
    for name, records in (("reports", reports), ("contacts", contacts)):
        acme.write(f"{name}.jsonl", "".join(json.dumps(record) + "\n" for record in records))
    rules = [rule for rule in quickened(profile) if rule.fault not in DRIFT]  # it makes copies of what we make
    sandbox.misbehave(*(replace(rule, probability=min(1, rule.probability * 2)) for rule in rules))
    disturbed(acme, 4)
    sandbox.behave()
    final = acme.run()
    assert all(each["rejected"] == 0 for each in final["mappings"])
    made = [each["comment"] for each in sandbox.records("blikk", "time_reports") if each["date"].startswith("2031-05")]
    assert Counter(made) == Counter(record["text"] for record in reports)
    numbers = Counter(each["customerNumber"] for each in sandbox.records("blikk", "contacts"))
    assert {record["no"]: numbers[record["no"]] for record in contacts} == dict.fromkeys((r["no"] for r in contacts), 1)
