"""Whatever happens to source, network and processes, in any order: after an undisturbed run the target is as it should
be, and every run accounts for every record."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from etl.errors import ConnectionFailed
from etl.sandbox import Sandbox
from etl.sandbox.faults import Rule
from etl.specs import Limit, LimitsSpec
from etl.state import open_state
from etl.writers import once
from tests.support.mapped import Mapped, adds_up
from tests.support.projects import adds_up as document_adds_up
from tests.support.projects import project, to_sandbox

NUMBERS = st.integers(1, 30)
TITLES = st.sampled_from(["a", "b", "c", {"no": "text"}])


class InMemory(RuleBasedStateMachine):
    """Changes, refusals and faults between twins in memory, with `missing: delete`; the model is a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.mapped = Mapped(open_state("memory:", Path(self.folder.name)), missing="delete")
        self.mapped.source.page_size = 4
        self.source: dict[int, Any] = {}
        self.least = 0

    def teardown(self) -> None:
        try:
            self._judge()
        finally:
            self.mapped.store.close()
            self.folder.cleanup()

    def _judge(self) -> None:
        self.calm_down()
        report = self.mapped.run()
        assert self.mapped.failure is None
        assert adds_up(report)
        kept = {number: title for number, title in self.source.items() if number >= self.least}
        good = {f"t-{number}": title for number, title in kept.items() if isinstance(title, str)}
        stored = {key: record["name"] for key, record in self.mapped.target.stored.items()}
        assert {key: stored.get(key) for key in good} == good
        bad = {f"t-{number}" for number in kept} - good.keys()
        assert stored.keys() <= good.keys() | bad, "only what is rejected may still be there as it was"
        assert {f"t-{reject.key}" for reject in self.mapped.state.rejects()} == bad
        sent = {entry.target_key for entry in self.mapped.state.sent()}
        assert sent == stored.keys()

    @rule(number=NUMBERS, title=TITLES)
    def put(self, number: int, title: Any) -> None:
        self.source[number] = title

    @rule(number=NUMBERS)
    def remove(self, number: int) -> None:
        self.source.pop(number, None)

    @rule(least=st.integers(0, 15))
    def leave_out(self, least: int) -> None:
        self.least = least

    @rule(refused=st.sets(NUMBERS, max_size=4))
    def refuse(self, refused: set[int]) -> None:
        names = {f"t-{number}" for number in refused}
        self.mapped.target.faulty = lambda record: "no" if record["externalId"] in names else None

    @rule(page=st.integers(1, 8))
    def break_source(self, page: int) -> None:
        self.mapped.source.broken_at = (page, ConnectionFailed("gone"))

    @rule(most=st.integers(0, 3))
    def limit_deletes(self, most: int) -> None:
        self.mapped.limits = LimitsSpec(max_deletes=Limit(most))

    @rule()
    def calm_down(self) -> None:
        self.mapped.target.faulty = lambda _: None
        self.mapped.source.broken_at = None
        self.mapped.limits = LimitsSpec()

    @rule(plan=st.booleans(), sure=st.booleans())
    def run(self, plan: bool, sure: bool) -> None:
        before = dict(self.mapped.target.stored)
        self._serve()
        report = self.mapped.run(plan=plan, sure=sure)
        assert self.mapped.failure is not None or adds_up(report)
        assert report.unsettled >= 0
        if plan:
            assert self.mapped.target.stored == before

    @invariant()
    def _serve(self) -> None:
        self.mapped.source.records = [{"id": number, "title": title} for number, title in sorted(self.source.items())]
        self.mapped.where = f"id >= `{self.least}`"


InMemory.TestCase.settings = settings(max_examples=60, stateful_step_count=25)
TestInMemory = InMemory.TestCase


# --- over the network ----------------------------------------------------------------------------

PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects}
fields: {externalId: "concat('blikk-', id)", name: "title || orderNumber"}
target: {connection: dimesheets, endpoint: projects, batch_size: 5}
"""
ENTRIES = """\
version: 1
name: entries
source: {connection: local, endpoint: entries.jsonl, key: id}
fields: {date: date, duration: hours, description: text, isBillable: true}
target: {connection: dimesheets, endpoint: time_entries, operation: create, batch_size: 3}
"""
FAULTS = ("500", "503", "reset", "reset-after", "500-after", "truncated", "cut-json", "empty", "html", "revoke")


class OverTheNetwork(RuleBasedStateMachine):
    """The same against the sandbox: projects read incrementally and upserted, time entries created once."""

    projects = Bundle("projects")

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.grace, once.GRACE = once.GRACE, once.GRACE * 0
        path = Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        self.sandbox = self.stack.enter_context(Sandbox(small=True, throttle=False))
        patient = {"retry": {"attempts": 4, "seconds": 0.05}}
        connections = {**to_sandbox(self.sandbox, blikk=patient, dimesheets=patient), "local": {"connector": "files"}}
        self.folder = project(path / "acme", connections, projects=PROJECTS, entries=ENTRIES)
        self.entries: list[str] = []
        self._write_entries()

    @initialize(target=projects)
    def those_that_are_there(self) -> Any:
        return multiple(*(each["id"] for each in self.sandbox.records("blikk", "projects")[:5]))

    def teardown(self) -> None:
        try:
            self._judge()
        finally:
            once.GRACE = self.grace
            self.stack.close()

    def _judge(self) -> None:
        self.sandbox.behave()
        for _ in range(2):
            report = self._run()
        assert (report["status"], {each["written"] for each in report["mappings"]}) == ("succeeded", {0})
        wanted = {
            f"blikk-{each['id']}": each["title"] or each["orderNumber"]
            for each in self.sandbox.records("blikk", "projects")
        }
        records = self.sandbox.records("dimesheets", "projects")
        assert set(Counter(each["externalId"] for each in records).values()) == {1}
        there = {each["externalId"]: each["name"] for each in records}
        assert {name: there.get(name) for name in wanted} == wanted
        made = [each for each in self.sandbox.records("dimesheets", "time_entries") if each["date"] > "2031"]
        assert Counter(each["description"] for each in made) == Counter(self.entries)

    @rule(target=projects)
    def add_project(self) -> int:
        return int(self.sandbox.add("blikk", "projects", title="new"))

    @rule(key=projects, title=st.sampled_from(["x", "y", None]))
    def change_project(self, key: int, title: str | None) -> None:
        self.sandbox.change("blikk", "projects", key, title=title, orderNumber=f"no-{key}")

    @rule(key=consumes(projects))
    def remove_project(self, key: int) -> None:
        self.sandbox.remove("blikk", "projects", key)

    @rule(text=st.sampled_from(["one", "two"]))
    def add_entry(self, text: str) -> None:
        self.entries.append(text)
        self._write_entries()

    @rule(fault=st.sampled_from(FAULTS), every=st.integers(2, 7), method=st.sampled_from(["GET", "POST"]))
    def misbehave(self, fault: str, every: int, method: str) -> None:
        self.sandbox.misbehave(Rule(fault, method=method, every=every, path="^(?!.*Token)"))

    @rule()
    def behave(self) -> None:
        self.sandbox.behave()

    @rule()
    def run(self) -> None:
        self._run()

    def _run(self) -> Any:
        result = self.folder.etl("run", "--json")
        assert result.exit_code in (0, 1, 3), result.stderr
        report = json.loads(result.stdout)
        assert all(document_adds_up(each) for each in report["mappings"])
        return report

    def _write_entries(self) -> None:
        lines = [
            json.dumps({"id": number, "date": "2031-05-01", "hours": 2, "text": text})
            for number, text in enumerate(self.entries)
        ]
        self.folder.write("entries.jsonl", "".join(line + "\n" for line in lines))


OverTheNetwork.TestCase.settings = settings(
    max_examples=5, stateful_step_count=15, suppress_health_check=list(HealthCheck)
)
TestOverTheNetwork = OverTheNetwork.TestCase
