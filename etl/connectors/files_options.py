"""How a file is spelled: what `params` say of it, checked and with defaults applied."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from dataclasses import dataclass

from etl.errors import UsageError
from etl.model import Json

PARAMS: Mapping[str, frozenset[str]] = {
    "csv": frozenset({"delimiter", "encoding", "quote", "header"}),
    "jsonl": frozenset({"encoding"}),
    "json": frozenset({"encoding", "records"}),
}
ENDINGS = {"csv": "csv", "jsonl": "jsonl", "ndjson": "jsonl", "json": "json"}


@dataclass(frozen=True, slots=True)
class FileOptions:
    """`encoding` None: UTF-8, with or without a byte order mark. `quote` None: values are never quoted.

    `header`: true where the first line names the columns; else their names, empty for c1, c2, ….
    """

    delimiter: str = ","
    quote: str | None = '"'
    encoding: str | None = None
    header: bool | tuple[str, ...] = True
    records: tuple[str, ...] = ()
    told: frozenset[str] = frozenset()
    """The params that were given."""

    def refuses(self, text: str) -> str | None:
        """Why the text can't stand in such a file, in words; None where it can."""
        if self.quote is None and any(sign in text for sign in (self.delimiter, "\r", "\n")):
            return "it holds the delimiter or the end of a line, and the file has no quotes (`params: {quote: none}`)"
        if text.isascii():
            return None
        encoding = self.encoding or "utf-8"
        try:
            text.encode(encoding)
        except UnicodeEncodeError as error:
            return f"{text[error.start]!r} does not exist in {encoding}, the encoding of the file"
        return None


def format_of(name: str) -> str:
    """The format of a file's ending. Raises UsageError for one that is none."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    if ending not in ENDINGS:
        raise UsageError(f"'{name}' has no ending that says its format", "let it end in .csv, .jsonl or .json")
    return ENDINGS[ending]


def options_of(kind: str, params: Mapping[str, Json]) -> FileOptions:
    """The options of a format's params. Raises UsageError for a param it does not have, or a value that can't be."""
    for name in params:
        if name not in PARAMS[kind]:
            raise UsageError(f"a {kind} file has no param '{name}'", f"it has {', '.join(sorted(PARAMS[kind]))}")
    return FileOptions(
        delimiter=_delimiter(params.get("delimiter", ",")),
        quote=_quote(params.get("quote", '"')),
        encoding=_encoding(params.get("encoding")),
        header=_header(params.get("header", True)),
        records=tuple(str(params["records"]).split(".")) if params.get("records") else (),
        told=frozenset(params),
    )


def _delimiter(value: Json) -> str:
    text = "\t" if value in ("tab", "\\t") else value
    if not isinstance(text, str) or len(text) != 1 or text in '\r\n"':
        raise UsageError(f"{value!r} is no delimiter", "write one character in quotes, such as ';', or tab")
    return text


def _quote(value: Json) -> str | None:
    if value in ("", "none", None):
        return None
    if not isinstance(value, str) or len(value) != 1 or value in "\r\n":
        raise UsageError(f"{value!r} is no quote", "write one character, or none")
    return value


def _encoding(value: Json) -> str | None:
    if value is None or str(value).lower() in ("utf-8", "utf8"):
        return None
    try:
        "a".encode(str(value))
        return codecs.lookup(str(value)).name
    except LookupError:
        raise UsageError(f"there is no encoding '{value}'", "write utf-8, cp1252, latin-1 or utf-16") from None


def _header(value: Json) -> bool | tuple[str, ...]:
    if value is True or value is False:
        return value or ()
    if isinstance(value, list) and value and all(isinstance(name, str) and name for name in value):
        if len(set(value)) == len(value):
            return tuple(value)
        raise UsageError("`header` names a column twice", "give each a name of its own")
    raise UsageError(f"{value!r} is no header", "write true, false, or a list of names")
