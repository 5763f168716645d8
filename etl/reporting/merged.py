"""A merged mapping with the place each value comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path as FilePath

from etl.model import Json, Location
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.values import clean, compact, padded, width
from etl.resources import mappings

Path = tuple[str | int, ...]
Origin = Callable[[Path], Location]
WIDEST_GAP = 60
"""Origins stand in one column, unless a line is longer than this."""


def merged_text(data: Json, origin: Origin, ink: Ink = PLAIN) -> str:
    """YAML with the file and line of each value in a comment beside it."""
    rows = list(_rows(data, (), origin))
    column = min(max((width(text) for text, _ in rows), default=0), WIDEST_GAP)
    return "".join(
        f"{padded(text, column)}  {ink(f'# {place}', 'dim')}\n" if place else f"{text}\n" for text, place in rows
    )


def _rows(data: Json, path: Path, origin: Origin) -> Iterator[tuple[str, str]]:
    for key, value in data.items():
        here = (*path, key)
        indent = "  " * len(path)
        if isinstance(value, dict) and value:
            yield f"{indent}{_key(key)}:", ""
            yield from _rows(value, here, origin)
        else:
            yield f"{indent}{_key(key)}: {compact(value)}", place(origin(here))


def _key(key: Json) -> str:
    text = str(key)
    return clean(text) if text.replace("_", "").isalnum() else compact(text)


def place(location: Location) -> str:
    """`mappings/projects.yaml:12`, `builtin:blikk-to-dimesheets/projects.yaml:3`."""
    return f"{file_name(location.file)}:{location.line}"


def file_name(name: str) -> str:
    """The file as it is called in a mapping: `builtin:…` where it is the library's."""
    file, library = FilePath(name), mappings()
    return clean(f"builtin:{file.relative_to(library).as_posix()}" if file.is_relative_to(library) else name)


def merged_document(data: Json, origin: Origin) -> list[dict[str, Json]]:
    """`[{path, value, file, line}]`, one per value that is no object."""
    return list(_values(data, (), origin))


def _values(data: Json, path: Path, origin: Origin) -> Iterator[dict[str, Json]]:
    for key, value in data.items():
        here = (*path, key)
        if isinstance(value, dict) and value:
            yield from _values(value, here, origin)
        else:
            where = origin(here)
            yield {"path": list(here), "value": value, "file": where.file, "line": where.line}
