"""Calls of functions: whether their arguments fit, and what they give. `checks` has looked at names and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from etl.expressions.arguments import Argument, check_argument, exchanged
from etl.expressions.checks import turned_round
from etl.expressions.findings import Findings, Node, Surroundings
from etl.expressions.functions import FUNCTIONS, Function
from etl.expressions.results import RESULTS
from etl.expressions.suggest import listed, nearest
from etl.expressions.types import ANY, Type, documented, is_any, items_of, kinds, literal, words
from etl.model import Json

Visit = Callable[[Node, Type], Type]


ANY_VAR = "*"
"""Among the vars that an expression names: it computes the name, so that any may be meant."""


class Calls:
    """The calls of one expression. `lookups` and `vars`: the tables and variables that it names."""

    def __init__(self, findings: Findings, around: Surroundings, visit: Visit, visit_items: Visit) -> None:
        self.findings = findings
        self.around = around
        self.visit = visit
        self.visit_items = visit_items
        self.lookups: set[str] = set()
        self.vars: set[str] = set()

    def call(self, node: Node, value: Type) -> Type:
        """The type of a call, after noting what is wrong with it."""
        function = FUNCTIONS.get(node["value"])
        if function is None or not _takes(function, len(node["children"])):
            for child in node["children"]:
                self.visit(_unmarked(child), ANY if child["type"] == "expref" else value)
            self._named(node)
            return ANY
        if turned_round(function, node["children"]):
            return ANY
        types = self._arguments(node, function, value)
        passed = [(function.parameter(index), given) for index, given in enumerate(types)]
        nulls = any(given.nullable and not (each.nullable or "expref" in each.kinds) for each, given in passed)
        spared = nulls and not function.standard
        if exchanged(self.findings, node, function, types, spared=spared):
            return ANY
        for index, (child, given) in enumerate(zip(node["children"], types, strict=True)):
            check_argument(self.findings, Argument(node, function, function.parameter(index), child, given, spared))
        return self._result(node, function, types, spared)

    def _arguments(self, node: Node, function: Function, value: Type) -> list[Type]:
        """The types of the arguments; an `&expression` is typed on the items of the list beside it."""
        children = list(enumerate(node["children"]))
        inner = {index for index, _ in children if "expref" in function.parameter(index).kinds}
        types = {index: self.visit(_unmarked(child), value) for index, child in children if index not in inner}
        lists = [items_of(given) for given in types.values() if given.options and kinds(given) & {"array", "any"}]
        item = lists[0].called("an item") if lists else ANY
        types |= {index: self.visit_items(_unmarked(child), item) for index, child in children if index in inner}
        return [types[index] for index, _ in children]

    def _named(self, node: Node) -> None:
        """The lookup or var of a call that is wrong otherwise is used all the same."""
        names = {"lookup": self.lookups, "var": self.vars}.get(node["value"], set())
        names |= {child["value"] for child in node["children"][:1] if child["type"] == "literal"}

    # --- what it gives

    def _result(self, node: Node, function: Function, types: list[Type], spared: bool) -> Type:
        if function.name == "lookup":
            return self._lookup(node, types)
        if function.name == "var":
            return self._var(node)
        special = RESULTS.get(function.name)
        result = special(types) if special is not None else documented_result(function)
        return Type(result.options, result.nullable or spared, inner=result.inner)

    def _lookup(self, node: Node, types: list[Type]) -> Type:
        name, key = node["children"][0], node["children"][1]
        tables = self.around.tables
        if name["type"] != "literal" or not isinstance(name["value"], str):
            self.lookups |= set(tables or ())
            return ANY
        self.lookups.add(name["value"])
        if tables is not None and name["value"] not in tables:
            self._undeclared(name, "lookup", tables, "under `lookups`")
            return ANY
        self._lookup_key(key, types[1])
        row = documented(tables[name["value"]]) if tables is not None else ANY
        label = f"a row of lookup '{name['value']}'"
        return Type(row.options, row.nullable or types[1].nullable, name=label)

    def _lookup_key(self, argument: Node, given: Type) -> None:
        if is_any(given) or not given.options or kinds(given) - {"array", "object"}:
            return
        text = self.findings.excerpt(argument)
        known = given.options[0].properties or {}
        hint = f"take one of its fields, such as {text}.id" if "id" in known else "take one of its fields"
        message = f"a lookup's key is a single value, and '{text}' is {words(given)}"
        self.findings.at(argument, "lookup-by", message, hint, "warning")

    def _var(self, node: Node) -> Type:
        (name,) = node["children"]
        known = self.around.vars
        if name["type"] != "literal" or not isinstance(name["value"], str):
            self.vars.add(ANY_VAR)
            return ANY
        self.vars.add(name["value"])
        if known is None:
            return ANY
        if name["value"] not in known:
            self._undeclared(name, "var", known, "under `vars` in etl.yaml")
            return ANY
        return _of_type(known[name["value"]])

    def _undeclared(self, node: Node, what: str, known: Mapping[str, object], where: str) -> None:
        name = node["value"]
        meant = nearest(name, known)
        declared = f"; declared are {listed(known)}" if known else ""
        hint = f"did you mean '{meant}'?" if meant else f"declare it {where}{declared}"
        self.findings.at(node, f"unknown-{what}", f"no {what} is called '{name}'", hint)


def documented_result(function: Function) -> Type:
    """What a function gives by its signature alone."""
    return Type((function.returns,), nullable=function.returns.nullable)


def _of_type(value: Json) -> Type:
    """A var's type: its value may be another in the next environment, so only the type is certain."""
    known = literal(value)
    if not known.options or known.options[0].type in ("object", "array"):
        return known if known.options else ANY
    return Type(tuple(type(option)(option.type) for option in known.options))


def _takes(function: Function, count: int) -> bool:
    return function.least <= count and (function.most is None or count <= function.most)


def _unmarked(node: Node) -> Node:
    """The expression behind an `&`."""
    inner: Node = node["children"][0] if node["type"] == "expref" else node
    return inner
