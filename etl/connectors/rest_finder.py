"""Records looked up in a target: by their id, or by what is known of them when their id is not."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from etl.connectors.rest_index import KeyIndex
from etl.connectors.rest_same import iso, same, told_apart
from etl.connectors.rest_source import RestSource
from etl.errors import Refused
from etl.http.paths import compile_path
from etl.model import Json, Record
from etl.ports import Found, ReadRequest


@dataclass(frozen=True, slots=True)
class RestFinder:
    """Looks into the endpoint that a target writes to. `key`: the written fields by which an upsert finds a record."""

    source: RestSource
    key: tuple[str, ...] = ()
    index: KeyIndex | None = None
    """The list as a whole; None where it can't be asked for, or does not show the key."""

    @classmethod
    def build(cls, source: RestSource, key: tuple[str, ...]) -> RestFinder:
        return cls(source, key, KeyIndex.build(source.endpoint, key))

    def can_find(self, output: Record) -> bool:
        """The connector says how a record like this is found again."""
        return any(name in output for name in self._block["compare"])

    def natural(self, output: Record) -> tuple[str, ...]:
        """What a record is told apart by, as text: equal for outputs between which `find` can't choose."""
        return tuple(f"{name}={told_apart(output[name])}" for name in self._block["compare"] if name in output)

    async def read(self, target_id: Json, values: Mapping[str, Json] | None = None) -> Record | None:
        """The record with this id as the target has it now; None where it has none. `values` fill other path names."""
        op = self.source.endpoint.operations.get("get")
        try:
            return await self.source.get({**(values or {}), "id": target_id})
        except Refused as refused:
            if refused.status in (op.not_found if op else (404,)):
                return None
            raise

    async def is_gone(self, target_id: Json, values: Mapping[str, Json] | None = None) -> bool:
        """True where the target surely has no record with this id; false where it can't be asked."""
        return self.source.can_get and await self.read(target_id, values) is None

    async def by_key(self, output: Record) -> list[Found]:
        """Records that have the key of `output`: the one whose own id it is; else what is asked for by it, where the
        connector says how; else looked for in the whole list. None where the list does not show the key."""
        endpoint = self.source.endpoint
        if self.key == (endpoint.id_field,) and self.source.can_get:
            record = await self.read(output[endpoint.id_field], output)
            return [] if record is None else [Found(output[endpoint.id_field], record)]
        compare = {name: place for name in self.key if (place := endpoint.shown_at(name)) is not None}
        if "list" not in endpoint.operations or len(compare) < len(self.key) or not compare:
            return []
        params = self._params({name: output[name] for name in self.key})
        if endpoint.parent is not None or any(value is not None for value in params.values()):
            return await self._search(output, params, compare)
        return await self.index.find(output, lambda: self._listed(ReadRequest(), {})) if self.index else []

    async def find(self, output: Record, *, made_after: datetime | None = None) -> list[Found]:
        """Records that agree with `output` in every field it has of those compared, made after the moment given.

        A record without a time of creation counts as made after it. Lists in full: nothing is taken for absent that
        merely stands on a later page. Each once, though a list that changes under the reading is read again in parts.
        """
        compare = {name: place for name, place in self._block["compare"].items() if name in output}
        found = await self._search(output, self._params(output), compare)
        return [one for one in found if made_after is None or _is_after(one.created, made_after)]

    async def _search(self, output: Record, params: Mapping[str, Json], compare: Mapping[str, str]) -> list[Found]:
        places = {name: compile_path(place) for name, place in compare.items()}
        async with aclosing(self._listed(ReadRequest(params=params, parents=output), output)) as listed:
            found = [
                one
                async for one in listed
                if all(same(output[name], place(one.record)) for name, place in places.items())
            ]
        each_once = {str(one.id): one for one in found if one.id is not None}.values()
        return [*each_once, *(one for one in found if one.id is None)]

    async def _listed(self, request: ReadRequest, known: Record) -> AsyncGenerator[Found, None]:
        """Every record of the list, in full where the connector says that only so it can be compared."""
        async with aclosing(self.source.pages(request)) as pages:
            async for page in pages:
                for record in page.records:
                    yield self._found(await self._full(record, known))

    @property
    def _block(self) -> Mapping[str, Json]:
        return self.source.endpoint.match or {"compare": {}}

    def _params(self, known: Record) -> dict[str, Json]:
        """A day more on both sides of a span: whether its last day is inside, and in which zone, APIs don't say."""
        params = {name: compile_path(place)(known) for name, place in self._block.get("params", {}).items()}
        window = self.source.endpoint.operations["list"].window
        for name, days in ((window.start, -1), (window.end, 1)) if window else ():
            if params.get(name):
                params[name] = (date.fromisoformat(str(params[name])[:10]) + timedelta(days=days)).isoformat()
        return params

    def _found(self, record: Record) -> Found:
        place = self._block.get("created")
        made = compile_path(place)(record) if place else None
        return Found(
            compile_path(self._block.get("id", self.source.endpoint.id_field))(record),
            record,
            made if isinstance(made, str) else None,
        )

    async def _full(self, listed: Record, output: Record) -> Record:
        if not self._block.get("detail"):
            return listed
        return await self.source.detail(listed, {name: output[name] for name in output if name not in listed})


def _is_after(created: str | None, moment: datetime) -> bool:
    if created is None:
        return True
    try:
        made = datetime.fromisoformat(iso(created))
    except ValueError:
        return True
    if made.tzinfo is None:
        made = made.replace(tzinfo=moment.tzinfo)
    return made >= moment
