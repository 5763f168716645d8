"""A YAML document as plain data, with the place of each key and value kept.

Built from the parser's events and not from its nodes: so that deep nesting costs no recursion, aliases are counted
before they explode, duplicate keys are seen, and plain scalars are read as YAML 1.2 has them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from etl.documents import core, syntax, text
from etl.documents.marks import Mark, Marks, SourceText
from etl.errors import DocumentError
from etl.keys import key_text
from etl.model import Json, Problem

DEPTH = 100
"""Levels of nesting that a document may have."""
EXPANDED = 100_000
"""Values that all aliases of a document may stand for together."""

_Loader: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAGS = "tag:yaml.org,2002:"
_STANDARD_TAGS = {f"{_TAGS}{name}" for name in ("str", "int", "float", "bool", "null", "map", "seq")}


@dataclass(frozen=True, slots=True)
class Document:
    """A document's data with its marks. `problems` are warnings: errors are raised. Never changed in place."""

    file: str
    data: Json
    marks: Marks
    problems: tuple[Problem, ...] = ()


def load(path: Path) -> Document:
    """The document in a file. Raises DocumentError with all problems that were found."""
    return _build(text.read(path))


def parse(content: bytes | str, file: str) -> Document:
    """The document in a text that is called `file` in messages. Raises DocumentError."""
    source = text.decode(content, file) if isinstance(content, bytes) else text.checked(SourceText(file, content))
    return _build(source)


def _add(problem: Problem, problems: list[Problem]) -> None:
    """Unless something was told of the same place: a tag that is an expression stops the parser, too."""
    places = [(each.location.line, each.location.column) for each in problems if each.location]
    if problem.location is None or (problem.location.line, problem.location.column) not in places:
        problems.append(problem)


def _build(source: SourceText) -> Document:
    builder = _Builder(source)
    try:
        builder.read()
    except yaml.YAMLError as error:
        _add(syntax.problem(error, source), builder.problems)
    except _Stop as stop:
        builder.problems.append(stop.problem)
    if any(problem.severity == "error" for problem in builder.problems):
        raise DocumentError(builder.problems)
    assert builder.root is not None  # noqa: S101 - without a root there is a problem
    data, mark, _ = builder.root
    return Document(source.file, data, Marks(mark), tuple(builder.problems))


class _Stop(Exception):
    """The rest of the document can't be read."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem


_Value = tuple[Json, Mark, int]
"""Data, its mark, and how many values it consists of."""


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been reached."""

    data: dict[str, Json] | list[Json]
    mark: Mark
    anchor: str | None
    key: tuple[str, Mark] | None = None
    size: int = 1


