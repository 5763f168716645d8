"""Columns of plain text: for lists that start fast and that grep can read."""

from __future__ import annotations

from collections.abc import Sequence

from etl.reporting.ink import PLAIN, Ink
from etl.reporting.values import clean, padded, width


def columns(rows: Sequence[Sequence[str]], head: Sequence[str] = (), ink: Ink = PLAIN, indent: int = 0) -> str:
    """The rows under their heads, each column as wide as its widest cell; the last one runs on."""
    cells = [[clean(cell) for cell in row] for row in rows]
    every = [list(head), *cells] if head else cells
    if not every:
        return ""
    widths = [max(width(row[place]) for row in every) for place in range(len(every[0]))]
    lines = [" " * indent + _line(row, widths) for row in every]
    if head:
        lines[0] = ink(lines[0], "bold")
    return "\n".join(lines) + "\n"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(padded(cell, cells) for cell, cells in zip(row, widths, strict=True)).rstrip()
