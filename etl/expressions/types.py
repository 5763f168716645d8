"""What a value inside an expression can be: a few documented schemas, or null.

A record's schema has one type per field; an expression's result can have several (`a && 'x'` is false or 'x').
The algebra here never claims more than is certain: what it can't tell is ANY.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from etl.model import Json, Schema

_MANY = 6
"""More alternatives than this are no help to anybody: ANY."""

_KINDS = {
    "string": "string",
    "date": "string",
    "date-time": "string",
    "time": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "array": "array",
    "object": "object",
}

_NOUNS = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date",
    "date-time": "a date-time",
    "time": "a time",
    "object": "an object",
    "array": "a list",
    "json": "any value",
}


@dataclass(frozen=True, slots=True)
class Type:
    """One of `options` (their own `nullable` and `required` do not count), or null if `nullable`."""

    options: tuple[Schema, ...]
    nullable: bool = False
    name: str = ""
    """What a message calls it: `'customer'`, `an item of 'tags'`."""
    inner: Type | None = None
    """Of a list that the expression itself makes: what its items are."""
    present: tuple[Type, ...] = ()
    """Of a list spelled out in the expression: the items that it surely holds."""

    def called(self, name: str) -> Type:
        """The same under a name."""
        return replace(self, name=name)


ANY = Type((Schema("json"),), nullable=True)
NULL = Type((), nullable=True)
BOOLEAN = Type((Schema("boolean"),))


def simple(name: str, *, nullable: bool = False) -> Type:
    """A value of one documented type name."""
    return Type((Schema(name),), nullable=nullable)


def documented(schema: Schema, name: str = "") -> Type:
    """A value as a schema documents it. What is not always present is null when it is read."""
    return Type((schema,), nullable=schema.nullable or not schema.required, name=name)


def literal(value: Json) -> Type:
    """The type that holds this one value."""
    if value is None:
        return NULL
    if isinstance(value, dict):
        properties = {key: to_schema(literal(item)) for key, item in value.items()}
        return Type((Schema("object", properties=properties),))
    if isinstance(value, list):
        parts = tuple(literal(item) for item in value)
        return Type((Schema("array"),), inner=union(parts), present=parts)
    return Type((Schema(scalar_type(value), values=(value,)),))


def scalar_type(value: Json) -> str:
    """The type name of a scalar JSON value."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "integer"
    return "number" if isinstance(value, float | Decimal) else "string"


def array_of(item: Type, *, nullable: bool = False, present: tuple[Type, ...] = ()) -> Type:
    """A list whose items are of a type."""
    return Type((Schema("array"),), nullable=nullable, inner=item, present=present)


def kind(schema: Schema) -> str:
    """string, number, boolean, array, object, or any: what JMESPath tells apart."""
    return _KINDS.get(schema.type, "any")


def kinds(value: Type) -> set[str]:
    """The kinds that a value can have; null is none of them."""
    return {kind(option) for option in value.options}


def is_any(value: Type) -> bool:
    """Nothing is known about it, so nothing can be wrong with it."""
    return any(kind(option) == "any" for option in value.options)


def union(types: Iterable[Type]) -> Type:
    """What is one of several types."""
    options: list[Schema] = []
    nullable = False
    inners: list[Type] = []
    for each in types:
        nullable = nullable or each.nullable
        inners += [items_of(each)] if "array" in kinds(each) else []
        for option in each.options:
            _add(options, option)
    if len(options) > _MANY or any(kind(option) == "any" for option in options):
        return Type(ANY.options, nullable=nullable)
    return Type(tuple(options), nullable=nullable, inner=_only(inners))


def _only(inners: list[Type]) -> Type | None:
    if not inners:
        return None
    return inners[0] if len(inners) == 1 else union(inners)


def _add(options: list[Schema], new: Schema) -> None:
    for index, old in enumerate(options):
        if old is new or old == new:
            return
        merged = _merged(old, new)
        if merged is not None:
            options[index] = merged
            return
    options.append(new)


def _merged(left: Schema, right: Schema) -> Schema | None:
    """One schema for both, where scalars of one kind allow that without loss."""
    same = kind(left)
    if same != kind(right) or same not in ("string", "number", "boolean"):
        return None
    narrow = {left.type, right.type}
    name = left.type if len(narrow) == 1 else same
    return Schema(name, values=_merged_values(possible(left), possible(right)))


def _merged_values(left: tuple[Json, ...], right: tuple[Json, ...]) -> tuple[Json, ...]:
    if not left or not right:
        return ()
    return left + tuple(value for value in right if value not in left)


def possible(schema: Schema) -> tuple[Json, ...]:
    """Every value that a schema with an enumeration allows; empty: any value."""
    if not schema.labels:
        return schema.values
    return (*schema.values, *schema.labels.keys(), *schema.labels.values())


def truthy(value: Type) -> Type:
    """What is left of a value where JMESPath takes it for true."""
    options = tuple(kept for option in value.options if (kept := _truthy_option(option)) is not None)
    return replace(value, options=options, nullable=False)


def _truthy_option(option: Schema) -> Schema | None:
    if option.type == "boolean":
        return None if option.values == (False,) else replace(option, values=(True,))
    if option.values and kind(option) == "string":
        values = tuple(value for value in option.values if value != "")
        return replace(option, values=values) if values else None
    return option


def falsy(value: Type) -> Type:
    """What is left of a value where JMESPath takes it for false: null, false, and everything empty."""
    options = tuple(kept for option in value.options if (kept := _falsy_option(option)) is not None)
    return Type(options, nullable=value.nullable, inner=value.inner)


def _falsy_option(option: Schema) -> Schema | None:
    if kind(option) == "number" or option.type in ("date", "date-time", "time"):
        return None
    if option.type == "boolean":
        return None if option.values == (True,) else replace(option, values=(False,))
    if option.type == "string":
        return Schema("string", values=("",)) if not option.values or "" in option.values else None
    if option.type == "object" and any(inner.required for inner in (option.properties or {}).values()):
        return None
    return option


def items_of(value: Type) -> Type:
    """What the items of a list are; of a value that is no list, nothing at all."""
    if value.inner is not None:
        return value.inner
    inners = [_item(option) for option in value.options if kind(option) in ("array", "any")]
    return union(inners) if inners else Type(())


def _item(option: Schema) -> Type:
    # A documented list holds no nulls: vendors who leave holes in lists do not say so either.
    return Type((option.items,)) if option.items is not None and option.items.type != "json" else ANY


def to_schema(value: Type) -> Schema:
    """The schema of a result; `json` where it can be of several types."""
    if len(value.options) == 1:
        option = value.options[0]
        if option.type == "array" and value.inner is not None:
            option = replace(option, items=to_schema(value.inner))
        return replace(option, nullable=value.nullable, required=False, detail_only=False)
    names = {option.type for option in value.options}
    name = next(iter(names)) if len(names) == 1 else "json"
    return Schema(name, nullable=value.nullable)


def words(value: Type) -> str:
    """A type in words, for a message: `a string`, `an integer or a string`, `always null`."""
    nouns = list(dict.fromkeys(_noun(option) for option in value.options))
    if not nouns:
        return "always null"
    return " or ".join(nouns)


def _noun(option: Schema) -> str:
    return _NOUNS.get(option.type, option.type)


def known_properties(value: Type) -> Mapping[str, Schema] | None:
    """The properties of a value that can only be one documented object; None otherwise."""
    if len(value.options) == 1 and value.options[0].type == "object":
        return value.options[0].properties
    return None
