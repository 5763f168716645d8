"""A changed key expression would make every record anew: a plan says so, a run refuses it."""

from __future__ import annotations

import json

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import Folder, adds_up

MAPPING = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('blikk-', id)", name: "title || orderNumber"}
target: {connection: dimesheets, endpoint: projects}
"""
REKEYED = MAPPING.replace("'blikk-'", "'b-'")
BY_TITLE = MAPPING.replace("concat('blikk-', id)", "concat('blikk-', orderNumber)")


@pytest.fixture
def sent(acme: Folder, sandbox: Sandbox) -> Folder:
    acme.write("mappings/projects.yaml", MAPPING)
    acme.run()
    sandbox.forget_requests()
    return acme


def names(sandbox: Sandbox, prefix: str) -> int:
    return sum(str(each["externalId"]).startswith(prefix) for each in sandbox.records("dimesheets", "projects"))


def test_a_run_refuses_another_key_expression_and_sends_nothing(sent: Folder, sandbox: Sandbox) -> None:
    sent.write("mappings/projects.yaml", REKEYED)
    for _ in range(2):
        report = sent.run(code=3)
        (mapping,) = report["mappings"]
        assert "other keys in the target than before ('blikk-" in mapping["error"]
        assert "--allow-rekey" in mapping["error"]
        assert adds_up(mapping)
    assert sandbox.requests("dimesheets") == []


def test_a_plan_says_how_many_are_created_and_left_behind(sent: Folder, sandbox: Sandbox) -> None:
    sent.write("mappings/projects.yaml", REKEYED)
    count = len(sandbox.records("blikk", "projects"))
    text = sent.etl("plan").stdout
    assert f"{count} records get another key in the target: {count} created anew, {count} left behind" in text
    (mapping,) = json.loads(sent.etl("plan", "--json").stdout)["mappings"]
    assert {change["action"] for change in mapping["changes"]} == {"create"}
    assert sandbox.requests("dimesheets") == []


def test_allowed_it_creates_them_anew_and_leaves_the_old_ones(sent: Folder, sandbox: Sandbox) -> None:
    sent.write("mappings/projects.yaml", REKEYED)
    (mapping,) = sent.run("--allow-rekey")["mappings"]
    count = len(sandbox.records("blikk", "projects"))
    assert mapping["written"] == count
    assert (names(sandbox, "blikk-"), names(sandbox, "b-")) == (count, count)
    assert sent.run()["mappings"][0]["written"] == 0


def test_a_key_that_the_source_changed_is_a_change_like_any_other(acme: Folder, sandbox: Sandbox) -> None:
    acme.write("mappings/projects.yaml", BY_TITLE)
    acme.run()
    key = sandbox.records("blikk", "projects")[0]["id"]
    sandbox.change("blikk", "projects", key, orderNumber="99001")
    assert acme.run()["mappings"][0]["written"] == 1
    assert names(sandbox, "blikk-99001") == 1


def test_other_changes_of_a_mapping_are_not_refused(sent: Folder) -> None:
    sent.write("mappings/projects.yaml", MAPPING.replace("title || orderNumber", "upper(title || orderNumber)"))
    assert sent.run()["status"] == "succeeded"
