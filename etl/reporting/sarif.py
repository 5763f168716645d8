"""Problems as SARIF 2.1.0, which code hosting shows beside the lines of a change."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import quote

from etl.model import Json, Location, Problem
from etl.reporting.problems import full_message
from etl.reporting.values import to_json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif_document(problems: Sequence[Problem], version: str) -> dict[str, Json]:
    """One SARIF log with one run; a rule per code, in the order of first sight."""
    rules = list(dict.fromkeys(problem.code for problem in problems))
    driver = {"name": "etl", "version": version, "rules": [{"id": code} for code in rules]}
    results = [_result(problem, rules.index(problem.code)) for problem in problems]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def sarif_json(problems: Sequence[Problem], version: str) -> str:
    """The SARIF log as text."""
    return to_json(sarif_document(problems, version))


def _result(problem: Problem, rule: int) -> dict[str, Json]:
    result: dict[str, Json] = {
        "ruleId": problem.code,
        "ruleIndex": rule,
        "level": problem.severity,
        "message": {"text": full_message(problem)},
    }
    if problem.location:
        result["locations"] = [{"physicalLocation": _physical(problem.location)}]
    return result


def _physical(location: Location) -> dict[str, Json]:
    place: dict[str, Json] = {"artifactLocation": {"uri": _uri(location.file)}}
    if location.line >= 1:
        region = {"startLine": location.line, "startColumn": max(1, location.column)}
        if location.end_column and location.end_column > location.column:
            region["endColumn"] = location.end_column
        place["region"] = region
    return place


def _uri(file: str) -> str:
    """A relative reference with forward slashes, or a file URI."""
    path: PurePath = PureWindowsPath(file) if "\\" in file or file[1:2] == ":" else PurePosixPath(file)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
