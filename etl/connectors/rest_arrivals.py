"""Records added to a list while it is read: they can hide from its total that others were deleted meanwhile.

In the order of creation a deletion moves records over the borders of pages, and shows in a total that falls. One added
in the same moment makes up for it, and what moved would be missed. But what is added comes last and is read, too: with
more arrivals than the total has grown by, something was deleted unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from etl.catalogue import Endpoint, Op
from etl.expressions.parse import parse
from etl.http.paths import Path, compile_path
from etl.keys import canonical
from etl.model import Json


@dataclass(slots=True)
class Arrivals:
    """One read's. `known`: keys of those that an earlier read has come across."""

    created: Path
    key: Sequence[str]
    known: frozenset[bytes] = frozenset()
    _since: datetime | None = None
    """The server's time at its first answer."""
    _grown: int = 0
    _total: int | None = None
    _fell: bool = False
    """It was smaller than the one before, maybe only since that answer had been overtaken: what it grows by next was
    counted."""
    _keys: set[bytes] = field(default_factory=set)

    @classmethod
    def of(cls, endpoint: Endpoint, op: Op) -> Arrivals | None:
        """Of a list that can be had in the order of creation: of `updated || created` the last. None of others."""
        if op.sort is None or op.sort.stable is None or endpoint.version is None:
            return None
        tree = parse(endpoint.version).ast
        if tree["type"] != "or_expression":
            return None
        last = tree["children"][1]
        return cls(compile_path(endpoint.version[last["start"] : last["end"]]), endpoint.key)

    def later(self) -> Arrivals:
        """Those of the next read of the same list."""
        return Arrivals(self.created, self.key, self.known | self._keys)

    def look(self, headers: Mapping[str, str], records: Sequence[Json], total: int | None) -> None:
        """Takes an answer in. A time without a zone counts for nothing: nobody knows by which clock it is."""
        if self._since is None:
            self._since = _date(headers.get("date"))
        if total is not None:
            grown = total - self._total if self._total is not None else 0
            self._grown += 0 if self._fell else max(0, grown)
            self._total, self._fell = total, grown < 0
        self._keys |= {self._key(record) for record in records if self._is_new(record)} - self.known

    def close(self) -> None:
        """Forgets the keys."""
        self._keys.clear()

    @property
    def hidden(self) -> int:
        """How many deletions the total has not shown."""
        return max(0, len(self._keys) - self._grown) if self._total is not None else 0

    def _is_new(self, record: Json) -> bool:
        told = self.created(record)
        if not isinstance(told, str) or self._since is None:
            return False
        try:
            made = datetime.fromisoformat(told.replace(" +", "+").replace(" -", "-"))
        except ValueError:
            return False
        return made.tzinfo is not None and made >= self._since

    def _key(self, record: Json) -> bytes:
        return canonical([record.get(name) for name in self.key])


def _date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text or "").astimezone(UTC)
    except (ValueError, TypeError):
        return None
