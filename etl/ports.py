"""Protocols for the world outside: what a pipeline needs of a source, a target, the state and the clock."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from etl.model import Item, Json, LedgerEntry, Outcome, Page, Record, Reject
from etl.report import RunReport


class Clock(Protocol):
    """Time as a port, so that waiting takes no time in tests."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Seconds that never go back, the same for all processes of this machine."""

    async def sleep(self, seconds: float) -> None: ...


class SlotBoard(Protocol):
    """Short texts that all machines of a store share, and one clock for all of them: where rate limits are kept."""

    async def swap(self, name: str, expected: str, text: str) -> tuple[str, float]:
        """Puts `text` where `expected` stands, or nothing yet: what stands there now, and the clock, in seconds."""


# --- reading -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What is asked of a list operation. `params` are the endpoint's own, with canonical values."""

    params: Mapping[str, Json] = field(default_factory=dict)
    sort: tuple[str, str] | None = None
    """Sort value and order as the endpoint documents them; None: the order that moves least."""
    start_page: int = 1
    parents: Mapping[str, Json] = field(default_factory=dict)
    """Path parameters of a nested endpoint, from its parent record."""


class Source(Protocol):
    """One endpoint that can be read."""

    def pages(self, request: ReadRequest) -> AsyncGenerator[Page]:
        """Every page in order, read ahead as far as the throttle is kept busy. Raises ConnectionFailed, Refused."""

    async def detail(self, record: Record, parents: Mapping[str, Json] | None = None) -> Record:
        """The record's full form merged over its list form. Raises ConnectionFailed, Refused.

        `parents`: path parameters of a nested endpoint.
        """


# --- writing -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Found:
    """A record of the target that may be the one looked for. `created`: when it was made, as the target says it."""

    id: Json
    record: Record
    created: str | None = None


class Finder(Protocol):
    """Looks records of a target up."""

    def can_find(self, output: Record) -> bool:
        """The connector says how a record like this is found again by its natural key."""

    def natural(self, output: Record) -> tuple[str, ...]:
        """What a record is told apart by, as text."""

    async def by_key(self, output: Record) -> list[Found]:
        """The records that an upsert of `output` would change. Raises ConnectionFailed, Refused."""

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        """Records with the natural key of `output`, made after the moment given. Raises ConnectionFailed, Refused."""

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        """The record as the target has it now; None where it has none."""


class Target(Protocol):
    """One endpoint that can be written to. Each call answers with one outcome per item, in the items' order."""

    @property
    def finder(self) -> Finder: ...

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        """One request for all items. Raises Refused where the API refuses the whole batch."""

    async def create(self, item: Item) -> Outcome: ...

    async def update(self, item: Item, target_id: Json) -> Outcome: ...

    async def delete(self, items: Sequence[Item]) -> list[Outcome]: ...


class Appender(Protocol):
    """A target that takes records behind all others, in batches, and shows them in one step."""

    async def append(self, items: Sequence[Item]) -> list[Outcome]:
        """Durable before it returns. An item that is sent again before `publish` is still one record."""

    def appended(self) -> Iterable[list[LedgerEntry]]:
        """What was appended and is not published, of earlier runs, too: pages of what the ledger has to know first."""

    async def publish(self) -> None:
        """Shows everything that was written. Raises ConnectionFailed; what was written then waits for the next time."""


# --- state ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose state it is. An entry counts only for the target origin that it was sent to."""

    project: str
    environment: str
    mapping: str
    origin: str
    """Origin and endpoint of the target, e.g. `https://app.dimesheets.com projects`."""


Veil = Callable[[str], str]
"""Puts something in place of a key that leads to nobody; of what is veiled already it makes the same."""


@dataclass(slots=True)
class Cursor:
    """Where the next read starts, and from what; `fingerprint` is that of the mapping that read."""

    value: str | None
    fingerprint: str
    full_at: str | None = None
    """When the source was last read in full (ISO 8601, UTC)."""


@dataclass(slots=True)
class Checkpoint:
    """A read that was interrupted: it goes on after `page` if the fingerprint is still the same."""

    fingerprint: str
    page: int
    high_water: str | None = None
    run_id: str = ""


@dataclass(slots=True)
class Intent:
    """A create that is about to be sent, or whose answer never came. `answered`: the target said that it had made the
    record, and showed none."""

    key: str
    target_key: str
    output: Record
    hash: bytes
    created_at: str
    run_id: str = ""
    answered: bool = False


