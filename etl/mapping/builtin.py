"""`builtin:blikk-to-dimesheets/projects`: mappings of the library that travels with the package."""

from __future__ import annotations

import difflib
from pathlib import Path

from etl.resources import mappings

PREFIX = "builtin:"
ENDINGS = (".yaml", ".yml")


class NoSuchMapping(Exception):
    """The library does not have it; `hint` says what it has."""

    def __init__(self, name: str, hint: str) -> None:
        super().__init__(f"there is no '{PREFIX}{name}'")
        self.hint = hint


def is_builtin(text: str) -> bool:
    """Whether a path means the library, not a file of the project."""
    return text.startswith(PREFIX)


def is_there(name: str) -> bool:
    """Whether the library has a mapping, or a folder, of this name."""
    try:
        find(name)
    except NoSuchMapping:
        return False
    return True


def find(text: str) -> Path:
    """The file, or the folder of several, that a `builtin:` path names. Raises NoSuchMapping."""
    name = text.removeprefix(PREFIX).strip("/")
    known = {_name(file): file for file in sorted(mappings().rglob("*")) if file.suffix in ENDINGS}
    folders = {folder.relative_to(mappings()).as_posix(): folder for folder in {each.parent for each in known.values()}}
    found = known.get(name) or known.get(name.removesuffix(".yaml").removesuffix(".yml")) or folders.get(name)
    if found:
        return found
    raise NoSuchMapping(name, _offer(name, list(known), sorted(folders)))


def _offer(name: str, known: list[str], folders: list[str]) -> str:
    """What was meant, if that can be told, else the mappings of the folder, where there is one of that name, or the
    folders."""
    folder = f"{name.partition('/')[0]}/"
    inside = [each for each in known if each.startswith(folder)]
    offered = {each.removeprefix(folder): each for each in inside} or {each: each for each in [*known, *folders]}
    close = difflib.get_close_matches(name.removeprefix(folder) if inside else name, offered, 1)
    return (
        f"did you mean '{PREFIX}{offered[close[0]]}'?" if close else f"the library has {', '.join(inside or folders)}"
    )


def _name(file: Path) -> str:
    return file.relative_to(mappings()).with_suffix("").as_posix()
