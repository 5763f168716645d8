"""The versions of the schema: one file each, applied in order, never changed once released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from etl.errors import StateError
from etl.state.database import Database
from etl.state.migrations import version_1, version_2, version_3

VERSIONS: tuple[Sequence[str], ...] = (version_1.STATEMENTS, version_2.STATEMENTS, version_3.STATEMENTS)
"""The n-th entry leads from version n to version n + 1."""

_VERSION_TABLE = "etl_schema"


def migrate(database: Database, versions: Sequence[Sequence[str]] = VERSIONS) -> None:
    """Brings a store to the newest version, an empty one from nothing. Raises StateError for one of a newer etl."""
    if _version(database, len(versions)) == len(versions):
        return
    with database.alone():
        for number in range(_version(database, len(versions)), len(versions)):
            _apply(database, number + 1, versions[number])


def _version(database: Database, newest: int) -> int:
    """The version of the store; 0 where it is empty."""
    tables = database.tables()
    if _VERSION_TABLE not in tables:
        if tables:
            raise StateError(
                f"{database.name} holds tables of another program ({', '.join(sorted(tables)[:3])})",
                "give etl a place of its own with `state:` in etl.yaml; nothing was changed",
            )
        return 0
    version = int(database.read(f"SELECT max(version) FROM {_VERSION_TABLE}")[0][0])
    if version > newest:
        raise StateError(
            f"{database.name} was written by a newer etl (its version is {version}, this etl knows {newest})",
            "install that etl, or a newer one; nothing was changed",
        )
    return version


def _apply(database: Database, version: int, statements: Sequence[str]) -> None:
    for statement in statements:
        database.write(statement.format(**database.words))
    applied_at = datetime.now(UTC).isoformat(timespec="seconds")
    database.write(
        f"INSERT INTO {_VERSION_TABLE} (version, applied_at) VALUES (?, ?)",
        (version, applied_at),
    )
