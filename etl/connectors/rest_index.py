"""All records of an endpoint by a key, for an API that can't be asked for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field

from etl.catalogue import Endpoint
from etl.connectors.rest_same import told_apart
from etl.http.paths import Path, compile_path
from etl.model import Json, Record
from etl.ports import Found

Key = tuple[str, ...]


@dataclass(slots=True)
class KeyIndex:
    """The list is read once, when it is first needed; only keys and ids are kept of it."""

    places: Mapping[str, Path]
    """Key field → where a record that was read has it."""
    _ids: dict[Key, list[Json]] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def build(cls, endpoint: Endpoint, key: Key) -> KeyIndex | None:
        """None where the list can't be asked for as a whole, or does not show the key."""
        places = {name: endpoint.shown_at(name) for name in key}
        known = {name: compile_path(place) for name, place in places.items() if place is not None}
        return cls(known) if key and len(known) == len(key) and endpoint.listed_whole else None

    async def find(self, output: Record, every: Callable[[], AsyncGenerator[Found, None]]) -> list[Found]:
        """Those of `every` record with the key of `output`; what others add after it was read is not among them."""
        async with self._turn:
            if self._ids is None:
                async with aclosing(every()) as listed:
                    self._ids = await self._by_key(listed)
        key = tuple(told_apart(output.get(name)) for name in self.places)
        return [Found(each, {}) for each in self._ids.get(key, ())]

    async def _by_key(self, listed: AsyncGenerator[Found, None]) -> dict[Key, list[Json]]:
        ids: dict[Key, dict[str, Json]] = {}
        async for found in listed:
            key = tuple(told_apart(place(found.record)) for place in self.places.values())
            ids.setdefault(key, {})[str(found.id)] = found.id
        return {key: list(found.values()) for key, found in ids.items()}
