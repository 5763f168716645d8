"""Fields that are null in every record of a run: often a misspelt path in data that no schema describes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from etl.model import Item
from etl.specs import FieldSpec

FEWEST = 20
"""Records from which on it tells anything that a field was null in all of them."""


class NullFields:
    """Watches the fields that are still without any value; one that has had one costs nothing any more."""

    def __init__(self, specs: Iterable[FieldSpec]) -> None:
        self._sources = {spec.name: spec.value for spec in specs if spec.value is not None}
        self._left = list(self._sources)

    def look(self, items: Sequence[Item]) -> None:
        """Takes note of a page."""
        if self._left:
            self._left = [name for name in self._left if all(item.output.get(name) is None for item in items)]

    def warnings(self, records: int) -> list[str]:
        """What to say of them. `records`: how many were written or unchanged."""
        if records < FEWEST:
            return []
        return [
            f"'{name}' was null in all {records} records: if that is not so in the source, see how it spells "
            f"'{self._sources[name]}'"
            for name in self._left
        ]
