"""Where each key and value of a document stands in its source text, also after documents were merged.

A tree of marks runs beside the data. A mark holds offsets only; lines and columns are counted when a message
needs them, so that reading a document costs no bookkeeping for problems it does not have.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from re import finditer

from etl.documents.scalars import offsets
from etl.model import Location

LONGEST_LINE = 100_000
"""A longer source line is not kept with a message (10 MB of brackets on one line)."""

DocumentPath = tuple[str | int, ...]
"""The way from a document's root to a value: keys and indexes."""


class SourceText:
    """The text of one file, and how the file is called in messages."""

    def __init__(self, file: str, text: str, path: Path | None = None) -> None:
        self.file = file
        self.text = text
        self.path = path

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(match.end() for match in finditer(r"\r\n|\n|\r", self.text))]

    def line(self, index: int) -> int:
        """The line in which an offset lies, from 1."""
        return bisect_right(self._starts, index)

    def start_of(self, line: int) -> int:
        """The offset at which a line begins."""
        return self._starts[line - 1]

    def _line_text(self, line: int) -> str:
        start = self._starts[line - 1]
        end = self._starts[line] if line < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def location(self, start: int, end: int | None = None) -> Location:
        """The place from `start` to `end`, cut at the end of its first line."""
        line = self.line(start)
        text = self._line_text(line)
        column = start - self._starts[line - 1] + 1
        end_column = None
        if end is not None:
            end_column = max(column + 1, min(column + end - start, len(text) + 1))
        return Location(self.file, line, column, end_column, text if len(text) <= LONGEST_LINE else "")


@dataclass(slots=True)
class Mark:
    """The place of one value: offsets into `source`, with the marks of what it contains."""

    source: SourceText
    start: int
    end: int
    style: str = ""
    """Of a scalar: `'`, `"`, `|`, `>` or empty (plain); of a collection: `{` or `[` in flow style."""
    text: str | None = None
    """A scalar's text as YAML reads it."""
    children: dict[str | int, Mark] = field(default_factory=dict)
    keys: dict[str, Mark] = field(default_factory=dict)

    def location(self) -> Location:
        """The whole value; for a block collection its first character only, since it spans lines."""
        whole = self.text is not None or self.style in {"{", "["}
        return self.source.location(self.start, self.end if whole else None)


class Marks:
    """Locations by document path. A path that has no mark gives its nearest ancestor's."""

    def __init__(self, root: Mark) -> None:
        self.root = root

    def find(self, path: DocumentPath) -> tuple[Mark, int]:
        """The mark of the path, or of its nearest ancestor, and how many steps led there."""
        mark = self.root
        for depth, step in enumerate(path):
            child = mark.children.get(step)
            if child is None:
                return mark, depth
            mark = child
        return mark, len(path)

    def value(self, path: DocumentPath) -> Location:
        """Where a value stands; an empty one (`key:`) is shown at its key."""
        mark, depth = self.find(path)
        if depth and mark.start == mark.end:
            return self.key(path[:depth])
        return mark.location()

    def key(self, path: DocumentPath) -> Location:
        """Where the key stands that a path ends with; for an item of a list, the item itself."""
        _, depth = self.find(path)
        if not depth:
            return self.root.location()
        parent, _ = self.find(path[: depth - 1])
        key = parent.keys.get(str(path[depth - 1]))
        return key.location() if key else parent.children[path[depth - 1]].location()

    def inside(self, path: DocumentPath, offset: int, length: int = 1) -> Location:
        """Where `length` characters from `offset` of a text stand, through escapes and folded lines."""
        mark, _ = self.find(path)
        places = _places(mark)
        if places is None or offset > len(places):
            return self.value(path)
        if offset == len(places):
            end = places[-1] + 1 if places else mark.start
            return mark.source.location(end, end + 1)
        last = places[min(offset + max(length, 1), len(places)) - 1]
        return mark.source.location(places[offset], last + 1)

    def written(self, path: DocumentPath) -> str:
        """The source text of a value, as it is spelled in the file."""
        mark, _ = self.find(path)
        return mark.source.text[mark.start : mark.end]

    def source(self, path: DocumentPath) -> SourceText:
        """The file in which a value stands."""
        return self.find(path)[0].source

    def folder(self, path: DocumentPath) -> Path:
        """The folder that a relative path written at this place is relative to."""
        file = self.source(path).path
        return file.parent if file else Path.cwd()


def _places(mark: Mark) -> list[int] | None:
    if mark.text is None:
        return None
    raw = mark.source.text[mark.start : mark.end]
    found = offsets(raw, mark.style, mark.text)
    return None if found is None else [mark.start + index for index in found]
