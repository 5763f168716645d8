"""What a field's steps (value → map → default → type → truncate) give, against what the target documents."""

from __future__ import annotations

from collections.abc import Mapping

from etl.expressions.infer import Inferred
from etl.expressions.suggest import listed, nearest, spelled
from etl.expressions.types import Type, is_any, kind, kinds, words
from etl.keys import key_text
from etl.mapping.checks.findings import Checked, Path
from etl.mapping.checks.fit import any_fits, refusal, value_refusal
from etl.model import MISSING, Json, Schema
from etl.specs import FieldSpec
from etl.steps.coerce import effective


def check_value(checked: Checked, spec: FieldSpec, inferred: Inferred | None, schema: Schema | None) -> None:
    """Notes what can never become a value of the target's field (None: not documented)."""
    wanted = None if schema is None and spec.type is None else effective(schema, spec.type)
    _literals(checked, spec, wanted)
    _truncate(checked, spec, wanted)
    _declared_type(checked, spec, schema)
    if spec.value is None or inferred is None:
        return
    computed = inferred.type
    if spec.map is not None:
        _map(checked, spec, computed)
        return  # what a map gives is fixed values, and those are checked as such
    if any(each.severity == "error" for each in inferred.findings):
        return  # it gives something else once that is mended
    if wanted is None or is_any(computed) or not computed.options or any_fits(computed, wanted):
        return
    _mismatch(checked, spec, computed, wanted)


def _mismatch(checked: Checked, spec: FieldSpec, computed: Type, wanted: Schema) -> None:
    path = (*spec.path, "value")
    code, message, hint = refusal(spec.name, computed, wanted)
    checked.at_value(path, code, message, hint or _way_out(spec, computed, wanted))


def _way_out(spec: FieldSpec, computed: Type, wanted: Schema) -> str | None:
    if kinds(computed) == {"object"} and computed.options[0].properties:
        return _part(spec, computed.options[0].properties, wanted)
    if kinds(computed) == {"array"} and wanted.type == "string":
        return f"make one text of the list: join(', ', {spec.value})"
    if kinds(computed) == {"array"}:
        return (
            f"take one of its items: ({spec.value})[0]" if " " in (spec.value or "") else f"take one: {spec.value}[0]"
        )
    if kinds(computed) == {"boolean"} and wanted.type in ("integer", "number", "string"):
        return "name a value for each: `map: {true: …, false: …}`"
    if kinds(computed) == {"string"} and kind(wanted) == "boolean":
        return f"compare it, as in {spec.value} == 'Yes', or use `map`"
    return f"take another field, or make {words(Type((wanted,)))} of it"


def _part(spec: FieldSpec, properties: Mapping[str, Schema], wanted: Schema) -> str | None:
    fitting = [name for name, inner in properties.items() if any_fits(Type((inner,)), wanted)]
    if not fitting:
        return None
    same = [name for name in fitting if kind(properties[name]) == kind(wanted)] or fitting
    preferred = next((name for name in ("name", "id", spec.name) if name in same), same[0])
    others = f" ({listed(fitting)})" if len(fitting) > 1 else ""
    return f"take one of its fields, such as {spec.value}.{spelled(preferred)}{others}"


# --- fixed values --------------------------------------------------------------------------------


def _literals(checked: Checked, spec: FieldSpec, wanted: Schema | None) -> None:
    for path, value in _fixed(spec):
        if value is None or wanted is None:
            continue
        wrong = value_refusal(spec.name, value, wanted)
        if wrong is None and _too_long(spec, value, wanted):
            hint = f"shorten it, or add `truncate: {wanted.max_length}`"
            message = f"'{spec.name}' takes at most {wanted.max_length} characters, and this has {len(str(value))}"
            wrong = ("value-too-long", message, hint)
        if wrong is not None:
            checked.at_value(path, *wrong)


def _fixed(spec: FieldSpec) -> list[tuple[Path, Json]]:
    """Every value that is written out in a field, with its place."""
    found: list[tuple[Path, Json]] = []
    if spec.const is not MISSING and spec.map is None:
        found.append(((*spec.path, "const"), spec.const))
    found += [((*spec.path, "map", key), value) for key, value in (spec.map or {}).items()]
    for name, value in (("otherwise", spec.otherwise), ("default", spec.default)):
        if value is not MISSING:
            found.append(((*spec.path, name), value))
    return found


def _too_long(spec: FieldSpec, value: Json, wanted: Schema) -> bool:
    limit = wanted.max_length
    return limit is not None and spec.truncate is None and isinstance(value, str) and len(value) > limit


