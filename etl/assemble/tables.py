"""The tables that expressions look rows up in: loaded once per run, shared between mappings, and only if used."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import aclosing
from dataclasses import replace

from etl.assemble.connections import Connections
from etl.connectors.files_lookup import read_rows
from etl.errors import RecordRejected
from etl.expressions.scope import Scope, Table, table
from etl.keys import VEILED, canonical
from etl.model import LATER, MISSING, PLANNED_ID, Json, Record
from etl.ports import ReadRequest, State
from etl.shape.detail import all_or_none
from etl.specs import LookupSpec, MappingSpec, ProjectSpec
from etl.steps.lookups import Rows, used_tables
from etl.transform import compile_text, truthy

DETAILS_AT_ONCE = 16


class Tables:
    """Loads what a mapping's expressions use."""

    def __init__(self, connections: Connections, state: State, project: ProjectSpec) -> None:
        self._connections = connections
        self._state = state
        self._project = project
        self._loaded: dict[bytes, Rows] = {}
        self._turn = asyncio.Lock()

    async def of(self, spec: MappingSpec, scope: Scope, held: Mapping[str, frozenset[str]]) -> dict[str, Table]:
        """The tables of a mapping by name. `held`: mapping → source keys that it has open rejects for."""
        used = used_tables(spec)
        return {
            name: table(await self._find(lookup, scope, held), lookup.on_miss)
            for name, lookup in spec.lookups.items()
            if name in used
        }

    async def _find(
        self, lookup: LookupSpec, scope: Scope, held: Mapping[str, frozenset[str]]
    ) -> Callable[[str], Json]:
        if lookup.mapping is not None:
            return self._written(lookup, held.get(lookup.mapping, frozenset()))
        identity = canonical(
            [str(lookup.file), lookup.connection, lookup.endpoint, dict(lookup.params), lookup.key, lookup.where]
            + ([lookup.detail.when, lookup.detail.reuse] if lookup.detail else [])
            + [dict(lookup.options)]
        )
        async with self._turn:
            if identity not in self._loaded:
                self._loaded[identity] = await self._load(lookup, scope)
        return self._loaded[identity]

    def _written(self, lookup: LookupSpec, held: frozenset[str]) -> Callable[[str], Json]:
        """What another mapping wrote: the target's own id where it gave one, else the target key."""
        project, mapping = self._project, lookup.mapping or ""

        def find(key: str) -> Json:
            entry = self._state.target_of(project.name, project.environment, mapping, key)
            if entry is not None and entry.target_id == PLANNED_ID:
                raise RecordRejected(f"its {key!r} gets an id only when mapping '{mapping}' is run", code=LATER)
            if entry is not None and not entry.gone:
                if entry.target_id is None and entry.target_key.startswith(VEILED):
                    reason = f"its {key!r} has no id in the target, and its key there is sensitive: only a hash is kept"
                    raise RecordRejected(reason, code="sensitive-key")
                return entry.target_key if entry.target_id is None else entry.target_id
            if key in held:
                reason = f"its {key!r} was rejected by mapping '{mapping}'; it follows once that is accepted"
                raise RecordRejected(reason, code="parent")
            return MISSING

        return find

    async def _load(self, lookup: LookupSpec, scope: Scope) -> Rows:
        if lookup.file is not None:
            return Rows(read_rows(lookup), _column(lookup.key))
        return Rows(await self._fetch(lookup, scope), _key_of(lookup, scope))

    async def _fetch(self, lookup: LookupSpec, scope: Scope) -> list[Record]:
        assert lookup.connection is not None  # noqa: S101 - the schema asks for one of file, endpoint, mapping
        assert lookup.endpoint is not None  # noqa: S101
        source = self._connections.source(lookup.connection, lookup.endpoint)
        where = compile_text(lookup.where)
        when = compile_text(lookup.detail.when) if lookup.detail else None
        gate = asyncio.Semaphore(DETAILS_AT_ONCE)

        async def full(record: Record) -> Record:
            if lookup.detail is None or (when is not None and not truthy(when(record, scope))):
                return record
            async with gate:
                return await source.detail(record)

        rows: list[Record] = []
        async with aclosing(source.pages(ReadRequest(params=lookup.params))) as pages:
            async for page in pages:
                kept = [record for record in page.records if where is None or truthy(where(record, scope))]
                rows += await all_or_none([full(record) for record in kept])
        return rows


def _column(key: str | None) -> Callable[[Record], Json]:
    return lambda row: row.get(key or "id")


def _key_of(lookup: LookupSpec, scope: Scope) -> Callable[[Record], Json]:
    compiled = compile_text(lookup.key or "id")
    assert compiled is not None  # noqa: S101 - it was given a text
    return lambda row: compiled(row, replace(scope, tables={}))
