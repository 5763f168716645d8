"""Requests take turns at the rate that an API allows, in one process and in several."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st

from etl.clock import SystemClock
from etl.http.slot_board import BoardStore
from etl.http.slot_store import PATIENCE, Change, FileStore, MemoryStore, T, shared_folder
from etl.http.throttle import Throttle, shared_throttle
from etl.specs import ThrottleWindow
from tests.support.clocks import FakeClock

FOUR = [ThrottleWindow(4, 1.0)]


async def take(throttle: Throttle, clock: FakeClock, times: list[tuple[float, int]], who: int = 0) -> None:
    async with throttle.turn() as turn:
        await turn.go()
        times.append((clock.monotonic(), who))


def run(throttle: Throttle, clock: FakeClock, callers: int) -> list[tuple[float, int]]:
    times: list[tuple[float, int]] = []

    async def all_of_them() -> None:
        await asyncio.gather(*(take(throttle, clock, times, who) for who in range(callers)))

    asyncio.run(all_of_them())
    return times


def test_fifty_callers_are_served_in_their_order_at_the_allowed_rate() -> None:
    clock = FakeClock()
    times = run(Throttle(FOUR, clock), clock, 50)
    assert [who for _, who in times] == list(range(50))
    elapsed = times[-1][0] - times[0][0]
    assert elapsed == pytest.approx(12 * 1.023)
    assert 49 / elapsed >= 0.97 * 4


def test_no_five_requests_start_within_a_second_even_when_sleeps_end_late() -> None:
    clock = FakeClock(late=0.013)
    times = [at for at, _ in run(Throttle(FOUR, clock), clock, 40)]
    assert min(b - a for a, b in zip(times, times[4:], strict=False)) >= 1.02


def test_all_windows_hold_at_once() -> None:
    clock = FakeClock()
    times = [at for at, _ in run(Throttle([*FOUR, ThrottleWindow(6, 10.0)], clock), clock, 13)]
    assert min(b - a for a, b in zip(times, times[6:], strict=False)) >= 10.0
    assert min(b - a for a, b in zip(times, times[4:], strict=False)) >= 1.0


def test_a_pause_holds_everybody_and_without_a_limit_nothing_else_does() -> None:
    clock = FakeClock()
    throttle = Throttle([], clock)
    assert {at for at, _ in run(throttle, clock, 30)} == {1000.0}

    async def paused() -> list[tuple[float, int]]:
        times: list[tuple[float, int]] = []
        await throttle.pause(7.0)
        await throttle.pause(2.0)
        await asyncio.gather(*(take(throttle, clock, times) for _ in range(3)))
        return times

    assert {at for at, _ in asyncio.run(paused())} == {1007.0}


def test_a_turn_tells_what_it_waited() -> None:
    clock = FakeClock()
    throttle = Throttle([ThrottleWindow(1, 1.0)], clock)

    async def two() -> float:
        async with throttle.turn() as first:
            await first.go()
        async with throttle.turn() as second:
            await second.go()
        return first.waited, second.waited

    assert asyncio.run(two()) == (0.0, pytest.approx(1.023))


def test_what_looking_at_a_shared_store_costs_is_no_rate_limit_s_fault() -> None:
    clock = FakeClock()

    class Far(MemoryStore):
        async def update(self, change: Change[T]) -> T:
            await clock.sleep(0.2)
            return await super().update(change)

    throttle = Throttle([], clock, Far())
    run(throttle, clock, 3)
    assert throttle.waited == 0.0
    asyncio.run(throttle.pause(5.0))
    run(throttle, clock, 3)
    assert throttle.waited == pytest.approx(5.0, abs=0.5)


@dataclass
class Board:
    """A row that machines share, `ways` away: seconds there and back, one exchange after another; then none."""

    clock: FakeClock
    ways: list[tuple[float, float]]
    text: str = ""

    async def swap(self, name: str, expected: str, text: str) -> tuple[str, float]:
        there, back = self.ways.pop(0) if self.ways else (0.0, 0.0)
        await self.clock.sleep(there)
        if self.text == expected:
            self.text = text
        told = self.text, self.clock.seconds
        await self.clock.sleep(back)
        return told


@dataclass
class Caller:
    """One request of a machine: begins and, if it is cancelled, ends after so many seconds and turns of others."""

    machine: int
    begin: tuple[float, int]
    cancelled: tuple[float, int] | None
    pause: float

    async def call(self, throttle: Throttle, clock: FakeClock, sent: list[float]) -> None:
        await _meanwhile(clock, self.begin)
        async with throttle.turn() as turn:
            await turn.go()
            sent.append(clock.seconds)
            await turn.answered()
        if self.pause:
            await throttle.pause(self.pause)

    async def fate(self, throttle: Throttle, clock: FakeClock, sent: list[float]) -> None:
        task = asyncio.create_task(self.call(throttle, clock, sent))
        if self.cancelled is not None:
            await _meanwhile(clock, self.cancelled)
            task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _meanwhile(clock: FakeClock, how_long: tuple[float, int]) -> None:
    if how_long[0]:
        await clock.sleep(how_long[0])
    for _ in range(how_long[1]):
        await asyncio.sleep(0)


MOMENTS = st.tuples(st.sampled_from([0.0, 0.0, 0.05, 0.5, 1.1]), st.integers(0, 12))
CALLERS = st.builds(Caller, st.integers(0, 2), MOMENTS, st.one_of(st.none(), MOMENTS), st.sampled_from([0, 0, 0, 2.0]))
WAYS = st.sampled_from([0.0, 0.001, 0.008])


@given(
    windows=st.lists(st.builds(ThrottleWindow, st.integers(1, 4), st.sampled_from([0.5, 1.0])), min_size=1, max_size=2),
    callers=st.lists(CALLERS, min_size=1, max_size=14),
    late=st.sampled_from([0.0, 0.004, 0.02]),
    ways=st.one_of(st.none(), st.lists(st.tuples(WAYS, WAYS), max_size=30)),
)
def test_whoever_gives_up_or_is_late_wherever_no_window_overflows_and_nobody_is_held_up(
    windows: list[ThrottleWindow], callers: list[Caller], late: float, ways: list[tuple[float, float]] | None
) -> None:
    clock = FakeClock(late=late)
    shared = MemoryStore() if ways is None else Board(clock, list(ways))
    stores = [shared if isinstance(shared, MemoryStore) else BoardStore(shared, "x", clock) for _ in range(3)]
    throttles = [Throttle(windows, clock, store) for store in stores]
    sent: list[float] = []

    async def story() -> float:
        await asyncio.gather(*(each.fate(throttles[each.machine], clock, sent) for each in callers))
        begin = clock.seconds
        for throttle in throttles:
            await Caller(0, (0.0, 0), None, 0).call(throttle, clock, sent)
        return clock.seconds - begin

    # a slot each that a machine's last caller gave up, those still to come, and a pause
    assert asyncio.run(story()) < 8 + (len(callers) + 3) * max(window.seconds for window in windows)
    assert len(sent) >= 3 + sum(each.cancelled is None for each in callers)
    sent.sort()
    for window in windows:
        later = zip(sent, sent[window.requests :], strict=False)
        assert all(second - first >= window.seconds for first, second in later)
    assert {throttle.waited for throttle in throttles} == {throttle._waited for throttle in throttles}, "none waits"


def test_a_caller_that_is_cancelled_in_line_or_at_its_slot_holds_nobody_up() -> None:
    clock = FakeClock()
    throttle = Throttle([ThrottleWindow(1, 1.0)], clock)
    times: list[tuple[float, int]] = []

    async def story() -> None:
        callers = [asyncio.create_task(take(throttle, clock, times, who)) for who in range(6)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for who in (1, 2, 4):
            callers[who].cancel()
        await asyncio.gather(*callers, return_exceptions=True)

    asyncio.run(story())
    assert [who for _, who in times] == [0, 3, 5]
    assert times[-1][0] <= 1000.0 + 3 * 1.03


def test_connections_with_the_same_credentials_share_one_limit(tmp_path: Path) -> None:
    clock = FakeClock()
    a, b, other = (
        shared_throttle(FOUR, clock, origin="https://x", application=who, folder=tmp_path)
        for who in ("me", "me", "you")
    )
    times: list[tuple[float, int]] = []

    async def all_of_them() -> None:
        await asyncio.gather(*(take(throttle, clock, times) for throttle in (a, b) for _ in range(10)))

    asyncio.run(all_of_them())
    moments = [at for at, _ in times]
    assert min(later - at for at, later in zip(moments, moments[4:], strict=False)) >= 1.02
    assert moments[-1] - moments[0] <= 5 * 1.023 + 0.01
    assert run(other, clock, 1)[0][0] == clock.monotonic()


def test_a_penalty_of_one_process_is_waited_out_by_the_others(tmp_path: Path) -> None:
    clock = FakeClock()
    a, b = (shared_throttle(FOUR, clock, origin="https://x", application="me", folder=tmp_path) for _ in range(2))
    asyncio.run(a.pause(30.0))
    assert run(b, clock, 1)[0][0] == pytest.approx(1030.0)


@pytest.mark.parametrize("garbage", [b"\x00\xff", b"[]", b'{"boot": "x"}', b'{"boot": 1e999}', b'{"slots": 1}'])
def test_a_file_of_garbage_is_taken_as_slots_just_used_and_mended(tmp_path: Path, garbage: bytes) -> None:
    clock = FakeClock()
    throttle = shared_throttle(FOUR, clock, origin="https://x", application="me", folder=tmp_path)
    (path,) = [throttle_path(throttle)]
    path.write_bytes(garbage)
    times = [at for at, _ in run(throttle, clock, 5)]
    assert times[0] >= 1000.0
    assert times[4] - times[0] >= 1.02
    assert path.read_bytes().startswith(b'{"boot":')


def throttle_path(throttle: Throttle) -> Path:
    (store,) = throttle.stores
    assert isinstance(store, FileStore)
    return store.path


def test_times_of_another_boot_are_forgotten(tmp_path: Path) -> None:
    before, after = FakeClock(seconds=500_000.0), FakeClock(seconds=1000.0)
    first = shared_throttle(FOUR, before, origin="https://x", application="me", folder=tmp_path)
    asyncio.run(first.pause(100.0))
    second = shared_throttle(FOUR, after, origin="https://x", application="me", folder=tmp_path)
    assert run(second, after, 1)[0][0] == 1000.0


def test_without_a_place_to_write_the_limit_still_holds_in_this_process(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    throttle = Throttle(FOUR, clock, FileStore(blocked / "slots.json", clock))
    with caplog.at_level(logging.WARNING):
        times = [at for at, _ in run(throttle, clock, 9)]
    assert times[-1] - times[0] == pytest.approx(2 * 1.023)
    assert len([record for record in caplog.records if "not shared" in record.message]) == 1


def test_a_stopped_process_that_holds_the_lock_stops_nobody_and_is_shared_with_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    throttle, other = (
        shared_throttle(FOUR, clock, origin="https://x", application="me", folder=tmp_path) for _ in range(2)
    )
    asyncio.run(other.take())
    times = [at for at, _ in run(other, clock, 3)]
    with FileLock(throttle_path(throttle).with_suffix(".lock")):
        alone = [at for at, _ in run(throttle, clock, 9)]
    assert len([record for record in caplog.records if "not shared" in record.message]) == 1
    assert alone[0] - times[-1] < PATIENCE + 1
    assert min(b - a for a, b in zip(alone, alone[4:], strict=False)) >= 1.02
    asyncio.run(throttle.take())
    last = clock.monotonic()
    together = sorted([*alone, last, *(at for at, _ in run(other, clock, 9))])
    assert min(b - a for a, b in zip(together, together[4:], strict=False)) >= 1.02


def test_a_process_that_was_stopped_with_the_lock_gives_the_others_time_to_come_back(tmp_path: Path) -> None:
    clock = FakeClock()
    throttle = shared_throttle(FOUR, clock, origin="https://x", application="me", folder=tmp_path)
    (store,) = throttle.stores
    asyncio.run(store.update(lambda _: setattr(clock, "seconds", clock.seconds + PATIENCE + 1)))
    assert run(throttle, clock, 1)[0][0] >= 1000.0 + PATIENCE + 1 + 1.023


def test_the_shared_folder_is_private_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    folder = shared_folder()
    assert folder is not None
    assert folder == shared_folder()
    assert folder.is_relative_to(tmp_path)
    if os.name == "posix":
        assert folder.stat().st_mode & 0o077 == 0


def test_files_that_nobody_uses_any_more_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    folder = shared_folder()
    assert folder is not None
    for name, age in (("old", 9), ("new", 1)):
        for ending in (".json", ".lock"):
            path = folder / f"{name}{ending}"
            path.touch()
            os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age * 86400))
    shared_folder()
    assert sorted(path.name for path in folder.iterdir()) == ["new.json", "new.lock"]


CHILD = """
import asyncio, sys
from pathlib import Path
from etl.clock import SystemClock
from etl.http.throttle import shared_throttle
from etl.specs import ThrottleWindow

