"""Send times that PostgreSQL grants to all machines: spaced as the limit asks, whoever asks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from etl.specs import ThrottleWindow
from etl.state import Slots, StoredState, open_state

FOUR = (ThrottleWindow(4, 1.0),)
NOW = 0.0  # not looked at: the database's clock holds


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[StoredState]:
    state = open_state(postgres_url, tmp_path)
    yield state
    state.close()


def slots(state: StoredState, name: str = "https://api.example 7") -> Slots:
    found = state.slots(name)
    assert found is not None
    return found


KEPT = ThrottleWindow(100, 0.0)
"""Limits nothing, but has the last hundred moments remembered, so that they can be looked at."""


def granted(state: StoredState) -> list[float]:
    """The moments granted until now, on the database's clock."""
    return [float(moment) for moment in state.database.read("SELECT times FROM slots")[0][0]]


def test_the_first_requests_go_at_once_and_later_ones_wait(shared: StoredState) -> None:
    waits = [slots(shared).reserve((*FOUR, KEPT), NOW) for _ in range(9)]
    assert waits[:4] == [0.0] * 4
    assert all(wait > 0.0 for wait in waits[4:])
    times = granted(shared)
    assert [later - earlier for earlier, later in zip(times, times[4:], strict=False)] == pytest.approx([1.0] * 5)


def test_no_window_is_ever_exceeded(shared: StoredState) -> None:
    windows = (ThrottleWindow(3, 0.5), ThrottleWindow(5, 2.0))
    for _ in range(17):
        slots(shared).reserve((*windows, KEPT), NOW)
    times = granted(shared)
    assert len(times) == 17
    for window in windows:
        pairs = zip(times, times[window.requests :], strict=False)
        assert min(later - earlier for earlier, later in pairs) > window.seconds - 1e-5


def test_only_as_many_moments_are_remembered_as_the_windows_need(shared: StoredState) -> None:
    for _ in range(20):
        slots(shared).reserve(FOUR, NOW)
    assert len(granted(shared)) == 4


def test_without_a_limit_nothing_waits(shared: StoredState) -> None:
    assert [slots(shared).reserve((), NOW) for _ in range(5)] == [0.0] * 5


def test_a_penalty_holds_for_everybody_and_the_longest_one_counts(shared: StoredState) -> None:
    slots(shared).reserve(FOUR, NOW)
    slots(shared).penalise(300)
    slots(shared).penalise(5)
    assert 200 < slots(shared).reserve(FOUR, NOW) <= 300
    assert slots(shared, "another credential").reserve(FOUR, NOW) == 0.0


def test_a_penalty_can_come_before_the_first_request(shared: StoredState) -> None:
    slots(shared).penalise(300)
    assert 200 < slots(shared).reserve(FOUR, NOW) <= 300


def test_machines_that_ask_at_once_never_get_the_same_moment(postgres_url: str, tmp_path: Path) -> None:
    def ask() -> None:
        state = open_state(postgres_url, tmp_path)
        for _ in range(20):
            slots(state).reserve((ThrottleWindow(1, 0.2), KEPT), NOW)
        state.close()

    machines = [threading.Thread(target=ask) for _ in range(4)]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    state = open_state(postgres_url, tmp_path)
    times = granted(state)
    state.close()
    assert len(times) == 80
    assert min(later - earlier for earlier, later in pairwise(times)) > 0.2 - 1e-5