class MappingState(Protocol):
    """The state of one mapping towards one target origin. Keys are canonical source keys."""

    def cursor(self) -> Cursor | None: ...

    def save_cursor(self, cursor: Cursor) -> None: ...

    def checkpoint(self) -> Checkpoint | None: ...

    def save_checkpoint(self, checkpoint: Checkpoint | None) -> None: ...

    def known(self, keys: Sequence[str]) -> dict[str, LedgerEntry]:
        """The ledger's entries for these keys; keys without one are left out. Outputs are not loaded."""

    def blank(self) -> bool:
        """The ledger has no entry, not even one of a record that is gone."""

    def output(self, key: str) -> Record | None:
        """What the target last accepted for this key (plans and updates ask; the diff needs only hashes)."""

    def accept(self, entries: Iterable[LedgerEntry], run_id: str) -> None:
        """In one transaction: stores what was accepted, marks it seen, ends those keys' rejects and intents."""

    def seen(self, keys: Iterable[str], run_id: str) -> None:
        """Marks unchanged entries as seen by this run."""

    def unseen(self, run_id: str) -> Iterable[LedgerEntry]:
        """Entries, not gone yet, that this run has not seen; outputs loaded. Streams."""

    def sent(self) -> Iterable[LedgerEntry]:
        """All entries that are not gone; outputs loaded. Streams, and stores nothing."""

    def forget(self, keys: Iterable[str]) -> None:
        """Removes ledger entries: their records were deleted in the target."""

    def mark_gone(self, keys: Iterable[str]) -> None: ...

    def doubt(self, keys: Iterable[str]) -> None:
        """A request is about to change what the target has of these: until they are accepted again no output is the
        same as theirs (their hash is empty), and none is gone."""

    def trust(self, entries: Iterable[LedgerEntry]) -> None:
        """The target surely still has what it had before: hash and `gone` of these hold again."""

    def count(self) -> int:
        """How many live ledger entries there are."""

    def targets(self, target_keys: Sequence[str]) -> dict[str, str]:
        """target key → source key of live entries: who else claims a target record."""

    def claimed(self, target_ids: Sequence[Json]) -> list[bool]:
        """For each id whether a ledger entry of any mapping that writes to this origin holds it."""

    def intend(self, intents: Iterable[Intent]) -> None:
        """Durable before it returns (survives a power cut)."""

    def intents(self) -> list[Intent]: ...

    def drop_intents(self, keys: Iterable[str]) -> None: ...

    def reject(self, rejects: Iterable[Reject], run_id: str) -> None:
        """Stores rejects; one that is already there for its key has its attempts counted on and its reason replaced."""

    def rejects(self) -> Iterable[Reject]: ...

    def drop_rejects(self, keys: Iterable[str]) -> None: ...

    def details(self, keys: Sequence[str]) -> dict[str, tuple[str, Record]]:
        """Stored full forms: key → (version, record)."""

    def save_details(self, details: Iterable[tuple[str, str, Record]]) -> None: ...

    def forget_details(self) -> None: ...


class State(Protocol):
    """Where cursors, ledger, intents, rejects and run history are kept."""

    @property
    def board(self) -> SlotBoard | None:
        """Where the machines of this store share rate limits; None where only this machine uses it."""

    def mapping(self, scope: Scope, veil: Veil | None = None) -> MappingState:
        """`veil`: what is kept of target keys that are sensitive; the ledger's entries come back with that."""

    def secret(self, project: str) -> bytes:
        """A random key (32 bytes), made once per project: keys the hashes of outputs and of sensitive values."""

    def claim(self, scope: Scope) -> bool:
        """Takes the mapping for this run; False where another run (any process, any machine of this store) holds it.
        Released by `release`, by `close`, and by the system when the process dies."""

    def release(self, scope: Scope) -> None: ...

    def rename(self, project: str, environment: str, old: str, new: str) -> None:
        """Hands what is stored under a mapping's old name to its new one; nothing where there is nothing."""

    def identities(self, project: str, environment: str, origin: str, target_keys: Sequence[str]) -> dict[str, Json]:
        """target key → target id of records in that target, whichever mapping wrote them."""

    def save_identities(
        self, project: str, environment: str, origin: str, identities: Iterable[tuple[str, Json]]
    ) -> None: ...

    def target_of(self, project: str, environment: str, mapping: str, key: str) -> LedgerEntry | None:
        """What a mapping wrote for one source key (for `lookups: {x: {mapping: …}}`), its output not loaded."""

    def start_run(self, report: RunReport, project: str, environment: str, command: str) -> None: ...

    def finish_run(self, report: RunReport) -> None: ...

    def runs(self, project: str, environment: str | None = None, limit: int = 20) -> list[RunReport]:
        """The newest first."""

    def run(self, run_id: str) -> RunReport | None:
        """By its id, or by a unique beginning of it."""

    def all_rejects(self, project: str, environment: str, mapping: str | None = None) -> Iterable[Reject]:
        """Open rejects with `mapping` and `id` filled in, newest first."""

    def scopes(self, project: str, environment: str) -> list[Scope]:
        """Every mapping of this project and environment that has state."""

    def reset(self, scope: Scope) -> None:
        """Forgets everything of one mapping: cursor, checkpoint, ledger, intents, rejects and details."""

    def close(self) -> None: ...


__all__ = [
    "Appender",
    "Checkpoint",
    "Clock",
    "Cursor",
    "Intent",
    "MappingState",
    "ReadRequest",
    "Scope",
    "SlotBoard",
    "Source",
    "State",
    "Target",
    "Veil",
]