# --- steps ---------------------------------------------------------------------------------------


def _truncate(checked: Checked, spec: FieldSpec, wanted: Schema | None) -> None:
    if spec.truncate is None or wanted is None:
        return
    limit = wanted.max_length
    if limit is not None and spec.truncate > limit:
        message = f"'{spec.name}' takes at most {limit} characters: what is longer would be rejected, not cut"
        checked.at_value((*spec.path, "truncate"), "truncate", message, f"write {limit} or less")
    if wanted.type in ("string", "json"):
        return
    message = f"only text can be cut, and '{spec.name}' is {words(Type((wanted,)))}"
    checked.at_key((*spec.path, "truncate"), "truncate", message, "leave `truncate` out")


def _declared_type(checked: Checked, spec: FieldSpec, schema: Schema | None) -> None:
    """`type` is the field's last form: the target has to take it."""
    if spec.type is None or schema is None or spec.type == "json":
        return
    if any_fits(Type((Schema(spec.type),)), schema):
        if spec.truncate is None:  # else that is what is wrong
            _sent_as(checked, spec, schema)
        return
    message = (
        f"the target's '{spec.name}' is {words(Type((schema,)))}, which {words(Type((Schema(spec.type),)))} never is"
    )
    checked.at_value((*spec.path, "type"), "type-mismatch", message, f"leave `type` out, or write {schema.type}")


_SPELLED: Mapping[str, str] = {"integer": "number", "date": "string", "date-time": "string", "time": "string"}
"""Types that look like others where they are sent as JSON."""


def _sent_as(checked: Checked, spec: FieldSpec, schema: Schema) -> None:
    """What `type` makes is sent so, even where the target's own type would have made it what is documented."""
    connector = checked.connectors.get(checked.spec.target.connection)
    plain = connector is not None and connector.kind != "files" and not connector.wire.text
    made, wanted = (_SPELLED.get(each, each) for each in (spec.type or "", schema.type))
    if plain and made != wanted and wanted in ("string", "number", "boolean") and not (schema.labels or schema.values):
        message = f"'{spec.name}' is {words(Type((schema,)))}, and `type: {spec.type}` sends {_A[made]}"
        checked.warn_value((*spec.path, "type"), "type-mismatch", message, f"leave `type` out, or write {schema.type}")


_A: Mapping[str, str] = {"string": "a text", "number": "a number", "boolean": "true or false"}


def _map(checked: Checked, spec: FieldSpec, computed: Type) -> None:
    assert spec.map is not None  # noqa: S101 - the caller has looked
    if is_any(computed) or not computed.options:
        return
    if not kinds(computed) - {"array", "object"}:
        message = f"`map` compares its keys as text, and '{spec.value}' is {words(computed)}"
        hint = _part(spec, computed.options[0].properties or {}, Schema("string"))
        checked.at_key((*spec.path, "map"), "map-type", message, hint)
        return
    known = _texts(computed)
    if known is None:
        return
    folded = {text.casefold() for text in known}
    codes = {name.casefold(): code for option in computed.options for name, code in (option.labels or {}).items()}
    for key in spec.map:
        if key.casefold() not in folded:
            code = codes.get(key.casefold())
            meant = nearest(key, known)
            hint = f"did you mean '{meant}'?" if meant else f"its values are {listed(known, 12)}"
            hint = hint if code is None else f"records hold its code: write {code}"
            checked.warn_key((*spec.path, "map", key), "map-key", f"'{spec.value}' is never '{key}'", hint)
    if all(key.casefold() in folded for key in spec.map):
        _uncovered(checked, spec, known)


def _texts(computed: Type) -> list[str] | None:
    """Every text that a value can be for a map; None where there is no end to them."""
    found: list[str] = []
    for option in computed.options:
        values = (True, False) if option.type == "boolean" and not option.values else _carried(option)
        if not values:
            return None
        found += [key_text(value) or "" for value in values]
    return found


def _carried(option: Schema) -> tuple[Json, ...]:
    """The values that records hold: of coded ones the codes, not the names that a mapping may write for them."""
    return (*option.values, *(option.labels or {}).values())


def _uncovered(checked: Checked, spec: FieldSpec, known: list[str]) -> None:
    if spec.otherwise is not MISSING or spec.map is None:
        return
    mapped = {key.casefold() for key in spec.map}
    left = [text for text in known if text.casefold() not in mapped]
    if left:
        message = f"`map` does not name {listed([repr(text) for text in left])}: such records are rejected"
        checked.warn_key((*spec.path, "map"), "map-gap", message, "name them, or add `otherwise`")
