"""Every function of the language by name: JMESPath's own and the project's, one file per family."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from etl.expressions.functions import collections, dates, identity, numbers, run, standard, text
from etl.expressions.functions.signature import Function, Parameter

__all__ = ["FUNCTIONS", "Function", "Parameter"]

_FAMILIES = (
    standard.FAMILY,
    text.FAMILY,
    numbers.FAMILY,
    dates.FAMILY,
    collections.FAMILY,
    identity.FAMILY,
    run.FAMILY,
)

FUNCTIONS: Mapping[str, Function] = MappingProxyType(
    {name: function for family in _FAMILIES for name, function in family.functions.items()}
)
