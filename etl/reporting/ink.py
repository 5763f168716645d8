"""Colour as an addition: every text reads the same without it."""

from __future__ import annotations

from dataclasses import dataclass

_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "cyan": "36", "bold": "1", "dim": "2"}


@dataclass(frozen=True, slots=True)
class Ink:
    """Paints text for a terminal, or leaves it as it is."""

    color: bool = False

    def __call__(self, text: str, *styles: str) -> str:
        if not (self.color and styles and text):
            return text
        codes = ";".join(_CODES[style] for style in styles)
        return f"\x1b[{codes}m{text}\x1b[0m"


PLAIN = Ink()


def counted(number: int, word: str, plural: str | None = None) -> str:
    """`1 error`, `2 errors`, `12 345 records`."""
    return f"{thousands(number)} {word if number == 1 else plural or word + 's'}"


def thousands(number: int) -> str:
    """A number, with a space at each thousand where it is long enough to be misread without."""
    return f"{number:,}".replace(",", " ") if abs(number) >= 10_000 else str(number)


def seconds(amount: float) -> str:
    """`0.4 s`, `12 s`, `3 min 05 s`, `2 h 10 min`."""
    if amount < 9.95:
        return f"{amount:.1f} s"
    whole = round(amount)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02} min"
