"""What a run is asked, and what it reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from etl.model import Json

Status = Literal["succeeded", "rejected", "failed", "interrupted"]


@dataclass(slots=True)
class Change:
    """One line of a plan. `fields`: name → [old, new]; old is None for a create."""

    key: str
    action: Literal["create", "update", "create or update", "delete", "reject"]
    fields: dict[str, list[Json]] = field(default_factory=dict)
    reason: str | None = None
    target_key: str = ""
    digest: str = ""
    """Of the output, keyed: by it a saved plan is compared with what is so later."""
    seen: str = ""
    """Of what the target has before, where it can be read."""
    later: bool = False
    """A reject of the plan alone: what becomes of the record is known only once others are written."""


class Changes(Protocol):
    """The lines of a plan, in the order in which they are found: there may be more than memory holds."""

    def append(self, change: Change, /) -> None: ...

    def __iter__(self) -> Iterator[Change]: ...

    def __len__(self) -> int: ...


@dataclass(slots=True)
class MappingReport:
    """Counts of one mapping in one run; read = filtered + unchanged + written + deleted + rejected + unsettled."""

    name: str
    status: Status = "succeeded"
    read: int = 0
    duplicates: int = 0
    filtered: int = 0
    unchanged: int = 0
    created: int = 0
    updated: int = 0
    written: int = 0
    deleted: int = 0
    rejected: int = 0
    unsettled: int = 0
    cursor: Json = None
    error: str | None = None
    seconds: float = 0.0
    # shown on a terminal and in plans, beyond the counts of the contract
    file: str = ""
    source: str = ""
    target: str = ""
    reading: str = ""
    """How the source was read, in words: filter, newest first, or all with the diff."""
    expected: int | None = None
    started: bool = False
    finished: bool = False
    reasons: dict[str, int] = field(default_factory=dict)
    """Reject reasons with their counts, the most frequent shown first."""
    drift: dict[str, int] = field(default_factory=dict)
    """Source fields that the connector's schema does not have, or of another type, with counts."""
    warnings: list[str] = field(default_factory=list)
    changes: Changes = field(default_factory=list[Change])


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """What a saved plan does with one record; without a digest it does nothing, since too little was known."""

    target_key: str
    digest: str
    seen: str = ""


@dataclass(slots=True)
class ConnectionReport:
    """What one connection did in a run. `throttled` counts 429 answers; `waited_seconds` are those in which the rate
    limit held at least one request back."""

    name: str
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    waited_seconds: float = 0.0
    logins: int = 0
    host: str = ""


@dataclass(slots=True)
class RunReport:
    run_id: str
    status: Status = "succeeded"
    exit_code: int = 0
    started_at: str = ""
    finished_at: str = ""
    mappings: list[MappingReport] = field(default_factory=list)
    connections: dict[str, ConnectionReport] = field(default_factory=dict)
    planned: bool = False
    error: str | None = None


@dataclass(frozen=True, slots=True)
class ConnectionCheck:
    """How one connection fared when it was tried. Without `faults`, in words, it works, if it was `asked` anything."""

    name: str
    connector: str
    address: str
    faults: tuple[str, ...] = ()
    asked: bool = True


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What the command line asks of a run."""

    plan: bool = False
    limit: int | None = None
    reread: bool = False
    resend: bool = False
    since: str | None = None
    fail_fast: bool = False
    concurrency: int = 4
    wait: bool = False
    allow_rekey: bool = False
    only: Mapping[str, Mapping[str, PlannedWrite]] | None = None
    """Of a saved plan: mapping → source key → the write; nothing else is sent."""
    retry: bool = False
    """Nothing is read: open rejects are sent again, as they were stored, through the mapping as it is now."""
    keys: Sequence[str] = ()
    """Of a retry: the source keys of those rejects; none: all of them."""
    create: bool = False
    """Of a retry: creates of which nobody knows what came of them are sent again, too."""
    select: Sequence[str] = ()
    exclude: Sequence[str] = ()
