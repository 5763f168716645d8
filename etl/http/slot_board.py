"""A schedule of slots that machines share: kept on a board, on the clock of that board."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from etl.http.slot_store import Change, T
from etl.http.slots import Schedule
from etl.ports import Clock, SlotBoard

DRIFT: Final = 1e-4
"""By how much two clocks may grow apart while they are being set right, in seconds per second."""

CALMING: Final = 0.8
"""How fast one slow answer is forgotten."""


@dataclass(slots=True)
class Offset:
    """By how much this machine's steady clock is ahead of another one, as close as the exchanges until now tell."""

    least: float = float("-inf")
    most: float = float("inf")
    learnt_at: float = float("-inf")

    @property
    def known(self) -> bool:
        return self.most < float("inf")

    @property
    def seconds(self) -> float:
        return (self.least + self.most) / 2

    def learn(self, sent: float, told: float, received: float) -> None:
        """The other clock showed `told` at some moment between `sent` and `received`."""
        drift = DRIFT * (received - self.learnt_at) if self.known else 0.0
        least, most = max(self.least - drift, sent - told), min(self.most + drift, received - told)
        if least > most:  # one of the clocks was set
            least, most = sent - told, received - told
        self.least, self.most, self.learnt_at = least, most, received


class BoardStore:
    """One schedule on a board. Nobody holds a lock while others wait: who was overtaken looks and tries again."""

    def __init__(self, board: SlotBoard, name: str, clock: Clock) -> None:
        self._board = board
        self._name = name
        self._clock = clock
        self._text = ""
        self._offset = Offset()
        self.delay = 0.0

    async def update(self, change: Change[T]) -> T:
        """Raises StateError where the board can't be reached."""
        if not self._offset.known:
            await self._swap(self._text)
        while True:
            schedule = self._understand()
            result = change(schedule)
            if await self._swap(orjson.dumps(schedule.shifted(-self._offset.seconds).told()).decode()):
                return result

    async def _swap(self, text: str) -> bool:
        """Whether `text` stands there now."""
        begin = self._clock.monotonic()
        self._text, told = await self._board.swap(self._name, self._text, text)
        end = self._clock.monotonic()
        self._offset.learn(begin, told, end)
        self.delay = max(end - begin, CALMING * self.delay)
        return self._text == text

    def _understand(self) -> Schedule:
        try:
            return Schedule.understood(orjson.loads(self._text)).shifted(self._offset.seconds)
        except (ValueError, TypeError, KeyError):
            return Schedule()
