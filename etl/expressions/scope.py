"""What an expression can reach beside its record: the run's start, the project's zone, variables and tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from etl.model import MISSING, Json
from etl.specs import OnMiss

Table = Callable[[str], Json]
"""Gives the row for a key's text. Raises LookupMiss."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One per run. `now` is aware; `timezone` is an IANA name, the zone of date-times that carry none."""

    now: datetime
    timezone: str = "UTC"
    vars: Mapping[str, Json] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)


class LookupMiss(Exception):
    """A table has no row for a key; `on_miss` says what the mapping wants then."""

    def __init__(self, on_miss: OnMiss = "reject") -> None:
        super().__init__(on_miss)
        self.on_miss = on_miss


def table(find: Callable[[str], Json], on_miss: OnMiss = "reject") -> Table:
    """A table from a function that gives MISSING where it has no row."""

    def row(key: str) -> Json:
        found = find(key)
        if found is MISSING:
            raise LookupMiss(on_miss)
        return found

    return row
