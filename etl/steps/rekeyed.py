"""Records whose key in the target is another than it was: an upsert makes them anew and leaves the old ones behind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from etl.errors import LimitReached
from etl.model import Item


@dataclass(slots=True)
class Rekeyed:
    """`refuses`: the mapping has changed, so that its key expression has, too; a key that the source itself changed
    is a change like any other. `shown`: keys may stand in messages."""

    refuses: bool
    shown: bool = True
    count: int = 0

    def look(self, items: Iterable[Item]) -> None:
        """Takes note of items about to be sent. Raises LimitReached before any of them is."""
        for item in items:
            known = item.known
            if known is None or known.gone or known.target_key in ("", item.target_key):
                continue
            self.count += 1
            if self.refuses:
                change = f" ({known.target_key!r} would be {item.target_key!r})" if self.shown else ""
                raise LimitReached(
                    f"the mapping gives its records other keys in the target than before{change}: they would be "
                    "created anew, and the old ones left behind",
                    "`etl plan` shows how many; if that is right, run with --allow-rekey",
                )

    def told(self) -> list[str]:
        """What a plan says of it."""
        if not self.count:
            return []
        many = "1 record gets another key" if self.count == 1 else f"{self.count} records get another key"
        return [f"{many} in the target: {self.count} created anew, {self.count} left behind under the old key"]
