"""Version 2: rate limits are kept as the schedules that the throttle works with, queues and stamps included."""

from __future__ import annotations

STATEMENTS = (
    "DROP TABLE slots",
    "CREATE {fleeting} TABLE slots (name {text} PRIMARY KEY, schedule {text} NOT NULL)",
)
