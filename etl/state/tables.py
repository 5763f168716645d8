"""The rows that are written, as data: tables with their columns, keys, and what a second writing leaves as it was."""

from __future__ import annotations

from typing import Final

from etl.state.database import Upsert

CURSOR: Final = Upsert(
    "cursors", {"scope": "integer", "value": "text", "fingerprint": "text", "full_at": "text"}, key=("scope",)
)
CHECKPOINT: Final = Upsert(
    "checkpoints",
    {"scope": "integer", "fingerprint": "text", "page": "integer", "high_water": "text", "run_id": "text"},
    key=("scope",),
)
LEDGER: Final = Upsert(
    "ledger",
    {
        "scope": "integer",
        "key": "text",
        "target_key": "text",
        "hash": "binary",
        "seen": "integer",
        "gone": "integer",
        "target_id": "optional",
        "output": "text",
    },
    key=("scope", "key"),
)
INTENT: Final = Upsert(
    "intents",
    {
        "scope": "integer",
        "key": "text",
        "target_key": "text",
        "output": "text",
        "hash": "binary",
        "created_at": "text",
        "run_id": "text",
        "answered": "integer",
    },
    key=("scope", "key"),
)
REJECT: Final = Upsert(
    "rejects",
    {
        "scope": "integer",
        "key": "text",
        "reason": "text",
        "field": "text",
        "code": "text",
        "record": "text",
        "output": "text",
        "target_key": "text",
        "attempts": "integer",
        "first_at": "text",
        "last_at": "text",
        "run_id": "text",
    },
    key=("scope", "key"),
    kept=("first_at",),
    computed={"attempts": "rejects.attempts + 1"},
)
DETAIL: Final = Upsert(
    "details", {"scope": "integer", "key": "text", "version": "text", "record": "text"}, key=("scope", "key")
)
IDENTITY: Final = Upsert(
    "identities", {"place": "integer", "target_key": "text", "target_id": "text"}, key=("place", "target_key")
)
RUN: Final = Upsert(
    "runs",
    {
        "run_id": "text",
        "project": "text",
        "environment": "text",
        "command": "text",
        "status": "text",
        "exit_code": "integer",
        "started_at": "text",
        "finished_at": "text",
        "report": "text",
    },
    key=("run_id",),
)
SECRET: Final = Upsert("secrets", {"project": "text", "value": "binary"}, key=("project",), kept=("value",))

OF_A_SCOPE: Final = ("cursors", "checkpoints", "ledger", "intents", "rejects", "details")
"""The tables that hold a scope's content."""
