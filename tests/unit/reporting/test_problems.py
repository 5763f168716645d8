"""Problems as text, JSON and SARIF: the same findings, each with its place."""

from __future__ import annotations

import json
import re

import pytest
from syrupy.assertion import SnapshotAssertion

from etl import secrets
from etl.model import Location, Problem
from etl.reporting.ink import Ink
from etl.reporting.problems import problem_text, problems_json, problems_text
from etl.reporting.sarif import sarif_document

UNKNOWN_KEY = Problem(
    "unknown-key",
    "'endpont' is not a key of 'source'",
    Location("mappings/projects.yaml", 8, 3, 10, "  endpont: projects"),
    "did you mean 'endpoint'?",
)
UNUSED = Problem(
    "unused-lookup",
    "no expression uses the lookup 'users'",
    Location("mappings/tasks.yaml", 12, 3, 8, "  users: {file: users.csv}"),
    severity="warning",
)
WHOLE_FILE = Problem("no-file", "there is no file 'mappings/clients.yaml'", None, "check its name")
ALL = [UNKNOWN_KEY, UNUSED, WHOLE_FILE]


def caret_line(problem: Problem) -> str:
    return problem_text(problem).splitlines()[2]


def marked(problem: Problem) -> str:
    """What the carets stand under."""
    _, line, carets = problem_text(problem).splitlines()
    return line[carets.index("^") : carets.rindex("^") + 1]


def test_each_problem_says_what_where_and_how_to_fix_and_the_counts_close_the_list(snapshot: SnapshotAssertion) -> None:
    assert problems_text(ALL) == snapshot


def test_without_problems_nothing_is_said() -> None:
    assert problems_text([]) == ""


def test_colour_adds_nothing_but_colour() -> None:

    painted = problems_text(ALL, Ink(color=True))
    assert "\x1b[" in painted
    assert re.sub(r"\x1b\[[\d;]*m", "", painted) == problems_text(ALL)


def test_a_tab_before_the_place_does_not_move_the_caret() -> None:
    assert marked(Problem("x", "m", Location("a.yaml", 1, 2, 5, "\tabc: 1"))) == "abc"


def test_wide_and_combining_characters_before_the_place_do_not_move_the_caret() -> None:
    wide = problem_text(Problem("x", "m", Location("a.yaml", 1, 7, 10, "名前: {abc}"))).splitlines()
    assert wide[2].index("^") == len("      | ") + 8
    combined = problem_text(Problem("x", "m", Location("a.yaml", 1, 4, 5, "a\u030a: x"))).splitlines()
    assert combined[2].index("^") == len("      | ") + 2


def test_a_place_at_the_end_of_a_line_still_gets_a_caret() -> None:
    assert caret_line(Problem("x", "m", Location("a.yaml", 3, 6, 6, "name:"))) == "      |      ^"


@pytest.mark.parametrize("column", [1, 90, 5_000, 99_990])
def test_of_a_very_long_line_only_the_surroundings_of_the_place_are_shown(column: int) -> None:
    text = "x" * (column - 1) + "HERE" + "y" * (100_000 - column)
    problem = Problem("x", "m", Location("a.yaml", 1, column, column + 4, text))
    assert marked(problem) == "HERE"
    assert all(len(line) < 200 for line in problem_text(problem).splitlines())


def test_control_characters_never_reach_the_terminal() -> None:
    text = problem_text(Problem("x", "bad \x1b[2J value\u202e", Location("a\x07.yaml", 1, 1, 4, "a\x1b[31mb\x9b")))
    assert not any(character in text for character in "\x1b\x9b\x07\u202e")
    assert "\\x1b[2J" in text


def test_a_secret_is_shown_neither_in_the_message_nor_in_the_source_line() -> None:
    secrets.register("s3cr3t-value")
    try:
        where = Location("etl.yaml", 4, 10, 24, "    key: s3cr3t-value # no")
        text = problem_text(Problem("x", "'s3cr3t-value' is no number", where))
        assert "s3cr3t-value" not in text
        assert "s3cr3t-value" not in problems_json([Problem("x", "'s3cr3t-value' is no number", where)])
    finally:
        secrets.forget()


def test_json_holds_the_keys_of_the_contract_in_their_order() -> None:
    found = json.loads(problems_json(ALL))
    assert [list(each) for each in found] == [["file", "line", "column", "severity", "code", "message"]] * 3
    assert found[0] == {
        "file": "mappings/projects.yaml",
        "line": 8,
        "column": 3,
        "severity": "error",
        "code": "unknown-key",
        "message": "'endpont' is not a key of 'source' — did you mean 'endpoint'?",
    }
    assert found[2]["file"] is None


def test_sarif_names_each_rule_once_and_each_place_as_code_hosting_reads_it(snapshot: SnapshotAssertion) -> None:
    document = sarif_document([*ALL, UNKNOWN_KEY], "1.2.3")
    assert document == snapshot
    assert [rule["id"] for rule in document["runs"][0]["tool"]["driver"]["rules"]] == [
        "unknown-key",
        "unused-lookup",
        "no-file",
    ]


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("mappings\\a b.yaml", "mappings/a%20b.yaml"),
        ("C:\\etl\\a.yaml", "file:///C:/etl/a.yaml"),
        ("/srv/etl/å.yaml", "file:///srv/etl/%C3%A5.yaml"),
        ("../shared.yaml", "../shared.yaml"),
    ],
)
def test_sarif_spells_paths_as_uris(file: str, uri: str) -> None:
    result = sarif_document([Problem("x", "m", Location(file, 1, 1))], "1")["runs"][0]["results"][0]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