async def main(folder, count):
    clock = SystemClock()
    windows = [ThrottleWindow(8, 0.5)]
    throttle = shared_throttle(windows, clock, origin="o", application="a", folder=Path(folder))
    async def one():
        print(await throttle.take(), flush=True)
    await asyncio.gather(*(one() for _ in range(count)))

asyncio.run(main(sys.argv[1], int(sys.argv[2])))
"""


def children(folder: Path, counts: Sequence[int]) -> list[subprocess.Popen[str]]:
    return [
        subprocess.Popen([sys.executable, "-c", CHILD, str(folder), str(count)], stdout=subprocess.PIPE, text=True)
        for count in counts
    ]


def test_two_processes_together_stay_within_the_limit_and_a_killed_one_holds_nobody_up(tmp_path: Path) -> None:
    doomed, *others = children(tmp_path, (1000, 24, 24))
    assert doomed.stdout is not None
    seen = [float(doomed.stdout.readline()) for _ in range(10)]
    doomed.kill()
    seen += [float(line) for line in doomed.communicate()[0].splitlines()]
    outputs = [child.communicate(timeout=30)[0] for child in others]
    assert [len(output.splitlines()) for output in outputs] == [24, 24]
    times = sorted([*seen, *(float(line) for output in outputs for line in output.splitlines())])
    assert min(later - at for at, later in zip(times, times[8:], strict=False)) >= 0.5


def test_the_machine_clock_is_shared_by_processes() -> None:
    here = SystemClock().monotonic()
    code = "from etl.clock import SystemClock; print(SystemClock().monotonic())"
    there = float(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout)
    assert here < there < SystemClock().monotonic()
