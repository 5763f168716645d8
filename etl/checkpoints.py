"""How far a full read is settled, page by page, so that an interrupted one goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from etl.model import Outcome, Page
from etl.ports import Checkpoint, Clock, MappingState

EVERY = 0.25
"""Seconds between two writes: what a kill costs is at most that much reading again."""


class Checkpoints:
    """Counts the items of each page that are still under way; a page is settled when it and all before it are.

    What is stored is the last settled page's place in the source's own counting; it falls where pages are read again.
    `store` brings what became of the records into the state: always before a place behind them is stored.
    """

    def __init__(
        self, state: MappingState, clock: Clock, first: Checkpoint, store: Callable[[], None] = lambda: None
    ) -> None:
        self._state = state
        self._clock = clock
        self._first = first
        self._store = store
        self._open: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._settled = 0
        self._place = first.page
        self._written = first.page
        self._next_at = 0.0

    def shaped(self, page: Page, items: int) -> None:
        """A page was looked through; `items` of its records are on their way to the target."""
        self._open[page.number] = self._open.get(page.number, 0) + items
        self._places[page.number] = page.place
        self._advance()

    def settled(self, outcomes: Iterable[Outcome]) -> None:
        """Outcomes that the target gave and that are recorded."""
        for page, count in Counter([outcome.item.page for outcome in outcomes]).items():
            if page in self._open:
                self._open[page] -= count
        self._advance()

    def flush(self) -> None:
        """Stores what is not stored yet: the read ends here, unfinished."""
        if self._place != self._written:
            self._write()

    def _advance(self) -> None:
        while self._open.get(self._settled + 1) == 0:
            self._settled += 1
            del self._open[self._settled]
            self._place = self._places.pop(self._settled)
        if self._place != self._written and self._clock.monotonic() >= self._next_at:
            self._write()

    def _write(self) -> None:
        self._next_at = self._clock.monotonic() + EVERY
        self._written = self._place
        first = self._first
        self._store()
        self._state.save_checkpoint(Checkpoint(first.fingerprint, self._place, first.high_water, first.run_id))
