"""From a connector document that fits its schema to the typed `Connector`; each block once, defaults applied here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from etl.catalogue import Connector, Endpoint, Incremental, Op, OperationName, Results, Sort, Window, Wire
from etl.connectors.fields import Types, param
from etl.durations import seconds
from etl.specs import ThrottleWindow

Block = Mapping[str, Any]

METHODS: Mapping[str, str] = {
    "list": "GET", "get": "GET", "download": "GET", "create": "POST", "upsert": "POST", "update": "PUT",
    "delete": "DELETE",
}  # fmt: skip
"""The method of an operation that names none."""


def build(data: Block, *, name: str, digest: str = "", file: str = "") -> Connector:
    """The typed connector of a checked document; `name` is its name where it says none."""
    defaults = data.get("defaults", {})
    types = Types(data.get("types", {}), nullable=defaults.get("fields", {}).get("nullable", True))
    plain = ("title", "description", "instances", "throttle_by", "retry", "error", "headers", "check", "kind")
    return Connector(
        name=data.get("name", name),
        base_url=data.get("base_url", ""),
        endpoints={key: _endpoint(key, block, types, defaults) for key, block in data.get("endpoints", {}).items()},
        auth=_tuple(data.get("auth", {"kind": "none"})),
        throttle=tuple(ThrottleWindow(each["requests"], seconds(each["per"])) for each in _tuple(data.get("throttle"))),
        wire=_wire(data.get("wire", {})),
        digest=digest,
        file=file,
        **_taken(data, plain),
    )


def _wire(block: Block) -> Wire:
    plain: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in block.items()}
    return Wire(**plain)


def _taken(block: Block, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: block[key] for key in keys if key in block}


def _tuple(value: Any) -> tuple[Any, ...]:
    if value is None:
        return ()
    return tuple(value) if isinstance(value, list) else (value,)


def _over(base: Any, over: Any) -> Any:
    """JSON Merge Patch (RFC 7396) on plain values: what an operation says goes over the defaults of its kind.

    A `paging` that names its kind is whole: what the defaults look for in answers need not be in these.
    """
    if not isinstance(over, dict):
        return over
    base = base if isinstance(base, dict) and "kind" not in over else {}
    merged = {**base, **{key: _over(base.get(key), value) for key, value in over.items()}}
    return {key: value for key, value in merged.items() if value is not None}


# --- endpoints -----------------------------------------------------------------------------------

_ENDPOINT = (
    "title", "description", "version", "parent", "references", "match", "read_one", "closed_periods",
    "aliases", "options",
)  # fmt: skip


def _endpoint(name: str, block: Block, types: Types, defaults: Block) -> Endpoint:
    batch, target_key = block.get("batch", {}), _tuple(block.get("target_key"))
    unread = not {"list", "get"} & block.get("operations", {}).keys()
    key = _tuple(block.get("key")) or (target_key if unread and target_key else ("id",))
    read = types.fields(block.get("fields", {})) | types.fields(block.get("detail_fields", {}), detail_only=True)
    operations = {
        key: _operation(key, _over(defaults.get(key, {}), op)) for key, op in block.get("operations", {}).items()
    }
    if "update" in operations and ("get" in operations or "read_one" in block):
        operations["update"] = _replacing(operations["update"])
    return Endpoint(
        name=name,
        operations=operations,
        fields=read,
        write_fields=types.write_fields(block.get("write_fields", {}), read),
        key=key,
        target_key=target_key,
        id_field=block.get("id_field", key[0] if unread else "id"),
        incremental=_incremental(block.get("incremental")),
        batch_default=batch.get("default", batch.get("max", 100)),
        batch_max=batch.get("max", batch.get("default", 100)),
        depends_on=_tuple(block.get("depends_on")),
        normalise_key=_tuple(block.get("normalise_key")),
        **_taken(block, _ENDPOINT),
    )


def _replacing(update: Op) -> Op:
    """A PUT replaces what is there, unless the connector says that here it does not."""
    return replace(update, options={"replace": update.method == "PUT", **update.options})


def _incremental(block: Block | None) -> Incremental | None:
    if block is None:
        return None
    spans = {key: seconds(value) for key, value in block.items() if key == "lookback"}
    return Incremental(**{**block, **spans})


# --- operations ----------------------------------------------------------------------------------

_OPERATION = (
    "permission", "query", "paging", "records", "record", "flatten", "body", "id", "envelope", "idempotent", "conflict",
    "options", "description",
)  # fmt: skip


def _operation(name: OperationName, block: Block) -> Op:
    return Op(
        name=name,
        method=block.get("method", METHODS[name]),
        path=block["path"],
        **_taken(block, _OPERATION),
        **{key: make(block[key]) for key, make in _TYPED.items() if key in block},
    )


def _sort(block: Block) -> Sort | None:
    """None where only the defaults speak of sorting: they say how it is asked for, each list by what."""
    return Sort(**{**block, "values": tuple(block["values"])}) if "values" in block else None


def _results(block: Block) -> Results:
    return Results(**{"key": None, **block})


_TYPED: Mapping[str, Callable[[Any], Any]] = {
    "params": lambda params: {name: param(name, spec) for name, spec in params.items()},
    "sort": _sort,
    "window": lambda block: Window(**block),
    "results": _results,
    "not_found": _tuple,
}
