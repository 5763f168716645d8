"""An interrupted read goes on behind the last page of which everything is settled, and never behind one that is not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.checkpoints import EVERY, Checkpoints
from etl.model import Action, Item, Outcome, Page
from etl.ports import Checkpoint, MappingState, Scope
from etl.state import open_state
from tests.support.clocks import FakeClock

FIRST = Checkpoint("fingerprint", 0, "2026-04-01T10:00:00Z", "r1")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[MappingState]:
    store = open_state("memory:", tmp_path)
    yield store.mapping(Scope("acme", "", "things", "memory things"))
    store.close()


class Always(FakeClock):
    """Each look at it is long after the one before."""

    def monotonic(self) -> float:
        self.seconds += 2 * EVERY
        return self.seconds


def page(number: int, place: int | None = None) -> Page:
    return Page(number, [], place=number if place is None else place)


def outcomes(*pages: int) -> list[Outcome]:
    return [Outcome(Item("k", {}, page=number), Action.WRITTEN) for number in pages]


def place(state: MappingState) -> int:
    checkpoint = state.checkpoint()
    return checkpoint.page if checkpoint else 0


def test_a_page_whose_records_are_all_unchanged_is_settled_at_once(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    checkpoints.shaped(page(1), 0)
    assert state.checkpoint() == Checkpoint("fingerprint", 1, "2026-04-01T10:00:00Z", "r1")


def test_a_page_is_settled_when_its_last_record_is(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    checkpoints.shaped(page(1), 2)
    checkpoints.settled(outcomes(1))
    assert place(state) == 0
    checkpoints.settled(outcomes(1))
    assert place(state) == 1


def test_a_later_page_waits_for_those_before_it(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    for number in (1, 2, 3):
        checkpoints.shaped(page(number), 1)
    checkpoints.settled(outcomes(3, 2))
    assert place(state) == 0
    checkpoints.settled(outcomes(1))
    assert place(state) == 3


def test_where_pages_must_be_read_again_the_place_falls_back(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    for number, at in enumerate((1, 2, 3, 1, 2, 3, 4), 1):
        checkpoints.shaped(page(number, at), 0)
        assert place(state) == at


def test_a_read_that_can_t_go_on_in_the_middle_leaves_no_checkpoint(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    checkpoints.shaped(page(1, 0), 0)
    checkpoints.flush()
    assert state.checkpoint() is None


def test_a_read_that_was_resumed_counts_its_page_of_overlap(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), Checkpoint("fingerprint", 5, FIRST.high_water, "r1"))
    checkpoints.shaped(page(1, 5), 1)
    checkpoints.shaped(page(2, 6), 0)
    assert place(state) == 0, "the stored one still says 5"
    checkpoints.settled(outcomes(1))
    assert place(state) == 6


def test_rejects_taken_up_again_belong_to_no_page(state: MappingState) -> None:
    checkpoints = Checkpoints(state, Always(), FIRST)
    checkpoints.settled(outcomes(0, 0))
    checkpoints.shaped(page(1), 0)
    assert place(state) == 1


def test_it_is_not_written_for_every_page_but_when_the_read_ends_early(state: MappingState) -> None:
    checkpoints = Checkpoints(state, FakeClock(), FIRST)
    for number in range(1, 10):
        checkpoints.shaped(page(number), 0)
    assert place(state) == 1
    checkpoints.flush()
    assert place(state) == 9


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_nothing_behind_the_place_is_unsettled(sizes: list[int], random: object) -> None:
    written: list[int] = []

    class Noting:
        def save_checkpoint(self, checkpoint: Checkpoint) -> None:
            written.append(checkpoint.page)

    checkpoints = Checkpoints(Noting(), Always(), FIRST)  # type: ignore[arg-type]
    left = [number for number, size in enumerate(sizes, 1) for _ in range(size)]
    random.shuffle(left)  # type: ignore[attr-defined]
    for number, size in enumerate(sizes, 1):
        checkpoints.shaped(page(number), size)
    while left:
        checkpoints.settled(outcomes(left.pop()))
        behind = written[-1] if written else 0
        assert all(number > behind for number in left)
    assert written[-1] == len(sizes)


def test_what_became_of_the_records_is_stored_before_a_place_behind_them(state: MappingState) -> None:
    places: list[int] = []
    checkpoints = Checkpoints(state, Always(), FIRST, lambda: places.append(place(state)))
    for number in (1, 2, 3):
        checkpoints.shaped(page(number), 0)
    assert places == [0, 1, 2]
    assert place(state) == 3
