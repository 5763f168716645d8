"""Tables that expressions look rows up in: one that can't be loaded leaves nothing behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest

from etl.assemble.connections import Connections
from etl.assemble.tables import Tables
from etl.errors import Refused
from etl.expressions.scope import Scope
from etl.model import Record
from etl.specs import DetailSpec, FieldSpec, LookupSpec, MappingSpec, SourceSpec, TargetSpec
from tests.support.memory import MemorySource

SPEC = MappingSpec(
    name="tasks",
    file=Path("mappings/tasks.yaml"),
    source=SourceSpec("erp", "tasks"),
    target=TargetSpec("sheets", "tasks"),
    fields=(FieldSpec("name", value="lookup('people', owner).name"),),
    lookups={"people": LookupSpec("people", connection="erp", endpoint="people", detail=DetailSpec(), key="id")},
)


@dataclass
class Slow(MemorySource):
    """Refuses the full form of one record once all others are asked for, and never answers those."""

    all_asked: asyncio.Event = field(default_factory=asyncio.Event)

    async def detail(self, record: Record, parents: object = None) -> Record:
        self.asked.append(record["id"])
        if len(self.asked) == len(self.records):
            self.all_asked.set()
        await self.all_asked.wait()
        return await super().detail(record) if record["id"] == 1 else await asyncio.Future[Record]()


@dataclass
class One:
    """A connection to one source."""

    only: Any

    def source(self, connection: str, endpoint: str) -> Any:
        return self.only


def test_one_refused_full_form_ends_the_requests_for_the_others() -> None:
    async def story() -> set[asyncio.Task[Any]]:
        source = Slow([{"id": number} for number in range(3)])
        tables = Tables(cast(Connections, One(source)), cast(Any, None), cast(Any, None))
        with pytest.raises(Refused, match="400"):
            await tables.of(SPEC, Scope(now=datetime(2026, 4, 1, tzinfo=UTC)), {})
        return asyncio.all_tasks() - {asyncio.current_task()}  # type: ignore[arg-type]

    assert asyncio.run(story()) == set()
