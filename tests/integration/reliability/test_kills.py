"""`kill -9` at any request and any write to the state, any number of times: in the end each record is there once."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from etl.sandbox import Sandbox
from etl.state import open_state
from tests.support import postgres
from tests.support.mortals import Mother, mother
from tests.support.projects import FAST, Folder, project, to_sandbox

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ALL = bool(os.environ.get("ETL_TEST_EVERY_KILL"))
"""Every single point of a run instead of a sample; takes minutes."""

PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('blikk-', id)", name: "title || orderNumber"}
target: {connection: dimesheets, endpoint: projects, batch_size: 10}
"""
ENTRIES = """\
version: 1
name: entries
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {date: date, duration: hours, description: text, isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create, batch_size: 3}
"""
REPORTS = """\
version: 1
name: reports
source: {connection: local, endpoint: reports.jsonl, key: id}
fields:
  {date: date, userId: user, projectId: project, hours: hours, invoiceableHours: hours, comment: text,
   activityId: activity, timeCodeId: code, timeArticleId: article}
target: {connection: blikk, endpoint: time_reports, operation: create, batch_size: 3}
"""
CONTACTS = """\
version: 1
name: contacts
source: {connection: local, endpoint: contacts.jsonl, key: no}
fields: {customerNumber: no, name: name, contactType: "'company'", responsibleId: 1}
target: {connection: blikk, endpoint: contacts, batch_size: 2}
"""
MAPPINGS = {"projects": PROJECTS, "entries": ENTRIES, "reports": REPORTS, "contacts": CONTACTS}
ENTRY_COUNT, REPORT_COUNT, NEW_CONTACTS = 7, 7, 3


@pytest.fixture(scope="module")
def mortals() -> Iterator[Mother]:
    with mother() as process:
        yield process


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@dataclass
class Scene:
    """A sandbox as it was at first, and a project of its own that writes into it."""

    folder: Folder
    sandbox: Sandbox
    mortals: Mother
    state: str

    def run(self, what: str = "", at: int = 0) -> Any:
        return self.mortals.run(self.folder.path, "run", "--json", "--wait", what=what, at=at)

    def finish(self) -> None:
        """A run that nothing disturbs, and another that finds nothing to do."""
        for _ in range(2):
            end = self.run()
            assert end.code == 0, end.log
        report = json.loads(end.log)
        counts = {each["name"]: (each["unchanged"], each["written"], each["rejected"]) for each in report["mappings"]}
        assert counts == {name: (count, 0, 0) for name, count in self.wanted().items()}

    def wanted(self) -> dict[str, int]:
        projects = len(self.sandbox.records("blikk", "projects"))
        return {"contacts": NEW_CONTACTS + 1, "entries": ENTRY_COUNT, "projects": projects, "reports": REPORT_COUNT}

    def check(self) -> None:
        """Each record is there once, none is missing, and the ledger says so."""
        external = Counter(each["externalId"] for each in self.sandbox.records("dimesheets", "projects"))
        wanted = {f"blikk-{each['id']}" for each in self.sandbox.records("blikk", "projects")}
        assert {name: external[name] for name in wanted} == dict.fromkeys(wanted, 1)
        entries = [each for each in self.sandbox.records("dimesheets", "time_entries") if _ours(each)]
        assert Counter(each["description"] for each in entries) == Counter(each["text"] for each in _entries())
        reports = [each for each in self.sandbox.records("blikk", "time_reports") if _ours(each)]
        assert Counter(each["comment"] for each in reports) == Counter(f"work {n // 2}" for n in range(REPORT_COUNT))
        contacts = Counter(each["customerNumber"] for each in self.sandbox.records("blikk", "contacts"))
        assert all(contacts[each["no"]] == 1 for each in self.contacts())
        self._check_ledger("entries", {each["id"] for each in entries})
        self._check_ledger("reports", {each["id"] for each in reports})

    def _check_ledger(self, mapping: str, ids: set[Any]) -> None:
        state = open_state(self.state, self.folder.path)
        try:
            (scope,) = (each for each in state.scopes(self.folder.path.name, "") if each.mapping == mapping)
            stored = state.mapping(scope)
            held = [entry.target_id for entry in stored.sent()]
            assert sorted(held) == sorted(ids)
            assert (stored.intents(), list(stored.rejects())) == ([], [])
        finally:
            state.close()

    def contacts(self) -> list[dict[str, Any]]:
        old = next(each for each in self.sandbox.records("blikk", "contacts") if each["customerNumber"])
        new = [{"no": f"K-77{number:03}", "name": f"New {number} AB"} for number in range(NEW_CONTACTS)]
        return [{"no": old["customerNumber"], "name": "Renamed AB"}, *new]


