"""What a connector document says, typed: one API with its endpoints, operations, params and record schemas.

Values only. `etl.connectors.load` reads them from YAML; checks, commands and the REST engine read them from here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from etl.model import Json, Schema
from etl.specs import ThrottleWindow

OperationName = Literal["list", "get", "create", "update", "upsert", "delete", "download"]

Block = Mapping[str, Any]
"""A checked block of the connector document that the part which runs it reads for itself (`from_config`)."""


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter that a mapping's `params` may name."""

    name: str
    type: str = "string"
    """string, integer, number, boolean, date, date-time, or `array` with `items`."""
    items: str | None = None
    values: tuple[Json, ...] = ()
    required: bool = False
    minimum: int | None = None
    maximum: int | None = None
    wire: str | None = None
    """strftime pattern of a date or date-time, where it differs from the connector's."""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Sort:
    """The sort parameters of a list: their names and the documented values."""

    by_param: str
    order_param: str
    values: tuple[str, ...]
    ascending: str = "ascending"
    descending: str = "descending"
    stable: str | None = None
    """The value by which records move least while pages are read (creation date where there is one)."""


@dataclass(frozen=True, slots=True)
class Window:
    """A list that must be asked in slices of its two date params (31 days at most, both ends inclusive)."""

    start: str
    end: str
    days: int
    required: bool = False


@dataclass(frozen=True, slots=True)
class Results:
    """Where the per-item results of a batch stand in an answer (JMESPath, relative to `records` for the rest)."""

    records: str
    key: str | None
    success: str
    error: str
    created: str | None = None


@dataclass(frozen=True, slots=True)
class Op:
    """One documented operation of an endpoint."""

    name: OperationName
    method: str
    path: str
    permission: str | None = None
    query: Mapping[str, Json] = field(default_factory=dict)
    params: Mapping[str, Param] = field(default_factory=dict)
    sort: Sort | None = None
    paging: Block = field(default_factory=dict)
    window: Window | None = None
    records: str | None = None
    record: str | None = None
    flatten: Block | None = None
    """`{items: dates, key: …}`: one record per inner item, the outer fields beside it."""
    body: str | Block | None = None
    """object, array, {wrap: key}, {multipart: {…}}, or name_value, {name_value: {…}} as in Dime.Scheduler's import."""
    id: str | None = None
    """JMESPath of the new record's id in the answer, where the answer gives one."""
    results: Results | None = None
    envelope: Block | None = None
    """How an answer with HTTP 200 says that it failed."""
    idempotent: bool | None = None
    """True: sending it again does no harm, so that a lost answer is simply repeated; PUT and DELETE are so without
    saying. Of an upsert: None: a record that is there is updated by it; False: sent twice it is there twice."""
    not_found: tuple[int, ...] = (404,)
    """Statuses that say `no such record` here (Blikk: 400)."""
    conflict: Block | None = None
    options: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""


@dataclass(frozen=True, slots=True)
class Incremental:
    """How changed records are found: by an updated-since param, or by sorting newest first until the cursor."""

    cursor: str
    param: str | None = None
    sort: Mapping[str, str] | None = None
    created_sort: Mapping[str, str] | None = None
    """Where `updated` is null until the first change: the sort that finds new records."""
    lookback: float = 600.0
    unit: str | None = None
    deleted: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One documented resource."""

    name: str
    operations: Mapping[str, Op]
    fields: Mapping[str, Schema]
    """The record as read; where `write_fields` is empty, as written too."""
    write_fields: Mapping[str, Schema] = field(default_factory=dict)
    title: str = ""
    key: tuple[str, ...] = ("id",)
    """Identity of a record when it is read."""
    target_key: tuple[str, ...] = ()
    """What identifies a record when it is written (a unique field such as externalId)."""
    id_field: str = "id"
    """The record's own id, for paths and updates."""
    version: str | None = None
    """JMESPath of the time of the last change, as the source says it."""
    incremental: Incremental | None = None
    parent: Block | None = None
    """Nested endpoints: `{endpoint: tasks, params: {taskId: id}, where: …}`."""
    batch_default: int = 100
    batch_max: int = 100
    depends_on: tuple[str, ...] = ()
    """Endpoints of the same connector that must be written before this one."""
    references: Mapping[str, str] = field(default_factory=dict)
    """Written field → endpoint whose target key it holds (tasks.projectExternalId → projects); several fields that hold
    it together are written `a, b`."""
    match: Block | None = None
    """How a record is found again after a lost answer: natural key and the list request that looks for it."""
    read_one: Block | None = None
    """Where one record can only be read through the list: `{params: {filter.taskIds: id}}`, params ← JMESPath on
    the values known of it, its id among them."""
    normalise_key: tuple[str, ...] = ()
    """`trim`, `lower`: how the target compares its key (an e-mail address)."""
    closed_periods: Block | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Json] = field(default_factory=dict)
    description: str = ""

    def written(self) -> Mapping[str, Schema]:
        """The fields that a mapping may name in its target."""
        return self.write_fields or self.fields

    def shown_at(self, name: str) -> str | None:
        """Where a record of the list has what is written as `name`; None where it does not show it."""
        match = self.match or {}
        written, known = self.written().get(name), match.get("compare", {}).get(name)
        place = known or (written.read_from if written is not None and written.read_from else name)
        root = re.match(r"\w+", place)
        read = None if root is None else self.fields.get(root.group())
        return None if read is None or (read.detail_only and not match.get("detail")) else place

    @property
    def listed_whole(self) -> bool:
        """All its records can be asked for just so: without a parent, and without a parameter that must be given."""
        op = self.operations.get("list")
        if op is None or self.parent is not None or (op.window is not None and op.window.required):
            return False
        return not any(param.required for param in op.params.values())


@dataclass(frozen=True, slots=True)
class Wire:
    """How values are spelled towards the API; None: as JSON has them, dates as ISO 8601."""

    date: str | None = None
    date_time: str | None = None
    time: str | None = None
    query_date: str | None = None
    query_date_time: str | None = None
    boolean: tuple[str, str] | None = None
    """(false, true) as text."""
    text: bool = False
    """True: every value is sent as text."""
    array: str = ","
    """What joins the items of an array in a query parameter."""
    list_join: str | None = None
    """What joins the items of a list in a body, where lists are text."""
    strip: tuple[str, ...] = ()
    """Keys taken out of every record at any depth (Blikk's `objectName`)."""


@dataclass(frozen=True, slots=True)
class Connector:
    """One API. `digest` changes with every change of the document."""

    name: str
    base_url: str
    endpoints: Mapping[str, Endpoint]
    title: str = ""
    instances: Mapping[str, Block] = field(default_factory=dict)
    auth: tuple[Block, ...] = ()
    """One block per auth kind on offer; the keys that a connection gives choose."""
    throttle: tuple[ThrottleWindow, ...] = ()
    throttle_by: str | None = None
    """The credential by which the API counts (Blikk: app_id)."""
    retry: Block = field(default_factory=dict)
    error: Block = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    wire: Wire = Wire()
    check: Block = field(default_factory=dict)
    """The cheap read of `etl check`: `{endpoint, params}`, or `{path}` where no endpoint can be listed. `permissions`:
    endpoints whose lists together need every permission for reading."""
    kind: Literal["rest", "files"] = "rest"
    digest: str = ""
    file: str = ""
    description: str = ""
