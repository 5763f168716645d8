"""What functions give whose result depends on their arguments; the others say it in their signature."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from etl.expressions.types import (
    ANY,
    Type,
    array_of,
    documented,
    is_any,
    items_of,
    kind,
    kinds,
    known_properties,
    simple,
    union,
)
from etl.model import Schema

Result = Callable[[Sequence[Type]], Type]


def _first_not_null(types: Sequence[Type]) -> Type:
    return replace(union(types), nullable=all(given.nullable for given in types))


def _same_list(types: Sequence[Type]) -> Type:
    """The list itself in another order; its first argument."""
    given = types[0]
    if not given.options or is_any(given):
        return ANY
    options = tuple(Schema(option.type) if kind(option) == "string" else option for option in given.options)
    return Type(options, inner=given.inner, present=given.present)


def _one_item(types: Sequence[Type]) -> Type:
    """An item of the list; null of an empty one."""
    item = items_of(types[0])
    return Type(item.options, nullable=True, inner=item.inner) if item.options else ANY


def _mapped(types: Sequence[Type]) -> Type:
    return array_of(types[0])


def _to_array(types: Sequence[Type]) -> Type:
    given = types[0]
    if is_any(given):
        return array_of(ANY)
    if "array" not in kinds(given):
        return array_of(given)
    others = Type(tuple(option for option in given.options if option.type != "array"), nullable=given.nullable)
    return array_of(union([others, items_of(given)]))


def _values(types: Sequence[Type]) -> Type:
    properties = known_properties(types[0])
    if not properties:
        return array_of(ANY)
    return array_of(union(documented(schema) for schema in properties.values()))


def _merged(types: Sequence[Type]) -> Type:
    known = [known_properties(given) for given in types]
    if any(properties is None for properties in known):
        return simple("object")
    properties: dict[str, Schema] = {}
    for each in known:
        for name, schema in (each or {}).items():
            properties[name] = schema if schema.required or name not in properties else Schema()
    return Type((Schema("object", properties=properties),))


def _keys(types: Sequence[Type]) -> Type:
    return array_of(simple("string"))


RESULTS: Mapping[str, Result] = {
    "not_null": _first_not_null,
    "coalesce": _first_not_null,
    "sort": _same_list,
    "sort_by": _same_list,
    "reverse": _same_list,
    "max": _one_item,
    "min": _one_item,
    "max_by": _one_item,
    "min_by": _one_item,
    "map": _mapped,
    "to_array": _to_array,
    "values": _values,
    "merge": _merged,
    "keys": _keys,
}
