"""A finished run as JSON, as a table and as a page; a plan as text."""

from __future__ import annotations

import io
import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from types import GeneratorType
from typing import Any

import pytest
from rich.console import Console
from syrupy.assertion import SnapshotAssertion

from etl.report import Change, ConnectionReport, MappingReport, RunReport
from etl.reporting.html import run_html_texts
from etl.reporting.plan import plan_texts
from etl.reporting.runs import run_document, run_json_texts, top_reasons
from etl.reporting.summary import summary
from etl.reporting.values import to_json
from tests.support.reports import mixed_plan, mixed_run

HIDDEN = {"projects": frozenset({"ssn"})}


def plan_text(*given: object, **more: object) -> str:
    return "".join(plan_texts(*given, **more))  # type: ignore[arg-type]


def run_json(*given: object) -> str:
    return "".join(run_json_texts(*given))  # type: ignore[arg-type]


def run_html(*given: object) -> str:
    return "".join(run_html_texts(*given))  # type: ignore[arg-type]


def table(report: RunReport, options: str = "", columns: int = 120) -> str:
    text = io.StringIO()
    Console(file=text, width=columns, no_color=True, highlight=False).print(summary(report, options))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


# --- JSON ----------------------------------------------------------------------------------------


def test_the_run_document_has_the_keys_of_the_contract_in_their_order_and_no_others() -> None:
    document = json.loads(run_json(mixed_run()))
    assert list(document) == ["run_id", "status", "exit_code", "started_at", "finished_at", "mappings", "connections"]
    assert list(document["mappings"][0]) == [
        "name",
        "status",
        "read",
        "duplicates",
        "filtered",
        "unchanged",
        "created",
        "updated",
        "written",
        "deleted",
        "rejected",
        "unsettled",
        "cursor",
        "error",
        "seconds",
    ]
    assert list(document["connections"]["blikk"]) == ["requests", "retries", "throttled", "waited_seconds"]


def test_a_plan_says_that_it_is_one_and_lists_its_changes() -> None:
    document = json.loads(run_json(mixed_plan(), HIDDEN))
    assert document["planned"] is True
    changes = document["mappings"][0]["changes"]
    assert changes[0] == {
        "key": "7",
        "action": "create",
        "fields": {"name": [None, "Villa Björk"], "clientId": [None, 41]},
    }
    assert {change["action"] for change in changes} == {"create", "update", "delete"}
    assert "changes" not in json.loads(run_json(mixed_run()))["mappings"][0]


def test_sensitive_fields_of_a_plan_are_masked_in_every_form() -> None:
    for text in (
        plan_text(mixed_plan(), sensitive=HIDDEN),
        run_json(mixed_plan(), HIDDEN),
        run_html(mixed_plan(), HIDDEN),
    ):
        assert "19121212" not in text
        assert "ssn" in text


def test_numbers_wider_than_a_float_stand_exactly_in_the_document() -> None:
    change = Change("1", "create", {"amount": [None, Decimal("12345678901234567.89")], "count": [None, 2**70]})
    report = RunReport("r", planned=True, mappings=[MappingReport("m", changes=[change])])
    assert "12345678901234567.89" in run_json(report)
    assert str(2**70) in run_json(report)


def test_control_characters_and_lone_surrogates_stand_in_json_as_escapes() -> None:
    change = Change("k", "create", {"name": [None, "a\x1b\x9b\u202e\ud800b"]})
    text = run_json(RunReport("r", planned=True, mappings=[MappingReport("m", changes=[change])]))
    assert not any(character in text for character in "\x1b\x9b\u202e\ud800")
    new = json.loads(text)["mappings"][0]["changes"][0]["fields"]["name"][1]
    assert new == "a\x1b\x9b\u202e�b"


def test_a_document_in_pieces_is_the_text_of_the_whole() -> None:
    def listed(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: listed(item) for name, item in value.items()}
        return [listed(item) for item in value] if isinstance(value, list | GeneratorType) else value

    for report in (mixed_plan(), mixed_run(), RunReport("r", planned=True), RunReport("r")):
        assert run_json(report, HIDDEN) == to_json(listed(run_document(report, HIDDEN)))


def test_the_document_is_a_plain_value_for_others_to_use() -> None:
    assert run_document(mixed_run())["status"] == "failed"


# --- the closing table ---------------------------------------------------------------------------


def test_the_closing_table_accounts_for_every_record_and_says_what_to_do_next(snapshot: SnapshotAssertion) -> None:
    assert table(mixed_run(), "--env test") == snapshot


@pytest.mark.parametrize("columns", [80, 60, 40])
def test_a_narrow_terminal_cuts_off_no_name_and_no_count(columns: int) -> None:
    report = RunReport(
        "r",
        "rejected",
        mappings=[
            MappingReport("employees", read=4, written=4, seconds=1.0),
            MappingReport("projects", "rejected", read=12_600, unchanged=9, written=12_590, rejected=1, seconds=125),
        ],
    )
    shown = " ".join(table(report, columns=columns).split())
    assert "…" not in shown
    for word in ("employees", "projects", "succeeded", "rejected", "12 600", "12 590", "2 min 05 s"):
        assert word in shown


def test_a_quiet_run_gets_a_small_table(snapshot: SnapshotAssertion) -> None:
    assert table(RunReport("01K", mappings=[MappingReport("projects", read=300, unchanged=300)])) == snapshot


