"""What the author may have meant: near names, and paths through a documented record."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from etl.model import Schema

_DEPTH = 3
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The one of `names` that `name` is most likely a slip of, or None. What stands before the last point makes two
    names no more alike: `filter.to` is not meant by `filter.startDate`."""
    known = list(names)
    folded = {squash(other): other for other in reversed(known)}
    same = folded.get(squash(name))
    if same is not None:
        return same
    front, point, last = name.rpartition(".")
    beside = {other.removeprefix(front + point): other for other in known if point and other.startswith(front + point)}
    if beside:
        meant = nearest(last, beside)
        return beside[meant] if meant else nearest(squash(name), set(known).difference(beside.values()))
    close = get_close_matches(squash(name), list(folded), n=1, cutoff=0.6 if len(name) > 3 else 0.66)
    return folded[close[0]] if close else None


def squash(name: str) -> str:
    """A name without what spellings differ in: case, `_`, `-`, `.` and blanks."""
    return re.sub(r"[\s_.\-\[\]\"]", "", name).casefold()


def spelled(name: str) -> str:
    """A field's name as an expression has to write it."""
    return name if _PLAIN.match(name) else '"' + name.replace('"', '\\"') + '"'


def paths(properties: Mapping[str, Schema], depth: int = _DEPTH) -> Iterator[str]:
    """Every documented path through objects and lists of objects, shallow ones first."""
    level = [("", properties)]
    for _ in range(depth):
        below: list[tuple[str, Mapping[str, Schema]]] = []
        for prefix, inner in level:
            for name, schema in inner.items():
                path = prefix + spelled(name)
                yield path
                below += _below(path, schema)
        level = below


def _below(path: str, schema: Schema) -> list[tuple[str, Mapping[str, Schema]]]:
    if schema.properties:
        return [(f"{path}.", schema.properties)]
    if schema.items is not None and schema.items.properties:
        return [(f"{path}[].", schema.items.properties)]
    return []


def deeper(name: str, properties: Mapping[str, Schema]) -> list[str]:
    """Longer paths that say the same: `customerName` → customer.name; `number` → project.number."""
    wanted = squash(name)
    nested = [path for path in paths(properties) if "." in path]
    exact = [path for path in nested if squash(path) == wanted]
    return exact or [path for path in nested if squash(path.rpartition(".")[2]) == wanted][:3]


def listed(names: Iterable[str], limit: int = 8) -> str:
    """Names in one line, cut where they are many."""
    known = list(names)
    shown = ", ".join(known[:limit])
    return f"{shown}, … ({len(known)} in all)" if len(known) > limit else shown
