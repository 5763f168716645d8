"""Whatever order requests and answers come in, and whatever breaks, dies or is stopped in between: nothing is lost."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from etl.state import open_state
from tests.support.restless import PLACE, Restless

KEYS = st.integers(1, 7)
TITLES = st.sampled_from(["a", "b"])
EDITS = st.tuples(KEYS, st.one_of(TITLES, st.none()))
ACCIDENTS = st.sampled_from(
    [
        *(None, None, None, None, "lost before", "lost after", "500 before", "500 after", "400"),
        *("killed before", "killed after", "stop", "cancel"),
    ]
)
ROUNDS = st.fixed_dictionaries(
    {
        "changes": st.lists(EDITS, max_size=4),
        "edits": st.one_of(st.just([]), st.lists(st.one_of(st.none(), EDITS), max_size=6)),
        "accidents": st.lists(ACCIDENTS, max_size=6),
        "in_reading": st.one_of(st.just([]), st.lists(ACCIDENTS, max_size=6)),
        "turns": st.lists(st.integers(0, 12), max_size=8),
        "refused": st.one_of(st.just(set()), st.sets(KEYS, max_size=2)),
        "least": st.sampled_from([0, 0, 0, 1, 2, 3]),
        "state": st.tuples(
            st.sampled_from(["", "", "", "", "dies_before", "dies_after", "full_from"]), st.integers(1, 7)
        ),
    }
)


@settings(max_examples=60)
@given(
    start=st.dictionaries(KEYS, TITLES, max_size=8),
    rounds=st.lists(ROUNDS, min_size=1, max_size=4),
    missing=st.sampled_from(["keep", "delete", "mark"]),
    endpoint=st.sampled_from(["things", "timed"]),
    settled=st.booleans(),
)
def test_after_undisturbed_runs_the_target_has_what_the_source_has(
    start: dict[int, str], rounds: list[dict[str, object]], missing: str, endpoint: str, settled: bool
) -> None:
    with closing(open_state("memory:", Path())) as store:
        world = Restless(store, missing, endpoint)
        for key, title in start.items():
            world.put(key, title)
        if settled:
            world.run()
        for disturbed in rounds:
            disturb(world, **disturbed)  # type: ignore[arg-type]
            report = world.run()
            assert report.unsettled >= 0
            assert world.failure is not None or report.unsettled == 0
        world.calm_down()
        for _ in range(3):  # one may go on where another was interrupted, and what it does not see is read by the next
            report = world.run()
            assert (world.failure, report.unsettled) == (None, 0)
        assert (report.written, report.deleted) == (0, 0)
        assert {key: world.there.get(key) for key in world.wanted} == world.wanted
        sent = {entry.target_key: (entry.output or {})["name"] for entry in store.mapping(PLACE).sent()}
        assert sent == (world.wanted if missing != "keep" else sent | world.wanted)


def disturb(
    world: Restless,
    changes: list[tuple[int, str | None]],
    edits: list[tuple[int, str | None] | None],
    accidents: list[str | None],
    in_reading: list[str | None],
    turns: list[int],
    refused: set[int],
    least: int,
    state: tuple[str, int],
) -> None:
    """What the next run meets. A list by time from which a record is removed while it is read would be read again."""
    world.calm_down()
    for change in changes:
        world.put(*change)
    kept = world.endpoint == "timed"
    world.edits = [None if edit is not None and edit[1] is None and kept else edit for edit in edits]
    world.accidents, world.in_reading, world.turns = list(accidents), list(in_reading), list(turns)
    world.refused, world.least = {f"t-{key}" for key in refused}, least
    what, at = state
    if what:
        setattr(world, what, at)
