"""Version 3: a create that the target said it had done, and showed no record of, is told from one not answered."""

from __future__ import annotations

STATEMENTS = (
    "ALTER TABLE intents ADD COLUMN answered INTEGER NOT NULL DEFAULT 0",
    """
    UPDATE intents SET answered = 1 WHERE EXISTS (
        SELECT 1 FROM rejects
        WHERE rejects.scope = intents.scope AND rejects.key = intents.key AND rejects.code = 'unconfirmed'
    )
    """,
)