@dataclass(slots=True)
class _Builder:
    source: SourceText
    problems: list[Problem] = field(default_factory=list)
    root: _Value | None = None
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, _Value] = field(default_factory=dict)
    expanded: int = 0

    def read(self) -> None:
        loader = _Loader(self.source.text)
        try:
            while loader.check_event():
                event = loader.get_event()
                take = _TAKE.get(type(event))
                if take is not None:
                    take(self, event)
        finally:
            loader.dispose()
        if self.root is None:
            raise self._stop("empty", "the file holds no document", 0, None, "write 'version: 1' as its first line")

    def _document(self, event: yaml.DocumentStartEvent) -> None:
        if self.root is not None:
            hint = "keep one, and give the others files of their own"
            raise self._stop("several-documents", "a second document starts here", *_span(event), hint)

    # --- values ----------------------------------------------------------------------------------

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        start, end = _span(event)
        style = event.style if event.style in {"'", '"', "|", ">"} else ""
        mark = Mark(self.source, start, end, style, event.value)
        value = (self._resolved(event, mark), mark, 1)
        if event.anchor:
            self.anchors[event.anchor] = value
        self._add(value)

    def _resolved(self, event: yaml.ScalarEvent, mark: Mark) -> Json:
        content: str = event.value
        if event.tag in (None, "!"):
            if event.tag == "!" or not event.implicit[0]:
                return content
        elif event.tag == f"{_TAGS}str":
            return content
        else:
            self._check_tag(event)
        try:
            value = core.resolve(content)
        except ValueError:
            self._report("number", "this number has too many digits", mark, "quote it")
            return content
        if not isinstance(value, str) and core.has_leading_zero(content):
            self._warn(value, content, mark)
        return value

    def _warn(self, value: Json, content: str, mark: Mark) -> None:
        message = f"{content} is the number {value}, its leading zeros are lost"
        hint = f'quote it ("{content}") if it is a text'
        self.problems.append(Problem("leading-zero", message, mark.location(), hint, "warning"))

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        start, end = _span(event)
        mapping = isinstance(event, yaml.MappingStartEvent)
        if event.tag is not None:
            self._check_tag(event)
        if len(self.stack) >= DEPTH:
            hint = f"{DEPTH} levels are the most"
            raise self._stop("too-deep", "the document is nested too deeply", start, end, hint)
        parent = self.stack[-1] if self.stack else None
        if parent and isinstance(parent.data, dict) and parent.key is None:
            raise _Stop(syntax.collection_as_key(self.source, start))
        style = self.source.text[start] if end > start else ""
        if event.anchor:
            self.anchors.pop(event.anchor, None)
        mark = Mark(self.source, start, end, style if style in {"{", "["} else "")
        self.stack.append(_Open({} if mapping else [], mark, event.anchor))

    def _end(self, event: yaml.Event) -> None:
        done = self.stack.pop()
        done.mark.end = _span(event)[1]
        value = (done.data, done.mark, done.size)
        if done.anchor:
            self.anchors[done.anchor] = value
        self._add(value)

    def _alias(self, event: yaml.AliasEvent) -> None:
        start, end = _span(event)
        if any(opened.anchor == event.anchor for opened in self.stack):
            message = f"'*{event.anchor}' contains itself"
            raise self._stop("alias", message, start, end, "write the value out")
        if event.anchor not in self.anchors:
            raise _Stop(syntax.unknown_alias(self.source, start, end))
        data, anchored, size = self.anchors[event.anchor]
        self.expanded += size
        if self.expanded > EXPANDED:
            hint = "write the values out, or repeat fewer of them"
            raise self._stop("alias", f"aliases stand for more than {EXPANDED:,} values", start, end, hint)
        mark = Mark(self.source, anchored.start, anchored.end, anchored.style, anchored.text, anchored.children)
        mark.keys = anchored.keys
        self._add((data, mark, size))

    # --- where they go ---------------------------------------------------------------------------

    def _add(self, value: _Value) -> None:
        if not self.stack:
            self.root = value
            return
        data, mark, size = value
        parent = self.stack[-1]
        parent.size += size
        if isinstance(parent.data, list):
            parent.mark.children[len(parent.data)] = mark
            parent.data.append(data)
        elif parent.key is None:
            parent.key = self._key(parent, data, mark)
        else:
            key, key_mark = parent.key
            parent.data[key] = data
            parent.mark.children[key] = mark
            parent.mark.keys[key] = key_mark
            parent.key = None

    def _key(self, parent: _Open, data: Json, mark: Mark) -> tuple[str, Mark]:
        if mark.text is None:
            raise _Stop(syntax.collection_as_key(self.source, mark.start))
        if mark.start == mark.end and not mark.style:
            self._report("empty-key", "a key is missing before ':'", mark, "write one")
        key = mark.text if data is None else key_text(data) or mark.text
        first = parent.mark.keys.get(key)
        if first:
            line = first.source.line(first.start)
            self._report("duplicate-key", f"'{key}' is already in line {line}", mark, "keep one of the two")
        return key, mark

    # --- problems --------------------------------------------------------------------------------

    def _check_tag(self, event: Any) -> None:
        if event.tag not in _STANDARD_TAGS:
            self.problems.append(syntax.unknown_tag(event, self.source))

    def _report(self, code: str, message: str, mark: Mark, hint: str) -> None:
        self.problems.append(Problem(code, message, mark.location(), hint))

    def _stop(self, code: str, message: str, start: int, end: int | None, hint: str) -> _Stop:
        return _Stop(Problem(code, message, self.source.location(start, end), hint))


_TAKE: dict[type, Callable[[_Builder, Any], None]] = {
    yaml.ScalarEvent: _Builder._scalar,
    yaml.MappingStartEvent: _Builder._start,
    yaml.SequenceStartEvent: _Builder._start,
    yaml.MappingEndEvent: _Builder._end,
    yaml.SequenceEndEvent: _Builder._end,
    yaml.AliasEvent: _Builder._alias,
    yaml.DocumentStartEvent: _Builder._document,
}
"""What is done with each kind of event; the ends of documents and streams say nothing new."""


def _span(event: Any) -> tuple[int, int]:
    return event.start_mark.index, event.end_mark.index
