"""What is found one by one and shown at the end, without keeping all of it in memory."""

from __future__ import annotations

import os
import pickle
import weakref
from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import IO, Generic, TypeVar, cast

from etl.errors import StateError

BLOCK = 500
Item = TypeVar("Item")


class Spool(Generic[Item]):
    """A list that only grows. Every `block` items move into a temporary file, gone with the list or the process.

    The file has no name that others could open, so that what is unpickled is what was pickled here.
    """

    def __init__(self, block: int = BLOCK) -> None:
        self._block = block
        self._newest: list[Item] = []
        self._file: IO[bytes] | None = None
        self._length = 0
        self._ends = [0]
        """Where in the file each block ends, and the next one begins."""

    def append(self, item: Item, /) -> None:
        """Raises StateError where the file can't grow."""
        self._newest.append(item)
        self._length += 1
        if len(self._newest) >= self._block:
            try:
                self._store(pickle.dumps(self._newest))
            except OSError as error:
                raise _no_room(error) from error
            self._newest = []

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[Item]:
        for start, end in zip(self._ends, self._ends[1:], strict=False):
            yield from self._stored(start, end)
        yield from self._newest

    def _store(self, block: bytes) -> None:
        if self._file is None:
            self._file = cast("IO[bytes]", TemporaryFile(buffering=0))  # noqa: SIM115 - open as long as the list
            weakref.finalize(self, self._file.close)
        self._file.seek(self._ends[-1])
        rest = memoryview(block)
        while rest:  # on a disk that is nearly full a part is taken, and only the next write fails
            rest = rest[self._file.write(rest) :]
        self._ends.append(self._ends[-1] + len(block))

    def _stored(self, start: int, end: int) -> list[Item]:
        assert self._file is not None  # noqa: S101 - there are blocks
        self._file.seek(start)
        return cast("list[Item]", pickle.loads(self._file.read(end - start)))  # noqa: S301 - see above


def _no_room(error: OSError) -> StateError:
    variable = "TMP" if os.name == "nt" else "TMPDIR"
    return StateError(
        f"the folder for temporary files can't hold what this plan found: {error.strerror or error}",
        f"free some space there, or name another folder with the environment variable {variable}",
    )
