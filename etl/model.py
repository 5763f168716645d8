"""The values that travel through the engine: plain dataclasses without behaviour that reaches outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

Json = Any
"""A JSON value: None, bool, int, float, Decimal (numbers wider than a float holds), str, list, dict."""

Record = dict[str, Json]


class Missing:
    """The type of MISSING: a key that a document does not have, as against one that is null."""

    _instance: Missing | None = None

    def __new__(cls) -> Missing:
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Final = Missing()


# --- places and problems -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a document. Lines and columns count from 1; `end_column` is exclusive, on the same line."""

    file: str
    line: int
    column: int
    end_column: int | None = None
    text: str = field(default="", compare=False, repr=False)
    """The whole source line, for the caret."""


Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of a check: what is wrong, where, and how to fix it."""

    code: str
    message: str
    location: Location | None = None
    hint: str | None = None
    severity: Severity = "error"


# --- schemas of records --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Schema:
    """The documented type of a value: a field of an endpoint, or what an expression gives.

    `type` is one of string, integer, number, boolean, date, date-time, time, object, array, json (any value).
    """

    type: str = "json"
    nullable: bool = True
    required: bool = False
    """Reading: always present. Writing: must be mapped."""
    values: tuple[Json, ...] = ()
    """Enumeration in the documented spelling; compared without regard to case. Empty: any value."""
    labels: Mapping[str, Json] | None = None
    """Names of coded values (`{Draft: 0}`): a field takes either."""
    properties: Mapping[str, Schema] | None = None
    """Of an object; None: its properties are not documented."""
    items: Schema | None = None
    max_length: int | None = None
    wire: str | None = None
    """How the value is spelled towards the API where that differs from the connector's rule for the type."""
    detail_only: bool = False
    list_only: bool = False
    sensitive: bool = False
    aliases: tuple[str, ...] = ()
    """Other names under which the API spells the same field."""
    read_from: str | None = None
    """JMESPath on the record as read that gives this written field's current value (for updates that replace)."""
    lost_if: str | None = None
    """JMESPath on the record as read; where it gives something, this written field can't be read back in full."""
    operations: tuple[str, ...] = ()
    """The write operations that take this field; empty: all of them."""
    description: str = ""


# --- documents made typed ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ThrottleWindow:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RetrySpec:
    """How often and how long a failed request is repeated. Seconds throughout."""

    attempts: int = 5
    seconds: float = 60.0
    max_wait: float = 600.0


@dataclass(frozen=True, slots=True)
class ConnectionSpec:
    """A connector with an address and credentials, as the project names it."""

    name: str
    connector: str
    base_url: str | None = None
    instance: str | None = None
    auth: Mapping[str, str] = field(default_factory=dict, repr=False)
    throttle: tuple[ThrottleWindow, ...] | None = None
    throttle_force: bool = False
    retry: RetrySpec = RetrySpec()
    timeout: float = 30.0
    ca_file: Path | None = None
    proxy: str | None = None
    datetime: Literal["utc", "local"] | None = None
    path: Path | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    location: Location | None = None
    places: Mapping[str, Location] = field(default_factory=dict, repr=False, compare=False)
    """Where its keys stand, those of `auth` as `auth.KEY`; empty where it stands in no document."""


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """A customer's folder: connections, variables and where the state lives."""

    name: str
    root: Path
    file: Path | None
    connections: Mapping[str, ConnectionSpec]
    state: str = "sqlite:///.etl/state.db"
    timezone: str = "UTC"
    vars: Mapping[str, Json] = field(default_factory=dict)
    environment: str = ""
    warnings: tuple[Problem, ...] = ()
    """What its document was warned of while it was read."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One target field: value → map → default → type → truncate → required."""

    name: str
    value: str | None = None
    const: Json | Missing = MISSING
    type: str | None = None
    map: Mapping[str, Json] | None = None
    otherwise: Json | Missing = MISSING
    default: Json | Missing = MISSING
    truncate: int | None = None
    required: bool = False
    sensitive: bool = False
    path: tuple[str | int, ...] = ()
    """Where it stands in the document, for messages."""


@dataclass(frozen=True, slots=True)
class IncrementalSpec:
    """`enabled` None: the best the endpoint allows. Seconds throughout."""

    enabled: bool | None = None
    lookback: float | None = None
    full_every: float = 7 * 86400.0


@dataclass(frozen=True, slots=True)
class DetailSpec:
    """Whether each record's full form is asked for, for which records, and while which version it is reused."""

    when: str | None = None
    reuse: str | None = None


@dataclass(frozen=True, slots=True)
class ParentSpec:
    endpoint: str
    alias: str
    where: str | None = None
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EachSpec:
    items: str
    alias: str
    key: str | None = None


@dataclass(frozen=True, slots=True)
class SourceSpec:
    connection: str
    endpoint: str
    params: Mapping[str, Json] = field(default_factory=dict)
    where: str | None = None
    key: tuple[str, ...] = ()
    incremental: IncrementalSpec = IncrementalSpec()
    detail: DetailSpec | None = None
    parent: ParentSpec | None = None
    each: EachSpec | None = None
    extra_fields: Mapping[str, Schema] = field(default_factory=dict)


