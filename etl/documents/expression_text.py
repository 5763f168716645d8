"""What can be seen of an expression's text without reading it as JMESPath."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A `${…}` where an expression stands, and what to write instead."""

    offset: int
    length: int
    hint: str


def misplaced(text: str) -> list[Misplaced]:
    """Every `${…}` in an expression: interpolation works in params and in the project file only."""
    return [Misplaced(found.start(), len(found.group()), _instead(found[1])) for found in _PLACEHOLDER.finditer(text)]


def _instead(body: str) -> str:
    name = body.removeprefix("var:").split(":-")[0].strip()
    if body.startswith("var:"):
        return f"write var('{name}')"
    if name.isidentifier() and not name.isupper():
        return f"write {name} for a field of the record, var('{name}') for one of the 'vars' of etl.yaml"
    return f"set it under 'vars' in etl.yaml and write var('{name.lower()}')"


def suspicious(text: str) -> bool:
    """Whether an expression holds `${…}`, or looks as if YAML had cut its end off."""
    return "${" in text or unbalanced(text)


def unbalanced(text: str) -> bool:
    """Whether a bracket or quote is open at the end of an expression."""
    opened = 0
    quote = ""
    escaped = False
    for character in text:
        if escaped:
            escaped = False
        elif quote:
            escaped = character == "\\"
            quote = "" if character == quote else quote
        elif character in "'\"`":
            quote = character
        elif character in "([{":
            opened += 1
        elif character in ")]}":
            opened -= 1
    return bool(quote) or opened > 0
