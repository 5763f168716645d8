"""Rejects are sent again at once when asked to, and ended for good when dropped."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.sandbox import Sandbox
from etl.sandbox.faults import Rule
from tests.support.projects import Folder, adds_up, project, to_sandbox

ENTRIES = """\
version: 1
name: entries
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {date: date, duration: hours, description: text, isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create}
"""
TOO_LONG = 30
"""Hours that no day has."""


@pytest.fixture
def acme(tmp_path: Any, sandbox: Sandbox) -> Folder:
    folder = project(tmp_path, {**to_sandbox(sandbox), "local": {"connector": "files"}}, entries=ENTRIES)
    give(folder, [entry(1), entry(2, hours=TOO_LONG), entry(3, hours=TOO_LONG)])
    return folder


def entry(number: int, **more: Any) -> dict[str, Any]:
    return {"id": number, "date": f"2031-05-{number:02}", "hours": 2, "text": f"work {number}", **more}


def give(folder: Folder, records: list[dict[str, Any]]) -> None:
    folder.write("entries.jsonl", "".join(json.dumps(record) + "\n" for record in records))


def rejects(folder: Folder) -> list[str]:
    found = json.loads(folder.etl("rejects", "list", "--json").stdout)["rejects"]
    return sorted(each["key"] for each in found)


def made(sandbox: Sandbox) -> list[str]:
    records = sandbox.records("dimesheets", "time_entries")
    return sorted(each["description"] for each in records if each["date"].startswith("2031-05"))


def mend(folder: Folder) -> None:
    folder.write(
        "mappings/entries.yaml", ENTRIES.replace("duration: hours", 'duration: "hours > `24` && `8` || hours"')
    )


def test_a_retry_goes_through_the_mapping_as_it_is_now_and_reads_nothing(acme: Folder, sandbox: Sandbox) -> None:
    acme.run(code=1)
    assert rejects(acme) == ["2", "3"]
    mend(acme)
    give(acme, [entry(9)])
    result = acme.etl("rejects", "retry", "--json")
    assert result.exit_code == 0, result.stderr
    (mapping,) = json.loads(result.stdout)["mappings"]
    assert (mapping["read"], mapping["created"], mapping["rejected"]) == (2, 2, 0)
    assert adds_up(mapping)
    assert (rejects(acme), made(sandbox)) == ([], ["work 1", "work 2", "work 3"])


def test_only_the_keys_that_are_named_are_sent(acme: Folder, sandbox: Sandbox) -> None:
    acme.run(code=1)
    mend(acme)
    result = acme.etl("rejects", "retry", "entries", "3")
    assert result.exit_code == 0, result.stderr
    assert (rejects(acme), made(sandbox)) == (["2"], ["work 1", "work 3"])


def test_what_fails_again_ends_with_1_and_counts_its_attempts(acme: Folder) -> None:
    acme.run(code=1)
    assert acme.etl("rejects", "retry", "entries").exit_code == 1
    found = json.loads(acme.etl("rejects", "list", "--json").stdout)["rejects"]
    assert {each["attempts"] for each in found} == {2}


def test_without_rejects_there_is_nothing_to_do(acme: Folder) -> None:
    give(acme, [entry(1)])
    acme.run()
    result = acme.etl("rejects", "retry")
    assert (result.exit_code, result.stderr) == (0, "there are no open rejects\n")
    assert acme.etl("rejects", "retry", "entries", "7").exit_code == 2


def test_a_retry_leaves_the_next_read_as_it_was(acme: Folder) -> None:
    acme.run(code=1)
    before = acme.etl("state", "show", "--json").stdout
    acme.etl("rejects", "retry")
    assert json.loads(acme.etl("state", "show", "--json").stdout) == json.loads(before)


# --- creates of which nobody knows what came of them ---------------------------------------------


@pytest.fixture
def unknown(acme: Folder, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Folder:
    """A create got no answer, and two records of the target could be it."""
    from etl.writers import once

    monkeypatch.setattr(once, "GRACE", once.GRACE * 0)
    sandbox.add(
        "dimesheets", "time_entries", date="2031-05-01T00:00:00Z", duration=2, description="work 1", isBillable=True
    )
    give(acme, [entry(1)])
    sandbox.misbehave(Rule("reset-after", api="dimesheets", method="POST", nth=1))
    acme.run(code=1)
    sandbox.behave()
    assert (rejects(acme), made(sandbox)) == (["1"], ["work 1", "work 1"])
    return acme


def test_they_are_not_sent_again_blindly(unknown: Folder, sandbox: Sandbox) -> None:
    assert unknown.etl("rejects", "retry").exit_code == 1
    unknown.run(code=1)
    unknown.run("--full", code=1)
    assert made(sandbox) == ["work 1", "work 1"]


def test_dropped_they_count_as_done(unknown: Folder, sandbox: Sandbox) -> None:
    assert unknown.etl("rejects", "drop", "entries", "1").exit_code == 0
    (mapping,) = unknown.run("--full")["mappings"]
    assert (mapping["unchanged"], mapping["created"]) == (1, 0)
    assert (rejects(unknown), made(sandbox)) == ([], ["work 1", "work 1"])


def test_they_are_sent_again_once_somebody_has_looked(unknown: Folder, sandbox: Sandbox) -> None:
    result = unknown.etl("rejects", "retry", "entries", "1", "--create")
    assert result.exit_code == 0, result.stderr
    assert (rejects(unknown), made(sandbox)) == ([], ["work 1"] * 3)


def test_they_are_found_once_what_could_be_mistaken_for_them_is_gone(unknown: Folder, sandbox: Sandbox) -> None:
    first = min(each["id"] for each in sandbox.records("dimesheets", "time_entries") if each["description"] == "work 1")
    sandbox.remove("dimesheets", "time_entries", first)
    (mapping,) = unknown.run()["mappings"]
    assert (mapping["created"], made(sandbox)) == (1, ["work 1"])
