"""A mapping's own tests: each record goes through the very transform of a run, offline, and is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from etl.errors import RecordRejected
from etl.expressions.instants import local
from etl.expressions.scope import Scope, Table, table
from etl.keys import canonical, key_text
from etl.model import MISSING, Action, Item, Json, Outcome, Record, Schema
from etl.specs import LookupSpec, MappingSpec, TestSpec
from etl.steps.coerce import coercion
from etl.transform import Transform, refused

NOW = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
"""When tests take place that don't say `now`."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One field that is not as expected. MISSING: it is not there at all."""

    field: str
    expected: Json
    actual: Json


@dataclass(frozen=True, slots=True)
class TestResult:
    """How one test went. `message` says what happened where no single field is at fault."""

    mapping: str
    name: str
    path: tuple[str | int, ...]
    passed: bool
    message: str = ""
    differences: tuple[Difference, ...] = ()
    actual: Json = None
    """What the record became, in the form that `expect` takes."""


def rehearse(spec: MappingSpec, transform: Transform, schemas: Mapping[str, Schema]) -> Iterator[TestResult]:
    """Runs every test of a mapping, in order. `transform`: the mapping's, compiled; `schemas`: the target's fields."""
    for test, placed in rehearsals(spec, transform):
        yield _judge(spec, test, _results(test, placed), schemas, placed.scope.timezone)


def rehearsals(spec: MappingSpec, transform: Transform) -> Iterator[tuple[TestSpec, Transform]]:
    """Each test with the transform as it takes place in: its own lookups, variables and time."""
    for test in spec.tests:
        yield test, replace(transform, scope=_scope(spec, test, transform.scope))


def _scope(spec: MappingSpec, test: TestSpec, scope: Scope) -> Scope:
    return Scope(
        now=local(test.now, scope.timezone) if test.now else NOW,
        timezone=scope.timezone,
        vars={**scope.vars, **test.vars},
        tables={name: _table(lookup, test.lookups.get(name, {})) for name, lookup in spec.lookups.items()},
    )


def _table(lookup: LookupSpec, rows: Mapping[str, Json]) -> Table:
    by_text = {key_text(key): row for key, row in rows.items()}
    return table(lambda key: by_text.get(key, MISSING), lookup.on_miss)


def _results(test: TestSpec, transform: Transform) -> list[Item | Outcome]:
    key = _key(transform, test.record)
    if not transform.where_early:
        return transform.apply(key, test.record)
    item = Item(key, test.record)
    try:
        if not transform.kept(test.record):
            return [Outcome(item, Action.FILTERED)]
    except RecordRejected as rejected:
        return [refused(item, rejected)]
    return transform.apply(key, test.record)


def _key(transform: Transform, record: Record) -> str:
    """A test's record need not have a key: what is tested is what it becomes."""
    try:
        return transform.source_key(record) or "(no key)"
    except RecordRejected:
        return "(no key)"


def _judge(
    spec: MappingSpec,
    test: TestSpec,
    results: list[Item | Outcome],
    schemas: Mapping[str, Schema],
    timezone: str,
) -> TestResult:
    actual = [_shown(result) for result in results]
    listed = isinstance(test.expect, list)
    shown = actual[0] if len(actual) == 1 and not listed else actual
    expected = test.expect if listed else [test.expect]
    if len(expected) != len(actual):
        counted = f"{len(actual)} record" if len(actual) == 1 else f"{len(actual)} records"
        message = f"it became {counted}, {len(expected)} expected"
        return TestResult(spec.name, test.name, test.path, passed=False, message=message, actual=shown)
    message, differences = "", []
    for index, (wanted, result) in enumerate(zip(expected, results, strict=True)):
        words, found = _compare(wanted, result, schemas, timezone)
        message = message or words
        differences += [replace(each, field=f"[{index}].{each.field}") for each in found] if listed else found
    passed = not message and not differences
    return TestResult(spec.name, test.name, test.path, passed, message, tuple(differences), shown)


def _shown(result: Item | Outcome) -> Json:
    """What became of the record, in the form of `expect`."""
    if isinstance(result, Item):
        return result.output
    if result.action is Action.FILTERED:
        return "filtered"
    return {"rejected": _reason(result)}


def _reason(outcome: Outcome) -> str:
    return f"field '{outcome.field}': {outcome.reason}" if outcome.field else str(outcome.reason)


def _compare(
    wanted: Json, result: Item | Outcome, schemas: Mapping[str, Schema], timezone: str
) -> tuple[str, list[Difference]]:
    """What is not as wanted, in words or field by field; nothing where all is."""
    actual = _shown(result)
    if isinstance(wanted, dict) and set(wanted) == {"rejected"}:
        if isinstance(result, Outcome) and result.action is Action.REJECTED:
            text = str(wanted["rejected"])
            return ("" if text in _reason(result) else f"rejected, but for another reason: {_reason(result)}"), []
        return f"expected a rejection ({wanted['rejected']}), but {_words(actual)}", []
    if wanted == "filtered" or not isinstance(result, Item):
        return ("" if wanted == actual else f"expected {_wanted(wanted)}, but {_words(actual)}"), []
    return "", [
        Difference(name, value, result.output.get(name, MISSING))
        for name, value in wanted.items()
        if not _same(value, result.output.get(name, MISSING), schemas.get(name), timezone)
    ]


def _wanted(wanted: Json) -> str:
    return "it to be filtered" if wanted == "filtered" else "a record"


def _words(actual: Json) -> str:
    if actual == "filtered":
        return "it was filtered"
    if isinstance(actual, dict) and set(actual) == {"rejected"}:
        return f"it was rejected: {actual['rejected']}"
    return "it became a record"


def _same(expected: Json, actual: Json, schema: Schema | None, timezone: str) -> bool:
    """Whether a value is as expected, which may be written in any form that the field's type takes."""
    if actual is MISSING:
        return expected is None
    if canonical(expected) == canonical(actual):
        return True
    if expected is None or actual is None or schema is None:
        return False
    try:
        return canonical(coercion(schema)(expected, timezone)) == canonical(actual)
    except RecordRejected:
        return False
