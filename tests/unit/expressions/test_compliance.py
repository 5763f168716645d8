"""The official JMESPath compliance cases, from the folder that JMESPATH_COMPLIANCE names."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl.errors import RecordRejected
from etl.expressions.compile import compile_expression
from etl.expressions.equality import equal
from etl.expressions.parse import ExpressionError, parse
from tests.support.expressions import scope

FOLDER = os.environ.get("JMESPATH_COMPLIANCE", "")


def cases() -> Iterator[Any]:
    if not FOLDER:
        reason = "JMESPATH_COMPLIANCE names no folder: the official JMESPath cases were not run"
        yield pytest.param(None, {}, marks=pytest.mark.skip(reason=reason), id="official cases")
        return
    for file in sorted(Path(FOLDER).glob("*.json")):
        for suite in json.loads(file.read_text(encoding="utf-8")):
            for number, case in enumerate(suite["cases"]):
                yield pytest.param(suite["given"], case, id=f"{file.stem}-{number}-{case['expression'][:40]}")


@pytest.mark.parametrize(("given", "case"), list(cases()))
def test_official_case(given: Any, case: dict[str, Any]) -> None:
    if "error" in case:
        with pytest.raises((ExpressionError, RecordRejected)):
            compile_expression(parse(case["expression"]))(given, scope())
        return
    found = compile_expression(parse(case["expression"]))(given, scope())
    assert "bench" in case or equal(found, case["result"])
