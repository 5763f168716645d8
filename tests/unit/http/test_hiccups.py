"""A request that was held up on its way counts from when it may have arrived, and only such a one."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http.hiccups import LATEST, Hiccups
from etl.http.slots import JITTER
from etl.http.throttle import Throttle
from etl.specs import ThrottleWindow
from tests.support.clocks import FakeClock


def after(times: list[float], last: float) -> float:
    hiccups = Hiccups()
    for seconds in times:
        hiccups.late(seconds)
    return hiccups.late(last)


def test_an_answer_that_takes_much_longer_than_usual_tells_of_a_late_arrival() -> None:
    assert after([0.004] * 20, 0.064) == pytest.approx(0.060 - JITTER)
    assert after([0.004] * 20, 5.0) == LATEST


@pytest.mark.parametrize(
    ("usual", "last"),
    [
        ([0.004] * 20, 0.023),  # within the jitter that is allowed for anyway
        ([0.004] * 3, 0.064),  # too few to know what is usual
        ([0.3] * 20, 0.9),  # far away: the way is not told from the work
        ([0.004] * 15 + [0.3] * 5, 0.3),  # an API that often takes long
    ],
)
def test_other_long_answers_cost_no_rate(usual: list[float], last: float) -> None:
    assert after(usual, last) == 0.0


@given(st.lists(st.floats(0, 60), max_size=80))
def test_never_more_than_the_answer_took_is_put_down_to_the_way(times: list[float]) -> None:
    hiccups = Hiccups()
    assert all(0 <= hiccups.late(seconds) <= min(seconds, LATEST) for seconds in times)


def test_the_window_begins_when_a_late_request_may_have_arrived() -> None:
    clock = FakeClock()
    throttle = Throttle([ThrottleWindow(1, 1.0)], clock)

    async def send(took: float) -> float:
        async with throttle.turn() as turn:
            await turn.go()
            sent = clock.monotonic()
            await clock.sleep(took)
            await turn.answered()
        return sent

    async def story() -> list[float]:
        return [await send(took) for took in [*[0.004] * 10, 0.074, 0.004, 0.004]]

    sent = asyncio.run(story())
    apart = [later - earlier for earlier, later in itertools.pairwise(sent)]
    assert apart[9:] == [pytest.approx(1.023), pytest.approx(1.023 + 0.05), pytest.approx(1.023)]
