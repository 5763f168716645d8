"""What the YAML parser stumbles over, in words for someone who writes mappings.

Most of it is an expression that needs quotes, because YAML gives `@`, `[`, `{`, `!`, `&`, `*` and ` #` a meaning
of its own.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from etl.documents.marks import SourceText
from etl.model import Location, Problem

_ENTRY = re.compile(
    r"""\s*(?:-\s+)*(?P<key>"[^"]*"|'[^']*'|[^\s#:{\["'][^:#]*?)\s*:[ \t]+(?P<rest>\S.*?)\s*$"""
)  # fmt: skip
_APPLICATION_TAG = re.compile(r"![A-Za-z][\w-]*")
_TAKEN_APART = "@`%*&!{[|>\"'"
_MISTAKEN = tuple("@`%*&!")
"""With these a value can't start: YAML gives them a meaning of its own, between brackets as well."""
_TEXT_KEYS = {"description"}


def problem(error: yaml.YAMLError, source: SourceText) -> Problem:
    """The parser's error as a problem at the character that has to be changed."""
    return _Diagnosis(error, source).problem()


def quote_expression(place: Location, why: str, text: str = "", key: str = "", what: str = "expression") -> Problem:
    """The problem `quote this expression`; `text` is the expression where it is known whole."""
    what = "text" if key in _TEXT_KEYS else what
    hint = f"{why}: write {key + ': ' if key else ''}{quoted(text)}" if text and len(text) <= 60 else why
    return Problem("quote-expression", f"quote this {what}", place, hint)


def quoted(text: str) -> str:
    """The text as a YAML scalar in quotes."""
    if '"' in text or "\\" in text:
        return "'" + text.replace("'", "''") + "'"
    return f'"{text}"'


def unknown_tag(event: Any, source: SourceText) -> Problem:
    """A tag that no document has: `!include`, or an expression that starts with `!`."""
    start, end = event.start_mark.index, event.end_mark.index
    place = source.location(start, end)
    written = source.text[start : max(end, start + len(event.tag))].split("\n")[0].strip()
    if _depth(written) > 0:  # between brackets YAML ends it at a comma
        written = _until_closed(source.text[start:].split("\n")[0])
    has_content = not isinstance(event, yaml.ScalarEvent) or bool(event.value)
    if not event.tag.startswith("!") or (has_content and _APPLICATION_TAG.fullmatch(event.tag)):
        tag = written.split(" ")[0]
        return Problem(
            "unknown-tag", f"'{tag}' is no tag of this document", place, "write plain YAML, or quote the text"
        )
    return quote_expression(place, "YAML takes a leading '!' for a tag", written)


def unknown_alias(source: SourceText, start: int, end: int) -> Problem:
    """A text that begins with `*`, taken for a reference to what was never named."""
    name = source.text[start:end]
    why = f"YAML takes '{name}' for an alias, and no anchor '&{name[1:]}' stands above"
    return quote_expression(source.location(start, end), why, name)


def collection_as_key(source: SourceText, start: int) -> Problem:
    """A list or an object where only a key can stand: mostly an expression without quotes."""
    opened = source.text[start : start + 1]
    why = f"YAML takes '{opened}' for the start of a key" if opened in {"{", "["} else "a key must be a text"
    return quote_expression(source.location(start, start + 1), why)


def _depth(text: str) -> int:
    return sum((each in "([{") - (each in ")]}") for each in text)


def _until_closed(text: str) -> str:
    """What stands before the comma or bracket that ends an entry between brackets."""
    depth = 0
    for index, character in enumerate(text):
        if not depth and character in ",}])":
            return text[:index].rstrip()
        depth += _depth(character)
    return text.rstrip()


def _entry_at(line: str, at: int) -> int | None:
    """Where the entry starts in which `at` stands, if that is one between brackets; those of an expression, which
    follow upon a word, are none."""
    begin, depth = None, 0
    for index, character in enumerate(line[:at]):
        inside = depth or line[index - 1 : index].isalnum()
        if character == "(" or (character in "[{" and inside):
            depth += 1
        elif character in ")]}":
            depth, begin = max(depth - 1, 0), (begin if depth else None)
        elif character in "[{" or (begin is not None and not depth and character in ",:"):
            begin = index + 1
    return None if begin is None else begin + len(line[begin:]) - len(line[begin:].lstrip())


