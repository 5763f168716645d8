"""Numbers for scopes and places: rows carry a number where they would otherwise repeat four texts."""

from __future__ import annotations

from datetime import UTC, datetime

from etl.ports import Scope
from etl.state.codec import pack
from etl.state.database import Database

NONE = 0
"""The number of what is not stored: no row carries it."""


def utc_now() -> str:
    """This moment as it is stored: ISO 8601 in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Scopes:
    """Looks numbers up, once per scope and place."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._numbers: dict[Scope, int] = {}
        self._places: dict[tuple[str, str, str], int] = {}
        self._runs: dict[int, tuple[str, int]] = {}

    def find(self, scope: Scope) -> int:
        """The scope's number, NONE where nothing is stored of it."""
        number = self._numbers.get(scope)
        if number is None:
            rows = self._database.read(
                "SELECT number FROM scopes WHERE project = ? AND environment = ? AND mapping = ? AND origin = ?",
                _texts(scope),
            )
            if not rows:
                return NONE
            number = self._numbers[scope] = int(rows[0][0])
        return number

    def make(self, scope: Scope) -> int:
        """The scope's number; a new one gets its row."""
        if (number := self.find(scope)) == NONE:
            self._database.write(
                "INSERT INTO scopes (project, environment, mapping, origin) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                _texts(scope),
            )
            number = self.find(scope)
        return number

    def latest(self, project: str, environment: str, mapping: str) -> int:
        """The number of the scope in which a mapping ran last, whatever its target's origin."""
        rows = self._database.read(
            "SELECT number FROM scopes WHERE project = ? AND environment = ? AND mapping = ? "
            "ORDER BY used_at DESC, number DESC LIMIT 1",
            (pack(project), pack(environment), pack(mapping)),
        )
        return int(rows[0][0]) if rows else NONE

    def use(self, scope: Scope) -> None:
        """Makes this scope the one in which its mapping ran last."""
        self._database.write("UPDATE scopes SET used_at = ? WHERE number = ?", (_precise_now(), self.make(scope)))

    def hand_over(self, scope: Scope, mapping: str) -> None:
        """Gives the content of `scope` to the same scope of another mapping; that one's number goes the other way."""
        heir = Scope(scope.project, scope.environment, mapping, scope.origin)
        given, swapped = self.make(scope), self.make(heir)
        rename = "UPDATE scopes SET mapping = ? WHERE number = ?"
        with self._database.transaction():
            self._database.write(rename, ("\x1b", swapped))  # the names are unique: a third one stands in between
            self._database.write(rename, (pack(mapping), given))
            self._database.write(rename, (pack(scope.mapping), swapped))
        self._numbers.clear()

    def run_number(self, number: int, run_id: str) -> int:
        """Which run of this scope `run_id` is, counted from 1. Only one run at a time has a scope: it is claimed."""
        known = self._runs.get(number)
        if known is None or known[0] != run_id:
            self._database.write(
                "UPDATE scopes SET run_number = run_number + 1, run_id = ?, used_at = ? "
                "WHERE number = ? AND run_id <> ?",
                (pack(run_id), _precise_now(), number, pack(run_id)),
            )
            rows = self._database.read("SELECT run_number FROM scopes WHERE number = ?", (number,))
            known = self._runs[number] = (run_id, int(rows[0][0]) if rows else NONE)
        return known[1]

    def place(self, project: str, environment: str, origin: str) -> int:
        """The number of a target's endpoint; a new one gets its row."""
        texts = (project, environment, origin)
        if texts not in self._places:
            packed = tuple(map(pack, texts))
            self._database.write(
                "INSERT INTO places (project, environment, origin) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", packed
            )
            rows = self._database.read(
                "SELECT number FROM places WHERE project = ? AND environment = ? AND origin = ?", packed
            )
            self._places[texts] = int(rows[0][0])
        return self._places[texts]


def _precise_now() -> str:
    """Tells scopes used within one second apart."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def _texts(scope: Scope) -> tuple[str, ...]:
    return pack(scope.project), pack(scope.environment), pack(scope.mapping), pack(scope.origin)
