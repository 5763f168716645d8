"""How a source is read in one run: which requests, in which order, where they may stop, and what that is in words."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal

from etl.expressions.scope import Scope
from etl.model import Json, Page, ParentSpec
from etl.ports import ReadRequest, Source
from etl.transform import Compiled, truthy

Kind = Literal["all", "since", "newest first"]


@dataclass(frozen=True, slots=True)
class Reading:
    """The way of one read. `complete`: it is meant to see every record that the source has."""

    kind: Kind
    words: str
    requests: tuple[ReadRequest, ...]
    complete: bool


def read_all(params: Mapping[str, Json], *, because: str = "") -> Reading:
    """Everything, compared with what was last accepted."""
    words = "reads all and compares" + (f" ({because})" if because else "")
    return Reading("all", words, (ReadRequest(params=params),), complete=True)


async def read(reading: Reading, source: Source) -> AsyncGenerator[Page]:
    """The pages of a reading, numbered through over all its requests."""
    number = 0
    for request in reading.requests:
        async with aclosing(source.pages(request)) as pages:
            async for page in pages:
                number += 1
                page.number = number
                yield page


@dataclass(frozen=True, slots=True)
class Parents:
    """The outer loop of a nested endpoint: one list call per parent record that `where` keeps."""

    source: Source
    spec: ParentSpec
    where: Compiled | None
    params: Mapping[str, Compiled]
    """Path parameter of the nested endpoint → expression on the parent record."""

    async def read(self, reading: Reading, source: Source, scope: Scope) -> AsyncGenerator[Page]:
        """The pages of all parents' lists; each record holds its parent under the mapping's alias."""
        number = 0
        async with aclosing(self.source.pages(ReadRequest(params=self.spec.params))) as outer:
            async for parents in outer:
                for parent in parents.records:
                    if self.where is not None and not truthy(self.where(parent, scope)):
                        continue
                    path = {name: expression(parent, scope) for name, expression in self.params.items()}
                    inner = replace(reading, requests=tuple(replace(each, parents=path) for each in reading.requests))
                    async with aclosing(read(inner, source)) as pages:
                        async for page in pages:
                            number += 1
                            yield Page(number, [{**record, self.spec.alias: parent} for record in page.records])