class _Diagnosis:
    """One error with what stands around it. Each `_…` method gives the problem, or None if it is not that."""

    def __init__(self, error: yaml.YAMLError, source: SourceText) -> None:
        self.source = source
        self.what = str(getattr(error, "problem", None) or error)
        self.context = str(getattr(error, "context", None) or "")
        self.at = self._index(getattr(error, "problem_mark", None))
        self.since = self._index(getattr(error, "context_mark", None), self.at)
        self.character = source.text[self.at : self.at + 1]

    def problem(self) -> Problem:
        return (
            self._tab()
            or self._escape()
            or self._quote_not_closed()
            or self._in_flow()
            or self._directive()
            or self._between_brackets()
            or self._never_opened()
            or self._expression()
            or self._second_colon()
            or self._no_colon()
            or self._indentation()
            or self._else()
        )

    def _index(self, mark: Any, default: int = 0) -> int:
        return min(mark.index, len(self.source.text)) if mark else default

    def _line_of(self, index: int) -> tuple[int, str]:
        """The offset of the line's start, and its text."""
        text = self.source.text
        start = max(text.rfind("\n", 0, index), text.rfind("\r", 0, index)) + 1
        end = re.compile(r"[\r\n]|$").search(text, index)
        return start, text[start : end.start() if end else len(text)]

    def _place(self, start: int, end: int | None = None) -> Location:
        return self.source.location(start, end if end is not None else start + 1)

    def _tab(self) -> Problem | None:
        if self.character != "\t":
            return None
        return Problem("tab", "a tab stands where lines are indented", self._place(self.at), "indent with spaces")

    def _escape(self) -> Problem | None:
        if "quoted" not in self.context or ("escape" not in self.what and "hex" not in self.what):
            return None  # a tag may hold escapes, too: `%41`
        start = self.source.text.rfind("\\", 0, self.at + 1)
        written = self.source.text[start : start + 2]
        half = re.compile(r"\\u[dD][89a-fA-F]..").match(self.source.text, start)
        if half:
            place = self._place(start, half.end())
            return Problem("yaml", f"'{half.group()}' is half of a character", place, "write the character itself")
        hint = "write '\\\\' for a backslash, or put the text in single quotes"
        return Problem("yaml", f"'{written}' is no escape in double quotes", self._place(start, start + 2), hint)

    def _quote_not_closed(self) -> Problem | None:
        if "quoted" not in self.context or "end of stream" not in self.what:
            return None
        start, line = self._line_of(self.since)
        before = line[: self.since - start]
        if before.count("(") > before.count(")"):
            return self._quote(before.rfind("(") + start)
        return Problem(
            "yaml", "this quote is never closed", self._place(self.since), "close it, or double a quote inside"
        )

    def _in_flow(self) -> Problem | None:
        """`{value: b[0]}`, `{value: join(', ', x)}`: brackets and commas inside another pair of brackets."""
        if "flow" not in self.context or self.source.text[self.since : self.since + 1] not in {"{", "["}:
            return None
        ended = self.character in {"", "\r", "\n"}
        if ended or self.source.line(self.at) != self.source.line(self.since):
            opened = self.source.text[self.since : self.since + 1]
            closing = {"{": "}", "[": "]"}.get(opened, "")
            hint = f"close it with '{closing}', or quote what holds brackets or commas"
            return Problem("yaml", f"this '{opened}' is not closed", self._place(self.since), hint)
        return self._quote(self.at)

    def _never_opened(self) -> Problem | None:
        """`target: {connection: x}}`: a bracket too many."""
        if "flow" in self.context or self.character not in {"}", "]"}:
            return None
        message = f"this '{self.character}' closes nothing: all that was opened before is closed"
        return Problem("yaml", message, self._place(self.at), "take it out")

    def _quote(self, at: int) -> Problem:
        """Marks the word that ends at `at`."""
        word = re.search(r"[^\s,:{}\[\]]*$", self.source.text[:at])
        start = word.start() if word else at
        if self.source.text[start:at].endswith("$"):
            placeholder = re.compile(r"[^}\r\n]*\}|").match(self.source.text, at)
            whole = self.source.text[start : placeholder.end() if placeholder else at + 1]
            why = "inside '{…}' YAML takes '{' for an object"
            return quote_expression(self._place(start, start + len(whole)), why, whole, what="text")
        return quote_expression(self._place(start, at + 1), "inside '{…}' and '[…]' YAML ends it at a bracket or comma")

    def _directive(self) -> Problem | None:
        if "incompatible" not in self.what:
            return None
        return Problem("yaml", "only YAML 1.2 is read here", self._place(self.at), "take this line out")

    def _between_brackets(self) -> Problem | None:
        """`{where: !(a)}`, `{value: @}`: what YAML stumbles over stands inside of brackets that are right."""
        start, line = self._line_of(self.at)
        begin = _entry_at(line, self.at - start)
        text = _until_closed(line[begin:]) if begin is not None else ""
        if begin is None or text[:1] not in _MISTAKEN:
            return None
        why = f"YAML gives the '{text[0]}' at its start a meaning of its own"
        return quote_expression(self._place(start + begin, start + begin + len(text)), why, text)

    def _expression(self) -> Problem | None:
        """A value that starts with a character to which YAML gives a meaning, and goes on as an expression does."""
        start, line = self._line_of(self.at)
        entry = _ENTRY.match(line)
        if entry and entry["rest"][0] in _TAKEN_APART and self.at >= start + entry.start("rest"):
            place = self._place(start + entry.start("rest"), start + entry.end("rest"))
            why = f"YAML gives the '{entry['rest'][0]}' at its start a meaning of its own"
            return quote_expression(place, why, entry["rest"], entry["key"])
        if self.character in set("@`%") or re.search(r"alias|anchor|tag", self.context):
            why = f"YAML gives '{self.character}' a meaning of its own"
            return quote_expression(self._place(self.since if self.context else self.at, self.at + 1), why)
        return None

    def _second_colon(self) -> Problem | None:
        if "mapping values" not in self.what:
            return None
        start, line = self._line_of(self.at)
        entry = _ENTRY.match(line)
        if entry is None or start + entry.end("key") >= self.at:
            hint = "align it with the lines that it belongs to"
            place = self._place(self.at - len(line[: self.at - start].lstrip()), self.at)
            return Problem("yaml", "this line is indented deeper than the value above allows", place, hint)
        place = self._place(start + entry.start("rest"), start + entry.end("rest"))
        return quote_expression(place, "a text that holds ': ' is taken for a key", entry["rest"], entry["key"])

    def _no_colon(self) -> Problem | None:
        if "expected ':'" not in self.what:
            return None
        start, line = self._line_of(self.since)
        end = start + len(line.rstrip())
        hint = "write 'key: value', or indent the line if it belongs to the value above"
        return Problem("yaml", "a ':' is missing in this line", self._place(self.since, end), hint)

    def _indentation(self) -> Problem | None:
        if "block" not in self.context or "scalar" in self.context:
            return None
        if self.character == ":":
            return Problem("empty-key", "a key is missing before ':'", self._place(self.at), "write one")
        hint = "align it with the keys that it belongs to"
        return Problem("yaml", "this does not fit the lines above", self._place(self.at), hint)

    def _else(self) -> Problem:
        if "document start" in self.what:
            return Problem("yaml", "the document has ended before this", self._place(self.at), "take it out")
        hint = "check quotes, brackets and indentation"
        if not self.source.text[self.at :].strip():
            return Problem("yaml", "the document ends too early", self._place(self.since), "close what is open here")
        return Problem("yaml", f"YAML can't be read here: {self.what}", self._place(self.at), hint)
