"""The functions of the expression language, by family, each with an example."""

from __future__ import annotations

from collections.abc import Iterable

from etl.expressions.functions import Function
from etl.model import Json
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.tables import columns
from etl.reporting.values import compact


def functions_text(functions: Iterable[Function], ink: Ink = PLAIN) -> str:
    """One line per function under its family's name: how it is written, and an example with its result."""
    families: dict[str, list[Function]] = {}
    for function in functions:
        families.setdefault(function.family, []).append(function)
    blocks = [
        f"{ink(name, 'bold')}\n{columns([_row(each) for each in family], indent=2)}"
        for name, family in families.items()
    ]
    return "\n".join(blocks)


def _row(function: Function) -> list[str]:
    record = "" if function.example_record is None else f" of {compact(function.example_record)}"
    return [function.usage, f"{function.example}{record} → {compact(function.example_result)}"]


def function_text(function: Function, ink: Ink = PLAIN) -> str:
    """What one function does, with its example."""
    lines = [ink(function.usage, "bold"), f"  {function.doc}", "", f"  example  {function.example}"]
    if function.example_record is not None:
        lines.append(f"  of       {compact(function.example_record)}")
    return "\n".join([*lines, f"  gives    {compact(function.example_result)}"]) + "\n"


def function_document(function: Function) -> dict[str, Json]:
    """One function as JSON."""
    return {
        "name": function.name,
        "family": function.family,
        "usage": function.usage,
        "standard": function.standard,
        "returns": function.returns.type,
        "doc": function.doc,
        "example": function.example,
        "example_record": function.example_record,
        "example_result": function.example_result,
    }
