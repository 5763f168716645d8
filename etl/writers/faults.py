"""Server faults of single records: one may be the record's own, several in a row are the target's."""

from __future__ import annotations

from dataclasses import dataclass

from etl.errors import ConnectionFailed, Refused
from etl.model import Item, Outcome
from etl.steps.batch import refusal

MOST_IN_A_ROW = 3


@dataclass(slots=True)
class Faults:
    """Counts them over all writers of a mapping."""

    _in_a_row: int = 0

    def outcome(self, item: Item, refused: Refused) -> Outcome:
        """The record's reject. Raises ConnectionFailed where the target seems to be down."""
        if not refused.server_fault:
            self._in_a_row = 0
            return refusal(item, refused)
        self._in_a_row += 1
        if self._in_a_row >= MOST_IN_A_ROW:
            raise ConnectionFailed(
                f"the target failed with HTTP {refused.status} for {self._in_a_row} records in a row: {refused.reason}",
                "it seems to be down; what was written before is recorded, a rerun goes on from there",
            )
        return refusal(item, refused)

    def none(self) -> None:
        """A record was accepted."""
        self._in_a_row = 0
