"""What "more than four requests during a given second" can mean, on a clock of our own."""

from __future__ import annotations

import pytest

from etl.sandbox.settings import Settings, ThrottleMode
from etl.sandbox.throttle import Throttle


def waits(mode: ThrottleMode, times: list[float]) -> list[int]:
    throttle = Throttle(Settings(throttle=mode))
    return [throttle.wait("token", at) for at in times]


@pytest.mark.parametrize("mode", ["sliding", "calendar"])
def test_four_in_a_second_pass_and_the_fifth_waits(mode: ThrottleMode) -> None:
    assert waits(mode, [100.0, 100.1, 100.2, 100.3, 100.4]) == [0, 0, 0, 0, 1]


def test_a_calendar_second_forgets_what_came_just_before_it() -> None:
    assert waits("calendar", [99.8, 99.85, 99.9, 99.95, 100.0, 100.05, 100.1, 100.15]) == [0] * 8


def test_a_sliding_second_does_not() -> None:
    assert waits("sliding", [99.8, 99.85, 99.9, 99.95, 100.0, 100.85]) == [0, 0, 0, 0, 1, 0]


def test_refused_requests_count_too_so_hammering_does_not_help() -> None:
    assert waits("sliding", [0.0, 0.1, 0.2, 0.3, *(0.4 + n * 0.2 for n in range(10))])[4:] == [1] * 10


def test_exactly_four_a_second_pass_for_ever() -> None:
    assert waits("sliding", [n * 0.25 for n in range(40)]) == [0] * 40


def test_nothing_waits_when_it_is_off() -> None:
    assert waits("off", [0.0] * 50) == [0] * 50


def test_a_penalty_holds_for_its_time_and_only_for_that_token() -> None:
    throttle = Throttle(Settings())
    assert throttle.punish("bad", 10.0, 7.0) == 7
    assert throttle.wait("bad", 12.5) == 5
    assert throttle.wait("good", 12.5) == 0
    assert throttle.wait("bad", 17.0) == 0
