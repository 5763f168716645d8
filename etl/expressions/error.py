"""What is wrong with an expression, with the place in its text."""

from __future__ import annotations


class ExpressionError(Exception):
    """An expression that can't be used: `offset` and `length` count characters of its text, `hint` says the fix."""

    def __init__(self, message: str, offset: int, length: int, hint: str | None = None) -> None:
        super().__init__(f"{message} — {hint}" if hint else message)
        self.message = message
        self.offset = offset
        self.length = max(length, 1)
        self.hint = hint
