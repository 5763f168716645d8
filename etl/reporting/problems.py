"""Problems of documents for people: what, where, the line with a caret, and how to fix it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from etl.model import Json, Location, Problem
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.values import clean, one_cell, to_json, width
from etl.secrets import redact

WIDEST_LINE = 160
"""A longer source line is shown around its caret only."""


def problems_text(problems: Sequence[Problem], ink: Ink = PLAIN) -> str:
    """Every problem with its source line and caret, and the counts at the end; empty without problems."""
    if not problems:
        return ""
    return "".join(problem_text(problem, ink) for problem in problems) + ink(counts(problems), "bold") + "\n"


def problem_text(problem: Problem, ink: Ink = PLAIN) -> str:
    """`file:line:column: error[code]: what — how to fix`, then the source line and a caret line."""
    color = "red" if problem.severity == "error" else "yellow"
    label = ink(f"{problem.severity}[{problem.code}]", color, "bold")
    lines = [f"{_place(problem.location)}{label}: {clean(full_message(problem))}"]
    if problem.location and problem.location.text.strip() and not _holds_secret(problem.location):
        lines += _picture(problem.location, ink, color)
    return "\n".join(lines) + "\n"


def full_message(problem: Problem) -> str:
    """What is wrong and how to fix it, in one sentence."""
    return f"{problem.message} — {problem.hint}" if problem.hint else problem.message


def _place(location: Location | None) -> str:
    if location is None:
        return ""
    if location.line < 1:
        return f"{clean(location.file)}: "
    return f"{clean(location.file)}:{location.line}:{location.column}: "


def _picture(location: Location, ink: Ink, color: str) -> list[str]:
    text, start, end = _window(location)
    before, marked = one_cell(text[:start]), one_cell(text[start:end])
    number, empty = f"{location.line:>5} | ", "      | "
    caret = " " * width(before) + ink("^" * max(1, width(marked)), color, "bold")
    return [ink(number, "dim") + before + marked + one_cell(text[end:]).rstrip(), ink(empty, "dim") + caret]


def _holds_secret(location: Location) -> bool:
    """A line that holds one is not shown at all: masking it would move what the caret points at."""
    return redact(location.text) != location.text


def _window(location: Location) -> tuple[str, int, int]:
    """The part of the line that is shown, and where the marked place starts and ends in it."""
    text = location.text.rstrip("\r\n")
    start = max(0, location.column - 1)
    end = max(start + 1, (location.end_column or location.column + 1) - 1)
    if len(text) <= WIDEST_LINE:
        return text, start, min(end, max(len(text), start + 1))
    first = max(0, start - WIDEST_LINE // 2)
    cut = text[first : first + WIDEST_LINE]
    shift = first - 1 if first else 0
    shown = ("…" if first else "") + cut + ("…" if first + WIDEST_LINE < len(text) else "")
    return shown, start - shift, min(end - shift, len(shown))


def counts(problems: Sequence[Problem]) -> str:
    """`2 errors, 1 warning in 3 files`."""
    errors = sum(problem.severity == "error" for problem in problems)
    parts = [(errors, "error"), (len(problems) - errors, "warning")]
    found = ", ".join(counted(number, word) for number, word in parts if number)
    files = {problem.location.file for problem in problems if problem.location}
    return f"{found} in {counted(len(files), 'file')}" if files else found


def problems_document(problems: Iterable[Problem]) -> list[dict[str, Json]]:
    """`[{file, line, column, severity, code, message}]`."""
    return [
        {
            "file": problem.location.file if problem.location else None,
            "line": problem.location.line if problem.location else None,
            "column": problem.location.column if problem.location else None,
            "severity": problem.severity,
            "code": problem.code,
            "message": full_message(problem),
        }
        for problem in problems
    ]


def problems_json(problems: Iterable[Problem]) -> str:
    """The problems as one JSON array."""
    return to_json(problems_document(problems))