OnMiss = Literal["reject", "empty", "skip"]


@dataclass(frozen=True, slots=True)
class LookupSpec:
    """A table for `lookup(name, key)`: from a file, an endpoint, or what another mapping wrote."""

    name: str
    on_miss: OnMiss = "reject"
    key: str | None = None
    file: Path | None = None
    connection: str | None = None
    endpoint: str | None = None
    params: Mapping[str, Json] = field(default_factory=dict)
    detail: DetailSpec | None = None
    where: str | None = None
    mapping: str | None = None
    options: Mapping[str, Json] = field(default_factory=dict)


Operation = Literal["upsert", "create", "update", "delete", "download"]


@dataclass(frozen=True, slots=True)
class TargetSpec:
    connection: str
    endpoint: str
    operation: Operation = "upsert"
    key: tuple[str, ...] = ()
    batch_size: int | None = None
    missing: Literal["keep", "delete"] | Mapping[str, Json] = "keep"
    nulls: Literal["send", "omit"] = "send"
    on_duplicate: Literal["reject", "last"] = "reject"
    lossy: bool = False
    params: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """A number of records, or a percentage."""

    amount: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class LimitsSpec:
    max_rejects: Limit | None = None
    max_deletes: Limit | None = None


@dataclass(frozen=True, slots=True)
class TestSpec:
    """A mapping's own test. `expect` is an object of fields, "filtered", or {"rejected": text}; a list with `each`."""

    name: str
    record: Record
    expect: Json
    lookups: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    vars: Mapping[str, Json] = field(default_factory=dict)
    now: str | None = None
    path: tuple[str | int, ...] = ()


@dataclass(frozen=True, slots=True)
class MappingSpec:
    """One source endpoint → field transforms → one target endpoint, checked and typed."""

    name: str
    file: Path
    source: SourceSpec
    target: TargetSpec
    fields: tuple[FieldSpec, ...]
    lookups: Mapping[str, LookupSpec] = field(default_factory=dict)
    limits: LimitsSpec = LimitsSpec()
    tests: tuple[TestSpec, ...] = ()
    after: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    template: bool = False
    description: str = ""
    renamed_from: str | None = None
    vars: Mapping[str, Json] = field(default_factory=dict)
    fingerprint: str = ""
    """Changes with everything that can change an output: fields, where, lookups, overlays."""


# --- what a run reads and writes -----------------------------------------------------------------


@dataclass(slots=True)
class Page:
    """Records of one answer, in the order in which they came. `total`: what the source says it holds in all.

    `place`: once this page and those before it are settled, a later read may go on behind the API's page of this
    number; 0: only from the start. It falls where pages must be read again.
    """

    number: int
    records: list[Record]
    total: int | None = None
    place: int = 0


@dataclass(slots=True)
class Item:
    """One source record on its way: its identity, where it came from and what it has become."""

    key: str
    """Canonical text of the source key, with its `each` part."""
    record: Record
    output: Record = field(default_factory=dict)
    target_key: str = ""
    encoded: bytes = b""
    """The output as canonical JSON: what the hash is of."""
    hash: bytes = b""
    version: str | None = None
    """The source's own version of the record (its updated time), where it has one."""
    known: LedgerEntry | None = None
    page: int = 0
    attempts: int = 0


class Action(StrEnum):
    FILTERED = "filtered"
    CREATED = "created"
    UPDATED = "updated"
    WRITTEN = "written"
    """Sent and accepted by a target that does not say which of the two it was."""
    DELETED = "deleted"
    REJECTED = "rejected"


@dataclass(slots=True)
class Outcome:
    """What became of one item at the target."""

    item: Item
    action: Action
    reason: str | None = None
    field: str | None = None
    code: str = ""
    target_id: Json = None


# --- what is stored ------------------------------------------------------------------------------


@dataclass(slots=True)
class LedgerEntry:
    """What a target last accepted for one source record."""

    key: str
    target_key: str
    hash: bytes
    output: Record | None = None
    target_id: Json = None
    gone: bool = False
    encoded: bytes = b""
    """The output's JSON where it is at hand; spares the store from encoding it again."""


@dataclass(slots=True)
class Reject:
    """A record refused, with the reason; kept until it is accepted, dropped or gone from the source."""

    key: str
    reason: str
    field: str | None = None
    code: str = ""
    record: Record | None = None
    output: Record | None = None
    target_key: str | None = None
    attempts: int = 1
    first_at: str = ""
    last_at: str = ""
    run_id: str = ""
    mapping: str = ""
    id: int | None = None


# --- what is reported ----------------------------------------------------------------------------

Status = Literal["succeeded", "rejected", "failed", "interrupted"]


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
    changes: list[Change] = field(default_factory=list)


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


@dataclass(frozen=True, slots=True)
class PlannedWrite:
    """What a saved plan does with one record."""

    target_key: str
    digest: str


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
