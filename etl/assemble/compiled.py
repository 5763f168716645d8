"""What is compiled from one mapping and the catalogue, without any connection: a run, a preview and tests share it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

from etl.assemble.workspace import Workspace
from etl.catalogue import Endpoint
from etl.expressions.parse import names_used, parse
from etl.expressions.scope import Scope
from etl.keys import veiled
from etl.mapping.sensitive import (
    holding_sensitive,
    looked_up,
    made_of,
    sensitive_fields,
    where_is_sensitive,
    with_parent,
)
from etl.model import Json
from etl.ports import Veil
from etl.shape.detail import Detail
from etl.specs import FieldSpec, MappingSpec
from etl.steps.drift import Drift
from etl.steps.fields import compile_fields
from etl.transform import Transform, build_transform, compile_text


def source_of(workspace: Workspace, spec: MappingSpec) -> Endpoint:
    """The documented endpoint that the mapping reads."""
    return workspace.endpoint(spec.source.connection, spec.source.endpoint)


def target_of(workspace: Workspace, spec: MappingSpec) -> Endpoint:
    """The documented endpoint that the mapping writes."""
    return workspace.endpoint(spec.target.connection, spec.target.endpoint)


def transform_of(workspace: Workspace, spec: MappingSpec, scope: Scope, secret: bytes = b"") -> Transform:
    """The mapping, compiled."""
    source, target = source_of(workspace, spec), target_of(workspace, spec)
    hidden = sensitive_of(workspace, spec)
    fields = tuple(replace(each, sensitive=each.name in hidden) for each in spec.fields)
    return build_transform(
        replace(spec, fields=fields),
        scope,
        source_key=spec.source.key or source.key,
        detail_only=frozenset(name for name, field in source.fields.items() if field.detail_only),
        target_fields=target.written(),
        target_key=target_key_of(workspace, spec),
        normalise=target.normalise_key,
        deleted=source.incremental.deleted if source.incremental else None,
        quiet_where=where_is_sensitive(
            spec, with_parent(spec, source, workspace.endpoint), looked_up(spec, workspace.endpoint)
        ),
        secret=secret,
    )


def marks_of(workspace: Workspace, spec: MappingSpec, scope: Scope) -> Literal["keep", "delete"] | dict[str, Json]:
    """What `missing` says, the fields that mark a record as gone in the target's types."""
    missing = spec.target.missing
    if not isinstance(missing, Mapping):
        return missing
    constants = [FieldSpec(name, const=value) for name, value in missing.items() if value is not None]
    return {**missing, **compile_fields(constants, target_of(workspace, spec).written())({}, scope)}


def detail_of(workspace: Workspace, spec: MappingSpec) -> Detail | None:
    """For which records the full form is asked for; None where the mapping wants none."""
    wanted = spec.source.detail
    if wanted is None:
        return None
    source = source_of(workspace, spec)
    keep = _looked_at(spec)
    hidden = made_of(spec) | holding_sensitive(source)
    keep = None if keep is None or keep & hidden else keep
    return Detail(
        when=compile_text(wanted.when),
        reuse=compile_text(wanted.reuse or source.version),
        keep=keep,
        digest=hashlib.sha256(" ".join(sorted(keep)).encode()).hexdigest()[:12] if keep else "",
        brings=frozenset(name for name, field in source.fields.items() if field.detail_only),
    )


def drift_of(workspace: Workspace, spec: MappingSpec) -> Drift:
    """What counts source fields that the connector does not have."""
    extra = [*spec.source.extra_fields, *([spec.source.parent.alias] if spec.source.parent else [])]
    return Drift(source_of(workspace, spec).fields, extra=extra)


def sensitive_of(workspace: Workspace, spec: MappingSpec) -> frozenset[str]:
    """Target fields whose values are nobody's business."""
    source = with_parent(spec, source_of(workspace, spec), workspace.endpoint)
    return sensitive_fields(spec, source, target_of(workspace, spec), looked_up(spec, workspace.endpoint))


def veil_of(workspace: Workspace, spec: MappingSpec, secret: bytes) -> Veil | None:
    """What keeps the mapping's target keys out of the ledger, where they are made of sensitive fields."""
    if sensitive_of(workspace, spec).isdisjoint(target_key_of(workspace, spec)):
        return None
    return partial(veiled, secret=secret)


def target_key_of(workspace: Workspace, spec: MappingSpec) -> tuple[str, ...]:
    """The fields that tell records apart in the target; none where their source alone does."""
    target = target_of(workspace, spec)
    return spec.target.key or target.target_key or (() if spec.target.operation == "create" else target.key)


def _looked_at(spec: MappingSpec) -> frozenset[str] | None:
    """The record's own top-level fields that any expression looks at; None where one looks at the record as a whole.
    Its parent is none of them: that is as it was read just now."""
    source = spec.source
    texts = [field.value for field in spec.fields]
    texts += [source.where, *source.key, source.each.items if source.each else None]
    names: set[str] = set()
    for text in texts:
        if text is None:
            continue
        used = names_used(parse(text))
        if used is None:
            return None
        names |= used
    return frozenset(names - {source.parent.alias} if source.parent else names)
