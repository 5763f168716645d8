"""csv: rows of text below a header, read and written one at a time."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from etl.connectors.files_options import FileOptions
from etl.connectors.files_text import Row, binary, broken, reading
from etl.http.decoding import encode
from etl.keys import key_text
from etl.model import Json

if TYPE_CHECKING:
    from _csv import Reader

LONGEST = 16 * 1024 * 1024
csv.field_size_limit(LONGEST)  # of the whole process: 131 072 characters, the usual, is less than some notes have


class Csv:
    """Values are text; an empty cell is an empty text. Nothing is trimmed and nothing guessed."""

    texts = True

    def __init__(self, options: FileOptions) -> None:
        self.options = options

    def rows(self, path: Path) -> Iterator[Row]:
        """Every row as a record. Raises ConnectionFailed with file and line."""
        with reading(path, self.options.encoding) as file:
            yield from self._records(path, self._lines(file))

    def columns(self, path: Path) -> list[str]:
        """The names of the columns; none for an empty file."""
        with reading(path, self.options.encoding) as file:
            _, first = next(self._numbered(path, self._lines(file)), (1, []))
            return self._names(path, first)

    def write(self, file: TextIO, columns: Sequence[str], rows: Iterable[Row], newline: str) -> None:
        """The header, unless the file has none, and the rows with these columns."""
        wanted = self._quoted()
        if self.options.header is True:
            file.write(self._line(columns, wanted) + newline)
        for row in rows:
            file.write(self._line([cell(row.record.get(name)) for name in columns], wanted) + newline)

    # --- reading -------------------------------------------------------------------------------------

    def _lines(self, file: TextIO) -> Reader:
        sign, quote = self.options.delimiter, self.options.quote
        if quote is None:
            return csv.reader(file, delimiter=sign, quoting=csv.QUOTE_NONE, strict=True)
        return csv.reader(file, delimiter=sign, quotechar=quote, strict=True)

    def _records(self, path: Path, lines: Reader) -> Iterator[Row]:
        names: list[str] | None = None
        for line, values in self._numbered(path, lines):
            if names is None:
                names = self._names(path, values)
                if self.options.header is True:
                    continue
            yield self._record(path, line, names, values)

    def _numbered(self, path: Path, lines: Reader) -> Iterator[tuple[int, list[str]]]:
        """Rows with the lines on which they begin; empty lines are none."""
        line = 1
        try:
            for values in lines:
                if values:
                    yield line, values
                line = lines.line_num + 1
        except csv.Error as error:
            hint = "is a quote opened and never closed, or is it another `quote` or `delimiter`?"
            raise broken(path, line, f"the row that begins here is no csv: {error}", hint) from None

    def _record(self, path: Path, line: int, names: list[str], values: list[str]) -> Row:
        if len(values) == len(names):
            return Row(line, dict(zip(names, values, strict=True)))
        many = "1 value" if len(values) == 1 else f"{len(values)} values"
        message = f"this row has {many} where the file has {len(names)} columns"
        if len(values) < len(names):
            raise broken(path, line, f"{message}: it has none for {', '.join(map(repr, names[len(values) :][:3]))}")
        what = f"{values[len(names)][:40]!r} stands in no column"
        raise broken(path, line, f"{message}: {what}", "quote a value that holds the delimiter")

    def _names(self, path: Path, first: list[str]) -> list[str]:
        if self.options.header is not True:
            return list(self.options.header or ()) or [f"c{number}" for number in range(1, len(first) + 1)]
        for index, name in enumerate(first):
            if "\0" in name:
                raise binary(path)
            if not name:
                hint = "give it one, or name them all: `params: {header: [a, b, …]}` where there is no header line"
                raise broken(path, 1, f"column {index + 1} has no name", hint)
            if name in first[:index]:
                raise broken(path, 1, f"two columns are called '{name}'", "give each a name of its own")
        if len(first) == 1 and "delimiter" not in self.options.told:
            self._other_delimiter(path, first[0])
        return first

    def _other_delimiter(self, path: Path, name: str) -> None:
        for sign, spelled in ((";", '";"'), ("\t", "tab"), ("|", '"|"')):
            if sign in name:
                message = f"there is but one column, '{name[:60]}'"
                raise broken(path, 1, message, f"is it `params: {{delimiter: {spelled}}}`?")

    # --- writing -------------------------------------------------------------------------------------

    def _quoted(self) -> re.Pattern[str]:
        return re.compile(f"[{re.escape(self.options.delimiter + (self.options.quote or ''))}\r\n]")

    def _line(self, cells: Sequence[str], quoted: re.Pattern[str]) -> str:
        if len(cells) == 1 and not cells[0]:
            return 2 * (self.options.quote or '"')  # an empty line would be no row
        return self.options.delimiter.join(self._spelled(each) if quoted.search(each) else each for each in cells)

    def _spelled(self, text: str) -> str:
        quote = self.options.quote or '"'
        return f"{quote}{text.replace(quote, quote + quote)}{quote}"


def cell(value: Json) -> str:
    """A value as text: null as nothing, true and false, numbers digit by digit, lists and objects as JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, list | dict):
        return encode(value).decode()
    if isinstance(value, Decimal) and value != value.to_integral_value():
        return format(value, "f").rstrip("0")
    return key_text(value) or ""
