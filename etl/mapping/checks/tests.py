"""A mapping's own tests: that they speak of fields that exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Set

from etl.errors import RecordRejected
from etl.expressions.calls import ANY_VAR
from etl.expressions.instants import read
from etl.expressions.suggest import listed, nearest
from etl.mapping.checks.fields import misspelt_fields
from etl.mapping.checks.findings import Checked, Path
from etl.mapping.checks.records import record_of
from etl.model import Json, Schema


def check_tests(checked: Checked, used: Set[str]) -> None:
    """Records with fields that the source does not document (warning); expectations of fields that nothing maps.

    `used`: the vars that expressions name.
    """
    record = _record(checked)
    for test in checked.spec.tests:
        if record is not None:
            _record_fields(checked, (*test.path, "record"), test.record, record)
        path = (*test.path, "expect")
        if isinstance(test.expect, list):
            for index, each in enumerate(test.expect):
                _expect(checked, (*path, index), each)
        else:
            _expect(checked, path, test.expect)
        _now(checked, (*test.path, "now"), test.now)
        if not checked.spec.template and ANY_VAR not in used:
            _declared(checked, (*test.path, "vars"), test.vars, {*checked.project.vars, *used}, "var")
        _declared(checked, (*test.path, "lookups"), test.lookups, checked.spec.lookups, "lookup")


def _record(checked: Checked) -> Mapping[str, Schema] | None:
    source = checked.spec.source
    properties = record_of(checked.source, source.extra_fields).properties
    if properties is None:
        return None
    names = [part.alias for part in (source.parent, source.each) if part is not None]
    return {**properties, **{name: Schema() for name in names}}


def _record_fields(checked: Checked, path: Path, value: Json, known: Mapping[str, Schema]) -> None:
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        schema = known.get(name)
        if schema is None:
            meant = nearest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"it has {listed(known)}"
            message = f"the source documents no field '{name}' here"
            checked.warn_key((*path, name), "test-record", message, hint)
        elif schema.properties is not None:
            _record_fields(checked, (*path, name), inner, schema.properties)
        elif schema.items is not None and schema.items.properties is not None and isinstance(inner, list):
            for index, item in enumerate(inner):
                _record_fields(checked, (*path, name, index), item, schema.items.properties)


def _now(checked: Checked, path: Path, text: str | None) -> None:
    try:
        read(text or "2026-04-01")
    except RecordRejected:
        checked.at_value(path, "test-expect", f"'{text}' is no date", "write it as 2026-04-01T08:00:00Z")


def _expect(checked: Checked, path: Path, expected: Json) -> None:
    names = {spec.name for spec in checked.spec.fields} | misspelt_fields(checked)
    if expected == "filtered":
        if checked.spec.source.where is None and not any(
            each.on_miss == "skip" for each in checked.spec.lookups.values()
        ):
            message = "no record is ever filtered: the mapping has no `where` and no lookup with `on_miss: skip`"
            checked.at_value(path, "test-expect", message, "expect the record's fields, or give `source` a `where`")
        return
    if not isinstance(expected, Mapping):
        return
    if set(expected) == {"rejected"} and "rejected" not in names:
        if not isinstance(expected["rejected"], str):
            hint = "write the field, or another part of the reason"
            checked.at_value((*path, "rejected"), "test-expect", "a reason is a text", hint)
        return
    for name in expected:
        if name not in names:
            _unmapped(checked, (*path, name), nearest(name, names))


def _unmapped(checked: Checked, path: Path, meant: str | None) -> None:
    """A mistake, but in a test that the base brings: what an overlay leaves out can't be expected any more."""
    message = f"no field '{path[-1]}' is mapped"
    if _of_its_own(checked, path):
        hint = f"did you mean '{meant}'?" if meant else "the fields under `fields` are what a record becomes"
        checked.at_key(path, "test-expect", message, hint)
    else:
        hint = f"the overlay may write the test '{path[1]}' anew, or null in its place"
        checked.warn_key(path, "test-expect", f"{message} any more, and this test of the base expects it", hint)


def _declared(checked: Checked, path: Path, names: Iterable[str], known: Collection[str], what: str) -> None:
    """What a test of the base gives beside may be of no use to the overlay any more, and does no harm."""
    for name in names:
        if name not in known and _of_its_own(checked, (*path, name)):
            meant = nearest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"declare it under `{what}s`"
            checked.at_key((*path, name), f"unknown-{what}", f"no {what} is called '{name}'", hint)


def _of_its_own(checked: Checked, path: Path) -> bool:
    """Whether what stands at the path comes from the mapping's own file, not from its base."""
    return checked.document.marks.source(path).file == checked.document.file
