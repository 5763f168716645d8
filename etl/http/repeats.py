"""Pages that come again: by them a list is known that would go on for ever."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from etl.keys import canonical
from etl.model import Json

SURE_SIZE = 10
"""From this many records on, a page like one before it is no coincidence."""

SURE_COUNT = 3
"""So many smaller ones in a row are none either."""


@dataclass(slots=True)
class Repeats:
    """The pages of one read, each by its first and last record: a few bytes per page."""

    in_a_row: int = 0
    """How many pages, up to the newest, have all come before."""
    _marks: set[bytes] = field(default_factory=set)

    @property
    def differed(self) -> bool:
        """Pages were not all the same: the API understands how they are asked for."""
        return len(self._marks) > 1

    def look(self, records: Sequence[Json]) -> int:
        """Takes a page in. An empty one says nothing."""
        if records:
            mark = blake2b(canonical([len(records), records[0], records[-1]]), digest_size=16).digest()
            self.in_a_row = self.in_a_row + 1 if mark in self._marks else 0
            self._marks.add(mark)
        return self.in_a_row if records else 0

    def sure(self, count: int) -> bool:
        """A list whose newest page has `count` records goes in circles."""
        return self.in_a_row >= (1 if count >= SURE_SIZE else SURE_COUNT)
