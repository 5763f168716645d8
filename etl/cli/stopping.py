"""Ctrl-C and SIGTERM: the first asks the run to finish what is in flight, the second ends it at once."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TypeVar

T = TypeVar("T")
GRACE = 2.0
"""Seconds that a second signal leaves for closing files and sockets."""


def run_stoppable(work: Callable[[asyncio.Event], Awaitable[T]], say: Callable[[str], None]) -> T:
    """Runs `work` with an event that is set at the first signal. Raises KeyboardInterrupt at the second."""

    async def main() -> T:
        stop, loop = asyncio.Event(), asyncio.get_running_loop()
        with _signals(lambda: loop.call_soon_threadsafe(stop.set), say):
            return await work(stop)

    return asyncio.run(main())


@contextmanager
def _signals(ask: Callable[[], object], say: Callable[[str], None]) -> Iterator[None]:
    """Plain `signal.signal`, since event loops on Windows have no handlers of their own."""
    asked = False

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            _leave_soon()
            raise KeyboardInterrupt
        asked = True
        ask()
        say("stopping: what is in flight is finished and recorded; once more stops at once")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGBREAK") if hasattr(signal, name)]
    before = {number: signal.signal(number, handle) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave_soon() -> None:
    """At once means at once: whatever still waits for an answer is not waited for."""
    timer = threading.Timer(GRACE, _leave)
    timer.daemon = True
    timer.start()


def _leave() -> None:
    with suppress(OSError, ValueError):
        if sys.stderr.isatty():
            sys.stderr.write("\x1b[?25h\n")  # a progress display may have hidden the cursor
        sys.stderr.flush()
    os._exit(130)
