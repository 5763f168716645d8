"""Rate limits that PostgreSQL keeps for all machines: what one of them did, every other one sees."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from etl.clock import SystemClock
from etl.errors import StateError
from etl.http.slot_board import BoardStore, Offset
from etl.http.slots import Slot
from etl.http.throttle import Throttle, shared_throttle
from etl.ports import SlotBoard
from etl.specs import ThrottleWindow
from etl.state import StoredState, open_state
from tests.support.clocks import FakeClock

FOUR = (ThrottleWindow(4, 1.0),)


@pytest.fixture
def shared(postgres_url: str, tmp_path: Path) -> Iterator[StoredState]:
    state = open_state(postgres_url, tmp_path)
    yield state
    state.close()


def board_of(state: StoredState) -> SlotBoard:
    assert state.board is not None
    return state.board


def test_what_stands_on_the_board_is_only_replaced_by_who_has_seen_it(shared: StoredState) -> None:
    async def story() -> list[str]:
        board = board_of(shared)
        return [
            (await board.swap("a", "", "one"))[0],
            (await board.swap("a", "", "two"))[0],
            (await board.swap("a", "one", "two"))[0],
            (await board.swap("b", "", "else"))[0],
        ]

    assert asyncio.run(story()) == ["one", "one", "two", "else"]


def test_machines_that_write_at_once_lose_nothing(postgres_url: str, tmp_path: Path) -> None:
    """Each adds fifty sends; where two write over each other, some would be missing."""

    async def add(state: StoredState, who: int) -> None:
        store = BoardStore(board_of(state), "token", SystemClock())
        for number in range(50):
            await store.update(lambda schedule, at=float(number): schedule.slots.append(Slot(at, str(who), True)))

    def work(who: int) -> None:
        state = open_state(postgres_url, tmp_path)
        asyncio.run(add(state, who))
        state.close()

    machines = [threading.Thread(target=work, args=(who,)) for who in range(3)]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    with psycopg.connect(postgres_url) as connection:
        ((text,),) = connection.execute("SELECT schedule FROM etl.slots").fetchall()
    assert sorted(owner for _, owner, _ in json.loads(text)["slots"]) == ["0"] * 50 + ["1"] * 50 + ["2"] * 50


def throttle(state: StoredState, windows: tuple[ThrottleWindow, ...] = FOUR) -> Throttle:
    return shared_throttle(windows, SystemClock(), origin="o", application="a", folder=None, board=board_of(state))


@pytest.mark.parametrize("windows", [FOUR, ()], ids=["with a limit", "without one"])
def test_a_pause_that_one_machine_was_asked_for_holds_the_others(
    shared: StoredState, windows: tuple[ThrottleWindow, ...]
) -> None:
    async def story() -> float:
        begin = SystemClock().monotonic()
        await throttle(shared, windows).pause(0.4)
        async with throttle(shared, windows).turn() as turn:
            await turn.go()
        return SystemClock().monotonic() - begin

    assert asyncio.run(story()) > 0.3


def test_a_board_that_is_gone_is_said_in_words(shared: StoredState) -> None:
    async def story() -> None:
        await board_of(shared).swap("a", "", "one")
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%INTO slots%'"
        shared.database.write(f"{others} AND pid <> pg_backend_pid()")
        await board_of(shared).swap("a", "one", "two")

    with pytest.raises(StateError, match=r"the state in PostgreSQL .* can't be used"):
        asyncio.run(story())


def test_another_clock_is_known_as_well_as_the_shortest_exchange_tells() -> None:
    offset = Offset()
    offset.learn(sent=100.0, told=7.2, received=101.0)
    assert offset.seconds == pytest.approx(93.3)
    offset.learn(sent=110.0, told=17.0, received=110.01)
    assert offset.seconds == pytest.approx(93.005, abs=0.002)
    offset.learn(sent=111.0, told=18.2, received=112.0)
    assert offset.seconds == pytest.approx(93.005, abs=0.002)
    offset.learn(sent=120.0, told=20.0, received=120.01)
    assert offset.seconds == pytest.approx(100.005), "a clock that was set"


class SlowBoard:
    """A board at the other end of a long line, by a clock of its own."""

    def __init__(self, clock: FakeClock) -> None:
        self.clock, self.text = clock, ""

    async def swap(self, name: str, expected: str, text: str) -> tuple[str, float]:
        await self.clock.sleep(0.03)
        self.text = text if self.text in ("", expected) else self.text
        seconds = self.clock.monotonic() + 1e9
        await self.clock.sleep(0.03)
        return self.text, seconds


def test_a_long_way_to_the_board_costs_neither_the_rate_nor_the_distance() -> None:
    clock = FakeClock()
    board = SlowBoard(clock)
    times: list[float] = []

    async def take(throttle: Throttle) -> None:
        async with throttle.turn() as turn:
            await turn.go()
            times.append(clock.monotonic())

    async def story() -> None:
        two = [shared_throttle(FOUR, clock, origin="o", application="a", folder=None, board=board) for _ in range(2)]
        await asyncio.gather(*(take(throttle) for throttle in two for _ in range(40)))

    asyncio.run(story())
    assert min(later - at for at, later in zip(times, times[4:], strict=False)) >= 1.02
    whole = (len(times) - 1) // 4 * 4
    assert whole / (times[whole] - times[0]) >= 0.97 * 4


CHILD = """
import asyncio, sys
from pathlib import Path
from etl.clock import SystemClock
from etl.http.throttle import shared_throttle
from etl.specs import ThrottleWindow
from etl.state import open_state

async def main(url, folder, count):
    clock = SystemClock()
    state = open_state(url, Path(folder))
    throttle = shared_throttle(
        [ThrottleWindow(8, 0.5)], clock, origin="o", application="a", folder=Path(folder), board=state.board
    )
    async def one():
        print(await throttle.take(), flush=True)
    await asyncio.gather(*(one() for _ in range(count)))
    state.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


def machine(url: str, folder: Path, count: int) -> subprocess.Popen[str]:
    """A process that meets others nowhere but in the database."""
    folder.mkdir()
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, url, str(folder), str(count)], stdout=subprocess.PIPE, text=True
    )


def test_machines_together_stay_within_the_limit_and_a_killed_or_stopped_one_holds_nobody_up(
    postgres_url: str, tmp_path: Path
) -> None:
    doomed, *others = [
        machine(postgres_url, tmp_path / str(number), count) for number, count in enumerate((1000, 24, 24))
    ]
    assert doomed.stdout is not None
    seen = [float(doomed.stdout.readline()) for _ in range(10)]
    if os.name == "posix":
        doomed.send_signal(signal.SIGSTOP)
    outputs = [child.communicate(timeout=30)[0] for child in others]
    doomed.kill()
    seen += [float(line) for line in doomed.communicate()[0].splitlines()]
    assert [len(output.splitlines()) for output in outputs] == [24, 24]
    times = sorted([*seen, *(float(line) for output in outputs for line in output.splitlines())])
    # 7 windows of 0.5 s; without sharing 3. Not each window: two clocks are known to each other but as well as the
    # machine lets an exchange be quick.
    assert times[-1] - times[0] >= 3.0
