"""What one field asks for, with the target's schema taken in: each step as a plain function of a value.

Generated code and the step-by-step explanation both go by these rules.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, NoReturn

from etl.errors import RecordRejected
from etl.expressions.fail import fail, shown
from etl.keys import key_text
from etl.model import MISSING, Json, Schema
from etl.specs import FieldSpec
from etl.steps.coerce import Coercion, coercion, effective, too_long, truncate

WhenNull = Literal["required", "needed", "send", "omit"]
"""required: the mapping refuses null; needed: the target does."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One field, resolved. `names`: key text → value of its `map`."""

    spec: FieldSpec
    schema: Schema
    coerce: Coercion
    names: Mapping[str, Json] | None
    when_null: WhenNull
    sensitive: bool

    def mapped(self, value: Json) -> Json:
        """After `map` and `otherwise`; null passes on."""
        if self.names is None or value is None:
            return value
        found = MISSING if isinstance(value, list | dict) else self.names.get(key_text(value) or "", MISSING)
        if found is not MISSING:
            return found
        return _unnamed(self.names, value) if self.spec.otherwise is MISSING else self.spec.otherwise

    def defaulted(self, value: Json) -> Json:
        """After `default`, which replaces null only."""
        return self.spec.default if value is None and self.spec.default is not MISSING else value

    def typed(self, value: Json, timezone: str) -> Json:
        """As the type wants it."""
        return None if value is None else self.coerce(value, timezone)

    def truncated(self, value: Json) -> Json:
        """Cut to length, where the field says so."""
        if self.spec.truncate is None or not isinstance(value, str):
            return value
        text = truncate(value, self.spec.truncate)
        longest = self.schema.max_length
        return too_long(text, longest) if longest is not None and len(text) > longest else text

    def nothing(self) -> NoReturn:
        """Rejects a null that may not be."""
        if self.when_null == "required":
            fail("is required and has no value", code="required")
        fail("has no value, and the target takes no record without it", code="required")

    def rejected(self, error: RecordRejected) -> RecordRejected:
        """The error with the field's name; what a sensitive field held is not told."""
        reason = _HIDDEN.get(error.code, _HIDDEN_ELSE) if self.sensitive else error.reason
        return RecordRejected(reason, field=self.spec.name, code=error.code, filtered=error.filtered)


_HIDDEN = {
    "type": "its value does not fit its type (not shown, as the field is sensitive)",
    "map": "its value is not named by `map` (not shown, as the field is sensitive)",
    "lookup": "its lookup has no such key (not shown, as the field is sensitive)",
    "required": "is required and has no value",
}
_HIDDEN_ELSE = "its expression fails on this record (the reason is not shown, as the field is sensitive)"


def _unnamed(names: Mapping[str, Json], value: Json) -> NoReturn:
    near = get_close_matches(str(value)[:100], names, n=1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    fail(f"{shown(value)} is not named by `map`, and there is no `otherwise`{hint}", code="map")


def rules(
    specs: Sequence[FieldSpec], schemas: Mapping[str, Schema], *, nulls: Literal["send", "omit"], update: bool = False
) -> list[Rule]:
    """The rules of a mapping's fields. `schemas`: the target's documented fields; empty where it takes any.
    `update`: the target keeps what a record leaves out, so that nothing but the mapping's own `required` is."""
    aliases = {alias: schema for schema in schemas.values() for alias in schema.aliases}
    return [_rule(spec, schemas.get(spec.name) or aliases.get(spec.name), nulls, update) for spec in specs]


def _rule(spec: FieldSpec, target: Schema | None, nulls: Literal["send", "omit"], update: bool) -> Rule:
    schema = effective(target, spec.type)
    return Rule(
        spec=spec,
        schema=schema,
        coerce=coercion(schema, asked=spec.type is not None, truncated=spec.truncate is not None),
        names=None if spec.map is None else {key_text(key) or "": value for key, value in spec.map.items()},
        when_null=_when_null(spec, schema, nulls, update),
        sensitive=spec.sensitive or schema.sensitive,
    )


def _when_null(spec: FieldSpec, schema: Schema, nulls: Literal["send", "omit"], update: bool) -> WhenNull:
    if spec.required:
        return "required"
    if not schema.nullable:
        return "needed" if schema.required and not update else "omit"
    # What the target requires though it may be null has to be in the record, whatever `nulls` says.
    return "omit" if nulls == "omit" and not schema.required else "send"
