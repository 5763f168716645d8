"""Values of a record that were sent, compared with those that a target shows."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from etl.model import Json


def same(sent: Json, listed: Json) -> bool:
    """Equal for a person: 7 and "7.00", a date and its midnight, texts apart from case and white space, null and ""."""
    if _is_number(sent) or _is_number(listed):
        return _number(sent) == _number(listed) and _number(sent) is not None
    return bool(_plain(sent) == _plain(listed))


def _is_number(value: Json) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _number(value: Json) -> Decimal | None:
    try:
        return None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None


def told_apart(value: Json) -> str:
    """What a value is told apart by, as text."""
    number = _number(value) if _is_number(value) else None
    return str(_plain(value) if number is None else number.normalize())


def _plain(value: Json) -> Json:
    if value is None or value == "":
        return None
    return _plain_text(" ".join(value.split())) if isinstance(value, str) else value


def _plain_text(text: str) -> str:
    if len(text) >= 10 and text[:4].isdigit() and text[4] == "-":
        try:
            moment = datetime.fromisoformat(iso(text))
        except ValueError:
            return text.lower()
        return (moment.astimezone(UTC) if moment.tzinfo else moment).replace(tzinfo=None).isoformat()
    return text.lower()


def iso(text: str) -> str:
    """Blikk writes a space before the offset."""
    return text.replace(" +", "+").replace(" -", "-")
