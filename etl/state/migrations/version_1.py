"""Version 1: the whole of the first release.

`{text}` compares byte by byte; `{number}` counts on by itself; `{clustered}` keeps rows in the order of their key;
`{numbers}` is a list of numbers; `{fleeting}` marks a table that may be lost when the database server crashes.
Rows carry their scope's number: four texts in front of each of a million rows would cost more than the rows.
"""

from __future__ import annotations

STATEMENTS = (
    "CREATE TABLE etl_schema (version INTEGER PRIMARY KEY, applied_at TEXT NOT NULL)",
    """
    CREATE TABLE scopes (
        number {number}, project {text} NOT NULL, environment {text} NOT NULL, mapping {text} NOT NULL,
        origin {text} NOT NULL, run_id {text} NOT NULL DEFAULT '', run_number INTEGER NOT NULL DEFAULT 0,
        used_at {text} NOT NULL DEFAULT '',
        UNIQUE (project, environment, mapping, origin)
    )
    """,
    "CREATE TABLE cursors (scope INTEGER PRIMARY KEY, value {text}, fingerprint {text} NOT NULL, full_at {text})",
    """
    CREATE TABLE checkpoints (
        scope INTEGER PRIMARY KEY, fingerprint {text} NOT NULL, page INTEGER NOT NULL, high_water {text},
        run_id {text} NOT NULL
    )
    """,
    """
    CREATE TABLE ledger (
        scope INTEGER NOT NULL, key {text} NOT NULL, target_key {text} NOT NULL, hash {binary} NOT NULL,
        seen INTEGER NOT NULL, gone INTEGER NOT NULL, target_id {text}, output {text},
        PRIMARY KEY (scope, key)
    ) {clustered}
    """,
    "CREATE INDEX ledger_targets ON ledger (scope, target_key, gone)",
    "CREATE INDEX ledger_ids ON ledger (target_id) WHERE target_id IS NOT NULL",
    """
    CREATE TABLE intents (
        scope INTEGER NOT NULL, key {text} NOT NULL, target_key {text} NOT NULL, output {text} NOT NULL,
        hash {binary} NOT NULL, created_at {text} NOT NULL, run_id {text} NOT NULL,
        PRIMARY KEY (scope, key)
    ) {clustered}
    """,
    """
    CREATE TABLE rejects (
        id {number}, scope INTEGER NOT NULL, key {text} NOT NULL, reason {text} NOT NULL, field {text},
        code {text} NOT NULL, record {text}, output {text}, target_key {text}, attempts INTEGER NOT NULL,
        first_at {text} NOT NULL, last_at {text} NOT NULL, run_id {text} NOT NULL,
        UNIQUE (scope, key)
    )
    """,
    """
    CREATE TABLE details (
        scope INTEGER NOT NULL, key {text} NOT NULL, version {text} NOT NULL, record {text} NOT NULL,
        PRIMARY KEY (scope, key)
    )
    """,
    """
    CREATE TABLE places (
        number {number}, project {text} NOT NULL, environment {text} NOT NULL, origin {text} NOT NULL,
        UNIQUE (project, environment, origin)
    )
    """,
    """
    CREATE TABLE identities (
        place INTEGER NOT NULL, target_key {text} NOT NULL, target_id {text} NOT NULL,
        PRIMARY KEY (place, target_key)
    ) {clustered}
    """,
    """
    CREATE TABLE runs (
        number {number}, run_id {text} NOT NULL UNIQUE, project {text} NOT NULL, environment {text} NOT NULL,
        command {text} NOT NULL, status {text} NOT NULL, exit_code INTEGER NOT NULL, started_at {text} NOT NULL,
        finished_at {text} NOT NULL, report {text} NOT NULL
    )
    """,
    "CREATE INDEX runs_of_project ON runs (project, started_at)",
    "CREATE TABLE secrets (project {text} PRIMARY KEY, value {binary} NOT NULL)",
    "CREATE {fleeting} TABLE slots (name {text} PRIMARY KEY, times {numbers} NOT NULL, penalty_until {real} NOT NULL)",
)
