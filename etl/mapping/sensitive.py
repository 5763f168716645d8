"""What of the records that a mapping writes is nobody's business."""

from __future__ import annotations

from etl.catalogue import Endpoint
from etl.expressions.parse import names_used, parse
from etl.model import Schema
from etl.specs import MappingSpec


def sensitive_fields(spec: MappingSpec, source: Endpoint | None, target: Endpoint | None) -> frozenset[str]:
    """Target fields that are sensitive: by the mapping, by the target, or by where they come from."""
    hidden = {name for name, field in source.fields.items() if field.sensitive} if source else set()
    schemas = target.written() if target else {}
    return frozenset(
        field.name
        for field in spec.fields
        if field.sensitive
        or schemas.get(field.name, Schema()).sensitive
        or (field.value is not None and hidden & (names_used(parse(field.value)) or frozenset()))
    )
