"""Records that move between the pages of a list while it is read: one comes twice, another not at all.

Where no order holds them still, only the keys tell: some came twice, and fewer came in all than the list ever held.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from etl.catalogue import Endpoint
from etl.http.paths import Path, compile_path
from etl.keys import compose, key_text
from etl.model import Json
from etl.state.seen import SeenKeys


@dataclass(slots=True)
class Moves:
    """One read's; `later` reads of the same list go on counting. A list without a total is not
    judged, nor one whose records lack the key."""

    key: Sequence[Path]
    _keys: SeenKeys = field(default_factory=SeenKeys)
    _came: int = 0
    _doubles: int = 0
    _new: int = 0
    """Records that this read brought first."""
    _least: int | None = None
    """The smallest total that an answer told."""
    _judged: bool = True

    @classmethod
    def of(cls, endpoint: Endpoint) -> Moves:
        return cls([compile_path(name) for name in endpoint.key])

    def look(self, headers: Mapping[str, str], records: Sequence[Json], total: int | None) -> None:
        """Takes an answer in."""
        if not self._judged:
            return
        keys = [key for record in records if (key := self._of(record)) is not None]
        if total is None or len(keys) < len(records):
            self._judged = False
            return
        self._least = total if self._least is None else min(total, self._least)
        new = sum(self._keys.add_many(keys))
        self._came += new
        self._new += new
        self._doubles += len(records) - new

    def _of(self, record: Json) -> str | None:
        """The record's key; None where a part of it is missing."""
        if len(self.key) == 1:
            return key_text(self.key[0](record))
        parts = [text for part in self.key if (text := key_text(part(record))) is not None]
        return compose(parts) if len(parts) == len(self.key) else None

    @property
    def hidden(self) -> int:
        """How many records may not have come."""
        if not (self._judged and self._doubles) or self._least is None:
            return 0
        return max(0, self._least - self._came)

    def later(self) -> Moves | None:
        """Those of the next read; None where it would bring no more than this one did."""
        if not self._new:
            return None
        self._new = 0
        return self

    def close(self) -> None:
        self._keys.close()
