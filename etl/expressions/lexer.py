"""jmespath's own lexer with three differences: true ends of tokens, exact numbers in literals, errors in words."""

from __future__ import annotations

import itertools
import json
import re
from decimal import Decimal
from typing import Any

from jmespath import lexer as jmespath_lexer
from jmespath.exceptions import LexerError

from etl.expressions.error import ExpressionError

Token = dict[str, Any]

_Original: Any = jmespath_lexer.Lexer

_ARITHMETIC = {"+": "add(a, b), or concat(a, b) for text", "-": "subtract(a, b)", "/": "divide(a, b)"}
_CURLY_QUOTES = "‘’“”´"
_FLOAT_DIGITS = 15


def tokens(text: str) -> list[Token]:
    """The tokens of an expression, the last of them `eof`. Raises ExpressionError."""
    try:
        found: list[Token] = list(_Lexer().tokenize(text))
    except LexerError as error:
        raise _in_words(text, error) from None
    except ValueError:  # int() refuses thousands of digits
        raise ExpressionError("a number here has too many digits", 0, len(text), "shorten it") from None
    for token, following in itertools.pairwise(found):
        # The lexer's own ends are lengths for some kinds of token. Only blanks stand between two tokens.
        token["end"] = token["start"] + len(text[token["start"] : following["start"]].rstrip(" \t\r\n"))
    return found


class _Lexer(_Original):  # type: ignore[misc]
    def _consume_literal(self) -> Token:
        start: int = self._position
        lexeme: str = self._consume_until("`").replace("\\`", "`")
        return {"type": "literal", "value": _literal(lexeme, start), "start": start, "end": start}


def _literal(lexeme: str, start: int) -> Any:
    try:
        return json.loads(lexeme, parse_float=_number, parse_constant=_refuse)
    except ValueError:
        pass
    try:
        # What is no JSON is text: JMESPath's older spelling of strings, still in its compliance cases.
        return json.loads(f'"{lexeme.lstrip()}"')
    except ValueError:
        message = f"`{lexeme}` is neither JSON nor a plain word"
        raise ExpressionError(message, start, len(lexeme) + 2, "write text as 'text'") from None


def _number(text: str) -> float | Decimal:
    """A float where it spells the same number, else the exact decimal."""
    digits = sum(character.isdigit() for character in text.lower().partition("e")[0].lstrip("-0."))
    return float(text) if digits <= _FLOAT_DIGITS else Decimal(text)


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _in_words(text: str, error: LexerError) -> ExpressionError:
    start = error.lexer_position
    rest = text[start:]
    if error.message.startswith("Unclosed"):
        return ExpressionError(f"this {rest[:1]} is never closed", start, 1, f"add the closing {rest[:1]}")
    if rest.startswith('"'):
        return ExpressionError(
            f"the quoted name is not valid JSON: {error.message}",
            start,
            len(error.lexer_value),
            "write \\\\ for a backslash in it; text stands in single quotes",
        )
    if rest[:1].isalpha():
        return _other_letters(text, start)
    return ExpressionError(f"'{rest[:1]}' has no meaning here", start, 1, _hint(rest))


def _other_letters(text: str, start: int) -> ExpressionError:
    """A field such as Företag: YAML takes quotes around a whole text away, so that two kinds are needed."""
    begin = start - len(re.search(r"\w*\Z", text[:start]).group())  # type: ignore[union-attr]
    word = re.match(r"\w+", text[begin:]).group()  # type: ignore[union-attr]
    message = f"a name with other letters than a-z stands between double quotes: {word}"
    right = f'{text[:begin]}"{word}"{text[begin + len(word) :]}'.replace("'", "''")
    return ExpressionError(message, begin, len(word), f"write '{right}'")


def _hint(rest: str) -> str:
    if rest.startswith("${var:"):
        return f"write var('{rest[6:].partition('}')[0]}')"
    path = re.match(r"\$\.?([A-Za-z_][\w.]*)", rest)
    if path is not None:
        return f"a path starts with its first field: write {path[1]}"
    if rest.startswith("$"):
        return "`${…}` stands only in etl.yaml and in params; here write var('name')"
    if rest.startswith("="):
        return "write '==' to compare"
    if rest.startswith("??"):
        return "for the first that is not null write coalesce(a, b), or a || b"
    if rest.startswith("?."):
        return "write '.': a path through null is null"
    if rest.startswith("?"):
        return "for 'if … then … else' write condition && value || other"
    if rest[:1] in _CURLY_QUOTES:
        return "write a straight quote: '"
    if rest[:1] in _ARITHMETIC:
        return f"JMESPath has no arithmetic signs: write {_ARITHMETIC[rest[:1]]}"
    return "remove it, or put the text that it belongs to between single quotes"
