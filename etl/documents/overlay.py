"""One document over another: JSON Merge Patch (RFC 7396), with the place of every value kept.

Mappings and connectors refine the plain rules, so that an overlay says what its author means by it: an expression
replaces a constant, credentials are never mixed from two files, a `null` that is data stays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from etl.documents import source
from etl.documents.marks import DocumentPath, Mark, Marks
from etl.documents.source import Document
from etl.documents.text import shown, similar
from etl.errors import DocumentError
from etl.model import Json, Problem

_NOT_INHERITED = ("template", "renamed_from")
_REPLACED_WHOLE: set[tuple[str, ...]] = {
    ("fields", "*", "const"), ("fields", "*", "default"), ("fields", "*", "map"), ("fields", "*", "otherwise"),
    ("target", "missing", "set"), ("connections", "*", "auth"), ("tests", "*"),
}  # fmt: skip
_NULL_IS_DATA: set[tuple[str, ...]] = {
    ("fields", "*", "const"),
    ("fields", "*", "default"),
    ("fields", "*", "otherwise"),
}
_LOOKUP_ORIGINS = {"file": ("params",), "connection": ("endpoint", "params", "where", "detail"), "mapping": ()}
"""Where a lookup's rows come from, each with the keys that mean nothing without it."""


def merge(base: Document, over: Document, *, kind: str) -> Document:
    """`over` merged over `base`; `kind` (project, mapping, connector) says by which rules."""
    lower, upper = _tree(base), _tree(over)
    if kind == "mapping":
        lower, upper = _long_fields(lower), _long_fields(upper)
        lower = _without(lower, _NOT_INHERITED)
    merged = _merged(lower, upper, (), kind)
    problems = tuple(dict.fromkeys((*base.problems, *over.problems)))
    return Document(over.file, merged.data, Marks(merged.mark), problems)


def with_long_fields(document: Document) -> Document:
    """A mapping whose short fields (`name: title`) are made long (`name: {value: title}`)."""
    tree = _long_fields(_tree(document))
    return replace(document, data=tree.data, marks=Marks(tree.mark))


def chain(document: Document, find: Callable[[Document], Path | None]) -> list[Document]:
    """The document and all that it extends, itself first. `find` gives the file that a document extends.

    Raises DocumentError where a base can't be read or the chain comes back to itself.
    """
    found = [document]
    seen = {document.marks.source(()).path}
    while (path := find(found[-1])) is not None:
        place = found[-1].marks.value(("extends",))
        if path.resolve() in seen:
            names = " → ".join([*(each.file for each in found), shown(path)])
            raise DocumentError(
                [Problem("extends-cycle", f"the chain of 'extends' never ends: {names}", place, "break it here")]
            )
        seen.add(path.resolve())
        if path.is_dir():
            message = f"'{shown(path)}' is a folder"
            raise DocumentError([Problem("no-file", message, place, "name a file in it")])
        if not path.is_file():
            hint = similar(path) or "the path is relative to this file"
            raise DocumentError([Problem("no-file", f"there is no file '{shown(path)}'", place, hint)])
        found.append(source.load(path))
    return found


def resolve(documents: list[Document], *, kind: str) -> Document:
    """The chain as one document, without `extends`."""
    result = documents[-1]
    for over in reversed(documents[:-1]):
        result = merge(result, over, kind=kind)
    tree = _without(_tree(result), ("extends",))
    return replace(result, file=documents[0].file, data=tree.data, marks=Marks(tree.mark))


def idle_removals(base: Document, over: Document) -> list[DocumentPath]:
    """Where a mapping's overlay says null, and its base has nothing to remove."""
    return _idle(_long_fields(_tree(base)).data, _long_fields(_tree(over)).data, ())


def _idle(base: Json, over: Json, path: DocumentPath) -> list[DocumentPath]:
    if not isinstance(over, dict) or _matches(path, _REPLACED_WHOLE):
        return []
    found: list[DocumentPath] = []
    for name, value in over.items():
        below = (*path, name)
        known = isinstance(base, dict) and name in base
        if value is None and not known and not _matches(below, _NULL_IS_DATA):
            found.append(below)
        found += _idle(base[name] if known else None, value, below)
    return found


