"""When the next request may start: the arithmetic of rate limits, without clock, file or waiting.

A schedule remembers when requests were sent and who has reserved the next moments. A send counts at the moment at which
it really happened, so one that starts late pushes the following ones and never lets them come too close.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from etl.specs import ThrottleWindow

JITTER = 0.020
"""By how much requests may differ in the time they are under way without a window overflowing at the server."""

LATENESS = 0.003
"""By how much the moments at which requests are written may differ from their stamps, earliest to latest."""


def with_margin(windows: Sequence[ThrottleWindow]) -> tuple[ThrottleWindow, ...]:
    """The windows as they are kept here: safe where a server counts calendar seconds or a sliding window."""
    return tuple(ThrottleWindow(window.requests, window.seconds + JITTER + LATENESS) for window in windows)


@dataclass(slots=True)
class Slot:
    """One send, or a moment that its owner has reserved and not used yet."""

    at: float
    owner: str
    sent: bool = False


@dataclass(slots=True)
class Schedule:
    """All slots of one credential, in the order in which they were asked for. Times are seconds of a steady clock."""

    slots: list[Slot] = field(default_factory=list)
    paused_until: float = 0.0

    def reserve(self, windows: Sequence[ThrottleWindow], owner: str, now: float) -> float:
        """The moment at which `owner` may send next: after everybody who asked before. One open slot per owner."""
        self._forget(windows, now)
        if (mine := self._open(owner)) is None:
            taken = [slot.at for slot in self.slots]
            mine = Slot(max(now, self.paused_until, *taken[-1:], _free(windows, taken)), owner)
            self.slots.append(mine)
        return mine.at

    def confirm(self, windows: Sequence[ThrottleWindow], owner: str, now: float) -> Slot:
        """The last slot of `owner`: stamped as sent now, or else the moment at which to ask again.

        One that missed the moment of its stamp asks again, too, before anything else: the stamp moves on.
        """
        mine = next((slot for slot in reversed(self.slots) if slot.owner == owner), None)
        if mine is None:  # it waited for so long that it was forgotten
            self.reserve(windows, owner, now)
            mine = self.slots[-1]
        others = [slot.at for slot in self.slots if slot.sent and slot is not mine]
        earliest = max(self.paused_until, _free(windows, others))
        mine.at = max(now, earliest)
        mine.sent = earliest <= now
        return mine

    def arrived(self, owner: str, sent: float, at: float) -> None:
        """What `owner` sent at a moment may have reached the API as late as `at`, and counts from then."""
        mine = [slot for slot in self.slots if slot.sent and slot.owner == owner]
        slot = min(mine, key=lambda each: abs(each.at - sent), default=None)
        if slot is not None and abs(slot.at - sent) <= LATENESS:
            slot.at = max(slot.at, at)

    def pause(self, until: float) -> None:
        """Nobody sends before `until`; a longer pause that is already there stays."""
        self.paused_until = max(self.paused_until, until)

    def joined(self, other: Schedule) -> Schedule:
        """What either knows of."""
        slots = {(slot.at, slot.owner): slot for slot in (*self.slots, *other.slots)}
        return Schedule(sorted(slots.values(), key=lambda slot: slot.at), max(self.paused_until, other.paused_until))

    def shifted(self, seconds: float) -> Schedule:
        """The same on a clock that is ahead by so much."""
        slots = [Slot(slot.at + seconds, slot.owner, slot.sent) for slot in self.slots]
        return Schedule(slots, self.paused_until + seconds)

    def told(self) -> dict[str, Any]:
        """As JSON."""
        slots = [[round(slot.at, 6), slot.owner, slot.sent] for slot in self.slots]
        return {"paused_until": self.paused_until, "slots": slots}

    @classmethod
    def understood(cls, told: Mapping[str, Any]) -> Schedule:
        """What `told` gave. Raises ValueError, TypeError or KeyError for anything else."""
        slots = [Slot(float(at), str(owner), bool(sent)) for at, owner, sent in told["slots"]]
        return cls(slots, float(told["paused_until"]))

    def _open(self, owner: str) -> Slot | None:
        return next((slot for slot in self.slots if slot.owner == owner and not slot.sent), None)

    def _forget(self, windows: Sequence[ThrottleWindow], now: float) -> None:
        """Drops what is older than every window; a reservation whose owner died ages out the same way."""
        since = now - max((window.seconds for window in windows), default=0.0)
        self.slots = [slot for slot in self.slots if slot.at > since]


def _free(windows: Sequence[ThrottleWindow], taken: list[float]) -> float:
    """From when on every window has room for one more beside those taken."""
    times = sorted(taken)
    return max(
        (times[-window.requests] + window.seconds for window in windows if len(times) >= window.requests),
        default=float("-inf"),
    )
