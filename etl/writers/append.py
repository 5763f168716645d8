"""`operation: create` into a file: batches that come behind all others, once each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from etl.model import Action, Item, Outcome
from etl.ports import Appender
from etl.settle import CHANGED

STAYS = "it changed after it was appended; `operation: upsert` with a key would replace it"


@dataclass(frozen=True, slots=True)
class AppendWriter:
    """What was appended before and has changed since is refused: a line that is written stays as it is."""

    target: Appender

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        new = [item for item in items if item.known is None or item.known.gone]
        changed = [item for item in items if item.known is not None and not item.known.gone]
        if changed:
            yield [Outcome(item, Action.REJECTED, reason=STAYS, code=CHANGED) for item in changed]
        if new:
            yield await self.target.append(new)
