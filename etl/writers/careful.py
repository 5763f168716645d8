"""Writing over what a target has: while a request is under way the ledger does not claim to know what that is."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from etl.model import NO_RESULT, SERVER_FAULT, UNCONFIRMED, UNKNOWN, Action, Item, LedgerEntry, Outcome
from etl.ports import MappingState
from etl.writers.guard import Writer

UNSURE = frozenset({SERVER_FAULT, NO_RESULT, UNKNOWN, UNCONFIRMED})
"""Codes of rejects after which the target may have the record all the same."""


@dataclass(frozen=True, slots=True)
class CarefulWriter:
    """A change whose answer is lost may have been made, and the source may be back at what the ledger holds by the next
    run: that would be taken for unchanged. So each entry is in doubt from before its request until its outcome."""

    writer: Writer
    state: MappingState

    async def write(self, items: Sequence[Item]) -> AsyncGenerator[list[Outcome]]:
        """Raises what the writer does; what was under way then stays in doubt, and is sent again."""
        if keys := [item.key for item in items if _is_sure(item.known)]:
            self.state.doubt(keys)
        async with aclosing(self.writer.write(items)) as writing:
            async for outcomes in writing:
                if untouched := [entry for outcome in outcomes if (entry := _untouched(outcome)) is not None]:
                    self.state.trust(untouched)
                yield outcomes


def _is_sure(entry: LedgerEntry | None) -> bool:
    return entry is not None and entry.hash != b""


def _untouched(outcome: Outcome) -> LedgerEntry | None:
    """What the ledger had, where the target surely has it still."""
    if outcome.action is not Action.REJECTED or outcome.code in UNSURE:
        return None
    return outcome.item.known if _is_sure(outcome.item.known) else None
