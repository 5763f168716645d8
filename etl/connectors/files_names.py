"""Names of files: where an endpoint lies below its folder, and names made of fields that every system takes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from etl.errors import RecordRejected, UsageError
from etl.keys import key_text
from etl.model import Json

MOST_BYTES = 200
"""Of one name: file systems take 255, and what is written meanwhile has a longer name."""

_NAME = re.compile(r"\{([^{}]+)\}")
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)


def place(folder: Path, name: str) -> Path:
    """The file of an endpoint. Raises UsageError for one that leads out of the folder."""
    parts = name.replace("\\", "/")
    path = Path(os.path.normpath(folder / parts))
    outside = parts.startswith("/") or re.match(r"[A-Za-z]:", parts) or path == folder
    if outside or not path.is_relative_to(os.path.normpath(folder)):
        raise UsageError(
            f"'{name}' does not lie below the connection's folder", "write the file's path from there, without `..`"
        )
    return path


def names_in(pattern: str) -> list[str]:
    """The names in braces."""
    return _NAME.findall(pattern)


def filled(pattern: str, values: Mapping[str, Json]) -> str:
    """The pattern with each name replaced by its value, which can add no folder; every part a name that can be.

    Raises RecordRejected where a value is missing.
    """

    def text(match: re.Match[str]) -> str:
        value = key_text(values.get(match[1]))
        if not value:
            raise RecordRejected("has no value, but the name of the file needs one", field=match[1], code="required")
        return _FORBIDDEN.sub("_", value)

    return "/".join(_safe(_NAME.sub(text, part)) for part in pattern.replace("\\", "/").split("/"))


def _safe(name: str) -> str:
    name = _short(_FORBIDDEN.sub("_", name)).rstrip(". ")
    return f"_{name}" if not name or _DEVICES.fullmatch(name) else name


def _short(name: str) -> str:
    """Cut before its ending."""
    if len(name.encode("utf-8", "replace")) <= MOST_BYTES:
        return name
    stem, dot, ending = name.rpartition(".")
    tail = dot + ending if stem and len(ending) <= 16 else ""
    head = (stem if tail else name).encode("utf-8", "replace")[: MOST_BYTES - len(tail.encode())]
    return head.decode("utf-8", "ignore") + tail
