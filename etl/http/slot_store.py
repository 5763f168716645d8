"""Where a schedule of slots is kept: in this process, or in a file that all of this user's share."""

from __future__ import annotations

import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

import orjson
from filelock import FileLock, Timeout

from etl.http.slots import Schedule
from etl.ports import Clock

T = TypeVar("T")
Change = Callable[[Schedule], T]
log = logging.getLogger("etl.http.throttle")

POLL = 0.002
PATIENCE = 5.0
"""Longer than this no healthy process holds the lock: it is held for a fraction of a millisecond."""

CLOCK_STEP = 5.0
"""A larger change of wall clock against steady clock means another boot, or a sleep: old times mean nothing."""

CAUTIOUS_PAUSE = 2.0
"""Where nobody can tell what was sent last, in seconds."""

UNUSED = 8 * 86400.0
"""Longer than any window of a rate limit, in seconds."""


class SlotStore(Protocol):
    """Keeps one schedule; changes to it happen one after another."""

    delay: float
    """Seconds that keeping a change takes, about, where nobody else is in between."""

    async def update(self, change: Change[T]) -> T:
        """Applies `change` to the schedule, alone, and keeps what it made of it."""


@dataclass(slots=True)
class MemoryStore:
    """A schedule of this process only."""

    schedule: Schedule = field(default_factory=Schedule)
    delay: float = 0.0

    async def update(self, change: Change[T]) -> T:
        return change(self.schedule)


class FileStore:
    """A schedule in a small file, changed under a lock that the system releases when its holder dies.

    Whatever is wrong with the file or its folder costs the sharing between processes, never the run: a file that
    can't be understood is taken as slots just used, a folder that can't be written to is replaced by memory. So is a
    file whose lock is held for long, by a process that was stopped, until the lock is free.
    """

    delay = 0.0

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock = FileLock(path.with_suffix(".lock"), thread_local=False)
        self._memory: MemoryStore | None = None
        self._given_up = False

    async def update(self, change: Change[T]) -> T:
        if self._given_up or not await self._acquired():
            assert self._memory is not None  # noqa: S101 - what is used instead
            return await self._memory.update(change)
        begin = self._clock.monotonic()
        try:
            result = self._change(change)
            if self._clock.monotonic() - begin > PATIENCE:  # it was stopped, and the others went on without it
                self._change(lambda schedule: schedule.pause(self._clock.monotonic() + CAUTIOUS_PAUSE))
            return result
        finally:
            self._lock.release()

    async def _acquired(self) -> bool:
        """Patient once; from then on it just looks whether the lock is free."""
        waited = 0.0
        while True:
            try:
                self._lock.acquire(blocking=False)
                return True
            except Timeout as error:
                if self._memory is None and waited >= PATIENCE:
                    self._use_memory(error, self._last_known())
                if self._memory is not None:
                    return False
            except (OSError, NotImplementedError) as error:
                self._give_up(error)
                return False
            await self._clock.sleep(POLL)
            waited += POLL

    def _last_known(self) -> Schedule:
        try:
            return self._understand(self.path.read_bytes())
        except OSError:
            return Schedule()

    def _change(self, change: Change[T]) -> T:
        schedule = Schedule()
        try:
            held = self.path.read_bytes() if self.path.exists() else b""
            schedule = self._understand(held)
            if self._memory is not None:
                schedule = schedule.joined(self._memory.schedule)
            result = change(schedule)
            self._write(schedule, len(held))
            self._memory = None
        except OSError as error:
            self._give_up(error, schedule)
            result = change(schedule)
        return result

    def _write(self, schedule: Schedule, room: int) -> None:
        """In one write over the old text, so that a kill leaves either the old or the new."""
        with self.path.open("r+b" if room else "wb", buffering=0) as file:
            file.write(self._spell(schedule).ljust(room))

    def _give_up(self, error: Exception, schedule: Schedule | None = None) -> None:
        self._given_up = True
        self._use_memory(error, schedule or Schedule())

    def _use_memory(self, error: Exception, schedule: Schedule) -> None:
        log.warning("the rate limit is not shared with other processes: %s: %s", self.path, error)
        self._memory = MemoryStore(schedule)

    def _boot(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()

    def _spell(self, schedule: Schedule) -> bytes:
        return orjson.dumps({"boot": self._boot(), **schedule.told()})

    def _understand(self, held: bytes) -> Schedule:
        if not held:
            return Schedule()
        try:
            told = orjson.loads(held)
            if abs(told["boot"] - self._boot()) > CLOCK_STEP:
                return Schedule()
            return Schedule.understood(told)
        except (ValueError, TypeError, KeyError):
            return Schedule(paused_until=self._clock.monotonic() + CAUTIOUS_PAUSE)


def shared_folder() -> Path | None:
    """A folder of this user that every process of this machine finds; None where there is none to write to."""
    for candidate in (_of_user, _temporary):
        try:
            folder = candidate()
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except (OSError, RuntimeError):  # read-only, or a user without a home
            continue
        if os.access(folder, os.W_OK | os.X_OK):
            _sweep(folder)
            return folder
    return None


def _sweep(folder: Path) -> None:
    """Removes files that nobody has used for long: each sandbox has addresses of its own, and so files of its own."""
    for path in folder.glob("*.json"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > UNUSED:
                path.unlink()
                path.with_suffix(".lock").unlink(missing_ok=True)


def _temporary() -> Path:
    return Path(tempfile.gettempdir()) / f"etl-throttle-{_user()}"


def _of_user() -> Path:
    return _state_home() / "etl" / "throttle"


def _state_home() -> Path:
    if sys.platform == "win32":
        home = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        home = Path.home() / "Library" / "Application Support"
    else:
        home = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    return home


def _user() -> str:
    if sys.platform == "win32":
        user = os.environ.get("USERNAME", "user")
    else:
        user = str(os.getuid())
    return user


def machine() -> str:
    """Part of the file's name: a home folder on a network drive is shared by machines whose clocks are not."""
    return platform.node()
