"""What one mapping says otherwise than another, value by value, with the place of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.keys import canonical
from etl.model import MISSING, Json, Location, Missing
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.merged import file_name, place
from etl.reporting.values import clean, padded, shown, width

WIDEST_VALUE = 80
_OF_THE_FILE = ("template", "renamed_from")
"""Not inherited, so that an overlay does not change them."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not the same. MISSING: not there; `old_place` and `new_place` say where each is written."""

    path: DocumentPath
    old: Json | Missing
    new: Json | Missing
    old_place: Location | None
    new_place: Location | None


def differences(before: Document, after: Document) -> list[Difference]:
    """Every value that differs, in the order of `after`, then what it has no more. A test counts as one value."""
    return list(_differences(before, after, ()))


def _differences(before: Document, after: Document, path: DocumentPath) -> Iterator[Difference]:
    old, new = _at(before.data, path), _at(after.data, path)
    if isinstance(old, dict) and isinstance(new, dict) and not (path[:1] == ("tests",) and len(path) > 1):
        for name in [*new, *(name for name in old if name not in new)]:
            if path or name not in _OF_THE_FILE:
                yield from _differences(before, after, (*path, name))
    elif _spelled(old) != _spelled(new):
        yield from _pieces(before, after, path, old, new)


def _pieces(
    before: Document, after: Document, path: DocumentPath, old: Json | Missing, new: Json | Missing
) -> Iterator[Difference]:
    """A block that only one side has, as its values: each has a place of its own."""
    single = old if new is MISSING else new if old is MISSING else None
    if isinstance(single, dict) and single and path[:1] != ("tests",):
        for name in single:
            inner = (*path, name)
            yield from _pieces(before, after, inner, _at(before.data, inner), _at(after.data, inner))
        return
    old_place = None if old is MISSING else before.marks.value(path)
    yield Difference(path, old, new, old_place, None if new is MISSING else after.marks.value(path))


def _at(data: Json, path: DocumentPath) -> Json | Missing:
    for step in path:
        if not isinstance(data, dict) or step not in data:
            return MISSING
        data = data[step]
    return data


def _spelled(value: Json | Missing) -> bytes:
    return b"" if value is MISSING else canonical(value)


# --- shown ---------------------------------------------------------------------------------------


def differences_text(before: Document, after: Document, found: Sequence[Difference], ink: Ink = PLAIN) -> str:
    """A block per field or key with its changes: `+` added, `-` removed, `~` from old to new."""
    title = ink(f"{file_name(after.file)} against {file_name(before.file)}", "bold")
    if not found:
        own = "; what `vars` hold is each project's own" if b"var('" in canonical(after.data) else ""
        return f"{title}\n  nothing differs{own}\n"
    lines = [title]
    blocks: dict[DocumentPath, list[Difference]] = {}
    for each in found:
        blocks.setdefault(each.path[:2] if len(each.path) > 2 else each.path[:-1], []).append(each)
    for path, inside in blocks.items():
        lines += [f"  {ink(_spelled_path(path), 'bold')}"] if path else []
        lines += _block(path, inside, ink)
    return "\n".join([*lines, counted(len(found), "difference")]) + "\n"


def _block(path: DocumentPath, found: Sequence[Difference], ink: Ink) -> Iterator[str]:
    names = [_spelled_path(each.path[len(path) :]) for each in found]
    longest = max(map(width, names))
    indent = "    " if path else "  "
    for name, each in zip(names, found, strict=True):
        yield f"{indent}{_sign(each, ink)} {padded(name, longest)}  {_change(each, ink)}"


def _sign(each: Difference, ink: Ink) -> str:
    if each.old is MISSING:
        return ink("+", "green", "bold")
    return ink("-", "red", "bold") if each.new is MISSING else ink("~", "yellow", "bold")


def _change(each: Difference, ink: Ink) -> str:
    sides = [
        (value, where, color)
        for value, where, color in ((each.old, each.old_place, "red"), (each.new, each.new_place, "green"))
        if where is not None
    ]
    test = each.path[:1] == ("tests",)
    values = [] if test else [" → ".join(ink(shown(value, WIDEST_VALUE), color) for value, _, color in sides)]
    return "  ".join([*values, ink("# " + " → ".join(place(where) for _, where, _ in sides), "dim")])


def _spelled_path(path: DocumentPath) -> str:
    return clean(".".join(str(step) for step in path))


def differences_document(before: Document, after: Document, found: Sequence[Difference]) -> dict[str, Json]:
    """`{a, b, differences: [{path, old, new, old_place, new_place}]}`; a side that is not there has no place."""
    return {
        "a": before.file,
        "b": after.file,
        "differences": [
            {
                "path": list(each.path),
                "old": None if each.old is MISSING else each.old,
                "new": None if each.new is MISSING else each.new,
                "old_place": _place(each.old_place),
                "new_place": _place(each.new_place),
            }
            for each in found
        ],
    }


def _place(where: Location | None) -> Json:
    return None if where is None else {"file": where.file, "line": where.line}
