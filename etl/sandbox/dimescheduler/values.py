"""The texts of an import and the values of a REST body, read strictly; ValueError says what is expected."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime

from etl.sandbox.dimescheduler.catalogue import Parameter, catalogue
from etl.sandbox.exchange import Json

_INT = re.compile(r"-?\d{1,19}")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,7})?)?Z?)?")
_TIMESPAN = re.compile(r"-?\d+|(\d+\.)?\d{1,2}:\d{2}(:\d{2}(\.\d{1,7})?)?")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
ZERO_GUID = str(uuid.UUID(int=0))


def from_text(parameter: Parameter, text: str) -> Json:
    """The value of a text in `ParameterValues`: `True`, `1.50`, `2021-05-25 00:00:00Z`, an enum's number."""
    read = _TEXTS.get(parameter.type)
    return read(text) if read else _enum(parameter.type, text)


def from_json(parameter: Parameter, value: Json) -> Json:
    """The value of a property in a REST body, where numbers and booleans are JSON's own."""
    if parameter.type == "boolean" and isinstance(value, bool):
        return value
    if parameter.type == "string_list" and isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError(f"{parameter.type} expected")
    if isinstance(value, str) == (parameter.type in ("int", "decimal") or parameter.type in catalogue().enums):
        raise ValueError(f"{parameter.type} expected")
    return from_text(parameter, value if isinstance(value, str) else repr(value))


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("True or False expected")
    return text.lower() == "true"


def _int(text: str) -> int:
    if not _INT.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError("a whole number expected")
    return int(text)


def _decimal(text: str) -> str:
    """Stays a text, so that nothing is rounded."""
    if not _DECIMAL.fullmatch(text):
        raise ValueError("a number with a dot expected")
    return text


def _datetime(text: str) -> str:
    if not _MOMENT.fullmatch(text):
        raise ValueError("a date-time such as 2021-05-25 00:00:00Z expected")
    zone = "Z" if text.endswith("Z") else ""
    clock = datetime.fromisoformat(text.removesuffix("Z"))  # raises ValueError for a day that does not exist
    return clock.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + zone


def _timespan(text: str) -> str:
    if not _TIMESPAN.fullmatch(text):
        raise ValueError("ticks or hh:mm:ss expected")
    return text


def _guid(text: str) -> str:
    if not _GUID.fullmatch(text):
        raise ValueError("a GUID with hyphens expected")
    return text.lower()


def _enum(name: str, text: str) -> int:
    members = catalogue().enums[name]
    if not _INT.fullmatch(text) or (int(text) != 0 and int(text) not in members.values()):
        raise ValueError(f"the number of a {name} expected ({', '.join(f'{n} {m}' for m, n in members.items())})")
    return int(text)


def _list(text: str) -> list[str]:
    return text.split(";") if text else []


_TEXTS: Mapping[str, Callable[[str], Json]] = {
    "string": lambda text: text,
    "boolean": _boolean,
    "int": _int,
    "decimal": _decimal,
    "datetime": _datetime,
    "timespan": _timespan,
    "guid": _guid,
    "string_list": _list,
}
