"""From a mapping's checked document to its typed form. Nothing is checked here: the schema has done that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from etl.documents.marks import Marks
from etl.documents.source import Document
from etl.durations import seconds
from etl.model import Json, Schema
from etl.specs import (
    DetailSpec,
    EachSpec,
    FieldSpec,
    IncrementalSpec,
    Limit,
    LimitsSpec,
    LookupSpec,
    MappingSpec,
    ParentSpec,
    SourceSpec,
    TargetSpec,
    TestSpec,
)

Block = dict[str, Any]


def build(document: Document, file: Path, fingerprint: str) -> MappingSpec:
    """The typed mapping of a document that fits its schema and is complete."""
    data: Block = document.data
    return MappingSpec(
        name=data["name"],
        file=file,
        source=_source(data["source"]),
        target=_target(data["target"]),
        fields=tuple(_field(name, block) for name, block in data["fields"].items()),
        lookups={name: _lookup(name, block, document.marks) for name, block in data.get("lookups", {}).items()},
        limits=LimitsSpec(**{name: _limit(value) for name, value in data.get("limits", {}).items()}),
        tests=tuple(_test(name, block) for name, block in data.get("tests", {}).items()),
        after=tuple(data.get("after", ())),
        tags=tuple(data.get("tags", ())),
        template=data.get("template", False),
        description=data.get("description", ""),
        renamed_from=data.get("renamed_from"),
        fingerprint=fingerprint,
    )


def _source(block: Block) -> SourceSpec:
    return SourceSpec(
        connection=block["connection"],
        endpoint=block["endpoint"],
        params=block.get("params", {}),
        where=block.get("where"),
        key=_key(block.get("key")),
        incremental=_incremental(block.get("incremental")),
        detail=_detail(block.get("detail")),
        parent=_parent(block.get("parent")),
        each=_each(block.get("each")),
        extra_fields={name: _schema(field) for name, field in block.get("extra_fields", {}).items()},
    )


def _key(value: str | list[str] | None) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value or ())


def _incremental(value: bool | Block | None) -> IncrementalSpec:
    if not isinstance(value, dict):
        return IncrementalSpec(enabled=value)
    return IncrementalSpec(enabled=True, **{name: seconds(span) for name, span in value.items()})


def _detail(value: bool | Block | None) -> DetailSpec | None:
    if isinstance(value, dict):
        return DetailSpec(**value)
    return DetailSpec() if value else None


def _parent(block: Block | None) -> ParentSpec | None:
    if block is None:
        return None
    return ParentSpec(block["endpoint"], block["as"], block.get("where"), block.get("params", {}))


def _each(block: Block | None) -> EachSpec | None:
    return EachSpec(block["items"], block["as"], block.get("key")) if block is not None else None


def _schema(block: Block) -> Schema:
    properties, items = block.get("properties"), block.get("items")
    plain: Block = {
        name: block[name] for name in ("type", "nullable", "sensitive", "detail_only", "description") if name in block
    }
    return Schema(
        values=tuple(block.get("values", ())),
        properties={name: _schema(inner) for name, inner in properties.items()} if properties is not None else None,
        items=_schema(items) if items is not None else None,
        **plain,
    )


def _lookup(name: str, block: Block, marks: Marks) -> LookupSpec:
    plain: Block = {
        key: block[key] for key in ("on_miss", "key", "connection", "endpoint", "where", "mapping") if key in block
    }
    if "file" in block:
        # relative to the file of the chain in which it is written
        plain["file"] = (marks.folder(("lookups", name, "file")) / block["file"]).resolve()
        plain["options"] = block.get("params", {})
    else:
        plain["params"] = block.get("params", {})
    return LookupSpec(name=name, detail=_detail(block.get("detail")), **plain)


def _field(name: str, block: Json) -> FieldSpec:
    path = ("fields", name)
    if isinstance(block, str):
        return FieldSpec(name, value=block, path=path)
    if not isinstance(block, dict):
        return FieldSpec(name, const=block, path=path)
    return FieldSpec(name, path=path, **block)


def _target(block: Block) -> TargetSpec:
    missing = block.get("missing", "keep")
    plain: Block = {key: block[key] for key in ("operation", "nulls", "on_duplicate", "params") if key in block}
    size = block.get("batch_size")
    return TargetSpec(
        connection=block["connection"],
        endpoint=block["endpoint"],
        key=_key(block.get("key")),
        batch_size=int(size) if size is not None else None,
        missing=missing["set"] if isinstance(missing, dict) else missing,
        lossy=block.get("lossy") == "allow",
        **plain,
    )


def _limit(value: float | str) -> Limit:
    if isinstance(value, str):
        return Limit(float(value.strip().removesuffix("%")), percent=True)
    return Limit(float(value))


def _test(name: str, block: Block) -> TestSpec:
    known = {key: block[key] for key in ("lookups", "vars", "now") if key in block}
    return TestSpec(name, record=block["record"], expect=block["expect"], path=("tests", name), **known)
