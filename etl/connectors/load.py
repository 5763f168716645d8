"""A connector document → `Connector`: found by name or path, its `extends` merged, its shared types put in.

Packaged connectors are checked against their schema by the suite, a project's own when they are read.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from etl.catalogue import (
    Connector,
    Endpoint,
    Incremental,
    Op,
    OperationName,
    Param,
    Results,
    Sort,
    Window,
    Wire,
)
from etl.documents import overlay, schema, source
from etl.documents.source import Document
from etl.durations import seconds
from etl.errors import DocumentError, UsageError
from etl.model import Schema, ThrottleWindow
from etl.resources import connectors as packaged_folder

Block = Mapping[str, Any]


def packaged() -> list[str]:
    """The names of the connectors that travel with the package."""
    return sorted(path.stem for path in packaged_folder().glob("*.yaml"))


def load_connector(name: str, root: Path) -> Connector:
    """The connector of a packaged name, or of a file (relative to `root`).

    Raises UsageError for a name that does not exist, DocumentError for a file that is wrong.
    """
    path = _find(name, root)
    chain = overlay.chain(source.load(path), lambda document: _base(document, root))
    document = overlay.resolve(chain, kind="connector") if len(chain) > 1 else chain[0]
    if path.parent != packaged_folder():
        problems = schema.check(document, "connector")
        if any(problem.severity == "error" for problem in problems):
            raise DocumentError(problems)
    digest = hashlib.sha256(b"".join(Path(each.marks.source(()).path).read_bytes() for each in chain)).hexdigest()
    return build(document.data, default_name=path.stem, digest=digest, file=document.file)


def _find(name: str, root: Path) -> Path:
    if name.endswith((".yaml", ".yml")):
        return root / name
    if name in packaged():
        return packaged_folder() / f"{name}.yaml"
    close = difflib.get_close_matches(name, packaged(), 1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are {', '.join(packaged())}; a file is ./connectors/x.yaml"
    raise UsageError(f"there is no connector '{name}'", hint)


def _base(document: Document, root: Path) -> Path | None:
    name = document.data.get("extends") if isinstance(document.data, dict) else None
    if not isinstance(name, str):
        return None
    return document.marks.folder(("extends",)) / name if name.endswith((".yaml", ".yml")) else _find(name, root)


def build(data: Block, *, default_name: str, digest: str = "", file: str = "") -> Connector:
    """The typed connector of a document that fits its schema."""
    types = data.get("types", {})
    return Connector(
        name=data.get("name", default_name),
        base_url=data.get("base_url", ""),
        title=data.get("title", ""),
        description=data.get("description", ""),
        endpoints={name: _endpoint(name, block, types) for name, block in data.get("endpoints", {}).items()},
        instances=data.get("instances", {}),
        auth=tuple(_many(data.get("auth", {"kind": "none"}))),
        throttle=tuple(_window(block) for block in _many(data.get("throttle", []))),
        throttle_by=data.get("throttle_by"),
        retry=data.get("retry", {}),
        error=data.get("error", {}),
        headers=data.get("headers", {}),
        wire=_wire(data.get("wire", {})),
        check=data.get("check", {}),
        kind=data.get("kind", "rest"),
        digest=digest,
        file=file,
    )


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _window(block: Block) -> ThrottleWindow:
    return ThrottleWindow(block["requests"], seconds(block["per"]))


def _tuple(value: Any) -> tuple[Any, ...]:
    return tuple(_many(value)) if value is not None else ()


def _wire(block: Block) -> Wire:
    return Wire(**{name: tuple(value) if isinstance(value, list) else value for name, value in block.items()})


# --- endpoints -----------------------------------------------------------------------------------


def _endpoint(name: str, block: Block, types: Block) -> Endpoint:
    batch = block.get("batch", {})
    plain = {
        key: block[key]
        for key in ("title", "description", "version", "parent", "references", "match", "closed_periods", "aliases")
        if key in block
    }
    plain |= {key: block[key] for key in ("id_field", "options") if key in block}
    return Endpoint(
        name=name,
        operations={kind: _operation(kind, op) for kind, op in block.get("operations", {}).items()},
        fields={field: _schema(spec, types) for field, spec in block.get("fields", {}).items()},
        write_fields={field: _schema(spec, types) for field, spec in block.get("write_fields", {}).items()},
        key=_tuple(block.get("key", "id")),
        target_key=_tuple(block.get("target_key")),
        incremental=_incremental(block.get("incremental")),
        batch_default=batch.get("default", 100),
        batch_max=batch.get("max", batch.get("default", 100)),
        depends_on=_tuple(block.get("depends_on")),
        normalise_key=_tuple(block.get("normalise_key")),
        **plain,
    )


def _incremental(block: Block | None) -> Incremental | None:
    if block is None:
        return None
    known = dict(block)
    if "lookback" in known:
        known["lookback"] = seconds(known["lookback"])
    return Incremental(**known)


_AS_THEY_ARE = (
    "permission", "query", "paging", "records", "record", "flatten", "body", "id", "envelope", "idempotent", "conflict",
    "options", "description",
)  # fmt: skip


def _operation(name: OperationName, block: Block) -> Op:
    typed: dict[str, Callable[[Any], Any]] = {
        "params": lambda params: {key: _param(key, spec) for key, spec in params.items()},
        "sort": lambda sort: Sort(**{**sort, "values": tuple(sort["values"])}),
        "window": lambda window: Window(**window),
        "results": lambda results: Results(**{"key": None, **results}),
        "not_found": lambda statuses: tuple(_many(statuses)),
    }
    return Op(
        name=name,
        method=block["method"],
        path=block["path"],
        **{key: block[key] for key in _AS_THEY_ARE if key in block},
        **{key: make(block[key]) for key, make in typed.items() if key in block},
    )


def _param(name: str, block: Block) -> Param:
    return Param(name=name, **{**block, "values": tuple(block.get("values", ()))})


# --- fields --------------------------------------------------------------------------------------

_FLAGS = (
    "nullable", "required", "labels", "max_length", "wire", "detail_only", "list_only", "sensitive", "read_from",
    "description",
)  # fmt: skip
_KINDS = ("string", "integer", "number", "boolean", "date", "date-time", "time", "object", "array", "json")


def _schema(spec: Any, types: Block) -> Schema:
    """A field: a type's name, or an object; a name under `types` stands for the object defined there."""
    block: Block = {"type": spec} if isinstance(spec, str) else spec
    kind = block.get("type", "json")
    if kind not in _KINDS:
        shared = _schema(types[kind], types)
        return replace(shared, **{key: block[key] for key in _FLAGS if key in block}) if len(block) > 1 else shared
    properties = block.get("properties")
    return Schema(
        type=kind,
        values=tuple(block.get("values", ())),
        aliases=_tuple(block.get("aliases")),
        properties=None if properties is None else {name: _schema(inner, types) for name, inner in properties.items()},
        items=_schema(block["items"], types) if "items" in block else None,
        **{key: block[key] for key in _FLAGS if key in block},
    )
