"""Rejects and the history of runs: lists to look over, and one of them in detail."""

from __future__ import annotations

from collections.abc import Sequence

from etl.model import Json, Record, Reject
from etl.report import RunReport
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.runs import totals
from etl.reporting.tables import columns
from etl.reporting.values import clean, clip, padded, shown, width


def rejects_text(rejects: Sequence[Reject], ink: Ink = PLAIN) -> str:
    """One line per reject: mapping, source key, attempts, when it was last tried, and why it was refused."""
    if not rejects:
        return "no open rejects\n"
    head = ["mapping", "key", "tries", "last tried", "reason"]
    rows = [[each.mapping, clip(each.key, 40), str(each.attempts), each.last_at, reason(each)] for each in rejects]
    total = counted(len(rejects), "open reject")
    return (
        columns(rows, head, ink) + f"{total}; in full: etl rejects show MAPPING KEY — the next run tries them again\n"
    )


def reason(reject: Reject) -> str:
    """Why it was refused, naming the field where one is at fault."""
    prefix = f"field '{reject.field}': " if reject.field else ""
    return reject.reason if reject.reason.startswith(prefix) else prefix + reject.reason


def reject_text(reject: Reject, ink: Ink = PLAIN) -> str:
    """The whole story of one reject, its record and output fit to be shown."""
    times = f"{counted(reject.attempts, 'time')}, first {reject.first_at}, last {reject.last_at}"
    lines = [
        ink(f"{clean(reject.mapping)}: {clean(reject.key)}", "bold"),
        f"  rejected: {ink(clean(reason(reject)), 'red')}",
        f"  tried: {clean(times)}, in run {clean(reject.run_id)}",
        *_block("source record", reject.record),
        *_block("what was to be written", reject.output),
    ]
    return "\n".join(lines) + "\n"


def _block(title: str, record: Record | None) -> list[str]:
    if not record:
        return []
    longest = max(width(clean(name)) for name in record)
    return [f"  {title}:", *(f"    {padded(clean(name), longest)}  {shown(record[name])}" for name in record)]


def reject_document(reject: Reject, *, full: bool = False) -> dict[str, Json]:
    """A reject as JSON; `full`: with its key in the target, record and output, which must be fit to be shown."""
    document: dict[str, Json] = {
        "mapping": reject.mapping,
        "key": reject.key,
        "code": reject.code,
        "field": reject.field,
        "reason": reject.reason,
        "attempts": reject.attempts,
        "first_at": reject.first_at,
        "last_at": reject.last_at,
        "run_id": reject.run_id,
    }
    whole = {"target_key": reject.target_key, "record": reject.record, "output": reject.output}
    return document | (whole if full else {})


def runs_text(runs: Sequence[RunReport], ink: Ink = PLAIN) -> str:
    """One line per run, the newest first."""
    if not runs:
        return "no runs yet\n"
    head = ["run", "started", "status", "exit", "read", "written", "unchanged", "rejected", "mappings"]
    return columns([_run_row(run) for run in runs], head, ink)


def _run_row(run: RunReport) -> list[str]:
    sums = totals(run, "read", "written", "unchanged", "rejected")
    names = clip(", ".join(mapping.name for mapping in run.mappings), 60)
    if not run.finished_at:  # under way, or killed: it left no counts
        return [run.run_id, run.started_at, "no end", "-", *("-" for _ in sums), names]
    return [run.run_id, run.started_at, run.status, str(run.exit_code), *map(str, sums.values()), names]
