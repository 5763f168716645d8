"""A mapping's fields as one generated Python function: source record in, target record out.

Per field: value → map → default → type → truncate → required. What a quick test can tell to be right already
is not touched; everything else goes through the field's `Rule`, as the explanation of a record does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from etl.errors import RecordRejected
from etl.expressions.codegen import Code
from etl.expressions.compile import write_expression
from etl.expressions.exact import LEAST, MOST
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import MISSING, Record, Schema
from etl.specs import FieldSpec
from etl.steps import coerce
from etl.steps.rules import Rule, rules

Fields = Callable[[Record, Scope], Record]

_LARGEST = 1.7976931348623157e308
_INTEGER = f"type({{0}}) is int and {LEAST} <= {{0}} <= {MOST}"
_FLOAT = f"type({{0}}) is float and -{_LARGEST} <= {{0}} <= {_LARGEST}"
_BOOLEAN = "{0} is True or {0} is False"
_TEXT = "type({0}) is str and ({0}.isascii() or {0}.isprintable())"
"""Half a character (a lone surrogate) is not printable; the test for that costs less than encoding the text."""

_RIGHT = {
    "string": _TEXT,
    "integer": _INTEGER,
    "number": f"{_INTEGER} or {_FLOAT}",
    "boolean": _BOOLEAN,
    "json": f"{_TEXT} or {_INTEGER} or {_FLOAT} or {_BOOLEAN}",
}
"""The test that a value needs no coercion, by type; it may say no to one that needs none."""

_READERS: dict[tuple[str, bool], Callable[[str, str], str]] = {
    ("date", False): coerce.date_text,
    ("date", True): coerce.day_text,
    ("date-time", False): coerce.datetime_text,
    ("date-time", True): coerce.datetime_text,
    ("time", False): coerce.time_text,
    ("time", True): coerce.time_text,
}
"""What makes a text canonical, by type and whether the mapping asks for it by name."""


def compile_fields(
    specs: Sequence[FieldSpec],
    schemas: Mapping[str, Schema],
    *,
    nulls: Literal["send", "omit"] = "send",
    update: bool = False,
) -> Fields:
    """The fields as one function of a record and the run's scope, which raises RecordRejected with the field at
    fault. `schemas`: the target's documented fields; `update`: the target keeps what a record leaves out.
    Raises ExpressionError for an expression that can't be compiled."""
    code = Code()
    resolved = rules(specs, schemas, nulls=nulls, update=update)
    code.namespace |= {
        "RecordRejected": RecordRejected,
        "RecursionError": RecursionError,
        "rules": resolved,
        "too_deep": RecordRejected("the value is nested too deeply", code="expression"),
    }
    code.promise("r", dict)
    with code.function("fields", "r, s"):
        code.line("z = s.timezone")
        code.line("out = {}")
        code.line("field = 0")
        with code.block("try:"):
            for index, rule in enumerate(resolved):
                code.line(f"field = {index}")
                _write_field(code, index, rule)
        with code.block("except RecordRejected as error:"):
            code.line("raise rules[field].rejected(error) from None")
        with code.block("except RecursionError:"):
            code.line("raise rules[field].rejected(too_deep) from None")
        code.line("return out")
    return code.build("fields")


def _write_field(code: Code, index: int, rule: Rule) -> None:
    spec = rule.spec
    found = code.literal(spec.const) if spec.const is not MISSING else _write_value(code, spec)
    value = code.new("x")
    code.line(f"{value} = {found}")
    if rule.names is not None:
        names = code.constant(rule.names)
        with code.block(f"if type({value}) is str and {value} in {names}:"):
            code.line(f"{value} = {names}[{value}]")
        with code.block(f"elif {value} is not None:"):
            code.line(f"{value} = {code.constant(rule.mapped)}({value})")
    if spec.default is not MISSING:
        with code.block(f"if {value} is None:"):
            code.line(f"{value} = {code.literal(spec.default)}")
    with code.block(f"if {value} is not None:"):
        _write_type(code, rule, value)
        if spec.truncate is not None:
            with code.block(f"if type({value}) is str and len({value}) > {_shortest(rule)}:"):
                code.line(f"{value} = {code.constant(rule.truncated)}({value})")
        code.line(f"out[{spec.name!r}] = {value}")
    _write_null(code, index, rule)


def _write_value(code: Code, spec: FieldSpec) -> str:
    return write_expression(code, parse(spec.value or ""), "r")


def _shortest(rule: Rule) -> int:
    """The length up to which a text is left as it is."""
    lengths = (rule.spec.truncate, rule.schema.max_length)
    return min(length for length in lengths if length is not None)


def _write_type(code: Code, rule: Rule, value: str) -> None:
    slow = f"{code.constant(rule.coerce)}({value}, z)"
    reader = _READERS.get((rule.schema.type, rule.spec.type is not None))
    test = _right(code, rule)
    if reader is not None and test is None:
        code.line(f"{value} = {code.constant(reader)}({value}, z) if type({value}) is str else {slow}")
    elif test is None:
        code.line(f"{value} = {slow}")
    else:
        with code.block(f"if not ({test.format(value)}):"):
            code.line(f"{value} = {slow}")


def _right(code: Code, rule: Rule) -> str | None:
    schema = rule.schema
    if schema.values or schema.labels:
        # A value of another type is no member of the set only because of the type test: 1 == True.
        texts = frozenset(each for each in schema.values if type(each) is str)
        return f"type({{0}}) is str and {{0}} in {code.constant(texts)}" if texts else None
    test = _RIGHT.get(schema.type)
    if schema.type == "string" and schema.max_length is not None and rule.spec.truncate is None:
        return f"{test} and len({{0}}) <= {schema.max_length}"
    return test


def _write_null(code: Code, index: int, rule: Rule) -> None:
    if rule.when_null == "omit":
        return
    with code.block("else:"):
        if rule.when_null == "send":
            code.line(f"out[{rule.spec.name!r}] = None")
        else:
            code.line(f"rules[{index}].nothing()")
