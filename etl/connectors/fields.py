"""Fields as connector documents write them, short or long, made into `Schema` and `Param`.

id: {type: integer, required: true}     required: always there, and not null unless `nullable: true`
name: string                            short for {type: string}
customer: name_id                       a name under `types` stands for what is defined there
tags: [tag]                             a list of it; {type: [tag], …} where more is to be said
address: {properties: {city: string}}   an object, as `items` makes an array
email: {required: true}                 among `write_fields`: the type is that of the field as it is read
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from etl.catalogue import Param
from etl.model import Schema

Block = Mapping[str, Any]

KINDS = ("string", "integer", "number", "boolean", "date", "date-time", "time", "object", "array", "json")
"""Types that every connector has; all other names stand under its `types`."""
_PLAIN = ("labels", "max_length", "wire", "list_only", "sensitive", "read_from", "lost_if", "operations", "description")


class Types:
    """The types of one document, each of the shared ones made once.

    `nullable` is what a field that says nothing of null takes. Raises KeyError for a type that does not exist.
    """

    def __init__(self, shared: Block, *, nullable: bool = True) -> None:
        self._shared = shared
        self._nullable = nullable
        self._made: dict[str, Schema] = {}

    def fields(self, block: Block, **marks: Any) -> dict[str, Schema]:
        """Fields by name; `marks` are put on each."""
        made = {name: self.schema(spec) for name, spec in block.items()}
        return {name: replace(schema, **marks) for name, schema in made.items()} if marks else made

    def write_fields(self, block: Block, read: Mapping[str, Schema]) -> dict[str, Schema]:
        """Fields to write; one that names no type has that of the field of the same name as it is read."""
        return {name: self._written(spec, read.get(name)) for name, spec in block.items()}

    def schema(self, spec: Any) -> Schema:
        """One field's schema."""
        if isinstance(spec, dict):
            return self._long(spec)
        return self._marked(self._named(spec), {})

    def _written(self, spec: Any, read: Schema | None) -> Schema:
        if read is None or not isinstance(spec, dict) or {"type", "properties", "items"} & spec.keys():
            return self.schema(spec)
        bare = replace(read, required=False, nullable=True, detail_only=False, list_only=False, description="")
        return self._marked(bare, spec)

    def _long(self, block: Block) -> Schema:
        kind = block.get("type", "object" if "properties" in block else "array" if "items" in block else "json")
        schema = self._named(kind)
        if "properties" in block:
            schema = replace(schema, properties=self.fields(block["properties"]))
        if "items" in block:
            schema = replace(schema, items=self.schema(block["items"]))
        return self._marked(schema, block)

    def _named(self, kind: str | list[Any]) -> Schema:
        if isinstance(kind, list):
            return Schema("array", items=self.schema(kind[0]))
        if kind in KINDS:
            return Schema(kind)
        if kind not in self._made:
            self._made[kind] = self.schema(self._shared[kind])
        return self._made[kind]

    def _marked(self, schema: Schema, block: Block) -> Schema:
        marks = {key: block[key] for key in _PLAIN if key in block}
        marks |= {key: _tuple(block[key]) for key in ("values", "aliases", "operations") if key in block}
        required = block.get("required", False)
        return replace(
            schema, required=required, nullable=block.get("nullable", self._nullable and not required), **marks
        )


def param(name: str, spec: Any) -> Param:
    """A query parameter: `string`, `[integer]`, or an object with `type`, `values`, `required`…"""
    block = dict(spec) if isinstance(spec, dict) else {"type": spec}
    kind = block.get("type", "string")
    if isinstance(kind, list):
        block |= {"type": "array", "items": kind[0]}
    return Param(name=name, **{**block, "values": tuple(block.get("values", ()))})


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, list) else (value,)
