"""From an error of the JSON Schema library to a problem in words that a consultant understands.

The library says which rule of the schema failed; here it is said what was probably meant. Of alternatives
(`anyOf`, `oneOf`) only the one that the author seems to have had in mind is spoken of.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from etl.documents import placing, words
from etl.documents.expression_text import misplaced, unbalanced
from etl.documents.interpolate import placeholders
from etl.documents.marks import DocumentPath
from etl.documents.source import Document
from etl.documents.syntax import quote_expression
from etl.model import Json, Problem

SchemaError = Any
"""jsonschema's ValidationError, which is not imported before a document is checked."""

_ALTERNATIVES = {"anyOf", "oneOf"}
_BOUNDS = {
    "minimum": "at least", "exclusiveMinimum": "more than", "maximum": "at most", "exclusiveMaximum": "less than",
}  # fmt: skip
_STRUCTURE = {"additionalProperties", "required", "dependentRequired", "not", "format", "minProperties", "minItems"}
_STRUCTURE |= _BOUNDS.keys()
"""Rules that speak of a value which is of the right kind."""


class Complaints:
    """Puts the errors of one document into words."""

    def __init__(self, document: Document, kind: str, *, partial: bool = False) -> None:
        self.data = document.data
        self.marks = document.marks
        self.kind = kind
        self.partial = partial
        self.quoted: set[DocumentPath] = set()
        self.meant: dict[DocumentPath, str] = {}
        """What keys that are not known were probably meant to be."""

    def of(self, error: SchemaError) -> Iterator[Problem]:
        """The problems behind one error; none where the author has been told to quote the whole."""
        path = tuple(error.absolute_path)
        if self.partial and isinstance(error.instance, str) and placeholders(error.instance):
            return
        if any(path[: len(quoted)] == quoted for quoted in self.quoted):
            return
        if _names_a_key(error):
            yield self._wrong_key(error.instance, path)
        elif error.validator in _ALTERNATIVES:
            yield from self._alternatives(error, path)
        else:
            yield from _RULES.get(error.validator, _wrong_type)(self, error, path)

    def unknown_version(self) -> Problem:
        version = self.data["version"]
        message = f"version {words.spelled(version)} of this document is not known"
        hint = "write 'version: 1', or update etl"
        if version == "1":
            message, hint = "the version is a text", "write it without quotes: 'version: 1'"
        return Problem("unknown-version", message, self.marks.value(("version",)), hint)

    def not_json(self, path: DocumentPath) -> Problem:
        message = f"{self.name(path)} is no number that JSON can carry"
        return Problem("wrong-value", message, self.marks.value(path), "write a finite number, or null")

    def name(self, path: DocumentPath) -> str:
        return words.name(path, self.kind)

    def _alternatives(self, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
        expected = error.schema.get("errorMessage", "")
        branches = [branch for branch in _branches(error) if not _is_null(branch, path)]
        if isinstance(error.instance, dict) and expected.startswith(("must have", "must say")):
            branches = [each for each in branches if not _lacks_keys(each, path)]
            if not branches:
                yield Problem("missing-key", f"{self.name(path)} {expected}", self.marks.key(path), "add one of them")
                return
        meant = branches if len(branches) == 1 else [each for each in branches if _of_right_kind(each, path)]
        if meant:
            for each in min(meant, key=len):
                yield from self.of(each)
        else:
            allowed = [value for branch in branches for each in branch for value in _enumerated(each)]
            yield self.not_listed(error.instance, path, allowed, open_list=bool(expected)) or self.of_wrong_kind(
                error, path
            )

    def not_listed(
        self, value: Json, path: DocumentPath, allowed: list[Json], *, open_list: bool = False
    ) -> Problem | None:
        """None where the value is not even of the kind that is listed, or may be something unlisted too."""
        if not allowed or value is None or isinstance(value, dict | list):
            return None
        names = [words.spelled(each) for each in allowed]
        close = difflib.get_close_matches(words.spelled(value), names, 1)
        if open_list and not close:
            return None
        hint = f"did you mean '{close[0]}'?" if close else f"it may be {words.listed(names, 'or')}"
        message = f"{self.name(path)} can't be {words.shown(value, openly=self._stands_openly(path, value))}"
        return Problem("wrong-value", message, self.marks.value(path), hint)

    def of_wrong_kind(self, error: SchemaError, path: DocumentPath) -> Problem:
        """A value that is of another type than the schema wants: mostly an expression that YAML took for its own."""
        value = error.instance
        an_expression = error.schema.get("format") == "jmespath"
        if self._is_anchor(path) or (an_expression and isinstance(value, dict | list)):
            return self.quote(path)
        if value is None:
            cut = self._cut_before(path)
            if cut is not None:
                return self.quote(cut)
            hint = "give it a value, or take the line out"
            return Problem("empty", f"{self.name(path)} is empty", self.marks.key(path), hint)
        expected = str(error.schema.get("errorMessage", ""))
        if not expected.startswith("must be"):
            expected = f"must be {words.listed(_expected(error), 'or')}"
        if path and expected == f"must be {words.AN_OBJECT}":
            expected += words.such_as(_own_schema(error, path))
        if expected in {"must be a text", "must be an expression"} and not isinstance(value, dict | list | str):
            expected += ": put it in quotes"
        message = f"{self.name(path)} is {words.shown(value, openly=self._stands_openly(path, value))}"
        return Problem("wrong-type", message, self.marks.value(path), f"it {expected}")

    def _cut_before(self, path: DocumentPath) -> DocumentPath | None:
        """The expression whose rest is this empty key: `{id: concat('x', id), name: title}`."""
        around: Any = self.data
        for step in path[:-1]:
            around = around[step]
        if self.marks.find(path[:-1])[0].style != "{" or not isinstance(around, dict):
            return None
        before = [key for key, after in pairwise(around) if after == path[-1]]
        cut = [key for key in before if isinstance(around[key], str) and unbalanced(around[key])]
        return (*path[:-1], *cut) if cut else None

    def _wrong_key(self, key: str, path: DocumentPath) -> Problem:
        hint = f"write '{words.snake(key)}': lower case, with _ between words"
        return Problem(
            "wrong-value", f"'{key}' can't be the name of an {words.item(path)}", self.marks.key((*path, key)), hint
        )

    def quote(self, path: DocumentPath) -> Problem:
        """The expression at this path was taken apart by YAML."""
        self.quoted.add(path)
        mark, _ = self.marks.find(path)
        if mark.text and not mark.style:
            return quote_expression(mark.location(), "inside '{…}' and '[…]' YAML ends it at a comma or bracket")
        written = mark.source.text[mark.start : mark.end]
        taken = {"{": "an object", "[": "a list", "&": "an anchor"}.get(written[:1], "something else")
        whole = "" if "\n" in written else written
        return quote_expression(self.marks.value(path), f"YAML takes it for {taken}", whole)

    def _is_anchor(self, path: DocumentPath) -> bool:
        mark, _ = self.marks.find(path)
        return mark.text == "" and mark.source.text[mark.start : mark.start + 1] == "&"

    def _stands_openly(self, path: DocumentPath, value: Json) -> bool:
        mark, depth = self.marks.find(path)
        if "auth" in path and (self.kind, path[-1]) != ("connector", "kind"):
            return False
        return not isinstance(value, str) or (depth == len(path) and mark.text == value)


# --- one function per rule -----------------------------------------------------------------------


def _unknown_keys(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    if _unwrapped(error):
        return  # that is told as the key which is missing
    known = list(error.schema.get("properties", {}))
    apart = _taken_apart(self, path, error.instance, known)
    if apart is not None:
        yield self.quote(apart)
        return
    taken = set(error.instance)
    for key in error.instance:
        if key not in known:
            elsewhere = placing.belongs(key, path, self.kind)
            meant = None if elsewhere else placing.meant(key, known)
            hint = f"did you mean '{meant}'?" if meant else elsewhere or f"its keys are {words.listed(sorted(known))}"
            message = f"'{key}' is not a key of {self.name(path)}"
            if meant and meant not in taken:
                self.meant[*path, key] = meant
                taken.add(meant)
            yield Problem("unknown-key", message, self.marks.key((*path, key)), hint)


def _taken_apart(
    self: Complaints, path: DocumentPath, data: Mapping[str, Json], known: list[str]
) -> DocumentPath | None:
    """The place of an expression that YAML took for an object, or cut at a comma: `{value: add(a, b)}`."""
    if self.marks.find(path)[0].style != "{":
        return None
    meant = any(difflib.get_close_matches(key, known, 1) for key in data)
    meant = meant or all(placing.meant(key, known) for key in data)  # else `from` may be a key of `{from: a, to: b}`
    if self.kind == "mapping" and len(path) == 2 and path[0] == "fields" and not meant:
        return path
    cut = [key for key in data if key in known and isinstance(data[key], str) and unbalanced(data[key])]
    return (*path, cut[0]) if cut else None


def _missing(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    for key in error.validator_value:
        if key not in error.instance and f"'{key}'" in error.message:
            hint = "add 'version: 1'" if key == "version" else f"add '{key}: …'"
            if _unwrapped(error):
                hint = f"write {{{key}: {{{', '.join(f'{name}: …' for name in error.instance)}}}}}"
            yield Problem("missing-key", f"'{key}' is missing in {self.name(path)}", self.marks.key(path), hint)


def _unwrapped(error: SchemaError) -> bool:
    """Whether the only key that there is was left out, and what belongs under it stands in its place."""
    known = list(error.schema.get("properties", ()))
    return (
        len(known) == 1
        and known == error.schema.get("required")
        and bool(error.instance)
        and known[0] not in error.instance
        and not any(placing.meant(key, known) for key in error.instance)
    )


def _dependent(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    for key, needed in error.validator_value.items():
        for other in needed:
            if key in error.instance and other not in error.instance:
                place = self.marks.key((*path, key))
                yield Problem("missing-key", f"'{key}' needs '{other}' beside it", place, f"add '{other}: …'")


def _expression(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    content: str = error.instance
    for found in misplaced(content):
        place = self.marks.inside(path, found.offset, found.length)
        yield Problem("interpolation", "'${…}' is not filled in inside an expression", place, found.hint)
    mark, _ = self.marks.find(path)
    if not mark.style and unbalanced(content) and mark.source.text[mark.end :].lstrip(" \t").startswith("#"):
        line = mark.source.text[mark.start :].splitlines()[0].rstrip()
        yield quote_expression(mark.location(), "YAML takes what follows ' #' for a comment", line)


def _not_listed(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    yield self.not_listed(error.instance, path, _enumerated(error)) or self.of_wrong_kind(error, path)


def _wrong_type(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    yield self.of_wrong_kind(error, path)


def _excluded(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    if isinstance(error.instance, dict):
        reason = error.schema.get("errorMessage", "holds keys that exclude each other")
        yield Problem("conflict", f"{self.name(path)} {reason}", self.marks.key(path), "keep one of them")


def _empty(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    hint = "give it a value, or take the line out"
    yield Problem("empty", f"{self.name(path)} is empty", self.marks.value(path), hint)


def _out_of_range(self: Complaints, error: SchemaError, path: DocumentPath) -> Iterator[Problem]:
    hint = f"it must be {_BOUNDS[error.validator]} {error.validator_value}"
    message = f"{self.name(path)} can't be {words.spelled(error.instance)}"
    yield Problem("wrong-value", message, self.marks.value(path), hint)


_RULES = {
    "additionalProperties": _unknown_keys,
    "required": _missing,
    "dependentRequired": _dependent,
    "format": _expression,
    "enum": _not_listed,
    "const": _not_listed,
    "type": _wrong_type,
    "not": _excluded,
    **dict.fromkeys(("minLength", "minItems", "minProperties"), _empty),
    **dict.fromkeys(_BOUNDS, _out_of_range),
}


# --- alternatives --------------------------------------------------------------------------------


def _branches(error: SchemaError) -> list[list[SchemaError]]:
    branches: dict[Any, list[SchemaError]] = {}
    for each in error.context or ():
        branches.setdefault(each.relative_schema_path[0], []).append(each)
    return list(branches.values())


def _is_null(branch: list[SchemaError], path: DocumentPath) -> bool:
    """Whether this is the alternative `null`, by which an overlay removes."""
    return any(each.validator_value == "null" and tuple(each.absolute_path) == path for each in branch)


def _own_schema(error: SchemaError, path: DocumentPath) -> dict[str, Any]:
    """What is said of a value: where it may also be null, its examples stand beside the alternatives."""
    outer = error.parent
    beside = outer.schema if outer is not None and tuple(outer.absolute_path) == path else {}
    return {**error.schema, **beside}


def _names_a_key(error: SchemaError) -> bool:
    """Whether it is the name of a key that does not fit, not its value."""
    return "propertyNames" in error.relative_schema_path


def _lacks_keys(branch: list[SchemaError], path: DocumentPath) -> bool:
    return any(each.validator == "required" and tuple(each.absolute_path) == path for each in branch)


def _of_right_kind(branch: list[SchemaError], path: DocumentPath) -> bool:
    """Whether the alternative fits but for what is inside it."""
    return all(_inside(each, path) for each in branch)


def _inside(error: SchemaError, path: DocumentPath) -> bool:
    if tuple(error.absolute_path) != path or error.validator in _STRUCTURE or _names_a_key(error):
        return True
    return error.validator in _ALTERNATIVES and any(_of_right_kind(branch, path) for branch in _branches(error))


def _enumerated(error: SchemaError) -> list[Json]:
    if error.validator == "const":
        return [error.validator_value]
    return list(error.validator_value) if error.validator == "enum" else []


def _expected(error: SchemaError) -> list[str]:
    """What the value may be, in words."""
    if error.validator in _ALTERNATIVES:
        found = [each for branch in _branches(error) for inner in branch for each in _expected(inner)]
    elif error.validator in {"enum", "const"}:
        found = [words.spelled(value) for value in _enumerated(error)]
    else:
        found = words.kinds(error.schema.get("type", []))
    return list(dict.fromkeys(found)) or ["of another form"]
