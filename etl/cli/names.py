"""A name that does not exist, answered with the one that was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from etl.errors import UsageError


def check_known(name: str, names: Iterable[str], kind: str) -> None:
    """Raises UsageError where `name` is none of `names`, naming the nearest."""
    known = list(names)
    if name in known:
        return
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(known)}" if known else "there is none"
    raise UsageError(f"'{name}' is no {kind}", hint)
