"""What a run gives to expressions: lookup tables and variables."""

from __future__ import annotations

from difflib import get_close_matches

from etl.errors import RecordRejected
from etl.expressions.fail import fail, shown
from etl.expressions.functions.signature import ANY, STRING, Family, Parameter
from etl.expressions.scope import LookupMiss, Scope
from etl.keys import key_text
from etl.model import Json, Schema

FAMILY = Family("the run")


@FAMILY.function(
    Parameter("table", STRING),
    Parameter("key", ANY),
    returns=Schema("json"),
    example="lookup('clients', customer.id).name",
    record={"customer": {"id": 3}},
    result="Björk AB",
    nullable=True,
    scoped=True,
)
def lookup(scope: Scope, table: str, key: Json) -> Json:
    """The row of a declared lookup with that key, compared as text; `on_miss` says what happens without one."""
    return find(scope, table, key, "row with key")


def find(scope: Scope, table: str, key: Json, key_name: str) -> Json:
    """The same, with the name that a miss gives to the key: generated code knows its path."""
    if key is None:
        return None
    if isinstance(key, list | dict):
        fail(f"lookup() needs a text or a number as its key, not {shown(key)}")
    rows = scope.tables.get(table)
    if rows is None:
        fail(f"there is no lookup '{table}'{_near(table, list(scope.tables))}")
    try:
        return rows(key if type(key) is str else key_text(key) or "")
    except LookupMiss as miss:
        if miss.on_miss == "empty":
            return None
        reason = f"its lookup '{table}' has no {key_name} {key_text(key)}"
        raise RecordRejected(reason, code="lookup", filtered=miss.on_miss == "skip") from None


@FAMILY.function(
    Parameter("name", STRING),
    returns=Schema("json"),
    example="var('prefix')",
    result="blikk",
    nullable=True,
    scoped=True,
)
def var(scope: Scope, name: str) -> Json:
    """A variable of the project or the mapping, or of `--var` on the command line."""
    if name not in scope.vars:
        fail(f"there is no variable '{name}'{_near(name, list(scope.vars))}")
    return scope.vars[name]


def _near(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
