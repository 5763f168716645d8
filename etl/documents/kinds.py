"""The published JSON Schemas: one for each kind of document."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from etl.errors import UsageError
from etl.resources import schemas

KINDS = ("project", "mapping", "connector")


@cache
def schema(kind: str) -> dict[str, Any]:
    """The published JSON Schema of a document kind: project, mapping or connector."""
    if kind not in KINDS:
        raise UsageError(f"there is no schema '{kind}'", f"it may be {', '.join(KINDS)}")
    loaded: dict[str, Any] = json.loads((schemas() / f"{kind}.schema.json").read_text(encoding="utf-8"))
    return loaded
