"""Access tokens: issued, valid for a while, revocable."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta


class Tokens:
    """The tokens of one API. They end with the process, as those of a restarted server would."""

    def __init__(self) -> None:
        self._expires: dict[str, datetime] = {}

    def issue(self, token: str, now: datetime, lifetime: float) -> datetime:
        """Makes `token` valid and gives the moment at which it ends."""
        self._expires[token] = now + timedelta(seconds=lifetime)
        return self._expires[token]

    def valid(self, token: str, now: datetime) -> bool:
        return token in self._expires and now < self._expires[token]

    def revoke_all(self) -> int:
        """Ends every token at once; gives how many there were."""
        count = len(self._expires)
        self._expires.clear()
        return count


def fresh_token() -> str:
    """A token of the shape that Blikk's document shows."""
    return f"pk_{uuid.uuid4()}.pa_{uuid.uuid4()}"
