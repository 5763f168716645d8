"""Every expression of a mapping: its syntax, and its type over what it is evaluated on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from etl.expressions.findings import Surroundings
from etl.expressions.infer import Inferred, infer
from etl.expressions.narrowing import kept_by
from etl.expressions.parse import ExpressionError, names_used, parse
from etl.expressions.suggest import spelled
from etl.expressions.types import items_of, kinds, to_schema, words
from etl.mapping.checks.findings import Checked, Path
from etl.mapping.checks.records import noun, record_of, records_of, variables, with_item
from etl.model import Schema
from etl.specs import EachSpec

_PLAIN_WORDS = re.compile(r"\w+(?:[ .,:/-]+\w+)+[.!]?\Z")
_OPERATORS = re.compile(r"\b(?:and|or|not|in|is)\b| [-/] ")


@dataclass(slots=True)
class Typed:
    """The types of a mapping's expressions by where they stand, and what they use together."""

    by_path: dict[Path, Inferred] = field(default_factory=dict)
    lookups: set[str] = field(default_factory=set)
    vars: set[str] = field(default_factory=set)
    needs_detail: bool = False
    broken: bool = False
    """Some expression could not be read, so that what is not used can't be told."""


def check_expressions(checked: Checked, tables: Mapping[str, Schema] | None) -> Typed:
    """Types all expressions of a mapping, and notes what is wrong with them."""
    typed = Typed()
    source = checked.spec.source
    records = records_of(checked, tables)
    for path, text in _keys(checked):
        _single(checked, path, text, _expression(checked, typed, path, text, records.listed))
    if source.detail is not None:
        for name, part in (("when", source.detail.when), ("reuse", source.detail.reuse)):
            if part is not None:
                _expression(checked, typed, ("source", "detail", name), part, records.lenient)
    typed.needs_detail = False
    if source.parent is not None and source.parent.where is not None and records.parent is not None:
        _expression(checked, typed, ("source", "parent", "where"), source.parent.where, records.parent)
    full = _each(checked, typed, records.full)
    if source.where is not None and _expression(checked, typed, ("source", "where"), source.where, full) is not None:
        full = replace(full, holds=full.holds | kept_by(parse(source.where)))
    for spec in checked.spec.fields:
        if spec.value is not None:
            _expression(checked, typed, (*spec.path, "value"), spec.value, full)
    _lookups(checked, typed)
    return typed


def _keys(checked: Checked) -> list[tuple[Path, str]]:
    given = checked.document.data.get("source", {}).get("key")
    if given is None:
        return []
    parts = checked.spec.source.key
    return [
        (("source", "key", index) if isinstance(given, list) else ("source", "key"), part)
        for index, part in enumerate(parts)
    ]


def _each(checked: Checked, typed: Typed, around: Surroundings) -> Surroundings:
    """The surroundings with the item of `each`, after checking its expressions."""
    each = checked.spec.source.each
    if each is None:
        return around
    path = ("source", "each")
    items = _expression(checked, typed, (*path, "items"), each.items, around)
    item = Schema()
    if items is not None:
        if items.type.options and not kinds(items.type) & {"array", "any"}:
            message = f"`each` needs a list, and '{each.items}' is {words(items.type)}"
            checked.at_value((*path, "items"), "not-a-list", message)
        else:
            item = to_schema(items_of(items.type))
    inner = with_item(around, each.alias, item)
    if items is not None:
        inner = replace(inner, holds=kept_by(parse(each.items)))  # without a list there are no items
    if each.key is not None:
        key = _expression(checked, typed, (*path, "key"), each.key, inner)
        _single(checked, (*path, "key"), each.key, key)
        _tells_apart(checked, (*path, "key"), each, key)
    return inner


