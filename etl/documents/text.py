"""From a file to its text: everything that can be wrong before the first YAML character is looked at."""

from __future__ import annotations

import codecs
import difflib
import glob
import os
import re
from pathlib import Path

from etl.documents.marks import SourceText
from etl.errors import DocumentError
from etl.model import Location, Problem

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_OTHER_ENCODINGS = {codecs.BOM_UTF16_LE: "UTF-16", codecs.BOM_UTF16_BE: "UTF-16"}


def shown(path: Path) -> str:
    """The path as messages show it: relative to the current folder where it lies below it, with `/`."""
    path = path if path.is_absolute() else Path.cwd() / path
    try:
        return path.resolve().relative_to(Path.cwd().resolve()).as_posix()
    except ValueError:
        return Path(os.path.normpath(path)).as_posix()


def read(path: Path) -> SourceText:
    """The text of a file. Raises DocumentError where it can't be read or is no UTF-8 text."""
    name = shown(path)
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _unusable(name, "no-file", f"there is no file '{name}'", similar(path) or "check the path") from None
    except IsADirectoryError:
        raise _unusable(name, "no-file", f"'{name}' is a folder", "name a file in it") from None
    except PermissionError:
        if path.is_dir():  # Windows says so of a folder
            raise _unusable(name, "no-file", f"'{name}' is a folder", "name a file in it") from None
        raise _unusable(name, "no-file", f"'{name}' may not be read", "give yourself the right to read it") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unusable(name, "no-file", f"'{name}' can't be read: {reason}", "check its name and its disk") from None
    return decode(content, name, path.resolve())


def decode(content: bytes, file: str, path: Path | None = None) -> SourceText:
    """The text of a document's bytes; a byte order mark is dropped. Raises DocumentError."""
    encoding = _OTHER_ENCODINGS.get(content[:2])
    if encoding:
        raise _unusable(file, "encoding", f"the file is {encoding}, not UTF-8", "save it as UTF-8")
    if b"\0" in content:
        raise _unusable(file, "encoding", "this is a binary file, not YAML", "name a text file")
    bom = len(codecs.BOM_UTF8) if content.startswith(codecs.BOM_UTF8) else 0
    try:
        text = content[bom:].decode()
    except UnicodeDecodeError as error:
        raise _not_utf8(content, bom, error.start, file) from None
    return checked(SourceText(file, text, path))


def checked(source: SourceText) -> SourceText:
    """The same text. Raises DocumentError where it holds a character that YAML does not allow."""
    wrong = _FORBIDDEN.search(source.text)
    if wrong is None:
        return source
    place = source.location(wrong.start(), wrong.end())
    message = f"the character U+{ord(wrong.group()):04X} is not allowed in YAML"
    hint = f'delete it, or write it as an escape in double quotes ("\\u{ord(wrong.group()):04x}")'
    raise DocumentError([Problem("encoding", message, place, hint)])


def _not_utf8(content: bytes, bom: int, start: int, file: str) -> DocumentError:
    readable = SourceText(file, content[bom:].decode(errors="replace"))
    place = readable.location(len(content[bom : bom + start].decode()))
    message = f"byte {bom + start + 1} (0x{content[bom + start]:02x}) is not UTF-8"
    return DocumentError([Problem("encoding", message, place, "save the file as UTF-8")])


def _unusable(file: str, code: str, message: str, hint: str | None) -> DocumentError:
    return DocumentError([Problem(code, message, Location(file, 1, 1), hint)])


def similar(path: Path) -> str | None:
    """What may have been meant by the path of a file that is not there; None where nothing is known."""
    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"its folder '{shown(path.parent)}' does not exist either"
    close = difflib.get_close_matches(path.name, names, 1)
    meant = _one_level_down(path) or (path.parent / close[0] if close else None)
    return f"did you mean '{shown(meant)}'?" if meant else None


def _one_level_down(path: Path) -> Path | None:
    """The file of that name in a folder beside it: whoever stands above `mappings` may type but the mapping's name."""
    names = (path.name, f"{path.name}.yaml", f"{path.name}.yml")
    found = (each for name in names for each in sorted(path.parent.glob(f"[!.]*/{glob.escape(name)}")))
    return next((each for each in found if each.is_file()), None)
