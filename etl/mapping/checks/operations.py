"""What a mapping's operation asks of an endpoint."""

from __future__ import annotations

from etl.catalogue import Endpoint

_NEEDED = {
    "upsert": (("upsert",), ("create", "update")),
    "create": (("create",),),
    "update": (("update",),),
    "delete": (("delete",),),
    "download": (("download",),),
    "list": (("list",),),
    "get": (("get",),),
}
"""For each operation of a mapping: the sets of documented operations, one of which has to be there in full."""


def offers(endpoint: Endpoint, operation: str) -> bool:
    """Whether the endpoint documents all that an operation comes down to."""
    return any(set(endpoint.operations).issuperset(needed) for needed in _NEEDED[operation])
