"""What the code of the state needs of a database; SQLite and PostgreSQL differ only behind this.

Statements are written once: `?` stands for a parameter, `{among}` for "is one of the texts of this parameter".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Row = tuple[Any, ...]
Type = Literal["text", "integer", "binary", "optional"]
"""`optional` is a text that is never empty: an empty one is stored as NULL, too, and bound three times as fast."""


@dataclass(frozen=True, slots=True, eq=False)
class Upsert:
    """An insert of many rows that takes the place of rows with the same key. One row per key and call."""

    table: str
    columns: Mapping[str, Type]
    key: tuple[str, ...]
    kept: tuple[str, ...] = ()
    """Columns that stay as they are where the row is already there."""
    computed: Mapping[str, str] = field(default_factory=dict)
    """Columns that become the value of an SQL expression where the row is already there."""

    def conflict(self) -> str:
        """The clause that says what happens to a row that is already there; the same in both dialects."""
        changed = [name for name in self.columns if name not in (*self.key, *self.kept)]
        changes = ", ".join(f"{name} = {self.computed.get(name, f'excluded.{name}')}" for name in changed)
        return f"ON CONFLICT ({', '.join(self.key)}) DO " + (f"UPDATE SET {changes}" if changes else "NOTHING")


class Database(Protocol):
    """One connection to a store. Every method raises StateError, in words, where the store fails."""

    name: str
    """The store as messages call it; without credentials."""

    shared: bool
    """Whether several machines use this store."""

    @property
    def words(self) -> Mapping[str, str]:
        """The names of types and table options in this dialect, for migrations."""

    def read(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]: ...

    def write(self, sql: str, parameters: Sequence[object] = ()) -> None: ...

    def upsert(self, upsert: Upsert, rows: Sequence[Sequence[object]]) -> None: ...

    def among(self, texts: Sequence[str]) -> object:
        """The parameter for `{among}`."""

    def transaction(self, *, durable: bool = False) -> AbstractContextManager[None]:
        """All or nothing. `durable`: survives a power cut once it has ended."""

    def snapshot(self) -> AbstractContextManager[None]:
        """Reads within it see one moment, whatever others write meanwhile."""

    def alone(self) -> AbstractContextManager[None]:
        """A transaction during which nobody else changes the schema."""

    def tables(self) -> set[str]: ...

    def claim(self, name: str) -> bool:
        """Takes `name` for this connection; False where it is taken. The system releases it when the process dies."""

    def release(self, name: str) -> None: ...

    def close(self) -> None: ...


__all__ = ["Database", "Row", "Type", "Upsert"]
