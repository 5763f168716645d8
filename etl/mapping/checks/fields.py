"""The target's fields: those that a mapping names exist, and those that the target needs are named."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from etl.catalogue import Endpoint
from etl.expressions.suggest import listed, nearest
from etl.mapping.checks.expressions import Typed, reads_record
from etl.mapping.checks.findings import Checked
from etl.mapping.checks.operations import offers
from etl.mapping.checks.values import check_value
from etl.mapping.sensitive import looked_up, sensitive_fields, with_parent
from etl.model import MISSING, Schema
from etl.specs import FieldSpec, TargetSpec

_PATH_PARAM = re.compile(r"\{(\w+)\}")
_BY_ID = ("update", "delete")
_WRITES = {"upsert": ("upsert", "create", "update")}
"""The documented operations that a mapping's operation may come down to; without an entry, the one of its name."""


def check_fields(checked: Checked, typed: Typed) -> None:
    """All that the target's documents say about the fields of a mapping."""
    endpoint, target = checked.target, checked.spec.target
    known = None if endpoint is None else target_fields(endpoint, target)
    for spec in checked.spec.fields:
        schema = None if known is None else known.get(spec.name)
        if known is not None and schema is None:
            _unknown(checked, spec, known)
        check_value(checked, spec, typed.by_path.get((*spec.path, "value")), schema)
    _missing_set(checked, typed, known)
    if checked.spec.template:
        return
    if endpoint is not None and not offers(endpoint, target.operation):
        return  # which fields another operation needs is not the question yet
    if endpoint is not None and known is not None:
        _required(checked, endpoint, known)
        _batch(checked, endpoint)
    _key(checked, typed, endpoint)


def target_fields(endpoint: Endpoint, target: TargetSpec) -> Mapping[str, Schema]:
    """What a mapping may name: the written fields, path parameters, and the id where the API goes by it."""
    used = set(_WRITES.get(target.operation, (target.operation,)))
    fields = {
        name: schema
        for name, schema in endpoint.written().items()
        if not schema.operations or used & set(schema.operations)
    }
    for name in _path_params(endpoint, target):
        schema = endpoint.fields.get(name) or (endpoint.fields.get(endpoint.id_field) if name == "id" else None)
        fields.setdefault(name, schema or Schema("json", nullable=False))
    if target.operation in _BY_ID or "update" in endpoint.operations:
        fields.setdefault(endpoint.id_field, endpoint.fields.get(endpoint.id_field, Schema("json")))
    return fields


def _path_params(endpoint: Endpoint, target: TargetSpec) -> list[str]:
    names = _WRITES.get(target.operation, (target.operation,))
    operations = [endpoint.operations[name] for name in names if name in endpoint.operations]
    return list(dict.fromkeys(name for each in operations for name in _PATH_PARAM.findall(each.path)))


def key_of(endpoint: Endpoint | None, target: TargetSpec) -> tuple[str, ...]:
    """What identifies a record in the target: as the mapping says, else as the connector does."""
    if target.key or endpoint is None:
        return target.key
    if target.operation in _BY_ID:
        return endpoint.target_key or (endpoint.id_field,)
    return endpoint.target_key or (endpoint.key if target.operation == "upsert" else ())


# --- fields that are there -----------------------------------------------------------------------


def _unknown(checked: Checked, spec: FieldSpec, known: Mapping[str, Schema]) -> None:
    endpoint, operation = checked.spec.target.endpoint, checked.spec.target.operation
    if checked.target is not None and spec.name in checked.target.written():
        message = f"'{endpoint}' does not take '{spec.name}' in a {operation}"
        only = " and ".join(checked.target.written()[spec.name].operations)
        checked.at_key(spec.path, "unknown-target-field", message, f"leave it out: only {only} takes it")
        return
    meant = _meant(spec.name, known)
    hint = f"did you mean '{meant}'?" if meant else f"it has {listed(known, 12)}"
    checked.at_key(spec.path, "unknown-target-field", f"'{endpoint}' has no field '{spec.name}'", hint)


def _meant(name: str, known: Mapping[str, Schema]) -> str | None:
    alias = next((other for other, schema in known.items() if name in schema.aliases), None)
    return alias or nearest(name, known)


def misspelt_fields(checked: Checked) -> set[str]:
    """The target's fields that the mapping probably names, but under a name that is none: said once is enough."""
    if checked.target is None:
        return set()
    known = target_fields(checked.target, checked.spec.target)
    return {_meant(spec.name, known) or "" for spec in checked.spec.fields if spec.name not in known}


def _missing_set(checked: Checked, typed: Typed, known: Mapping[str, Schema] | None) -> None:
    """`missing: {set: {…}}` writes fields, too; `missing: delete` needs a delete."""
    missing, endpoint = checked.spec.target.missing, checked.target
    path = ("target", "missing")
    if missing == "delete" and endpoint is not None and "delete" not in endpoint.operations:
        hint = "use keep, or {set: {…}} with a field that marks the record as gone"
        checked.at_value(path, "operation-not-offered", f"'{endpoint.name}' can't delete records", hint)
    if missing != "keep" and not _goes_by_id(checked) and not typed.broken:  # what fields are made of can be told
        source = checked.source and with_parent(checked.spec, checked.source, checked.endpoint)
        sensitive = sensitive_fields(checked.spec, source, endpoint, looked_up(checked.spec, checked.endpoint))
        for name in sorted(sensitive.intersection(key_of(endpoint, checked.spec.target))):
            message = f"'{name}' is the key by which a record that is gone is found, and it is sensitive"
            hint = "the state keeps only a hash of it: take another field for `target.key`, or `missing: keep`"
            checked.at_key(path, "sensitive-key", message, hint)
    if not isinstance(missing, Mapping) or known is None:
        return
    for name, value in missing.items():
        place = (*path, "set", name)
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"it has {listed(known, 12)}"
            message = f"'{checked.spec.target.endpoint}' has no field '{name}'"
            checked.at_key(place, "unknown-target-field", message, hint)
        else:
            if name in key_of(endpoint, checked.spec.target) and not _goes_by_id(checked):
                message = f"'{name}' is the key by which a record that is gone is found: another one would be written"
                checked.at_key(place, "key-changed", message, "leave it out, and set a field that marks it as gone")
            spec = FieldSpec(name, const=value, path=place)
            check_value(checked, spec, None, known[name])


