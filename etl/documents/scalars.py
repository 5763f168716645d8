"""From a character of a scalar's text to the character of the file that spells it.

A message about column 12 of an expression has to point into the YAML file, where the expression may be quoted,
escaped, folded or spread over lines. Each style is spelled out here once more, as pairs of (text, offset), and
believed only if the pairs give exactly the text that the YAML parser read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

Spelled = list[tuple[str, int]]
"""Pieces of text with the offset of the source character that spells each."""

_ESCAPES = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r", "e": "\x1b",
    " ": " ", '"': '"', "/": "/", "\\": "\\", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip
_CODE_LENGTHS = {"x": 2, "u": 4, "U": 8}
_BREAKS = re.compile(r"[ \t]*(?:\r\n|\n|\r)(?:[ \t]*(?:\r\n|\n|\r))*[ \t]*")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|$)")


def offsets(raw: str, style: str, text: str) -> list[int] | None:
    """The offset in `raw` of each character of `text`; None where they can't be told."""
    for spelled in _spellings(raw, style):
        if "".join(piece for piece, _ in spelled) == text:
            return [offset for piece, offset in spelled for _ in piece]
    return None


def _spellings(raw: str, style: str) -> Iterator[Spelled]:
    if style == "'":
        yield _flow(raw, 1, len(raw) - 1, single=True)
    elif style == '"':
        yield _flow(raw, 1, len(raw) - 1, double=True)
    elif style in {"|", ">"}:
        yield from _blocks(raw, folded=style == ">")
    else:
        yield _flow(raw, 0, len(raw))


def _flow(raw: str, start: int, end: int, *, single: bool = False, double: bool = False) -> Spelled:
    """Plain and quoted scalars: a line break with the blanks around it is a space, each further one a newline."""
    spelled: Spelled = []
    index = start
    while index < end:
        breaks = _BREAKS.match(raw, index, end)
        if breaks:
            spelled.append((_folded(breaks.group()), index))
            index = breaks.end()
        elif double and raw[index] == "\\":
            piece, length = _escape(raw, index, end)
            spelled.append((piece, index))
            index += length
        else:
            spelled.append((raw[index], index))
            index += 2 if single and raw.startswith("''", index) else 1
    return spelled


def _folded(breaks: str) -> str:
    count = len(re.findall(r"\r\n|\n|\r", breaks))
    return " " if count == 1 else "\n" * (count - 1)


def _escape(raw: str, index: int, end: int) -> tuple[str, int]:
    letter = raw[index + 1]
    if letter in "\r\n":  # an escaped break joins the lines; blank lines after it stay newlines
        breaks = _BREAKS.match(raw, index + 1, end)
        assert breaks is not None  # noqa: S101 - the letter is a break
        count = len(re.findall(r"\r\n|\n|\r", breaks.group()))
        return "\n" * (count - 1), 1 + len(breaks.group())
    if letter in _CODE_LENGTHS:
        digits = _CODE_LENGTHS[letter]
        return chr(int(raw[index + 2 : index + 2 + digits], 16)), 2 + digits
    return _ESCAPES.get(letter, letter), 2


# --- block scalars -------------------------------------------------------------------------------


def _blocks(raw: str, *, folded: bool) -> Iterator[Spelled]:
    """The spellings of a block scalar, one for each indentation that it may have.

    The header may give the indentation relative to the parent, which is not known here; so every plausible one is
    tried, the likeliest (that of the first line with text) first.
    """
    header = _LINE.match(raw)
    assert header is not None  # noqa: S101 - the pattern matches anything
    lines = [match for match in _LINE.finditer(raw, header.end()) if match.group()]
    widths = [len(line[1]) - len(line[1].lstrip(" ")) for line in lines if line[1].strip(" ")]
    widest = max((len(line[1]) for line in lines), default=0)
    first = widths[0] if widths else widest
    for indent in dict.fromkeys([first, *range(min(widths, default=widest), -1, -1)]):
        yield _block(lines, indent, folded=folded, chomping=header.group(1)[1:])


def _block(lines: list[re.Match[str]], indent: int, *, folded: bool, chomping: str) -> Spelled:
    spelled: Spelled = []
    pending: Spelled = []  # the breaks since the last line with text
    blank_before = True
    for line in lines:
        content = line[1][indent:]
        if content:
            blank = content[0] in " \t"
            spelled += _joined(pending, folded=folded and bool(spelled) and not (blank or blank_before))
            spelled += [(character, line.start() + indent + at) for at, character in enumerate(content)]
            pending = []
            blank_before = blank
        if line[2]:
            pending.append(("\n", line.end(1)))
    return spelled + _chomped(pending, chomping.split("#")[0], empty=not spelled)


def _joined(breaks: Spelled, *, folded: bool) -> Spelled:
    if not folded or not breaks:
        return breaks
    return breaks[1:] if len(breaks) > 1 else [(" ", breaks[0][1])]


def _chomped(breaks: Spelled, chomping: str, *, empty: bool) -> Spelled:
    if "-" in chomping:
        return []
    if "+" in chomping:
        return breaks
    return [] if empty else breaks[:1]
