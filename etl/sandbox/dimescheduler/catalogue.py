"""What can be imported: entities, their procedures and parameters, read from `procedures.json` when first needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import orjson

Verb = Literal["append", "delete", "clear"]
APPOINTMENT = "@"  # in an identity: the appointment that AppointmentId or AppointmentGuid names


@dataclass(frozen=True)
class Parameter:
    """`type` is a plain type or the name of an enum; `property` the name in REST bodies where that differs."""

    name: str
    type: str
    required: tuple[str, ...] = ()
    max_length: int | None = None
    property: str | None = None


@dataclass(frozen=True)
class Entity:
    """One kind of record. `identity` says which parameters tell two of them apart, `references` what has to exist."""

    entity: str
    collection: str
    append: tuple[str, ...]
    identity: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    delete: str | None = None
    clear: str | None = None
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: str | None = None
    methods: tuple[str, ...] = ()
    model_only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Catalogue:
    """All entities by collection, all procedures by name."""

    enums: Mapping[str, Mapping[str, int]]
    entities: Mapping[str, Entity]
    procedures: Mapping[str, tuple[Entity, Verb]]


@cache
def catalogue() -> Catalogue:
    """The catalogue; read once per process."""
    document = orjson.loads((Path(__file__).parent / "procedures.json").read_bytes())
    entities = {item["collection"]: _entity(item) for item in document["entities"]}
    procedures: dict[str, tuple[Entity, Verb]] = {}
    for entity in entities.values():
        procedures.update(dict.fromkeys(entity.append, (entity, "append")))
        if entity.delete:
            procedures[entity.delete] = (entity, "delete")
        if entity.clear:
            procedures[entity.clear] = (entity, "clear")
    return Catalogue(document["enums"], entities, procedures)


def _entity(item: dict[str, Any]) -> Entity:
    parameters = [Parameter(**{**raw, "required": tuple(raw.get("required", ()))}) for raw in item.pop("parameters")]
    known = {name: _frozen(value) for name, value in item.items() if name != "clear_parameters"}
    return Entity(**known, parameters={parameter.name: parameter for parameter in parameters})


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):
        return {name: _frozen(inner) for name, inner in value.items()}
    return value
