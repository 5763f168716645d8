"""A saved plan: what was asked, what would be written, and what must still be so when it is carried out."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from etl.cli.outputs import written
from etl.cli.request import Request
from etl.errors import Interrupted, LimitReached, UsageError

if TYPE_CHECKING:
    from etl.assemble.workspace import Workspace
    from etl.report import Change, MappingReport, PlannedWrite, RunReport
    from etl.specs import MappingSpec

VERSION = 1
ASKED = ("paths", "select", "exclude", "limit", "reread", "resend", "full", "since", "sandbox")
"""The options that decide what a plan looks at."""

Writes = dict[str, dict[str, "PlannedWrite"]]


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """`fingerprints` and `writes` by mapping; those by source key."""

    made_at: str
    environment: str
    asked: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    writes: Writes


def save_plan(path: Path, request: Request, workspace: Workspace, report: RunReport) -> None:
    """Writes the plan, readable by this user alone: keys may be nobody's business. Raises EtlError."""
    if report.status == "interrupted":
        raise Interrupted(f"--out {path}: not saved, since the plan was interrupted")
    if report.status == "failed":
        stopped = " and ".join(mapping.name for mapping in report.mappings if mapping.status == "failed")
        raise LimitReached(f"--out {path}: not saved, since {stopped} stopped before the end", "the plan says why")
    head = {
        "etl_plan": VERSION,
        "made_at": report.started_at,
        "environment": workspace.project.environment,
        "asked": {name: value for name, value in asdict(request).items() if name in ASKED},
        "fingerprints": _fingerprints(workspace),
    }
    with (
        written("--out", path, "nothing was sent: make room, or name another file, and plan again"),
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
    ):
        if sys.platform != "win32":
            os.fchmod(file.fileno(), 0o600)
        file.writelines(_pieces(head, report))


def _pieces(head: Mapping[str, Any], report: RunReport) -> Iterator[bytes]:
    """One JSON object: `head` and then the writes, one by one, of which there may be many."""
    yield orjson.dumps(head)[:-1] + b',"writes":{'
    for number, mapping in enumerate(report.mappings):
        yield (b"," if number else b"") + orjson.dumps(mapping.name) + b":{"
        for place, change in enumerate(_writing(mapping)):
            what = [change.target_key, change.digest, change.seen]
            yield (b"," if place else b"") + orjson.dumps(change.key) + b":" + orjson.dumps(what)
        yield b"}"
    yield b"}}"


def load_plan(path: Path) -> SavedPlan:
    """Raises UsageError for a file that is no saved plan."""
    from etl.report import PlannedWrite

    try:
        document = orjson.loads(path.read_bytes())
        if document["etl_plan"] != VERSION:
            raise UsageError(f"--plan {path}: it was saved by another version of etl", "make a new plan")
        writes = {
            mapping: {key: PlannedWrite(*write) for key, write in many.items()}
            for mapping, many in document["writes"].items()
        }
        return SavedPlan(
            document["made_at"], document["environment"], document["asked"], document["fingerprints"], writes
        )
    except OSError as error:
        raise UsageError(f"--plan {path}: {error.strerror or error}", "save one with `etl plan -o FILE`") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise UsageError(f"--plan {path}: this is no saved plan", "save one with `etl plan -o FILE`") from None


def writes_of(report: RunReport) -> Writes:
    """What a plan would write, by mapping and source key."""
    from etl.report import PlannedWrite

    return {
        mapping.name: {
            change.key: PlannedWrite(change.target_key, change.digest, change.seen) for change in _writing(mapping)
        }
        for mapping in report.mappings
    }


def _writing(mapping: MappingReport) -> Iterator[Change]:
    return (change for change in mapping.changes if change.action != "reject" or change.later)


def check_mappings(saved: SavedPlan, workspace: Workspace) -> None:
    """Raises LimitReached where the plan is of other mappings than those that are here now."""
    if workspace.project.environment != saved.environment:
        here, there = (f"'{name}'" if name else "none" for name in (workspace.project.environment, saved.environment))
        raise LimitReached(f"the plan is for environment {there}, this run for {here}", "give the same --env")
    fingerprints = _fingerprints(workspace)
    changed = sorted(
        name for name in {*fingerprints, *saved.fingerprints} if fingerprints.get(name) != saved.fingerprints.get(name)
    )
    if changed:
        raise LimitReached(
            f"the plan of {saved.made_at} no longer holds: {_listed(changed)} changed since, or a connection of "
            f"{'it' if len(changed) == 1 else 'them'}, or a file that is written to; nothing was sent",
            "make a new plan; variables given with --var must be the same",
        )


def check_writes(saved: SavedPlan, report: RunReport) -> None:
    """Raises LimitReached where source or target moved on since the plan was made."""
    for mapping in report.mappings:
        if mapping.status == "failed":
            raise LimitReached(f"{mapping.name}: {mapping.error}; nothing was sent")
    now = writes_of(report)
    moved = [
        (name, key)
        for name in sorted({*now, *saved.writes})
        for key in {*now.get(name, {}), *saved.writes.get(name, {})}
        if now.get(name, {}).get(key) != saved.writes.get(name, {}).get(key)
    ]
    if moved:
        count = "1 record is" if len(moved) == 1 else f"{len(moved)} records are"
        name, key = min(moved)
        raise LimitReached(
            f"the plan of {saved.made_at} no longer holds: {count} not as it says (the first: {name} {key}); "
            "nothing was sent",
            "make a new plan",
        )


def _fingerprints(workspace: Workspace) -> dict[str, str]:
    """What a plan of each mapping depends on beside the records: itself, its connectors, and where they lead."""
    return {spec.name: " ".join([spec.fingerprint, *_places(workspace, spec)]) for spec in workspace.mappings}


def _places(workspace: Workspace, spec: MappingSpec) -> Iterator[str]:
    from etl.connectors.address import address_of
    from etl.connectors.files import folder_of, place_of

    for name in (spec.source.connection, spec.target.connection):
        connector = workspace.connectors[name]
        yield connector.digest
        if connector.kind == "rest" and not workspace.in_sandbox:
            yield address_of(workspace.connections[name], connector)
        elif connector.kind == "files":
            folder = folder_of(workspace.connections[name], workspace.project.root)
            yield place_of(folder, workspace.project.root)
            yield _content(folder / spec.target.endpoint) if name == spec.target.connection else ""


def _content(file: Path) -> str:
    """What a file that is written to holds: a plan knows nothing of its single records."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""


def _listed(names: list[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