def _single(checked: Checked, path: Path, key: str, inferred: Inferred | None) -> None:
    """A key is compared as text, which neither an object nor a list has."""
    if inferred is not None and inferred.type.options and not kinds(inferred.type) - {"object", "array"}:
        properties = inferred.type.options[0].properties
        hint = f"take one of its fields, such as {key}.{next(iter(properties))}" if properties else "take another field"
        message = f"a key is a single value, and '{key}' is {words(inferred.type)}"
        checked.at_value(path, "key-type", message, hint)


def _tells_apart(checked: Checked, path: Path, each: EachSpec, inferred: Inferred | None) -> None:
    """Items of one record whose keys come from the record alone would all be taken for the same."""
    key, alias = each.key, each.alias
    if key is None or inferred is None or any(each.severity == "error" for each in inferred.findings):
        return
    names = names_used(parse(key))
    if names is not None and alias not in names:
        message = (
            f"'{key}' is the same for all items of a record, so that all but the first would be left out as doubled"
        )
        checked.at_value(path, "item-key", message, f"name a field of the item: {alias}.…")


def _lookups(checked: Checked, typed: Typed) -> None:
    for lookup in checked.spec.lookups.values():
        if lookup.connection is None or lookup.endpoint is None:
            continue
        path = ("lookups", lookup.name)
        connector = checked.connectors.get(lookup.connection)
        name = noun(connector.name if connector else None, lookup.endpoint)
        record = record_of(checked.rows(lookup.connection, lookup.endpoint))
        around = Surroundings(record, name, vars=variables(checked), full=lookup.detail is not None)
        around = replace(around, detail=f"add `detail: true` to the lookup '{lookup.name}'")
        if lookup.key is not None:
            _expression(checked, typed, (*path, "key"), lookup.key, around)
        if lookup.where is not None:
            listed = replace(around, full=False, detail="the detail is read only for the records that `where` keeps")
            _expression(checked, typed, (*path, "where"), lookup.where, listed)


def reads_record(text: str) -> bool:
    """Whether an expression gives what the record holds; one that can't be read may."""
    try:
        return names_used(parse(text)) != frozenset()
    except ExpressionError:
        return True


# --- one expression ------------------------------------------------------------------------------


def _expression(checked: Checked, typed: Typed, path: Path, text: str, around: Surroundings) -> Inferred | None:
    try:
        expression = parse(text)
    except ExpressionError as error:
        typed.broken = True
        location = checked.document.marks.inside(path, error.offset, error.length)
        checked.add(
            location, "expression", error.message, _quoted(text, error, around) or _constant(path, text) or error.hint
        )
        return None
    inferred = infer(expression, around)
    for finding in inferred.findings:
        location = checked.document.marks.inside(path, finding.offset, finding.length)
        checked.add(location, finding.code, finding.message, finding.hint, finding.severity)
    typed.by_path[path] = inferred
    typed.lookups |= inferred.lookups
    typed.vars |= inferred.vars
    typed.needs_detail = typed.needs_detail or inferred.needs_detail
    typed.broken = typed.broken or any(each.code == "unknown-function" for each in inferred.findings)
    return inferred


def _quoted(text: str, error: ExpressionError, around: Surroundings) -> str | None:
    """For a field whose name an expression takes only in quotes, and that stands there without: the whole, as YAML."""
    for name in around.record.properties or ():
        start = text.rfind(name, 0, error.offset + len(name))
        if start >= 0 and start <= error.offset < start + len(name) and spelled(name) != name:
            right = f"{text[:start]}{spelled(name)}{text[start + len(name) :]}".replace("'", "''")
            return f"write '{right}' for the field '{name}'"
    return None


def _constant(path: Path, text: str) -> str | None:
    """For several words in a row, or a date: most likely they were meant as a fixed text."""
    plain = text.strip()
    if path[0] != "fields" or not _PLAIN_WORDS.match(plain) or _OPERATORS.search(plain) or _is_number(plain):
        return None
    return f"for the fixed text write {{const: {plain}}}"


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
