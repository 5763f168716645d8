"""A plan in the manners of terraform: what would be created, changed field by field, deleted, left and rejected."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from etl.model import Json
from etl.report import Change, MappingReport, RunReport
from etl.reporting.ink import PLAIN, Ink, thousands
from etl.reporting.runs import Sensitive, record_name, top_reasons, totals, visible_fields
from etl.reporting.values import clean, padded, shown, width

_SIGNS: Final = {
    "create": ("+", "green"),
    "create or update": ("+", "green"),
    "update": ("~", "yellow"),
    "delete": ("-", "red"),
    "reject": ("!", "red"),
}
_COUNTED: Final = ("created", "written", "updated", "deleted", "unchanged", "filtered", "rejected")
WIDEST_VALUE = 100
LINES = 5000


def plan_texts(
    report: RunReport, ink: Ink = PLAIN, sensitive: Sensitive | None = None, note: str | None = None
) -> Iterator[str]:
    """The whole plan, mapping by mapping, and its totals, some thousand lines at a time; `note` says what the plan did
    not look at."""
    lines = _plan(report, ink, sensitive or {}, note)
    while some := list(islice(lines, LINES)):
        yield "\n".join(some) + "\n"


def _plan(report: RunReport, ink: Ink, hidden: Sensitive, note: str | None) -> Iterator[str]:
    for mapping in report.mappings:
        yield from _mapping(mapping, ink, hidden.get(mapping.name, frozenset()))
        yield ""
    yield f"{ink('Plan:', 'bold')} {_totals(report)}"
    if note:
        yield note
    if any(_unseen(mapping) for mapping in report.mappings):
        yield "A mapping was stopped: what it did not come to may change more."


def _mapping(mapping: MappingReport, ink: Ink, hidden: frozenset[str]) -> Iterator[str]:
    way = f": {mapping.source} → {mapping.target}" if mapping.source and mapping.target else ""
    yield ink(clean(mapping.name), "bold") + clean(way)
    if mapping.reading:
        yield f"  {clean(mapping.reading)}"
    for change in mapping.changes:
        yield from _change(change, ink, hidden)
    if not any(change.action == "reject" for change in mapping.changes):
        for reason, count in top_reasons(mapping.reasons, len(mapping.reasons)):
            yield f"  {ink('!', 'red', 'bold')} {thousands(count)} rejected: {clean(reason)}"
    if mapping.unchanged:
        yield f"  {ink('=', 'dim')} {thousands(mapping.unchanged)} unchanged"
    if mapping.filtered:
        yield f"    {thousands(mapping.filtered)} left out"
    for warning in mapping.warnings:
        yield f"  {ink('warning', 'yellow')}: {clean(warning)}"
    if _unseen(mapping):
        yield f"  {ink('stopped', 'red')}{_why(mapping)}"
    elif not mapping.changes and not mapping.rejected:
        yield f"  {_nothing(mapping)}"


def _change(change: Change, ink: Ink, hidden: frozenset[str]) -> Iterator[str]:
    sign, color = _SIGNS[change.action]
    name = record_name(change, hidden)
    title = f"  {ink(sign, color, 'bold')} {clean(name)}"
    if change.action == "reject":
        yield f"{title}  rejected: {clean(change.reason or 'no reason given')}"
        return
    origin = f"  (source {clean(change.key)})" if name != change.key else ""
    yield title + _told(change) + ink(origin, "dim")
    fields = visible_fields(change, hidden)
    longest = max((width(clean(name)) for name in fields), default=0)
    for name, (old, new) in fields.items():
        yield f"      {padded(clean(name), longest)}  {_values(change, old, new, ink)}"


def _told(change: Change) -> str:
    """What the sign alone does not tell."""
    if _marks(change):
        return "  marked as gone"
    return f"  {change.action}" if change.action == "create or update" else ""


def _marks(change: Change) -> bool:
    """A record that is gone gets fields set, and stays (`missing: {set: …}`)."""
    return change.action == "delete" and bool(change.fields)


def _values(change: Change, old: Json, new: Json, ink: Ink) -> str:
    after = shown(new, WIDEST_VALUE)
    if change.action not in ("update", "delete"):
        return after
    return f"{ink(shown(old, WIDEST_VALUE), 'red')} → {ink(after, 'green')}"


def _unseen(mapping: MappingReport) -> bool:
    return mapping.status in ("failed", "interrupted") or mapping.unsettled > 0


def _why(mapping: MappingReport) -> str:
    left = f" before {thousands(mapping.unsettled)} records were looked at" if mapping.unsettled else ""
    return left + (f": {clean(mapping.error)}" if mapping.error else "")


def _nothing(mapping: MappingReport) -> str:
    if mapping.read == 0:
        return "no changed record in what was read"
    return "nothing to do for what was read"


def _totals(report: RunReport) -> str:
    words = {"created": "to create", "updated": "to update", "written": "to create or update", "deleted": "to delete"}
    sums = totals(report, *_COUNTED)
    if any(_marks(change) for mapping in report.mappings for change in mapping.changes):
        words["deleted"] = "to delete or mark as gone"
    unsure = sum(change.action == "create or update" for mapping in report.mappings for change in mapping.changes)
    sums["created"] -= unsure
    sums["written"] = unsure
    optional = ("written", "filtered", "rejected", *(("created",) if unsure else ()))
    shown_counts = [name for name in _COUNTED if sums[name] or name not in optional]
    return ", ".join(f"{thousands(sums[name])} {words.get(name, name)}" for name in shown_counts)
