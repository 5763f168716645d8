"""The arithmetic of rate limits: never too many in any window, nobody left behind, and the rate used up."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http.slots import Schedule, with_margin
from etl.specs import ThrottleWindow

WINDOWS = st.lists(
    st.builds(ThrottleWindow, st.integers(1, 12), st.sampled_from([0.5, 1.0, 2.0, 10.0, 60.0])), min_size=1, max_size=3
)


def send(schedule: Schedule, windows: list[ThrottleWindow], owner: str, now: float, late: float) -> float:
    """One caller's way: reserve, wait (waking `late`), confirm; the moment at which it sent."""
    at, sent = schedule.reserve(windows, owner, now), False
    while not sent:
        now = max(now, at) + late
        slot = schedule.confirm(windows, owner, now)
        at, sent = slot.at, slot.sent
    return now


def crowded(times: list[float], window: ThrottleWindow) -> bool:
    """More than allowed in some half-open window."""
    later = zip(times, times[window.requests :], strict=False)
    return any(second - first < window.seconds - 1e-9 for first, second in later)


@given(WINDOWS, st.lists(st.tuples(st.floats(0, 0.5), st.floats(0, 0.05)), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_its_limit_however_late_callers_wake(
    windows: list[ThrottleWindow], calls: list[tuple[float, float]]
) -> None:
    schedule, now, times = Schedule(), 100.0, []
    for pause, late in calls:
        now = send(schedule, windows, "one", now + pause, late)
        times.append(now)
    assert not any(crowded(times, window) for window in windows)


@given(st.integers(1, 10), st.sampled_from([0.75, 1.0, 2.0, 60.0]))
def test_a_busy_caller_gets_at_least_97_percent_of_the_rate(requests: int, seconds: float) -> None:
    windows = list(with_margin([ThrottleWindow(requests, seconds)]))
    schedule, now, times = Schedule(), 5.0, []
    for _ in range(requests * 20 + 1):
        now = send(schedule, windows, "one", now, 0.0)
        times.append(now)
    rate = (len(times) - 1) / (times[-1] - times[0])
    assert rate >= 0.97 * requests / seconds


@given(
    st.integers(2, 5),
    st.builds(ThrottleWindow, st.integers(1, 5), st.sampled_from([0.5, 1.0, 3.0])),
    st.lists(st.integers(0, 4), min_size=20, max_size=80),
    st.floats(0, 0.03),
)
def test_several_processes_share_the_limit_and_none_starves(
    owners: int, window: ThrottleWindow, order: list[int], late: float
) -> None:
    """Each owner asks again as soon as it has sent; whoever wakes first in a tie is up to chance."""
    windows, schedule, now = [window], Schedule(), 50.0
    waiting = {str(owner): schedule.reserve(windows, str(owner), now) for owner in range(owners)}
    sent: list[tuple[float, str]] = []
    for chance in order:
        soonest = min(waiting.values())
        ready = sorted(owner for owner, at in waiting.items() if at <= soonest)
        owner = ready[chance % len(ready)]
        now = max(now, soonest) + late
        slot = schedule.confirm(windows, owner, now)
        waiting[owner] = slot.at
        if slot.sent:
            sent.append((now, owner))
            waiting[owner] = schedule.reserve(windows, owner, now)
    assert not crowded([at for at, _ in sent], window)
    for owner in map(str, range(owners)):
        turns = [index for index, (_, who) in enumerate(sent) if who == owner]
        gaps = [later - earlier for earlier, later in pairwise([-1, *turns, len(sent)])]
        most = 2 * owners + window.requests  # a free window may go to one owner, all of it in one tie
        assert max(gaps) <= most, f"{owner} waited for {max(gaps)} sends of others"


def test_everybody_waits_out_the_longest_pause_that_was_asked_for() -> None:
    windows, schedule = [ThrottleWindow(4, 1.0)], Schedule()
    assert schedule.reserve(windows, "a", 10.0) == 10.0
    schedule.pause(17.0)
    schedule.pause(12.0)
    assert schedule.confirm(windows, "a", 10.0).at == 17.0
    assert schedule.reserve(windows, "b", 11.0) == 17.0
    assert schedule.confirm(windows, "a", 17.0).sent


def test_who_missed_the_moment_of_its_stamp_gets_a_later_one_that_keeps_the_distance() -> None:
    windows, schedule = [ThrottleWindow(1, 1.0)], Schedule()
    schedule.reserve(windows, "a", 10.0)
    assert schedule.confirm(windows, "a", 10.0).sent
    assert schedule.reserve(windows, "b", 10.1) == 11.0
    again = schedule.confirm(windows, "a", 10.4)
    assert (again.at, again.sent) == (10.4, True)
    later = schedule.confirm(windows, "b", 11.0)
    assert (later.at, later.sent) == (11.4, False)
    assert len(schedule.slots) == 2


def test_a_reservation_whose_owner_died_costs_one_slot_and_no_more() -> None:
    windows, schedule = [ThrottleWindow(1, 1.0)], Schedule()
    schedule.reserve(windows, "dead", 0.0)
    assert send(schedule, windows, "alive", 0.0, 0.0) == 1.0
    assert send(schedule, windows, "alive", 1.0, 0.0) == 2.0


def test_a_caller_that_gave_up_leaves_its_slot_to_the_next_of_its_process() -> None:
    windows, schedule = [ThrottleWindow(1, 1.0)], Schedule()
    send(schedule, windows, "me", 0.0, 0.0)
    assert schedule.reserve(windows, "me", 0.1) == schedule.reserve(windows, "me", 0.2) == 1.0
    assert len(schedule.slots) == 2


@pytest.mark.parametrize("requests", [1, 4])
def test_what_is_older_than_every_window_is_forgotten(requests: int) -> None:
    windows, schedule = [ThrottleWindow(requests, 1.0)], Schedule()
    for second in range(100):
        send(schedule, windows, "me", second * 2.0, 0.0)
    assert len(schedule.slots) <= 2
