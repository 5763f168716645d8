"""What a function takes and gives, as data: checks, documentation and generated code all read it from here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from etl.model import Json, Schema

Kinds = tuple[str, ...]

ANY: Kinds = ()
STRING: Kinds = ("string",)
NUMBER: Kinds = ("number",)
ARRAY: Kinds = ("array",)
OBJECT: Kinds = ("object",)
EXPREF: Kinds = ("expref",)
STRINGS: Kinds = ("array-string",)
NUMBERS: Kinds = ("array-number",)
TEXTUAL: Kinds = ("string", "number", "boolean")
"""What has one obvious spelling as text."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument. `kinds`: the kinds of value it takes (string, number, boolean, array, object, expref,
    array-string, array-number); empty: any value but an expref."""

    name: str
    kinds: Kinds = ANY
    optional: bool = False
    variadic: bool = False
    """The last one: one or more of it."""
    nullable: bool = False
    """Null is taken as a value. Elsewhere null gives null, or in a standard function an error."""
    check: Callable[[Any], object] | None = None
    """Run on an argument written out in the expression, before any record is read. Raises RecordRejected."""
    remedy: str | None = None
    """What to write where the reason for a refusal does not say it."""


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the language."""

    name: str
    family: str
    parameters: tuple[Parameter, ...]
    returns: Schema
    """`nullable` here: it can be null although no argument is."""
    example: str
    example_result: Json
    doc: str
    implementation: Callable[..., Json]
    example_record: Json = None
    standard: bool = False
    """One of JMESPath's own: a null argument is an error there, not null."""
    scoped: bool = False
    """The implementation takes the run's Scope as its first argument."""

    @property
    def least(self) -> int:
        """The smallest number of arguments."""
        return sum(not parameter.optional for parameter in self.parameters)

    @property
    def most(self) -> int | None:
        """The largest number of arguments; None: no limit."""
        return None if self.parameters and self.parameters[-1].variadic else len(self.parameters)

    def parameter(self, index: int) -> Parameter:
        """The parameter that takes the argument at `index`."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    @property
    def usage(self) -> str:
        """How it is written: `split(s, sep[, count])`, `concat(a, …)`."""
        parts = [f"{'&' if each.kinds == EXPREF else ''}{each.name}" for each in self.parameters]
        required = ", ".join(parts[: self.least]) + (", …" if self.most is None else "")
        return f"{self.name}({required}{''.join(f'[, {part}]' for part in parts[self.least :])})"


class Family:
    """Collects the functions of one file: `@text.function(…)` above each implementation."""

    def __init__(self, name: str, *, standard: bool = False) -> None:
        self.name = name
        self.standard = standard
        self.functions: dict[str, Function] = {}

    def function(
        self,
        *parameters: Parameter,
        returns: str | Schema,
        example: str,
        result: Json,
        record: Json = None,
        nullable: bool = False,
        scoped: bool = False,
        name: str | None = None,
    ) -> Callable[[Callable[..., Json]], Callable[..., Json]]:
        """Registers an implementation under its own name (a final `_` removed); its docstring is its documentation."""

        def register(implementation: Callable[..., Json]) -> Callable[..., Json]:
            schema = Schema(returns, nullable=nullable) if isinstance(returns, str) else returns
            called = name or implementation.__name__.strip("_")
            self.functions[called] = Function(
                name=called,
                family=self.name,
                parameters=parameters,
                returns=schema,
                example=example,
                example_result=result,
                doc=(implementation.__doc__ or "").strip(),
                implementation=implementation,
                example_record=record,
                standard=self.standard,
                scoped=scoped,
            )
            return implementation

        return register


def array_of(kind: str, *, nullable: bool = False) -> Schema:
    """The schema of a list of one type."""
    return Schema("array", nullable=nullable, items=Schema(kind, nullable=False))
