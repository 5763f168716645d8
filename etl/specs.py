"""What the documents say, made typed: project, connections and mappings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from etl.model import MISSING, Json, Location, Missing, Problem, Record, Schema


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
