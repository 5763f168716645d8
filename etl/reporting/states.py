"""What is stored of each mapping: where its next read starts, and how much the state knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from etl.model import Json
from etl.ports import Cursor, MappingState, Scope
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.tables import columns


@dataclass(frozen=True, slots=True)
class Standing:
    """One mapping's state towards one target."""

    scope: Scope
    cursor: Cursor | None
    page: int | None
    """The page after which an interrupted read goes on."""
    known: int
    rejects: int
    intents: int


def standing(scope: Scope, state: MappingState) -> Standing:
    """What the state says of one scope."""
    checkpoint = state.checkpoint()
    return Standing(
        scope=scope,
        cursor=state.cursor(),
        page=checkpoint.page if checkpoint else None,
        known=state.count(),
        rejects=sum(1 for _ in state.rejects()),
        intents=len(state.intents()),
    )


def standings_text(standings: Sequence[Standing], ink: Ink = PLAIN) -> str:
    """One line per mapping and target."""
    if not standings:
        return "nothing is stored yet\n"
    head = ["mapping", "records known", "rejects", "creates without an answer", "next read", "target"]
    rows = [
        [each.scope.mapping, str(each.known), str(each.rejects), str(each.intents), _next(each), each.scope.origin]
        for each in standings
    ]
    begun = any(each.intents for each in standings)
    return columns(rows, head, ink) + (_LOOKED_FOR if begun else "")


_LOOKED_FOR = "creates without an answer: the next run looks for them in the target before it sends any of them again\n"


def _next(standing: Standing) -> str:
    if standing.page is not None:
        return f"goes on after page {standing.page}"
    return f"from {standing.cursor.value}" if standing.cursor and standing.cursor.value else "all"


def standing_document(standing: Standing) -> dict[str, Json]:
    """One mapping's state as JSON."""
    return {
        "mapping": standing.scope.mapping,
        "target": standing.scope.origin,
        "cursor": standing.cursor.value if standing.cursor else None,
        "full_at": standing.cursor.full_at if standing.cursor else None,
        "checkpoint_page": standing.page,
        "known": standing.known,
        "rejects": standing.rejects,
        "intents": standing.intents,
    }
