"""The static type of an expression over a documented record, and what is wrong with it.

Nothing that runs well on some record of the schema is called an error: where the documents say nothing, the
type is `json` and there is no complaint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from etl.expressions.calls import Calls
from etl.expressions.checks import check_calls
from etl.expressions.compare import comparison
from etl.expressions.fields import FieldAccess
from etl.expressions.findings import Finding, Findings, Node, Surroundings
from etl.expressions.narrowing import text_of, where_false, where_true
from etl.expressions.parse import Expression
from etl.expressions.shapes import Shapes
from etl.expressions.types import (
    ANY,
    BOOLEAN,
    NULL,
    Type,
    array_of,
    documented,
    falsy,
    is_any,
    items_of,
    kind,
    kinds,
    literal,
    to_schema,
    truthy,
    union,
)
from etl.model import Schema


@dataclass(frozen=True, slots=True)
class Inferred:
    """What an expression gives: its result's schema, its type in full, and what it uses."""

    schema: Schema
    type: Type
    findings: tuple[Finding, ...]
    lookups: frozenset[str]
    vars: frozenset[str]
    needs_detail: bool = False
    """It uses a field that only the detail has."""


def infer(expression: Expression, around: Surroundings) -> Inferred:
    """Types an expression over `around.record`."""
    findings = Findings(expression.text)
    for finding in check_calls(expression):
        findings.found[finding.code, finding.offset] = finding
    walk = _Walk(findings, around)
    result = walk.visit(expression.ast, Type((around.record,), name=around.noun))
    calls = walk.calls
    return Inferred(
        to_schema(result),
        result,
        walk.findings.ordered(),
        frozenset(calls.lookups),
        frozenset(calls.vars),
        walk.fields.used_detail,
    )


