"""What a mapping's outputs depend on, as one hash: when it changes, everything is read again.

Tests, descriptions, tags and limits change no output, nor do credentials. Variables count if they are used,
lookup files with what is in them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from etl.documents.source import Document
from etl.keys import canonical
from etl.model import Json
from etl.specs import ProjectSpec

_VAR = re.compile(r"\bvar\(\s*(?:'([^']*)'\s*\))?")
_TARGET = ("connection", "endpoint", "operation", "key", "nulls", "on_duplicate", "params")


def fingerprint(document: Document, project: ProjectSpec) -> str:
    """The hash for a merged document whose fields are in their long form and whose params are filled in."""
    data: Mapping[str, Any] = document.data
    target = data.get("target", {})
    depends_on: dict[str, Json] = {
        "source": data.get("source"),
        "fields": data.get("fields"),
        "lookups": data.get("lookups"),
        "target": {key: target[key] for key in _TARGET if key in target},
        "files": _files(document),
        "vars": _used(data, project.vars),
        "timezone": project.timezone,
    }
    return hashlib.sha256(canonical(depends_on)).hexdigest()


def _files(document: Document) -> dict[str, str]:
    lookups: Mapping[str, Mapping[str, Any]] = document.data.get("lookups", {})
    return {
        name: _digest(document.marks.folder(("lookups", name, "file")) / block["file"])
        for name, block in lookups.items()
        if "file" in block
    }


def _digest(file: Path) -> str:
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        return ""  # that it is missing is for the checks to say


def _used(data: Mapping[str, Any], variables: Mapping[str, Json]) -> dict[str, Json]:
    """The variables that expressions name; all of them where a name is computed."""
    names: set[str] = set()
    for text in _texts([data.get("source"), data.get("fields"), data.get("lookups")]):
        names |= {match[1] or "" for match in _VAR.finditer(text)}
    if "" in names:
        return dict(variables)
    return {name: variables[name] for name in sorted(names) if name in variables}


def _texts(pending: list[Json]) -> list[str]:
    texts: list[str] = []
    while pending:
        value = pending.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return texts
