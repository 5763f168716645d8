"""What static typing has to say about an expression, with the place in its text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from etl.model import Json, Schema, Severity

Node = Mapping[str, Any]
"""A node of the syntax tree, as `etl.expressions.parse` gives it."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with an expression: `offset` and `length` count characters of its text."""

    code: str
    message: str
    hint: str | None
    offset: int
    length: int
    severity: Severity = "error"


def quoted(text: str) -> str:
    """A piece of an expression inside a sentence; what is quoted already stays as it is."""
    return text if text[:1] in ("'", "`", '"') else f"'{text}'"


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an expression is evaluated on and what it can reach: the static twin of `Scope`.

    `tables` holds the schema of each lookup's rows, nullable where a miss gives null; None: not known, so
    not checked, and likewise `vars`. `full`: the record's full form is read, so that fields which only the
    detail has are there; if not, `detail` says how the author gets them. `holds`: texts of expressions that are
    known not to be null, as the mapping's `where` keeps no other record.
    """

    record: Schema
    noun: str = "the record"
    tables: Mapping[str, Schema] | None = None
    vars: Mapping[str, Json] | None = None
    full: bool = False
    detail: str = "add `detail: true` under `source`, so that each record's full form is read"
    holds: frozenset[str] = frozenset()


@dataclass(slots=True)
class Findings:
    """The findings of one expression, in the order of the text; each said once."""

    text: str
    found: dict[tuple[str, int], Finding] = field(default_factory=dict)
    conditional: bool = False
    """What is looked at now is evaluated for some records only: what fails there does no harm to the others."""

    def severity(self) -> Severity:
        """How bad it is that something fails whenever it is evaluated."""
        return "warning" if self.conditional else "error"

    def add(
        self, code: str, message: str, hint: str | None, start: int, end: int, severity: Severity = "error"
    ) -> None:
        """Notes a finding about text[start:end]."""
        finding = Finding(code, message, hint, start, max(end - start, 1), severity)
        self.found.setdefault((code, start), finding)

    def at(self, node: Node, code: str, message: str, hint: str | None = None, severity: Severity = "error") -> None:
        """Notes a finding about a whole node."""
        self.add(code, message, hint, node["start"], node["end"], severity)

    def excerpt(self, node: Node) -> str:
        """The text of a node."""
        return self.text[node["start"] : node["end"]].strip()

    def ordered(self) -> tuple[Finding, ...]:
        """All of them, by place."""
        return tuple(sorted(self.found.values(), key=lambda finding: (finding.offset, finding.code)))
