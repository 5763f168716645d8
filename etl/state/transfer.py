"""The content of one store brought into another: from SQLite to PostgreSQL and back.

Both stores write texts and JSON in the same form, so rows travel as they are. Numbers of scopes and places, and ids of
rejects, are given anew by the store that takes them in; which run saw an entry last means nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice, product
from typing import Any, Final

from etl.errors import StateError
from etl.ports import Scope
from etl.state import tables
from etl.state.codec import pack, unpack
from etl.state.database import Database, Upsert
from etl.state.scopes import Scopes
from etl.state.store import StoredState

Line = tuple[str, dict[str, Any]]
"""A table, and one row of it by column."""

CHUNK: Final = 500
_LATER: Final = ("seen", "answered")
"""Columns that a file of rows may lack: one means nothing elsewhere, one an older etl did not have."""


def copy_state(source: StoredState, target: StoredState, project: str | None = None) -> int:
    """Brings all that `source` holds of one project, or of every one, into `target`; how many rows that was.

    All or nothing. Raises StateError where `target` already has state of such a project.
    """
    return take_in(target, read_lines(source, project))


# --- reading


@dataclass(frozen=True, slots=True)
class _Part:
    """What is read of one table: the rows of one owner (a project, or the number of a scope or place)."""

    table: str
    columns: tuple[str, ...]
    owner: str
    key: str


def _part(upsert: Upsert, owner: str, key: str) -> _Part:
    return _Part(upsert.table, tuple(upsert.columns), owner, key)


_OF_PROJECT: Final = (
    _part(tables.SECRET, "project", "project"),
    _Part("scopes", ("number", "project", "environment", "mapping", "origin", "used_at"), "project", "number"),
    _Part("places", ("number", "project", "environment", "origin"), "project", "number"),
    _part(tables.RUN, "project", "run_id"),
)
_OF_SCOPE: Final = (
    _part(tables.CURSOR, "scope", "scope"),
    _part(tables.CHECKPOINT, "scope", "scope"),
    _Part("ledger", tuple(name for name in tables.LEDGER.columns if name != "seen"), "scope", "key"),
    _part(tables.INTENT, "scope", "key"),
    _part(tables.DETAIL, "scope", "key"),
    _Part("rejects", ("id", *tables.REJECT.columns), "scope", "id"),
)
_OF_PLACE: Final = (_part(tables.IDENTITY, "place", "target_key"),)


def read_lines(state: StoredState, project: str | None = None) -> Iterator[Line]:
    """Every row, all as of one moment; owners before what they own. Streams."""
    database = state.database
    with database.snapshot():
        projects = _projects(database) if project is None else [pack(project)]
        for parts, owners in (
            (_OF_PROJECT, projects),
            (_OF_SCOPE, _numbers(database, "scopes", projects)),
            (_OF_PLACE, _numbers(database, "places", projects)),
        ):
            for part, owner in product(parts, owners):
                for row in _rows(database, part, owner):
                    yield part.table, dict(zip(part.columns, row, strict=True))


def _projects(database: Database) -> list[object]:
    tables_with_projects = ("secrets", "scopes", "places", "runs")
    union = " UNION ".join(f"SELECT project FROM {table}" for table in tables_with_projects)
    return [name for (name,) in database.read(f"{union} ORDER BY project")]


def _numbers(database: Database, table: str, projects: Sequence[object]) -> list[object]:
    select = f"SELECT number FROM {table} WHERE project = ? ORDER BY number"
    return [number for project in projects for (number,) in database.read(select, (project,))]


def _rows(database: Database, part: _Part, owner: object) -> Iterator[Sequence[Any]]:
    select = f"SELECT {part.key}, {', '.join(part.columns)} FROM {part.table} WHERE {part.owner} = ?"
    order = f"ORDER BY {part.key} LIMIT {CHUNK}"
    rows = database.read(f"{select} {order}", (owner,))
    while rows:
        for _, *row in rows:
            yield row
        rows = database.read(f"{select} AND {part.key} > ? {order}", (owner, rows[-1][0]))


# --- taking in


def take_in(target: StoredState, lines: Iterable[Line]) -> int:
    """Stores rows as `read_lines` gives them, all or nothing; how many they were."""
    intake = _Intake(target)
    with target.database.transaction():
        return sum(intake.add(table, [row for _, row in rows]) for table, rows in _chunks(lines))


def _chunks(lines: Iterable[Line]) -> Iterator[tuple[str, Iterator[Line]]]:
    for table, rows in groupby(lines, key=lambda line: line[0]):
        while chunk := list(islice(rows, CHUNK)):
            yield table, iter(chunk)


class _Intake:
    """Gives rows the numbers that their owners have in this store."""

    def __init__(self, target: StoredState) -> None:
        self._target = target
        self._database = target.database
        self._numbers = Scopes(target.database)  # its own: what it has looked up is void if all is undone
        self._scopes: dict[int, int] = {}
        self._places: dict[int, int] = {}
        self._ways: dict[str, Callable[[dict[str, Any]], None]] = {
            "secrets": self._secret,
            "scopes": self._scope,
            "places": self._place,
        }

    def add(self, table: str, rows: list[dict[str, Any]]) -> int:
        """Raises KeyError for a table or column that is not known here."""
        if (way := self._ways.get(table)) is not None:
            for row in rows:
                way(row)
        else:
            upsert = _CONTENT[table]
            self._database.upsert(upsert, [[self._value(row, name) for name in upsert.columns] for row in rows])
        return len(rows)

    def _value(self, row: dict[str, Any], name: str) -> Any:
        if name == "scope":
            return self._scopes[row[name]]
        if name == "place":
            return self._places[row[name]]
        return row.get(name, 0) if name in _LATER else row[name]

    def _secret(self, row: dict[str, Any]) -> None:
        """The hashes that follow are keyed with it, so it takes the place of one that was made here."""
        self._database.write("DELETE FROM secrets WHERE project = ?", (row["project"],))
        self._database.upsert(tables.SECRET, [(row["project"], row["value"])])

    def _scope(self, row: dict[str, Any]) -> None:
        scope = Scope(*(unpack(row[name]) for name in ("project", "environment", "mapping", "origin")))
        if self._target.scopes(scope.project):  # rows of this intake do not count yet: scopes come before content
            raise StateError(
                f"{self._database.name} already holds state of project '{scope.project}'",
                "reset it there first (`etl state reset`), or bring it into an empty store; nothing was changed",
            )
        number = self._scopes[row["number"]] = self._numbers.make(scope)
        self._database.write("UPDATE scopes SET used_at = ? WHERE number = ?", (row["used_at"], number))

    def _place(self, row: dict[str, Any]) -> None:
        texts = (unpack(row[name]) for name in ("project", "environment", "origin"))
        self._places[row["number"]] = self._numbers.place(*texts)


_CONTENT: Final = {
    each.table: each
    for each in (
        tables.CURSOR,
        tables.CHECKPOINT,
        tables.LEDGER,
        tables.INTENT,
        tables.DETAIL,
        tables.REJECT,
        tables.IDENTITY,
        tables.RUN,
    )
}