def _goes_by_id(checked: Checked) -> bool:
    """A record that is gone is found by the id that the target gave it, not by its key."""
    endpoint, missing = checked.target, checked.spec.target.missing
    operations = endpoint.operations if endpoint is not None else {}
    ways = ("delete",) if missing == "delete" else ("upsert", "update")
    way = next((operations[name] for name in ways if name in operations), None)
    return way is not None and "id" in _PATH_PARAM.findall(way.path)


# --- fields that are missing ---------------------------------------------------------------------


def _required(checked: Checked, endpoint: Endpoint, known: Mapping[str, Schema]) -> None:
    target = checked.spec.target
    if target.operation in _BY_ID:
        return
    mapped = {spec.name for spec in checked.spec.fields} | misspelt_fields(checked)
    creates = endpoint.operations.get("upsert") or endpoint.operations.get("create")
    path = set(_PATH_PARAM.findall(creates.path)) if creates is not None else set()
    key = key_of(endpoint, target)  # is looked at by itself
    needed = [name for name, schema in known.items() if (schema.required or name in path) and name not in mapped]
    for name in needed:
        if name in key or (name == endpoint.id_field and name not in path):
            continue
        why = " (it may be null, but it has to be sent)" if known[name].nullable and known[name].required else ""
        message = f"'{endpoint.name}' requires the field '{name}'{why}, and no field here gives it"
        checked.at_key(("fields",), "missing-field", message, f"add `{name}: …` under `fields`")


def _key(checked: Checked, typed: Typed, endpoint: Endpoint | None) -> None:
    target = checked.spec.target
    mapped = {spec.name: spec for spec in checked.spec.fields}
    misspelt = misspelt_fields(checked)
    given = bool(checked.document.data.get("target", {}).get("key"))
    keys = [mapped[name] for name in key_of(endpoint, target) if name in mapped]
    if not any(_broken(typed, each) for each in keys):
        _constant_key(checked, keys)
    for index, name in enumerate(key_of(endpoint, target)):
        spec = mapped.get(name)
        if spec is not None:
            _nullable_key(checked, typed, spec)
        elif name in misspelt:
            continue
        elif given:
            path = (
                ("target", "key", index)
                if isinstance(checked.document.data["target"]["key"], list)
                else ("target", "key")
            )
            meant = nearest(name, mapped)
            hint = f"did you mean '{meant}'?" if meant else f"add `{name}: …` under `fields`"
            checked.at_value(path, "key-not-mapped", f"the key '{name}' is none of the fields", hint)
        else:
            message = f"'{target.endpoint}' tells its records apart by '{name}', and no field here gives it"
            own = endpoint.id_field if endpoint is not None and target.operation in _BY_ID else ""
            other = f", or `key: {own}` under `target`" if own in mapped else ""
            checked.at_key(("fields",), "key-not-mapped", message, f"add `{name}: …` under `fields`{other}")


def _broken(typed: Typed, spec: FieldSpec) -> bool:
    inferred = typed.by_path.get((*spec.path, "value"))
    return spec.value is not None and (inferred is None or any(each.severity == "error" for each in inferred.findings))


def _constant_key(checked: Checked, keys: Sequence[FieldSpec]) -> None:
    """Records that all get the same key are one record: the first is written, and the others are rejected."""
    spec = checked.spec
    if spec.target.on_duplicate == "last" or (spec.source.key and not any(map(reads_record, spec.source.key))):
        return  # that there is but one is meant
    if keys and all(each.value is None or not reads_record(each.value) for each in keys):
        message = f"every record would have the same key: '{keys[0].name}' is fixed"
        hint = f"make it of a field that tells the records of {spec.source.endpoint} apart"
        checked.warn_key(keys[0].path, "constant-key", message, hint)


def _nullable_key(checked: Checked, typed: Typed, spec: FieldSpec) -> None:
    """A key that can be null rejects its record; null from a lookup's miss or a documented gap is foreseeable."""
    inferred = typed.by_path.get((*spec.path, "value"))
    if inferred is None or not inferred.type.nullable or spec.default is not MISSING or spec.required:
        return
    if not inferred.type.options or inferred.schema.type == "json":
        return
    where = typed.by_path.get(("source", "where"))
    if where is not None and any(each.severity == "error" for each in where.findings):
        return  # which records are left out can't be told
    message = f"'{spec.name}' is part of the target's key, and its value can be null"
    hint = (
        "records where it is null are rejected: leave them out with `where`, or say `required: true` if that is meant"
    )
    checked.warn_value((*spec.path, "value"), "nullable-key", message, hint)


def _batch(checked: Checked, endpoint: Endpoint) -> None:
    size = checked.spec.target.batch_size
    if size is not None and size > endpoint.batch_max:
        message = f"'{endpoint.name}' takes at most {endpoint.batch_max} records in one request"
        checked.at_value(("target", "batch_size"), "batch-size", message, f"write {endpoint.batch_max} or less")
