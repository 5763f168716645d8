"""An expression as a tree that knows its places, and what the tree says of what is looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from etl.expressions.error import ExpressionError
from etl.expressions.parser import Node, Parser, children, too_deep

__all__ = ["Expression", "ExpressionError", "Node", "children", "names_used", "parse", "walk"]

LONGEST = 100_000


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that is valid JMESPath."""

    text: str
    ast: Node


def parse(text: str) -> Expression:
    """The expression's tree. Raises ExpressionError."""
    if not text.strip():
        raise ExpressionError("the expression is empty", 0, 1, "write a path such as customer.name")
    if len(text) > LONGEST:
        message = f"the expression is too long: {len(text)} characters, at most {LONGEST}"
        raise ExpressionError(message, 0, 1, "split it into several fields, or use a lookup table")
    try:
        tree = Parser(text).tree()
    except RecursionError:
        raise too_deep() from None
    return Expression(text, tree)


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it, in the order of the text."""
    yield node
    for child in children(node):
        yield from walk(child)


# --- what an expression looks at -----------------------------------------------------------------


def names_used(expression: Expression) -> frozenset[str] | None:
    """The record's own fields that the expression looks at; None where it looks at the record as a whole."""
    looked_at = _LookedAt()
    if looked_at.visit(expression.ast, True):
        looked_at.whole = True
    return None if looked_at.whole else frozenset(looked_at.names)


class _LookedAt:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.whole = False

    def visit(self, node: Node, record: bool) -> bool:
        """Whether the node's value is the record itself; `record`: whether the current value is."""
        kind = node["type"]
        if kind in ("current", "identity"):
            return record
        if kind == "field":
            if record:
                self.names.add(node["value"])
            return False
        if kind in ("subexpression", "pipe", "index_expression"):
            for child in children(node):
                record = self.visit(child, record)
            return record
        if kind in ("projection", "value_projection", "filter_projection"):
            base, *inner = children(node)
            self._takes_whole(self.visit(base, record))
            for child in inner:
                self.visit(child, False)
            return False
        inside = record and kind != "expref"
        for child in children(node):
            self._takes_whole(self.visit(child, inside))
        return False

    def _takes_whole(self, record: bool) -> None:
        self.whole = self.whole or record