def _entries() -> list[dict[str, Any]]:
    """Twins among them, which nobody but their source can tell apart."""
    return [
        {"id": n, "date": f"2031-05-{n // 2 + 1:02}", "hours": 2, "text": f"work {n // 2}"} for n in range(ENTRY_COUNT)
    ]


def _ours(record: Any) -> bool:
    return str(record["date"]).startswith("2031-05")


@pytest.fixture
def scenes(tmp_path: Path, sandbox: Sandbox, mortals: Mother, request: pytest.FixtureRequest) -> Any:
    """Makes a new scene each time, with its state in SQLite or PostgreSQL."""
    count = 0

    def scene(kind: str) -> Scene:
        nonlocal count
        count += 1
        sandbox.reset()
        sandbox.configure(throttle="off")
        state = request.getfixturevalue("server") if kind == "postgresql" else "sqlite:///.etl/state.db"
        path = tmp_path / f"{tmp_path.name}-{count}"
        connections = {**to_sandbox(sandbox), "local": {"connector": "files"}}
        for name in ("blikk", "dimesheets"):
            connections[name]["throttle"] = FAST
        folder = project(path, connections, **MAPPINGS)
        document = json.loads((path / "etl.yaml").read_text())
        folder.write("etl.yaml", json.dumps({**document, "name": path.name, "state": state}))
        made = Scene(folder, sandbox, mortals, state)
        sample = next(each for each in sandbox.records("blikk", "time_reports") if each["project"])
        names = {"activity": "activity", "code": "timeCode", "article": "timeArticle", "user": "user"}
        ids = {name: sample[field]["id"] for name, field in {**names, "project": "project"}.items()}
        files = {
            "entries": _entries(),
            "reports": [{**each, **ids} for each in _entries()[:REPORT_COUNT]],
            "contacts": made.contacts(),
        }
        for name, records in files.items():
            folder.write(f"{name}.jsonl", "".join(json.dumps(record) + "\n" for record in records))
        return made

    return scene


def sampled(total: int, most: int) -> list[int]:
    """Points spread over the whole run; all of them where that is asked for."""
    return list(range(1, total + 1)) if ALL else sorted({1 + total * step // most for step in range(most)})


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("what", ["request", "state"])
def test_one_kill_at_any_point(scenes: Any, kind: str, what: str) -> None:
    if kind == "postgresql":
        scenes(kind).run()  # lays out the tables of the database that all scenes share
    whole = scenes(kind)
    total = whole.run().counted[what]
    whole.check()
    assert total > 40
    for at in sampled(total, 12 if kind == "sqlite" else 5):
        scene = scenes(kind)
        assert scene.run(what, at).killed or at > total * 0.9, at  # a run may get by with a write or two less
        scene.finish()
        scene.check()


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("what", ["request", "state"])
def test_kill_after_kill_until_it_is_done(scenes: Any, kind: str, what: str) -> None:
    for seed in range(40 if ALL else 3 if kind == "sqlite" else 1):
        chance = Random(f"{what} {seed}")
        scene = scenes(kind)
        kills = 0
        while (end := scene.run(what, chance.randint(1, 45 if what == "request" else 90))).killed:
            kills += 1
            assert kills < 300, "no progress"
        assert end.code == 0, end.log
        scene.finish()
        scene.check()
