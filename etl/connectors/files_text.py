"""Text files opened so that whatever is wrong with them is told with file, line and byte."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from etl.documents.text import shown
from etl.errors import ConnectionFailed
from etl.model import Record

_CHUNK = 1 << 16
_UTF8 = "utf-8-sig"
"""Drops a byte order mark where there is one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file, the line on which it begins, and how it is spelled there where that can be kept."""

    line: int
    record: Record
    raw: str | None = None


@contextmanager
def reading(path: Path, encoding: str | None) -> Iterator[TextIO]:
    """The file, open, its line ends as they are. Raises ConnectionFailed, for what goes wrong while it is open, too."""
    try:
        with path.open(encoding=encoding or _UTF8, newline="") as file:
            yield file
    except UnicodeError:
        raise _undecodable(path, encoding) from None
    except FileNotFoundError:
        raise ConnectionFailed(f"there is no file '{shown(path)}'", "check the path of the endpoint") from None
    except IsADirectoryError:
        raise ConnectionFailed(f"'{shown(path)}' is a folder", "name a file in it") from None
    except OSError as error:
        raise ConnectionFailed(f"'{shown(path)}' can't be read: {error.strerror or error}") from None


def broken(path: Path, line: int, message: str, hint: str | None = None) -> ConnectionFailed:
    """The error of a place in a file."""
    return ConnectionFailed(f"{shown(path)}:{line}: {message}", hint)


def binary(path: Path) -> ConnectionFailed:
    """The error of a file that is no text at all."""
    return ConnectionFailed(
        f"'{shown(path)}' is a binary file, whatever its ending says", "save it as csv or json where it comes from"
    )


def has_mark(path: Path) -> bool:
    """Whether the file begins with UTF-8's byte order mark."""
    with path.open("rb") as file:
        return file.read(len(codecs.BOM_UTF8)) == codecs.BOM_UTF8


def newline_of(path: Path, encoding: str | None) -> str:
    """The line end that the file's first line has."""
    with reading(path, encoding) as file:
        file.readline()
        return file.newlines if isinstance(file.newlines, str) and file.newlines != "\r" else "\n"


def _undecodable(path: Path, encoding: str | None) -> ConnectionFailed:
    """Reads the file again to find the byte that no text of this encoding holds: text layers count characters."""
    with path.open("rb") as file:
        start = file.read(_CHUNK)
        if encoding is None and start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return broken(path, 1, "the file is UTF-16", "write `params: {encoding: utf-16}`, or save it as UTF-8")
        if encoding is None and b"\0" in start:
            return binary(path)
        file.seek(len(codecs.BOM_UTF8) if encoding is None and start.startswith(codecs.BOM_UTF8) else 0)
        name = encoding or "utf-8"
        decoder, line, offset = codecs.getincrementaldecoder(name)(), 1, file.tell()
        while True:
            state, chunk = decoder.getstate(), file.read(_CHUNK)
            try:
                line += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                decoder.setstate(state)
                good = decoder.decode(error.object[len(state[0]) : error.start])
                byte = offset - len(state[0]) + error.start + 1
                what = f"byte {byte} (0x{error.object[error.start]:02x}) is not {name}"
                hint = "say how the file is encoded, such as `params: {encoding: cp1252}`"
                return broken(path, line + good.count("\n"), what, hint)
            except UnicodeError:
                return broken(path, line, f"the file is not {name}", "say how the file is encoded in `params`")
            if not chunk:
                return broken(path, line, f"the file is not {name}")
            offset += len(chunk)
