"""Claims of names by files that the system unlocks when their holder dies."""

from __future__ import annotations

import hashlib
from pathlib import Path

from filelock import FileLock, Timeout

from etl.errors import StateError


class FileClaims:
    """Each claim is a locked file in `folder`. The files stay: a removed one could be locked twice.

    Without a folder, for a store that nobody shares, claims hold within this object.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._held: dict[str, FileLock | None] = {}

    def claim(self, name: str) -> bool:
        if name in self._held:
            return False
        lock = _lock(self._folder, name) if self._folder else None
        if self._folder and lock is None:
            return False
        self._held[name] = lock
        return True

    def release(self, name: str) -> None:
        if (lock := self._held.pop(name, None)) is not None:
            lock.release()

    def close(self) -> None:
        for name in list(self._held):
            self.release(name)


def _lock(folder: Path, name: str) -> FileLock | None:
    """The lock of `name`, held; None where another holds it."""
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=10).hexdigest()
    lock = FileLock(str(folder / f"{digest}.lock"), timeout=0, mode=0o600, thread_local=False)
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock.acquire()
    except Timeout:
        return None
    except OSError as error:
        raise StateError(
            f"{folder} can't be written to: {error.strerror or error}",
            "give this user write permission there; locks in it keep two runs of one mapping apart",
        ) from None
    return lock
