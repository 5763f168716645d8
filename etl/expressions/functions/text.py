"""Text functions, after JMESPath Community (JEP 14) where it has them."""

from __future__ import annotations

import unicodedata

from etl.expressions.fail import fail, plain
from etl.expressions.functions import patterns
from etl.expressions.functions.signature import NUMBER, STRING, TEXTUAL, Family, Parameter, array_of
from etl.expressions.whole import whole
from etl.model import Json

FAMILY = Family("text")

_TEXT = Parameter("s", STRING)
_COUNT = Parameter("count", NUMBER, optional=True)
_WIDEST = 100_000
"""A slip such as pad_left(s, id) must not fill the memory."""


@FAMILY.function(_TEXT, returns="string", example="lower('BJÖRK')", result="björk")
def lower(text: str) -> str:
    """The text in small letters."""
    return text.lower()


@FAMILY.function(_TEXT, returns="string", example="upper('björk')", result="BJÖRK")
def upper(text: str) -> str:
    """The text in capital letters."""
    return text.upper()


@FAMILY.function(
    _TEXT, Parameter("chars", STRING, optional=True), returns="string", example="trim('  Villa ')", result="Villa"
)
def trim(text: str, characters: str = "") -> str:
    """The text without blanks, or without the given characters, at both ends."""
    return text.strip(characters or None)


@FAMILY.function(
    _TEXT,
    Parameter("sep", STRING),
    _COUNT,
    returns=array_of("string"),
    example="split('a;b;c', ';')",
    result=["a", "b", "c"],
)
def split(text: str, separator: str, count: float | None = None) -> list[str]:
    """The parts between separators, split at most `count` times; an empty separator gives the characters."""
    times = _times(count, "split")
    if separator:
        return text.split(separator, times)
    if times < 0 or times >= len(text):
        return list(text)
    return [*text[:times], text[times:]]


@FAMILY.function(
    _TEXT,
    Parameter("old", STRING),
    Parameter("new", STRING),
    _COUNT,
    returns="string",
    example="replace('1 250', ' ', '')",
    result="1250",
)
def replace(text: str, old: str, new: str, count: float | None = None) -> str:
    """The text with `old` replaced by `new`, at most `count` times; an empty `old` replaces nothing."""
    return text.replace(old, new, _times(count, "replace")) if old else text


def _times(count: float | None, name: str) -> int:
    if count is None:
        return -1
    times = whole(count, f"the count of {name}()")
    return times if times >= 0 else fail(f"the count of {name}() is negative: {times}")


_WIDTH = Parameter("width", NUMBER)
_PAD = Parameter("pad", STRING, optional=True)


@FAMILY.function(_TEXT, _WIDTH, _PAD, returns="string", example="pad_left('42', `5`, '0')", result="00042")
def pad_left(text: str, width: float, pad: str = " ") -> str:
    """The text filled up on the left to a width, with blanks or the given character."""
    return text.rjust(_width(width), _pad(pad))


@FAMILY.function(_TEXT, _WIDTH, _PAD, returns="string", example="pad_right('42', `5`, '.')", result="42...")
def pad_right(text: str, width: float, pad: str = " ") -> str:
    """The text filled up on the right to a width, with blanks or the given character."""
    return text.ljust(_width(width), _pad(pad))


def _width(width: float) -> int:
    characters = whole(width, "the width")
    return characters if characters <= _WIDEST else fail(f"the width is more than {_WIDEST}: {characters}")


def _pad(pad: str) -> str:
    return pad if len(pad) == 1 else fail(f"the text to pad with has to be one character, not '{pad}'")


@FAMILY.function(
    _TEXT,
    Parameter("sub", STRING),
    Parameter("start", NUMBER, optional=True),
    Parameter("end", NUMBER, optional=True),
    returns="integer",
    nullable=True,
    example="find_first('order 4711', '4')",
    result=6,
)
def find_first(text: str, part: str, start: float = 0, end: float | None = None) -> int | None:
    """The place of the first `sub`, from 0; null if there is none, or if it is empty."""
    if not text or not part:
        return None
    last = len(text) if end is None else whole(end, "the end")
    place = text.find(part, max(whole(start, "the start"), 0), max(last, 0))
    return None if place < 0 else place


_REGEX = Parameter(
    "regex",
    STRING,
    check=patterns.compiled,
    remedy="a sign that stands for itself takes a backslash: '\\(', '\\.'",
)


@FAMILY.function(_TEXT, _REGEX, returns="boolean", example="matches('SE-556677', '^SE-[0-9]+$')", result=True)
def matches(text: str, regex: str) -> bool:
    """Whether the regular expression (RE2) is found anywhere in the text; ^ and $ tie it to the ends."""
    return patterns.search(text, regex)


@FAMILY.function(
    _TEXT,
    _REGEX,
    Parameter("with", STRING),
    returns="string",
    example=r"regex_replace('070-123 45 67', '[^0-9]+', '')",
    result="0701234567",
)
def regex_replace(text: str, regex: str, replacement: str) -> str:
    r"""The text with every match replaced; `\1` in the replacement is the first group, `\0` the whole match."""
    return patterns.replace(text, regex, replacement)


_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "œ": "oe", "ı": "i"})


@FAMILY.function(_TEXT, returns="string", example="slug('Björk & Åkesson AB')", result="bjork-akesson-ab")
def slug(text: str) -> str:
    """Small letters and digits with `-` between the words: å and ä become a, ö becomes o."""
    folded = unicodedata.normalize("NFKD", text.lower()).lower().translate(_LETTERS)
    letters = (each if each.isalnum() else "" if unicodedata.combining(each) else " " for each in folded)
    return "-".join("".join(letters).split())


@FAMILY.function(
    Parameter("a", TEXTUAL, variadic=True, nullable=True),
    returns="string",
    example="concat('P', `7`, `null`, '-', 'b')",
    result="P7-b",
)
def concat(*values: Json) -> str:
    """The values one after the other; null is skipped, numbers are written as text."""
    return "".join(value if type(value) is str else plain(value) for value in values if value is not None)
