"""How a record became what it became: every step of every field, for previews and explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from etl.errors import RecordRejected
from etl.expressions.compile import Compiled, compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import MISSING, Json, Missing, Record, Schema
from etl.specs import FieldSpec
from etl.steps.rules import Rule, rules

StepName = Literal["value", "map", "default", "type", "truncate"]


@dataclass(frozen=True, slots=True)
class Step:
    """A value after one step."""

    name: StepName
    value: Json


@dataclass(frozen=True, slots=True)
class Explained:
    """One field's way. `result` is MISSING where the field is left out of the record or rejects it; the step that
    rejects is the one after the last in `steps`."""

    field: str
    steps: tuple[Step, ...]
    result: Json | Missing
    rejected: RecordRejected | None = None
    sensitive: bool = False


def explain_fields(
    specs: Sequence[FieldSpec],
    schemas: Mapping[str, Schema],
    *,
    nulls: Literal["send", "omit"] = "send",
    update: bool = False,
) -> Callable[[Record, Scope], list[Explained]]:
    """What `compile_fields` does with the same arguments, told step by step; one field's reject stops no other."""
    prepared = [(rule, _value_of(rule.spec)) for rule in rules(specs, schemas, nulls=nulls, update=update)]

    def explain(record: Record, scope: Scope) -> list[Explained]:
        return [_explain(rule, value, record, scope) for rule, value in prepared]

    return explain


def _value_of(spec: FieldSpec) -> Compiled:
    if spec.const is not MISSING:
        return lambda record, scope: spec.const
    return compile_expression(parse(spec.value or ""))


def _explain(rule: Rule, value_of: Compiled, record: Record, scope: Scope) -> Explained:
    steps: list[Step] = []
    name = rule.spec.name
    try:
        for step in _steps(rule, value_of, record, scope):
            steps.append(step)
        result = _result(rule, steps[-1].value)
    except RecordRejected as error:
        return Explained(name, tuple(steps), MISSING, rule.rejected(error), rule.sensitive)
    return Explained(name, tuple(steps), result, sensitive=rule.sensitive)


def _steps(rule: Rule, value_of: Compiled, record: Record, scope: Scope) -> Iterator[Step]:
    """The steps that the field has; a `type` step always, as every field has a type."""
    value = value_of(record, scope)
    yield Step("value", value)
    if rule.names is not None:
        value = rule.mapped(value)
        yield Step("map", value)
    if rule.spec.default is not MISSING:
        value = rule.defaulted(value)
        yield Step("default", value)
    value = rule.typed(value, scope.timezone)
    yield Step("type", value)
    if rule.spec.truncate is not None:
        yield Step("truncate", rule.truncated(value))


def _result(rule: Rule, value: Json) -> Json | Missing:
    if value is not None or rule.when_null == "send":
        return value
    return MISSING if rule.when_null == "omit" else rule.nothing()