class _Walk:
    """One walk over the tree; every method gives the type of its node on a current value."""

    def __init__(self, findings: Findings, around: Surroundings) -> None:
        self.findings = findings
        self.shapes = Shapes(findings)
        self.fields = FieldAccess(findings, around)
        self.calls = Calls(findings, around, self.visit, self.visit_items)
        self.narrowed = around.holds
        """Texts of expressions that are known not to be null where the walk stands (`a` on the right of `a && …`)."""

    def visit(self, node: Node, value: Type) -> Type:
        """The type of a node that is evaluated whenever the one around it is."""
        method: Callable[[Node, Type], Type] = getattr(self, f"_{node['type']}")
        result = method(node, value)
        if self.narrowed and result.nullable and text_of(self.findings, node) in self.narrowed:
            return replace(result, nullable=False)
        return result

    def visit_items(self, node: Node, value: Type, holds: frozenset[str] = frozenset()) -> Type:
        """The type of a node on each item of a list, where `holds` is not null in the item."""
        with self._perhaps(holds, same_value=False):
            return self.visit(node, value)

    @contextmanager
    def _perhaps(self, holds: frozenset[str], *, same_value: bool) -> Iterator[None]:
        """For nodes that are evaluated for some records only, and what is known not to be null then."""
        before = self.findings.conditional, self.narrowed
        self.findings.conditional = True
        self.narrowed = self.narrowed | holds if same_value else holds
        try:
            yield
        finally:
            self.findings.conditional, self.narrowed = before

    # --- paths

    def _field(self, node: Node, value: Type) -> Type:
        return self.fields.get(node, value)

    def _subexpression(self, node: Node, value: Type) -> Type:
        first, *others = node["children"]
        value = self.visit(first, value)
        if self.shapes.negated(node, first):
            return NULL
        for child in others:
            with self._elsewhere():
                value = self.visit(child, value)
        return value

    @contextmanager
    def _elsewhere(self) -> Iterator[None]:
        """On another current value: what is known of the old one says nothing of it."""
        before, self.narrowed = self.narrowed, frozenset()
        try:
            yield
        finally:
            self.narrowed = before

    def _current(self, node: Node, value: Type) -> Type:
        return value

    _identity = _current

    def _index_expression(self, node: Node, value: Type) -> Type:
        base = node["children"][0]
        for child in node["children"]:
            value = self.visit(child, value) if child is base else self._indexed(node, base, child, value)
        return value

    def _indexed(self, node: Node, base: Node, child: Node, value: Type) -> Type:
        if not self.shapes.is_list(node, base, value):
            return ANY
        item = items_of(value)
        name = _item_name(value)
        if child["type"] == "slice":
            return array_of(item, nullable=_may_be_no_list(value)).called(value.name)
        return Type(item.options, nullable=True, name=name, inner=item.inner)

    def _index(self, node: Node, value: Type) -> Type:
        return self._indexed(node, node, node, value)

    _slice = _index

    # --- projections

    def _projection(self, node: Node, value: Type) -> Type:
        base, right = node["children"]
        found = self.visit(base, value)
        if not self.shapes.is_list(node, base, found):
            return ANY
        item = items_of(found).called(_item_name(found))
        return self._projected(self.visit_items(right, item), found)

    def _projected(self, result: Type, base: Type, present: tuple[Type, ...] = ()) -> Type:
        """A projection leaves out nulls, and gives null for what is no list."""
        inner = Type(result.options, nullable=False, inner=result.inner)
        return array_of(inner, nullable=_may_be_no_list(base), present=present).called(base.name)

    def _flatten(self, node: Node, value: Type) -> Type:
        (base,) = node["children"]
        found = self.visit(base, value)
        if not self.shapes.is_list(node, base, found):
            return ANY
        item = items_of(found)
        flat = _flattened(item)
        return array_of(flat, nullable=_may_be_no_list(found)).called(found.name)

    def _filter_projection(self, node: Node, value: Type) -> Type:
        base, right, condition = node["children"]
        found = self.visit(base, value)
        if not self.shapes.is_list(node, base, found):
            return ANY
        item = items_of(found).called(_item_name(found))
        self.visit_items(condition, item)
        if condition["type"] != "current":
            return self._projected(self.visit_items(right, item, where_true(self.findings, condition)), found)
        present = tuple(each for each in found.present if not _may_be_falsy(each))
        kept = present if right["type"] == "identity" else ()
        return self._projected(self.visit_items(right, truthy(item)), found, kept)

    def _value_projection(self, node: Node, value: Type) -> Type:
        base, right = node["children"]
        found = self.visit(base, value)
        if not self.shapes.is_object(node, base, found):
            return ANY
        values = [_property_values(option, f"a value of {found.name}") for option in found.options]
        item = union(values) if values else ANY
        return self._projected(self.visit_items(right, item), Type(found.options, nullable=True, name=found.name))

    # --- logic

    def _comparator(self, node: Node, value: Type) -> Type:
        left, right = (self.visit(child, value) for child in node["children"])
        return comparison(self.findings, node, left, right)

    def _or_expression(self, node: Node, value: Type) -> Type:
        first, second = node["children"]
        left = self.visit(first, value)
        with self._perhaps(where_false(self.findings, first), same_value=True):
            return union([truthy(left), self.visit(second, value)])

    def _and_expression(self, node: Node, value: Type) -> Type:
        first, second = node["children"]
        left = self.visit(first, value)
        with self._perhaps(where_true(self.findings, first), same_value=True):
            return union([falsy(left), self.visit(second, value)])

    def _not_expression(self, node: Node, value: Type) -> Type:
        self.visit(node["children"][0], value)
        return BOOLEAN

    def _pipe(self, node: Node, value: Type) -> Type:
        first, *others = node["children"]
        value = self.visit(first, value)
        for child in others:
            with self._elsewhere():
                value = self.visit(child, value)
        return value

    # --- what the expression makes itself

    def _literal(self, node: Node, value: Type) -> Type:
        return literal(node["value"])

    def _multi_select_list(self, node: Node, value: Type) -> Type:
        with self._unless_null(value):
            parts = tuple(self.visit(child, value) for child in node["children"])
        return array_of(union(parts), nullable=value.nullable, present=parts)

    def _multi_select_dict(self, node: Node, value: Type) -> Type:
        with self._unless_null(value):
            pairs = {child["value"]: self.visit(child["children"][0], value) for child in node["children"]}
        properties = {name: _property(part) for name, part in pairs.items()}
        return Type((Schema("object", properties=properties),), nullable=value.nullable, name="the object")

    def _function_expression(self, node: Node, value: Type) -> Type:
        return self.calls.call(node, value)

    @contextmanager
    def _unless_null(self, value: Type) -> Iterator[None]:
        """A multi-select of null is null, whatever stands in it."""
        before = self.findings.conditional
        self.findings.conditional = before or value.nullable
        try:
            yield
        finally:
            self.findings.conditional = before

    def _expref(self, node: Node, value: Type) -> Type:
        return ANY


def _property(value: Type) -> Schema:
    schema = to_schema(value)
    return Schema(
        schema.type,
        nullable=schema.nullable,
        required=True,
        values=schema.values,
        labels=schema.labels,
        properties=schema.properties,
        items=schema.items,
    )


def _property_values(option: Schema, name: str) -> Type:
    if kind(option) != "object" or option.properties is None:
        return ANY
    return union(documented(schema) for schema in option.properties.values()).called(name)


def _flattened(item: Type) -> Type:
    """What stands in a list after one level of lists inside it was opened."""
    if is_any(item):
        return ANY
    others = Type(tuple(option for option in item.options if kind(option) != "array"), nullable=item.nullable)
    if "array" not in kinds(item):
        return item
    return union([others, items_of(item)])


def _may_be_no_list(value: Type) -> bool:
    return value.nullable or kinds(value) != {"array"}


def _may_be_falsy(value: Type) -> bool:
    left = falsy(value)
    return left.nullable or bool(left.options)


def _item_name(value: Type) -> str:
    return f"an item of {value.name}" if value.name.startswith("'") else "an item"
