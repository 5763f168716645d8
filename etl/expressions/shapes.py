"""Taking apart what has no parts: an index on an object, `.*` on a list, and the `!` that binds too tightly."""

from __future__ import annotations

from dataclasses import dataclass

from etl.expressions.findings import Findings, Node
from etl.expressions.types import Type, kinds, words


@dataclass(frozen=True, slots=True)
class Shapes:
    """Notes where a list or an object is needed and something else stands."""

    findings: Findings

    def is_list(self, node: Node, base: Node, value: Type) -> bool:
        """Whether a list is possible; if not, that is noted."""
        if not value.options or kinds(value) & {"array", "any"}:
            return bool(value.options)
        if not self.negated(node, base):
            self._no_list(node, base, value)
        return False

    def _no_list(self, node: Node, base: Node, value: Type) -> None:
        text = self.findings.excerpt(base)
        named = f"'{text}'" if text else value.name or "this"
        hint = "take a field of it with `.`" if kinds(value) == {"object"} else "leave the brackets out"
        if kinds(value) == {"object"} and node["type"] == "flatten":
            hint = "leave the `[]` out"
        elif value.name.startswith("an item") and (base is node or base["type"] == "identity"):
            before = self.findings.text[: node["start"]].rstrip()
            hint = f"to take one item of the list that stands before it write {before} | {self.findings.excerpt(node)}"
        elif kinds(value) == {"string"} and any(child["type"] == "slice" for child in node["children"]):
            hint = "leave the brackets out; to cut a text give its field `truncate`"
        self.findings.at(node, "not-a-list", f"`[…]` needs a list, and {named} is {words(value)}", hint)

    def negated(self, node: Node, base: Node) -> bool:
        """`!a.b` is read as `(!a).b`; noted, since that is always null."""
        in_parentheses = self.findings.text[base["end"] :].lstrip().startswith(")")
        if base["type"] != "not_expression" or in_parentheses:
            return False
        whole, inner = self.findings.text[base["start"] : node["end"]].strip(), self.findings.excerpt(base)
        message = f"`{whole}` is read as `({inner}){whole[len(inner) :]}`, which is always null"
        self.findings.at(node, "negation", message, f"write !({whole.removeprefix('!').strip()})")
        return True

    def is_object(self, node: Node, base: Node, value: Type) -> bool:
        """Whether an object is possible; if not, that is noted."""
        if not value.options or kinds(value) & {"object", "any"}:
            return True
        if not self.negated(node, base):
            text = self.findings.excerpt(base) or "this"
            hint = f"write {text}[]" if kinds(value) == {"array"} else "leave the `.*` out"
            message = f"`.*` takes an object apart, and '{text}' is {words(value)}"
            self.findings.at(node, "not-an-object", message, hint)
        return False
