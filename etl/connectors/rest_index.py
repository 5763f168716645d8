"""All records of an endpoint by a key, for an API that can't be asked for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.connectors.rest_same import told_apart
from etl.connectors.rest_source import RestSource
from etl.http.paths import Path, compile_path
from etl.model import Json, Record
from etl.ports import Found, ReadRequest

Key = tuple[str, ...]


@dataclass(slots=True)
class KeyIndex:
    """The list is read once, when it is first needed; only keys and ids are kept of it."""

    source: RestSource
    places: Mapping[str, Path]
    """Key field → where a listed record has it."""
    _ids: dict[Key, list[Json]] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def build(cls, source: RestSource, key: Key) -> KeyIndex | None:
        """None where the list can't be asked for as a whole, or does not show the key."""
        places = {name: source.endpoint.shown_at(name) for name in key}
        known = {name: compile_path(place) for name, place in places.items() if place is not None}
        return cls(source, known) if key and len(known) == len(key) and source.endpoint.listed_whole else None

    async def find(self, output: Record) -> list[Found]:
        """The records with the key of `output`; what others add after the list was read is not among them."""
        async with self._turn:
            if self._ids is None:
                self._ids = await self._read()
        key = tuple(told_apart(output.get(name)) for name in self.places)
        return [Found(each, {}) for each in self._ids.get(key, ())]

    async def _read(self) -> dict[Key, list[Json]]:
        ids: dict[Key, dict[str, Json]] = {}
        async with aclosing(self.source.pages(ReadRequest())) as pages:
            async for page in pages:
                for record in page.records:
                    key = tuple(told_apart(place(record)) for place in self.places.values())
                    target_id = record.get(self.source.endpoint.id_field)
                    ids.setdefault(key, {})[str(target_id)] = target_id
        return {key: list(found.values()) for key, found in ids.items()}
