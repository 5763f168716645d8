"""What the mappings' own tests touch, and above all what they don't."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from etl.coverage import Branch, Path
from etl.model import Json, Location
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.merged import place
from etl.reporting.values import clean, padded, width

Places = Mapping[str, Callable[[Path], Location]]
"""Mapping → where a key of its document stands."""


def coverage_text(coverage: Mapping[str, Sequence[Branch]], places: Places, ink: Ink = PLAIN) -> str:
    """A line for each field and branch that no test touches, with its place, and a count at the end."""
    every = [branch for branches in coverage.values() for branch in branches]
    touched = sum(branch.touched for branch in every)
    lines = [line for name, branches in coverage.items() for line in _lines(name, branches, places[name], ink)]
    total = f"coverage: {touched} of {counted(len(every), 'field and branch', 'fields and branches')} touched"
    return "\n".join([*lines, total]) + "\n"


def _lines(name: str, branches: Sequence[Branch], origin: Callable[[Path], Location], ink: Ink) -> Iterator[str]:
    left = [branch for branch in branches if not branch.touched]
    if not left:
        return
    yield ink(clean(name), "bold")
    if len(left) == len(branches):
        yield "  no test touches it"
        return
    column = max(width(place(origin(branch.path))) for branch in left)
    for branch in left:
        yield f"  {ink(padded(place(origin(branch.path)), column), 'dim')}  no test {clean(branch.what)}"


def coverage_document(coverage: Mapping[str, Sequence[Branch]], places: Places) -> list[Json]:
    """`[{mapping, touched, total, untouched: [{what, file, line}]}]`."""
    return [
        {
            "mapping": name,
            "touched": sum(branch.touched for branch in branches),
            "total": len(branches),
            "untouched": [_untouched(branch, places[name](branch.path)) for branch in branches if not branch.touched],
        }
        for name, branches in coverage.items()
    ]


def _untouched(branch: Branch, where: Location) -> dict[str, Json]:
    return {"what": f"no test {branch.what}", "file": where.file, "line": where.line}
