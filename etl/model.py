"""The values that travel through the engine: plain dataclasses without behaviour that reaches outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
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

PLANNED_ID: Final[Json] = {"$planned": True}
"""Stands in a plan for the id that the target will give to a record that the plan creates."""

UNKNOWN: Final = "unknown"
"""The code of the reject of a create that may have been done: its intent stays open."""

UNCONFIRMED: Final = "unconfirmed"
"""The same where the target answered that it was done, and shows no record of it."""

SERVER_FAULT: Final = "server-fault"
"""The code of a reject of a record that the target failed at: it may have done what it was asked before."""

NO_RESULT: Final = "no-result"
"""The same where its answer says nothing of the record."""

LATER: Final = "later"
"""The code of a reject in a plan: what becomes of the record is known only once others are written."""


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
    known: LedgerEntry | None = None
    page: int = 0


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
