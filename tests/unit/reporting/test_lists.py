"""Rejects, runs, state, functions, previews and merged mappings as text and JSON."""

from __future__ import annotations

from dataclasses import replace

from syrupy.assertion import SnapshotAssertion

from etl import rehearse
from etl.expressions.functions import FUNCTIONS
from etl.model import MISSING, Action, Item, Location, Outcome, Reject
from etl.ports import Cursor, Scope
from etl.rehearse import Difference
from etl.reporting.functions import function_document, function_text, functions_text
from etl.reporting.merged import merged_document, merged_text
from etl.reporting.outcomes import outcomes_document, outcomes_junit, outcomes_text
from etl.reporting.preview import preview_document, preview_text
from etl.reporting.rejects import reject_document, reject_text, rejects_text, runs_text
from etl.reporting.states import Standing, standing_document, standings_text
from etl.resources import mappings
from tests.support.reports import mixed_run

REJECT = Reject(
    key="4711",
    reason="lookup 'clients' has no 88",
    field="clientId",
    code="lookup",
    record={"id": 4711, "title": "Villa\x1b[2J", "customer": {"id": 88}},
    output={"externalId": "blikk-4711"},
    target_key="blikk-4711",
    attempts=2,
    first_at="2026-04-01T10:00:00Z",
    last_at="2026-04-02T10:00:00Z",
    run_id="01K",
    mapping="projects",
)


def test_rejects_are_listed_one_per_line_with_their_reasons(snapshot: SnapshotAssertion) -> None:
    again = Reject(
        key='["7","2026-04-01"]', reason="the period is closed", mapping="hours", last_at="2026-04-01T10:00:00Z"
    )
    assert rejects_text([REJECT, again]) == snapshot


def test_without_rejects_that_is_said() -> None:
    assert rejects_text([]) == "no open rejects\n"


def test_a_reject_in_full_shows_source_and_output(snapshot: SnapshotAssertion) -> None:
    assert reject_text(REJECT) == snapshot


def test_a_reject_as_json_has_its_records_only_where_asked_for(snapshot: SnapshotAssertion) -> None:
    assert "record" not in reject_document(REJECT)
    assert reject_document(REJECT, full=True) == snapshot


def test_runs_are_listed_with_what_they_did(snapshot: SnapshotAssertion) -> None:
    assert runs_text([mixed_run()]) == snapshot
    assert runs_text([]) == "no runs yet\n"


def test_of_a_run_that_is_under_way_or_was_killed_no_counts_are_told() -> None:
    line = runs_text([replace(mixed_run(), finished_at="")]).splitlines()[1]
    assert line.split() == [
        "01K4ZQ7W",
        "2026-04-01T10:00:00Z",
        "no",
        "end",
        *"-----",
        "projects,",
        "tasks,",
        "employees",
    ]


def test_the_state_says_where_the_next_read_starts(snapshot: SnapshotAssertion) -> None:
    scope = Scope("acme", "", "projects", "https://app.dimesheets.com projects")
    found = [
        Standing(scope, Cursor("2026-04-01T10:00:00Z", "f"), None, 312, 2, 0),
        Standing(scope, None, 17, 1700, 0, 1),
        Standing(scope, None, None, 0, 0, 0),
    ]
    assert standings_text(found) == snapshot
    assert standing_document(found[0])["cursor"] == "2026-04-01T10:00:00Z"
    assert standings_text([]) == "nothing is stored yet\n"


def test_every_function_is_listed_under_its_family() -> None:
    text = functions_text(FUNCTIONS.values())
    assert all(function.usage in text for function in FUNCTIONS.values())
    assert all(f"\n{function.family}\n" in f"\n{text}" for function in FUNCTIONS.values())


def test_one_function_is_shown_with_what_it_does_and_an_example(snapshot: SnapshotAssertion) -> None:
    assert function_text(FUNCTIONS["pad_left"]) == snapshot
    assert function_document(FUNCTIONS["pad_left"])["name"] == "pad_left"


def test_a_preview_shows_source_and_result_side_by_side(snapshot: SnapshotAssertion) -> None:
    item = Item(
        "7", {"id": 7, "title": "Villa Björk"}, {"externalId": "blikk-7", "name": "Villa Björk", "clientId": 41}
    )
    results = [
        item,
        Outcome(Item("8", {"id": 8}), Action.FILTERED),
        Outcome(Item("9", {"id": 9}), Action.REJECTED, reason="required, but null", field="name"),
    ]
    assert preview_text(results, 72) == snapshot
    assert [each["result"] for each in preview_document(results)] == [
        item.output,
        "filtered",
        {"rejected": "field 'name': required, but null"},
    ]
    assert preview_text([]) == "the source has no record\n"


def test_long_values_of_a_preview_stay_on_their_side() -> None:
    item = Item("7", {"text": "x" * 500}, {"text": "y" * 500})
    assert all(len(line) <= 80 for line in preview_text([item], 80).splitlines())


def test_a_preview_tells_in_full_why_a_record_would_be_rejected() -> None:
    reason = "'401,50' is no number; make it one with to_number(replace(…, ',', '.'))"
    outcome = Outcome(Item("7", {"price": "401,50"}), Action.REJECTED, reason=reason, field="hourly_price")
    rows = [line.partition("│")[2].strip() for line in preview_text([outcome], 60).splitlines()]
    assert " ".join(filter(None, rows)) == f"rejected: field 'hourly_price': {reason}"
    assert all(len(line) <= 60 for line in preview_text([outcome], 60).splitlines())


def test_a_merged_mapping_names_the_origin_of_each_value(snapshot: SnapshotAssertion) -> None:
    own, base = Location("mappings/p.yaml", 4, 3), Location(str(mappings() / "a-to-b" / "p.yaml"), 9, 3)
    data = {
        "version": 1,
        "fields": {"name": {"value": "title", "truncate": 80}, "odd key": {"const": None}},
        "tags": [],
    }

    def origin(path: tuple[str | int, ...]) -> Location:
        return own if path[-1] == "truncate" else base

    assert merged_text(data, origin) == snapshot
    assert merged_document(data, origin)[2] == {
        "path": ["fields", "name", "truncate"],
        "value": 80,
        "file": "mappings/p.yaml",
        "line": 4,
    }


RESULTS = [
    rehearse.TestResult("projects", "an ongoing project", (), passed=True),
    rehearse.TestResult(
        "projects",
        "a <bad> one",
        (),
        passed=False,
        differences=(Difference("name", "Villa", "Vila"), Difference("clientId", 41, MISSING)),
    ),
    rehearse.TestResult(
        "tasks", "left out", (), passed=False, message="expected it to be filtered, but it became a record"
    ),
]


def test_failed_tests_point_at_the_field(snapshot: SnapshotAssertion) -> None:
    assert outcomes_text(RESULTS) == snapshot
    assert "an ongoing project" in outcomes_text(RESULTS, verbose=True)
    assert outcomes_text(RESULTS[:1]) == "1 test of 1 mapping: all passed\n"


def test_tests_as_json_and_as_junit(snapshot: SnapshotAssertion) -> None:
    assert outcomes_document(RESULTS)["failed"] == 2
    assert outcomes_junit(RESULTS) == snapshot
