"""Values replaced in a document's own text, so that comments, order and spelling around them stay."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from etl.documents.marks import DocumentPath, SourceText
from etl.documents.source import Document


def rewrite(document: Document, changes: Mapping[DocumentPath, str]) -> dict[Path, str]:
    """File → its whole new text, with the value at each path spelled as given (YAML in flow style, so JSON will do).

    A merged document's values are replaced in the file in which each stands.
    """
    edits: dict[Path, list[tuple[int, int, str]]] = {}
    sources: dict[Path, SourceText] = {}
    for path, text in changes.items():
        mark, depth = document.marks.find(path)
        if depth != len(path) or mark.source.path is None:
            raise KeyError(path)
        written = mark.source.text[mark.start : mark.end]
        end = mark.start + len(written.rstrip()) if mark.end > mark.start else mark.end
        edits.setdefault(mark.source.path, []).append((mark.start, end, text if mark.end > mark.start else f" {text}"))
        sources[mark.source.path] = mark.source
    return {path: _applied(sources[path].text, found) for path, found in edits.items()}


def _applied(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, end, new in sorted(edits, reverse=True):
        text = text[:start] + new + text[end:]
    return text