# --- data and marks together ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tree:
    """A value beside its mark. `key` is the mark of the key under which it stands."""

    data: Json
    mark: Mark
    key: Mark | None = None

    def items(self) -> list[tuple[str, _Tree]]:
        return [(name, _child(self, name)) for name in self.data] if isinstance(self.data, dict) else []


def _tree(document: Document) -> _Tree:
    return _Tree(document.data, document.marks.root)


def _child(parent: _Tree, name: str) -> _Tree:
    return _Tree(parent.data[name], parent.mark.children.get(name, parent.mark), parent.mark.keys.get(name))


def _object(like: Mark, entries: dict[str, _Tree]) -> _Tree:
    """An object with these entries, standing where `like` stands."""
    mark = Mark(like.source, like.start, like.end, like.style, like.text)
    for name, entry in entries.items():
        mark.children[name] = entry.mark
        if entry.key is not None:
            mark.keys[name] = entry.key
    return _Tree({name: entry.data for name, entry in entries.items()}, mark)


def _without(tree: _Tree, names: tuple[str, ...]) -> _Tree:
    if not isinstance(tree.data, dict):
        return tree
    kept = {name: entry for name, entry in tree.items() if name not in names}
    return replace(_object(tree.mark, kept), key=tree.key)


# --- the merge -----------------------------------------------------------------------------------


def _merged(base: _Tree, over: _Tree, path: DocumentPath, kind: str) -> _Tree:
    """RFC 7396: an object is merged key by key, null removes, everything else replaces."""
    if not isinstance(over.data, dict) or _whole(base, over, path, kind):
        return over
    entries = dict(base.items())
    entries = _displaced(entries, over.data, path) if kind == "mapping" else entries
    for name, entry in over.items():
        below = (*path, name)
        if entry.data is None and not (kind == "mapping" and _matches(below, _NULL_IS_DATA)):
            entries.pop(name, None)
        else:
            lower = entries.get(name, _Tree(None, entry.mark))
            entries[name] = replace(_merged(lower, entry, below, kind), key=entry.key)
    return replace(_object(over.mark, entries), key=over.key)


def _whole(base: _Tree, over: _Tree, path: DocumentPath, kind: str) -> bool:
    if kind == "mapping":
        return _matches(path, _REPLACED_WHOLE)
    if kind == "connector" and isinstance(base.data, dict):
        # the keys of one kind of auth or paging mean nothing to another
        return "kind" in over.data and base.data.get("kind", over.data["kind"]) != over.data["kind"]
    return False


def _displaced(entries: dict[str, _Tree], over: dict[str, Json], path: DocumentPath) -> dict[str, _Tree]:
    """The base's entries without those that the overlay's take the place of."""
    gone: set[str] = set()
    if _matches(path, {("fields", "*")}):
        gone = {"const"} if over.get("value") is not None else {"value"} if "const" in over else set()
    elif _matches(path, {("lookups", "*")}):
        named = [origin for origin in _LOOKUP_ORIGINS if over.get(origin) is not None]
        for origin, belongings in _LOOKUP_ORIGINS.items():
            if named and origin not in named and origin in entries:
                gone |= {origin, *belongings}
    return {name: entry for name, entry in entries.items() if name not in gone}


def _matches(path: DocumentPath, patterns: set[tuple[str, ...]]) -> bool:
    return any(
        len(path) == len(pattern) and all(want in ("*", step) for want, step in zip(pattern, path, strict=True))
        for pattern in patterns
    )


# --- short fields --------------------------------------------------------------------------------


def _long_fields(tree: _Tree) -> _Tree:
    if not isinstance(tree.data, dict) or not isinstance(tree.data.get("fields"), dict):
        return tree
    fields = _child(tree, "fields")
    long = {name: _long(entry) for name, entry in fields.items()}
    entries = dict(tree.items())
    entries["fields"] = replace(_object(fields.mark, long), key=fields.key)
    return replace(_object(tree.mark, entries), key=tree.key)


def _long(entry: _Tree) -> _Tree:
    if entry.data is None or isinstance(entry.data, dict):
        return entry
    name = "value" if isinstance(entry.data, str) else "const"
    # the object stands where the value stands: its `text` would make the mark a scalar's
    whole = replace(entry.mark, text=None)
    return replace(_object(whole, {name: replace(entry, key=entry.key)}), key=entry.key)
