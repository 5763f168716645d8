"""Full forms of records: asked for one by one, or taken from the state while the record has not changed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from etl.errors import RecordRejected, Refused
from etl.keys import canonical
from etl.model import Action, Item, Json, Outcome, Record
from etl.ports import MappingState, Source
from etl.shape.dedupe import Keyed
from etl.transform import Compiled, Transform, truthy

AT_ONCE = 16

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Detail:
    """Which records' full form is asked for, and while which version a stored one serves.

    `keep`: top-level fields that the mapping looks at; only those are stored. None: nothing is stored.
    `brings`: fields that only a full form has, by which it is told from a record of the list.
    `digest` changes with `keep`, so that a stored form never lacks what a changed mapping needs.
    """

    when: Compiled | None = None
    reuse: Compiled | None = None
    keep: frozenset[str] | None = None
    digest: str = ""
    brings: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Details:
    """The full forms that one mapping wants."""

    detail: Detail
    transform: Transform
    source: Source
    state: MappingState
    path_params: Callable[[Record], Mapping[str, Json]] = lambda record: {}
    """The path parameters of a nested endpoint for one of its records."""

    async def full(self, record: Record) -> Record:
        """The record's full form, where the mapping wants it; else the record itself. Raises Refused."""
        return await self._asked(record) if self._wants(record) else record

    async def of(self, records: list[Keyed]) -> tuple[list[Keyed], list[Outcome]]:
        """The records in full, and rejects of those that the source refused."""
        versions = {key: self._version(record) for key, record in records}
        stored = self.state.details([key for key, version in versions.items() if version])
        gate = asyncio.Semaphore(AT_ONCE)

        async def full(key: str, record: Record) -> Keyed | Outcome:
            if not self._wants(record):
                return key, record
            known = stored.get(key)
            if known is not None and known[0] == versions[key]:
                return key, {**record, **known[1]}
            async with gate:
                try:
                    return key, await self._asked(record)
                except Refused as answer:
                    return detail_refused(Item(key, record), answer)

        results = await all_or_none([full(key, record) for key, record in records])
        full_forms = [result for result in results if not isinstance(result, Outcome)]
        self._store(full_forms, versions, stored)
        return full_forms, [result for result in results if isinstance(result, Outcome)]

    async def of_bare(self, records: list[Keyed]) -> tuple[list[Keyed], list[Outcome]]:
        """As `of`, where some are in full already: those that were refused before that get it now."""
        brings = self.detail.brings
        bare, refused = await self.of([pair for pair in records if not brings & pair[1].keys()])
        return [pair for pair in records if brings & pair[1].keys()] + bare, refused

    async def _asked(self, record: Record) -> Record:
        """The full form. Raises Refused, also where the record lacks what the address of the request needs."""
        try:
            return await self.source.detail(record, self.path_params(record))
        except RecordRejected as missing:
            raise Refused(f"a full form can't be asked for: {missing}", status=404, reason=str(missing)) from None

    def _wants(self, record: Record) -> bool:
        return self.detail.when is None or truthy(self.detail.when(record, self.transform.scope))

    def _version(self, record: Record) -> str:
        """What must be the same for a stored full form to serve; empty: never."""
        if self.detail.reuse is None or self.detail.keep is None:
            return ""
        version = self.detail.reuse(record, self.transform.scope)
        return f"{self.detail.digest} {canonical(version).decode()}" if truthy(version) else ""

    def _store(self, records: list[Keyed], versions: dict[str, str], stored: dict[str, tuple[str, Record]]) -> None:
        keep = self.detail.keep
        if keep is None:
            return
        self.state.save_details(
            (key, versions[key], {name: value for name, value in record.items() if name in keep})
            for key, record in records
            if versions[key] and stored.get(key, ("",))[0] != versions[key]
        )


def detail_refused(item: Item, answer: Refused) -> Outcome:
    """The reject of a record whose full form the source does not give."""
    reason = f"its full form was refused: {answer.reason}"
    return Outcome(item, Action.REJECTED, reason=reason, code="detail")


async def all_or_none(calls: Sequence[Coroutine[Any, Any, Result]]) -> list[Result]:
    """The results in order; where one call fails, the others are cancelled before its error goes on."""
    tasks = [asyncio.ensure_future(call) for call in calls]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