def test_only_the_most_frequent_reasons_are_shown() -> None:
    reasons = {f"reason {'abcdefgh'[number - 1]}": number for number in range(1, 9)}
    text = table(RunReport("r", status="rejected", mappings=[MappingReport("m", rejected=36, reasons=reasons)]))
    assert "8 × reason h" in text
    assert "reason c" not in text
    assert "3 other reasons" in text


def test_reasons_that_differ_only_in_a_value_are_one() -> None:
    reasons = {
        "project 'p-1' does not exist": 2,
        "field 'name': required, but null": 4,
        "project 'p-2' does not exist": 1,
        "field 'title': required, but null": 1,
        "lookup 'clients' has no 88": 1,
        "lookup 'clients' has no 89": 1,
        "lookup 'clients' has no 90-b": 1,
        "HTTP 500, without a reason": 1,
        "HTTP 400, without a reason": 1,
    }
    assert top_reasons(reasons, 9) == [
        ("field 'name': required, but null", 4),
        ("project 'p-1' does not exist (and 1 other like it)", 3),
        ("lookup 'clients' has no 88 (and 2 others like it)", 3),
        ("field 'title': required, but null", 1),
        ("HTTP 500, without a reason", 1),
        ("HTTP 400, without a reason", 1),
    ]


def test_reasons_that_differ_in_a_text_of_several_words_are_one_but_fields_stay_apart() -> None:
    reasons = {
        "field 'title': 'Golvvärme i hall' has 52 characters, at most 50 fit": 1,
        "field 'title': 'Byte av elcentral, Storgatan…' has 61 characters, at most 50 fit": 2,
        "field 'first name': is required and has no value": 1,
        "field 'last name': is required and has no value": 1,
    }
    assert [count for _, count in top_reasons(reasons, 9)] == [3, 1, 1]


def test_a_long_reason_goes_on_below_its_beginning() -> None:
    reason = "field 'name': " + "a reason of very many words " * 6
    report = RunReport("r", mappings=[MappingReport("m", rejected=1, reasons={reason: 1})])
    lines = table(report, columns=80).splitlines()
    first = next(number for number, line in enumerate(lines) if "1 × field" in line)
    assert len(lines[first + 1]) - len(lines[first + 1].lstrip()) == lines[first].index("field")
    assert max(map(len, lines)) <= 80


def test_a_folder_of_files_has_no_requests_to_tell_of() -> None:
    connections = {"files": ConnectionReport("files"), "blikk": ConnectionReport("blikk", host="publicapi.blikk.com")}
    text = table(RunReport("r", connections=connections))
    assert "blikk: 0 requests" in text
    assert "files:" not in text


def test_markup_in_data_is_shown_as_it_is() -> None:
    report = RunReport("r", mappings=[MappingReport("m", rejected=1, reasons={"[bold]x[/bold] \x1b[31m": 1})])
    assert "[bold]x[/bold] \\x1b[31m" in table(report)


# --- plans ---------------------------------------------------------------------------------------


def test_a_plan_shows_every_kind_of_change_field_by_field(snapshot: SnapshotAssertion) -> None:
    assert plan_text(mixed_plan(), sensitive=HIDDEN) == snapshot


def test_a_plan_never_says_nothing_to_do_for_what_it_could_not_look_at() -> None:
    failed = MappingReport("users", status="failed", error="blikk: the host does not answer")
    text = plan_text(RunReport("r", planned=True, status="failed", mappings=[failed]))
    assert "nothing to do" not in text
    assert "stopped: blikk: the host does not answer" in text


def test_a_plan_of_an_unchanged_source_says_so() -> None:
    text = plan_text(RunReport("r", planned=True, mappings=[MappingReport("tasks", read=12, unchanged=12)]))
    assert "nothing to do for what was read" in text


def test_rejects_that_are_only_counted_are_shown_with_their_reasons() -> None:
    mapping = MappingReport("tasks", status="rejected", read=2, rejected=2, reasons={"no such project": 2})
    assert "! 2 rejected: no such project" in plan_text(RunReport("r", planned=True, mappings=[mapping]))


# --- the page ------------------------------------------------------------------------------------


class Page(HTMLParser):
    """What is in a page, and whether every tag is closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("report", [mixed_run(), mixed_plan()])
def test_the_page_stands_alone_and_can_be_read_by_a_screen_reader(report: RunReport) -> None:
    text = run_html(report)
    page = Page(text)
    assert page.open == []
    tags = [tag for tag, _ in page.tags]
    assert "script" not in tags
    assert not re.search(r"(src|href)=|url\(|@import", text)
    assert ("html", {"lang": "en"}) in page.tags
    assert tags.count("caption") == tags.count("table") > 1
    assert all("scope" in attributes for tag, attributes in page.tags if tag == "th")


def test_data_in_the_page_is_text_and_never_markup() -> None:
    report = RunReport("r", mappings=[MappingReport("<script>alert(1)</script>", error="a & b <i>")])
    text = run_html(report)
    assert "<script>" not in text
    assert "a &amp; b &lt;i&gt;" in text


def test_a_plan_shows_what_is_set_where_a_record_is_gone_and_does_not_call_it_a_delete() -> None:
    marked = Change("9", "delete", {"isActive": [True, False]}, target_key="blikk-9")
    text = plan_text(RunReport("r", mappings=[MappingReport("m", changes=[marked], deleted=1)]))
    assert "  - blikk-9  marked as gone  (source 9)\n      isActive  true → false\n" in text
    assert "1 to delete or mark as gone" in text
