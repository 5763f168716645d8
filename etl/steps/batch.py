"""Batches to a target: a refused batch is halved until the records at fault stand alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from etl.errors import ConnectionFailed, Refused
from etl.model import SERVER_FAULT, Action, Item, Outcome

Send = Callable[[Sequence[Item]], Awaitable[list[Outcome]]]


async def send_halving(items: Sequence[Item], send: Send) -> AsyncGenerator[list[Outcome]]:
    """Yields outcomes as soon as they are known, one per item in all.

    Raises ConnectionFailed where both halves of a batch that met a server fault meet one, too: the target is down.
    """
    answer = await _attempt(items, send)
    if isinstance(answer, Refused):
        async for outcomes in _halve(items, send, answer):
            yield outcomes
    else:
        yield answer


async def _attempt(items: Sequence[Item], send: Send) -> list[Outcome] | Refused:
    try:
        return await send(items)
    except Refused as refused:
        return refused


async def _halve(items: Sequence[Item], send: Send, refused: Refused) -> AsyncGenerator[list[Outcome]]:
    if len(items) == 1:
        yield [refusal(items[0], refused)]
        return
    middle = len(items) // 2
    refusals: list[tuple[Sequence[Item], Refused]] = []
    for half in (items[:middle], items[middle:]):
        answer = await _attempt(half, send)
        if isinstance(answer, Refused):
            refusals.append((half, answer))
        else:
            yield answer
    if refused.server_fault and len(refusals) == 2 and all(answer.server_fault for _, answer in refusals):
        raise ConnectionFailed(
            f"the target failed with HTTP {refused.status} for a batch and for both of its halves: {refused.reason}",
            "it seems to be down; what was written before is recorded, a rerun goes on from there",
        )
    for half, answer in refusals:
        async for outcomes in _halve(half, send, answer):
            yield outcomes


def refusal(item: Item, refused: Refused) -> Outcome:
    """The outcome of a record that the API refused on its own, with what it says of single fields."""
    details = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in refused.fields.items())
    return Outcome(
        item,
        Action.REJECTED,
        reason=f"{refused.reason} ({details})" if details else refused.reason,
        field=next(iter(refused.fields)) if len(refused.fields) == 1 else None,
        code=SERVER_FAULT if refused.server_fault else "refused",
    )
