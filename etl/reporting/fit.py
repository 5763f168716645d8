"""Whether a table fits on the terminal: what is cut off tells nothing."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.measure import Measurement

_AMPLE = 1_000
"""Columns of a terminal on which nothing has to be left out."""


def natural_width(shown: RenderableType, console: Console) -> int:
    """The columns that it takes where there is room enough."""
    return Measurement.get(console, console.options.update(width=_AMPLE), shown).maximum
