"""The history of runs: each one's report, with the columns that a list is made from beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from typing import Any, TypeVar

from etl.errors import UsageError
from etl.report import Change, ConnectionReport, MappingReport, RunReport
from etl.state import tables
from etl.state.codec import dump, load, pack, unpack
from etl.state.database import Database

Report = TypeVar("Report", RunReport, MappingReport, ConnectionReport, Change)
AMBIGUOUS_SHOWN = 3
NO_END = "it has no end: it is under way, or was killed — what it wrote is recorded; the next run goes on from there"


def start_run(database: Database, report: RunReport, project: str, environment: str, command: str) -> None:
    """A run that never finishes stays in the history without an end, and is read as one that was interrupted."""
    row = (pack(report.run_id), pack(project), pack(environment), pack(command), *_columns(report))
    with database.transaction():
        database.upsert(tables.RUN, [row])


def finish_run(database: Database, report: RunReport) -> None:
    """Stores how a run that was begun came to its end."""
    database.write(
        "UPDATE runs SET status = ?, exit_code = ?, started_at = ?, finished_at = ?, report = ? WHERE run_id = ?",
        (*_columns(report), pack(report.run_id)),
    )


def newest_runs(database: Database, project: str, environment: str | None, limit: int) -> list[RunReport]:
    """The last `limit` runs of a project, the newest first; of all environments where none is named."""
    condition, values = ("", ()) if environment is None else ("AND environment = ?", (pack(environment),))
    rows = database.read(
        f"SELECT report FROM runs WHERE project = ? {condition} ORDER BY started_at DESC, number DESC LIMIT ?",
        (pack(project), *values, limit),
    )
    return [_report(text) for (text,) in rows]


def run_by_id(database: Database, run_id: str) -> RunReport | None:
    """By its id, or by a unique beginning of it. Raises UsageError where several begin so."""
    packed = pack(run_id)
    rows = database.read("SELECT run_id, report FROM runs WHERE run_id = ?", (packed,)) or database.read(
        "SELECT run_id, report FROM runs WHERE substr(run_id, 1, ?) = ? ORDER BY started_at DESC, number DESC LIMIT ?",
        (len(packed), packed, AMBIGUOUS_SHOWN + 1),
    )
    if len(rows) > 1:
        names = ", ".join(unpack(name) for name, _ in rows[:AMBIGUOUS_SHOWN])
        raise UsageError(f"several runs begin with '{run_id}': {names}, …", "give more of the id")
    return _report(rows[0][1]) if rows else None


def _columns(report: RunReport) -> tuple[object, ...]:
    return report.status, report.exit_code, report.started_at, report.finished_at, dump(asdict(report))


def _report(text: str) -> RunReport:
    document = load(text)
    document["mappings"] = [_mapping(each) for each in document["mappings"]]
    document["connections"] = {name: _known(ConnectionReport, each) for name, each in document["connections"].items()}
    report = _known(RunReport, document)
    return report if report.finished_at else _without_end(report)


def _without_end(report: RunReport) -> RunReport:
    """As it stood when it began, all was well and nothing done; nobody came to say how it ended."""
    mappings = [replace(each, status="interrupted") for each in report.mappings]
    return replace(report, status="interrupted", exit_code=130, error=NO_END, mappings=mappings)


def _mapping(document: dict[str, Any]) -> MappingReport:
    document["changes"] = [_known(Change, each) for each in document.get("changes", ())]
    return _known(MappingReport, document)


def _known(kind: type[Report], document: Mapping[str, Any]) -> Report:
    """Built from what this version knows; what another version wrote besides is left out."""
    names = {each.name for each in fields(kind)}
    return kind(**{name: value for name, value in document.items() if name in names})
