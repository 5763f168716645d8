"""jmespath's own parser, made to say where each node stands and, in words, what is wrong.

The tree is jmespath's (`type`, `value`, `children`), each node with `start` and `end` offsets in the text.
Two liberties of that parser are not taken over: JMESPath's grammar wants the commas between arguments and
between the pairs of `{a: b}`.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from jmespath import ast as jmespath_ast
from jmespath import parser as jmespath_parser

from etl.expressions.error import ExpressionError
from etl.expressions.lexer import Token, tokens

Node = dict[str, Any]

# Typed as what they are to us: the published stubs leave out everything that a subclass needs.
_Original: Any = jmespath_parser.Parser
ast: Any = jmespath_ast

DEEPEST = 120
"""Of the tree. The parser, the type checker and the code generator all walk it by recursion."""


def children(node: Node) -> list[Node]:
    """The nodes right below; a slice has numbers there, which are none."""
    return [] if node["type"] == "slice" else node["children"]


def too_deep() -> ExpressionError:
    """The error of a tree that recursion could not walk."""
    return ExpressionError("the expression is nested too deeply", 0, 1, f"keep it below {DEEPEST} levels")


_WORDS = {
    "rbracket": "']'",
    "rparen": "')'",
    "rbrace": "'}'",
    "colon": "':'",
    "comma": "',' or ']'",
    "star": "an index, '*' or ':' after '['",
    "unquoted_identifier": "a name",
    "quoted_identifier": "a name",
    "eof": "the end",
}
_CLOSES = {"rbracket": "index", "rparen": "bracket", "rbrace": "object"}
_KEYWORDS = {
    "and": "'&&' for 'and'",
    "or": "'||' for 'or'",
    "not": "!(…) for 'not'",
    "is": "'==' for 'is', and null, true and false in backticks: == `null`",
    "like": "contains(text, 'part'), starts_with(text, 'part') or matches(text, 'regex')",
    "between": "a >= `1` && a <= `9`",
    "in": "contains(list, value)",
}
_NOTHING_OPEN = "nothing is open that it could close"
_MISSING = "an operator or ',' is missing before it, or text needs quotes: 'text'"
_MISPLACED = {
    "expref": "for 'and' write &&",
    "star": "to multiply write multiply(a, b)",
    "rparen": _NOTHING_OPEN,
    "rbracket": _NOTHING_OPEN,
    "rbrace": _NOTHING_OPEN,
    "colon": "a slice is written [start:end:step], an object {name: expression}",
    "comma": "a list is written [a, b]",
    "current": "write @ once, with '.' or an operator before what follows",
    "number": "an operator or ',' is missing before it, or backticks around it",
    "unquoted_identifier": _MISSING,
    "quoted_identifier": _MISSING,
    "literal": _MISSING,
}
_DATE = re.compile(r"\d{4}-\d\d-\d\d[\w:.+-]*")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_COMPARATORS = ("eq", "ne", "lt", "lte", "gt", "gte")


class Parser(_Original):  # type: ignore[misc]
    """One use each: `Parser(text).tree()`."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text
        self._tokens: list[Token] = tokens(text)
        self._index = 0

    def tree(self) -> Node:
        """The located tree of the whole text."""
        node: Node = self._expression()
        if self._current_token() != "eof":
            self._unexpected(self._lookahead_token(0))
        _check_depth(node)
        _locate(node, node["start"])
        return node

    # --- places

    def _done(self, node: Node, start: int) -> Node:
        """Notes where a node that has just been read stands."""
        node.setdefault("start", start)
        node["start"] = min(node["start"], start)
        node["end"] = self._tokens[self._index - 1]["end"]
        return node

    def _expression(self, binding_power: int = 0) -> Node:
        first = self._lookahead_token(0)
        self._advance()
        left: Node = getattr(self, f"_token_nud_{first['type']}", self._error_nud_token)(first)
        if first["type"] != "lparen":
            self._done(left, first["start"])
        while binding_power < self.BINDING_POWER[self._current_token()]:
            led = getattr(self, f"_token_led_{self._current_token()}", None)
            if led is None:
                self._error_led_token(self._lookahead_token(0))
            self._advance()
            left = self._done(led(left), first["start"])
        return left

    def _opened(self) -> int:
        return int(self._tokens[self._index - 1]["start"])

    def _parse_index_expression(self) -> Node:
        start = self._opened()
        return self._done(super()._parse_index_expression(), start)

    def _parse_multi_select_list(self) -> Node:
        start = self._opened()
        return self._done(super()._parse_multi_select_list(), start)

    def _token_nud_flatten(self, token: Token) -> Node:
        return self._flattened(ast.identity())

    def _token_led_flatten(self, left: Node) -> Node:
        return self._flattened(left)

    def _flattened(self, left: Node) -> Node:
        flat = self._done(ast.flatten(left), left.get("start", self._opened()))
        projection: Node = ast.projection(flat, self._parse_projection_rhs(self.BINDING_POWER["flatten"]))
        return projection

    # --- stricter than the original

    def _token_led_lparen(self, left: Node) -> Node:
        if left["type"] != "field":
            place = self._tokens[self._index - 1]
            self._fail("a function's name has to stand before '('", place, "write name(…), or an operator before '('")
        arguments: list[Node] = []
        while self._current_token() != "rparen":
            arguments.append(self._expression())
            if self._current_token() == "comma":
                self._advance()
                if self._current_token() == "rparen":
                    self._fail("expected an argument after ','", self._lookahead_token(0), "remove the ','")
            elif self._current_token() != "rparen":
                self._expected("',' or ')'", self._lookahead_token(0), hint=self._open_call(left))
        self._advance()
        call: Node = ast.function_expression(left["value"], arguments)
        return call

    def _parse_multi_select_hash(self) -> Node:
        start = self._opened()
        pairs = [self._pair()]
        while self._current_token() == "comma":
            self._advance()
            pairs.append(self._pair())
        self._match("rbrace")
        return self._done(ast.multi_select_dict(nodes=pairs), start)

    def _pair(self) -> Node:
        key = self._lookahead_token(0)
        self._match_multiple_tokens(["quoted_identifier", "unquoted_identifier"])
        self._match("colon")
        value = self._expression()
        return self._done(ast.key_val_pair(key_name=key["value"], node=value), key["start"])

    def _token_nud_quoted_identifier(self, token: Token) -> Node:
        if self._current_token() == "lparen":
            self._fail("a function's name is written without quotes", token, f"write {token['value']}(…)")
        field: Node = ast.field(token["value"])
        return field

    # --- errors

    def _match(self, token_type: str | None = None) -> None:
        if self._current_token() != token_type:
            self._expected(_WORDS.get(str(token_type), str(token_type)), self._lookahead_token(0), token_type)
        self._advance()

    def _match_multiple_tokens(self, token_types: list[str]) -> None:
        if self._current_token() not in token_types:
            self._expected("a name", self._lookahead_token(0))
        self._advance()

    def _parse_dot_rhs(self, binding_power: int) -> Node:
        token = self._lookahead_token(0)
        if token["type"] == "number":
            self._expected("a name after '.'", token, hint=f"write [{token['value']}] for an item of a list")
        if token["type"] == "lbracket" and self._lookahead(1) == "number":
            self._expected("a name after '.'", token, hint="write the index without the '.' before it")
        if token["type"] not in ("quoted_identifier", "unquoted_identifier", "star", "lbracket", "lbrace"):
            self._expected("a name after '.'", token, hint=self._no_name(token))
        node: Node = super()._parse_dot_rhs(binding_power)
        return node

    def _no_name(self, token: Token) -> str:
        if token["type"] == "literal":
            name = token["value"]
            return f'write .{name} without quotes, or ."{name}" where it holds other signs than letters'
        return "remove the '.'" if token["type"] in ("eof", "dot") else "name a field there, or remove the '.'"

    def _error_nud_token(self, token: Token) -> NoReturn:
        previous = self._tokens[self._index - 2] if self._index > 1 else None
        if token["type"] == "number":
            self._bare_number(token)
        if token["type"] == "eof":
            self._fail("the expression ends too early", token, _unfinished(previous))
        together = f"{previous['value'] if previous else ''}{token['value']}"
        hint = "write != for 'is not'" if together == "<>" else f"a value is missing before '{token['value']}'"
        self._fail(f"expected a value, found {self._shown(token)}", token, hint)

    def _error_led_token(self, token: Token) -> NoReturn:
        self._unexpected(token)

    def _raise_parse_error_for_token(self, token: Token, reason: str) -> NoReturn:
        self._unexpected(token)

    def _raise_parse_error_maybe_eof(self, expected_type: Any, token: Token) -> NoReturn:
        self._unexpected(token)

    def _bare_number(self, token: Token) -> NoReturn:
        date = _DATE.match(self._text, token["start"])
        if date is not None:
            token = {**token, "end": date.end()}
            self._fail(f"a date is a text: {date.group()}", token, f"write '{date.group()}' in single quotes")
        found = _NUMBER.match(self._text, token["start"])
        written = found.group() if found else str(token["value"])
        after = self._text[token["start"] + len(written) :]
        whole = f"{self._text[: token['start']]}`{written}`{after}".strip()
        right = whole if len(whole) <= 60 else f"`{written}`"
        self._fail(f"a number has to stand between backticks: {written}", token, f"write {right}")

    def _open_call(self, function: Node) -> str:
        """What is missing where a call neither goes on nor ends."""
        token = self._lookahead_token(0)
        if token["type"] in ("eof", "rbracket", "rbrace"):
            return f"close {function['value']}( with ')'"
        return self._keyword(token) or "an operator or ',' is missing before it"

    def _keyword(self, token: Token) -> str | None:
        """For a word of other languages: how JMESPath says it."""
        before = self._tokens[self._index - 1] if self._index else token
        words = [str(each["value"]).lower() for each in (before, token) if each["type"] == "unquoted_identifier"]
        return next((f"write {_KEYWORDS[word]}" for word in words if word in _KEYWORDS), None)

    def _unexpected(self, token: Token) -> NoReturn:
        hint = self._keyword(token) or _MISPLACED.get(token["type"])
        if token["type"] == "number" and str(token["value"]).startswith("-"):
            hint = "to subtract write subtract(a, b)"
        elif self._text[: token["start"]].endswith("''"):
            hint = f"one quote at each end of a text is enough: '{token['value']}'"
        elif self._text[token["start"] - 1 : token["start"] + 1] == "''":
            hint = "a quote inside a text is written \\'"
        self._fail(f"{self._shown(token)} can't stand here", token, hint)

    def _expected(self, what: str, token: Token, wanted: str | None = None, hint: str | None = None) -> NoReturn:
        self._fail(f"expected {what}, found {self._shown(token)}", token, hint or self._to_go_on(token, wanted))

    def _to_go_on(self, token: Token, wanted: str | None) -> str | None:
        """How an expression goes on where a token of the type `wanted` (None: a name) has to stand."""
        kind = token["type"]
        if wanted == "rbracket" and kind == "comma" and self._tokens[self._index - 1]["type"] == "number":
            return "a list of numbers stands between backticks: `[1, 2]`"
        if wanted in _CLOSES:
            return f"close the {_CLOSES[wanted]}" + ("" if kind == "eof" else f" before {self._shown(token)}")
        if wanted == "colon":
            return "an object is written {name: expression}"
        if wanted == "star" and kind in ("unquoted_identifier", "literal"):
            return f"write .{token['value']} for a field, [?{token['value']}] to choose items"
        if kind == "eof":
            return "close the list with ']'" if wanted == "comma" else "close what is open"
        if kind == "lbrace":
            return "an object is written {name: expression}, and an expression without '{{ }}' around it"
        return None

    def _fail(self, message: str, token: Token, hint: str | None) -> NoReturn:
        raise ExpressionError(message, token["start"], token["end"] - token["start"], hint)

    def _shown(self, token: Token) -> str:
        if token["type"] == "eof":
            return "the end"
        written = self._text[token["start"] : token["end"]]
        written = written if len(written) <= 30 else f"{written[:29]}…"
        return f"the text {written}" if written[:1] in "'`" else f"'{written}'"


def _unfinished(previous: Token | None) -> str | None:
    if previous is None:
        return None
    if previous["type"] in _COMPARATORS:
        return f"'{previous['value']}' needs a value to compare with"
    return f"something has to follow '{previous['value']}'"


def _check_depth(node: Node) -> None:
    """Raises ExpressionError for a tree that recursion could not walk (chains of `||` are deep, too)."""
    level = [node]
    for _ in range(DEEPEST):
        level = [child for each in level for child in children(each)]
        if not level:
            return
    raise too_deep()


def _locate(node: Node, position: int) -> None:
    """Gives the nodes that stand for no token of their own a place: around their children, else at `position`."""
    inner = children(node)
    before = node.get("start", position)
    for child in inner:
        _locate(child, before)
        before = child["end"]
    if "start" not in node:
        spans = [child for child in inner if child["end"] > child["start"]]
        node["start"] = min((child["start"] for child in spans), default=position)
        node["end"] = max((child["end"] for child in spans), default=node["start"])
