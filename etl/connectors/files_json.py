"""jsonl and json: objects read one at a time, from lines or from an array, and written one a line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from etl.connectors.files_options import FileOptions
from etl.connectors.files_text import Row, broken, reading
from etl.errors import ConnectionFailed
from etl.http.decoding import decode, encode
from etl.model import Json

_CHUNK = 1 << 18
_SPACE = re.compile(r"[ \t\r\n]*")
_NEAR_END = 16
"""A fault this close to the end of what was read may only mean that a literal or an escape goes on."""


class Jsonl:
    """One object a line; empty lines are none."""

    texts = False

    def __init__(self, options: FileOptions) -> None:
        self.options = options

    def rows(self, path: Path) -> Iterator[Row]:
        """Every line as a record. Raises ConnectionFailed with file and line."""
        with reading(path, self.options.encoding) as file:
            for number, line in enumerate(file, 1):
                text = line.strip()
                if text:
                    yield _row(path, number, text)

    def write(self, file: TextIO, columns: Sequence[str], rows: Iterable[Row], newline: str) -> None:
        """The rows, untouched ones as they were."""
        for row in rows:
            file.write(_spelled(row) + newline)


class JsonArray:
    """An array of objects, at the top of the file or where `records` says; only one of them is in memory at a time."""

    texts = False

    def __init__(self, options: FileOptions) -> None:
        self.options = options

    def rows(self, path: Path) -> Iterator[Row]:
        """Every object of the array. Raises ConnectionFailed with file and line."""
        with reading(path, self.options.encoding) as file:
            yield from _Array(path, file, self.options.records).rows()

    def write(self, file: TextIO, columns: Sequence[str], rows: Iterable[Row], newline: str) -> None:
        """The array, one object a line, untouched ones as they were."""
        begin = "["
        for row in rows:
            file.write(begin + newline + _spelled(row))
            begin = ","
        file.write(f"[]{newline}" if begin == "[" else f"{newline}]{newline}")


def _spelled(row: Row) -> str:
    return row.raw if row.raw is not None else encode(row.record).decode()


def _row(path: Path, line: int, text: str) -> Row:
    try:
        record = decode(text.encode())
    except ValueError as error:
        raise broken(path, line, f"this is {error}") from None
    if not isinstance(record, dict):
        raise broken(path, line, f"a record is an object, and this is {_kind(record)}")
    return Row(line, record, text)


def _words(error: json.JSONDecodeError) -> str:
    text = error.msg.removesuffix(" starting at").removesuffix(" at")
    return text[:1].lower() + text[1:]


def _kind(value: Json) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


@dataclass(slots=True)
class _Array:
    """A way through a JSON text of any size: `text[at:]` is what was read and not yet used."""

    path: Path
    file: TextIO
    steps: Sequence[str]
    text: str = ""
    at: int = 0
    line: int = 1
    ended: bool = False
    _scan: json.JSONDecoder = field(default_factory=json.JSONDecoder)

    def rows(self) -> Iterator[Row]:
        """The records of the array, each with its line. Raises ConnectionFailed where the text holds none."""
        if self._sign() == "" and not self.steps:
            return  # an empty file holds no records
        for step in self.steps:
            self._enter(step)
        if self._sign() != "[":
            raise self._fault(*self._no_array())
        self._take(1)
        more = self._sign() != "]"
        while more:
            self._sign()
            line = self.line
            yield _row(self.path, line, self._value())
            more = self._goes_on("]")
        self._take(1)
        if not self.steps and self._sign():
            raise self._fault("something follows behind the end of the array")

    def _enter(self, step: str) -> None:
        """Goes to the value of a key; what stands before it is passed over."""
        if self._sign() != "{":
            raise self._fault(f"there is no object with the key '{step}' here", "mend `records`")
        self._take(1)
        more = self._sign() != "}"
        while more:
            name = self._value()
            if self._sign() != ":" or not name.startswith('"'):
                raise self._fault("a key and a colon were expected")
            self._take(1)
            if json.loads(name) == step:
                return
            self._value()
            more = self._goes_on("}")
        raise self._fault(f"the file has no '{step}', where `records` looks for its array", "mend `records`")

    def _goes_on(self, end: str) -> bool:
        """Whether a comma follows; else it must be the end."""
        sign = self._sign()
        if sign == ",":
            self._take(1)
        elif sign != end:
            raise self._fault(
                "this is JSON that breaks off" if sign == "" else f"a comma or {end} was expected, not '{sign}'"
            )
        return sign == ","

    def _no_array(self) -> tuple[str, str | None]:
        if self._sign() == "{":
            return "the file holds an object, not an array", "say where the array stands: `params: {records: items}`"
        return "an array of objects was expected here", None

    def _sign(self) -> str:
        """The next character that is no space; "" at the end of the file."""
        while True:
            match = _SPACE.match(self.text, self.at)
            self._take((match.end() if match else self.at) - self.at)
            if self.at < len(self.text):
                return self.text[self.at]
            if not self._read_on(_CHUNK):
                return ""

    def _value(self) -> str:
        """The text of the next value."""
        self._sign()
        size = _CHUNK
        while True:
            try:
                _, end = self._scan.raw_decode(self.text, self.at)
                if end < len(self.text) or self.ended:
                    break
            except json.JSONDecodeError as error:
                open_string = error.msg.startswith("Unterminated string")
                if self.ended or (not open_string and error.pos < len(self.text) - _NEAR_END):
                    self._take(error.pos - self.at)
                    raise self._fault(f"this is no JSON: {_words(error)}") from None
            except RecursionError:
                raise self._fault("this is JSON that is nested too deeply") from None
            except ValueError as error:  # a number of thousands of digits
                raise self._fault(f"this is no usable JSON: {error}") from None
            self._read_on(size)
            size *= 2
        text = self.text[self.at : end]
        self._take(end - self.at)
        return text

    def _take(self, count: int) -> None:
        self.line += self.text.count("\n", self.at, self.at + count)
        self.at += count

    def _read_on(self, size: int) -> bool:
        more = self.file.read(size)
        self.ended = not more
        self.text, self.at = self.text[self.at :] + more, 0
        return bool(more)

    def _fault(self, message: str, hint: str | None = None) -> ConnectionFailed:
        return broken(self.path, self.line, message, hint)
