"""Taking a field of a value: what it gives, and what to say where there is no such field."""

from __future__ import annotations

import re
from collections.abc import Mapping

from etl.expressions.findings import Findings, Node, Surroundings
from etl.expressions.suggest import deeper, listed, nearest, paths, spelled, squash
from etl.expressions.types import ANY, Type, documented, kind, kinds, known_properties, union, words
from etl.model import Schema

_BEFORE = re.compile(r"""(?:(?:[A-Za-z_]\w*|"[^"]*")(?:\[[-\d*]*\])*\s*\.\s*)+\Z""")
_AFTER = re.compile(r"""(?:\[[-\d*]*\]|\s*\.\s*(?:[A-Za-z_]\w*|"[^"]*"))*""")
_WORDS = {
    "true": "true",
    "True": "true",
    "yes": "true",
    "false": "false",
    "False": "false",
    "no": "false",
    "null": "null",
    "None": "null",
}
_NAMED = re.compile(r"\b(lookup|var)\(\s*\Z")
"""What stands before the name of a lookup or a var."""
_ROW = "a row of lookup "


class FieldAccess:
    """Field access on typed values, over one expression."""

    def __init__(self, findings: Findings, around: Surroundings) -> None:
        self.findings = findings
        self.around = around
        self.used_detail = False
        """Whether a field was used that only the detail has."""

    def get(self, node: Node, value: Type) -> Type:
        """The type of a field of `value`. Complains only if no form of the value can have it."""
        if not value.options:
            return ANY
        name = node["value"]
        found = [got for option in value.options if (got := self._of(option, name, value)) is not None]
        if not found:
            self._missing(node, value)
            return ANY
        result = union(found) if len(found) > 1 else found[0]
        gap = value.nullable or len(found) < len(value.options)
        return Type(result.options, result.nullable or gap, result.name, result.inner)

    def _of(self, option: Schema, name: str, value: Type) -> Type | None:
        if kind(option) == "any":
            return ANY
        if option.type != "object":
            return None
        if option.properties is None:
            return ANY
        schema = _property(option.properties, name)
        if schema is None or (schema.detail_only and not (self.around.full and not value.name.startswith(_ROW))):
            return None
        self.used_detail = self.used_detail or schema.detail_only
        return documented(schema, self._name(name, value))

    def _name(self, name: str, value: Type) -> str:
        return f"'{value.name[1:-1]}.{name}'" if value.name.startswith("'") else f"'{name}'"

    # --- what to say

    def _missing(self, node: Node, value: Type) -> None:
        properties = known_properties(value)
        if "object" in kinds(value):
            self._no_such_field(node, value, properties or {})
        elif kinds(value) == {"array"}:
            self._field_of_list(node, value)
        else:
            message = f"{value.name or 'this value'} is {words(value)} and has no field '{node['value']}'"
            self.findings.at(node, "no-field-here", message, "leave the rest of the path out")

    def _field_of_list(self, node: Node, value: Type) -> None:
        before, _, after = self._chain(node)
        head = before.rstrip().removesuffix(".").rstrip()
        hint = f"write {head}[].{spelled(node['value'])}{after} for that field of each item" if head else None
        named = value.name or "this value"
        self.findings.at(node, "field-of-list", f"{named} is a list, and a list has no field '{node['value']}'", hint)

    def _no_such_field(self, node: Node, value: Type, properties: Mapping[str, Schema]) -> None:
        name = node["value"]
        schema = _property(properties, name)
        if schema is not None:
            message = f"{value.name or self.around.noun} has '{name}' only in its full form, and here the list is read"
            self.findings.at(node, "detail-only", message, self._way_to_detail(value))
            return
        message = f"{value.name or 'this object'} has no field '{name}'"
        self.findings.at(node, "unknown-field", message, self._hint(node, value, properties))

    def _way_to_detail(self, value: Type) -> str:
        lookup = value.name.removeprefix(_ROW)
        return self.around.detail if lookup == value.name else f"add `detail: true` to the lookup {lookup}"

    def _hint(self, node: Node, value: Type, properties: Mapping[str, Schema]) -> str | None:
        name = node["value"]
        whole = self.findings.text.strip()
        word = whole in (name, f'"{name}"')
        quoted = self.findings.text[node["start"] : node["start"] + 1] == '"'
        inner = re.match(r"vars?\.(\w+)", self.findings.text[node["start"] :])
        if inner is not None:
            return f"write var('{inner[1]}')"
        if name in _WORDS:
            return f"write {_WORDS[name]}" if word else f"write `{_WORDS[name]}` in backticks"
        start = self.findings.text[: node["start"]]
        if (named := _NAMED.search(start)) is not None:
            return f"its name is a text: write {named[1]}('{name}'"
        meant = self._meant(node, properties)
        if meant and not quoted:
            constant = f" (for the fixed text write {{const: {whole}}})" if word and name[:1].isupper() else ""
            return f"did you mean {meant}?{constant}"
        if word:
            return f"did you mean the fixed text {{const: {name}}}? {_known(properties)}".strip()
        if quoted:
            return f"text stands in single quotes: write '{name}'"
        return self._out_of_reach(name, value) or self._text(node, properties)

    def _text(self, node: Node, properties: Mapping[str, Schema]) -> str | None:
        """For a single word between others, such as an operand: a text may have been meant."""
        _, text, after = self._chain(node)
        inside = self.findings.text[: node["start"]].rstrip().endswith(".")
        meant = "" if inside or after else f"text stands in single quotes: '{text}'; "
        return f"{meant}{_known(properties)}" or None

    def _meant(self, node: Node, properties: Mapping[str, Schema]) -> str | None:
        """The whole path as it should read; several where that can't be told."""
        before, text, after = self._chain(node)
        near = nearest(node["value"], properties)
        longer = self._longer(before, text + after, properties)
        if longer is not None and (near is None or squash(near) != squash(node["value"])):
            return longer
        if near is not None and _leads_on(properties[near], after):
            return f"'{before}{spelled(near)}{after}'"
        if near is not None:
            return f"'{before}{spelled(near)}'"
        found = deeper(text, properties) if not after else []
        return " or ".join(f"'{before}{path}'" for path in found) or None

    def _longer(self, before: str, text: str, properties: Mapping[str, Schema]) -> str | None:
        """A documented path that differs only in where its dots stand."""
        wanted = squash(text)
        return next((f"'{before}{path}'" for path in paths(properties) if squash(path) == wanted), None)

    def _out_of_reach(self, name: str, value: Type) -> str | None:
        root = self.around.record.properties or {}
        if value.name.startswith("an item") and name in root:
            return (
                f"names in here are looked up in each item; '{name}' of {self.around.noun} can't be reached from there"
            )
        return None

    def _chain(self, node: Node) -> tuple[str, str, str]:
        """The text of the path around a field: what stands before it, itself, and after it."""
        text = self.findings.text
        start = node["start"]
        end = start + len(text[start : node["end"]].rstrip())
        before = _BEFORE.search(text[:start])
        after = _AFTER.match(text, end)
        return before.group() if before else "", text[start:end], after.group() if after else ""


def _property(properties: Mapping[str, Schema], name: str) -> Schema | None:
    schema = properties.get(name)
    if schema is not None:
        return schema
    return next((inner for inner in properties.values() if inner.aliases and name in inner.aliases), None)


def _leads_on(schema: Schema, after: str) -> bool:
    """Whether the rest of a path can go on from a field."""
    step = re.match(r"\s*\.\s*\"?([^\".\[\s]+)", after)
    if step is None or schema.properties is None:
        return step is None or schema.type in ("object", "json")
    return nearest(step.group(1), schema.properties) is not None


def _known(properties: Mapping[str, Schema]) -> str:
    return f"it has {listed(map(spelled, properties))}" if properties else ""
