"""A run as the JSON document of the contract: its keys, in its order, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from etl.model import Json
from etl.report import Change, ConnectionReport, MappingReport, RunReport
from etl.reporting.values import json_texts
from etl.secrets import MASK

COUNTS: Final = (
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
)
"""What is counted of a mapping's records, in the order in which every report has it."""
ALWAYS: Final = ("read", "unchanged", "rejected")
_QUOTED_OR_NUMBER: Final = re.compile(r"""\bfield '[^']*'|'[^']*'|"[^"]*"|(?<!HTTP )\b\d[\w.-]*""")
_OWN: Final = re.compile(r"""['"].*[\d …]|\d""", re.S)
"""What is a record's own in a reason: numbers, and quoted texts with a number or several words; fields stay apart."""

TARGET_KEY = ""
"""Among the names of sensitive fields (no field is called so): the target's keys are made of one."""

Sensitive = Mapping[str, frozenset[str]]
"""Mapping name → its target fields whose values are never shown, and perhaps TARGET_KEY."""


def run_document(report: RunReport, sensitive: Sensitive | None = None) -> dict[str, Any]:
    """What `etl run --json` prints; a plan adds `planned` and each mapping's `changes`, which are a generator: all at
    once they may be more than memory holds."""
    hidden = sensitive or {}
    document: dict[str, Any] = {
        "run_id": report.run_id,
        "status": report.status,
        "exit_code": report.exit_code,
        "started_at": report.started_at,
        "finished_at": report.finished_at,
        "mappings": [_mapping(each, report.planned, hidden.get(each.name, frozenset())) for each in report.mappings],
        "connections": {name: _connection(each) for name, each in report.connections.items()},
    }
    return document | ({"planned": True} if report.planned else {})


def run_json_texts(report: RunReport, sensitive: Sensitive | None = None) -> Iterator[str]:
    """`run_document` as text, piece by piece."""
    return json_texts(run_document(report, sensitive))


def _mapping(mapping: MappingReport, planned: bool, hidden: frozenset[str]) -> dict[str, Any]:
    document: dict[str, Any] = {"name": mapping.name, "status": mapping.status}
    document |= {name: getattr(mapping, name) for name in COUNTS}
    document |= {"cursor": mapping.cursor, "error": mapping.error, "seconds": round(mapping.seconds, 3)}
    if planned:
        document["changes"] = (_change(change, hidden) for change in mapping.changes if change.action != "reject")
    return document


def telling_counts(report: RunReport) -> list[str]:
    """The counts that a person is shown: those that say what the others don't. Duplicates are the engine's affair."""
    told = all(each.written == each.created + each.updated for each in report.mappings)
    written = not told or not any(each.written for each in report.mappings)
    shown = {name for name in COUNTS if any(getattr(each, name) for each in report.mappings)} | {*ALWAYS}
    shown = (shown | {"written"} if written else shown - {"written"}) - {"duplicates"}
    return [name for name in COUNTS if name in shown]


def _change(change: Change, hidden: frozenset[str]) -> dict[str, Json]:
    """`create or update` is what a target allows us to know; the ledger knows no such record, so it is a create."""
    action = "create" if change.action == "create or update" else change.action
    return {"key": change.key, "action": action, "fields": visible_fields(change, hidden)}


def visible_fields(change: Change, hidden: frozenset[str]) -> dict[str, list[Json]]:
    """name → [old, new] with the values of sensitive fields masked."""
    return {name: [_mask(value) for value in pair] if name in hidden else pair for name, pair in change.fields.items()}


def record_name(change: Change, hidden: frozenset[str]) -> str:
    """What a reader knows the record by: its key in the target, else that in the source."""
    return change.key if TARGET_KEY in hidden else change.target_key or change.key


def _mask(value: Json) -> Json:
    return None if value is None else MASK


def _connection(connection: ConnectionReport) -> dict[str, Json]:
    return {
        "requests": connection.requests,
        "retries": connection.retries,
        "throttled": connection.throttled,
        "waited_seconds": round(connection.waited_seconds, 3),
    }


def top_reasons(reasons: Mapping[str, int], limit: int) -> Sequence[tuple[str, int]]:
    """The most frequent reasons first, those that differ only in a value as one; equal counts as they came."""
    alike: dict[str, list[str]] = {}
    for reason in reasons:
        alike.setdefault(_QUOTED_OR_NUMBER.sub(_without_value, reason), []).append(reason)
    grouped = [(_spelled(group), sum(reasons[reason] for reason in group)) for group in alike.values()]
    return sorted(grouped, key=lambda item: -item[1])[:limit]


def _without_value(found: re.Match[str]) -> str:
    return "…" if _OWN.match(found[0]) else found[0]


def _spelled(alike: Sequence[str]) -> str:
    others = len(alike) - 1
    return f"{alike[0]} (and {others} {'other' if others == 1 else 'others'} like it)" if others else alike[0]


def totals(report: RunReport, *names: str) -> dict[str, int]:
    """The sums of these counts over all mappings."""
    count: Callable[[MappingReport, str], int] = getattr
    return {name: sum(count(mapping, name) for mapping in report.mappings) for name in names}
