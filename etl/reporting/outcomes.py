"""How the mappings' own tests went: for people, for programs, and as JUnit XML for CI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from etl.model import MISSING, Json
from etl.rehearse import Difference, TestResult
from etl.reporting.ink import PLAIN, Ink, counted
from etl.reporting.values import clean, padded, shown, width


def outcomes_text(results: Sequence[TestResult], ink: Ink = PLAIN, *, verbose: bool = False) -> str:
    """Every test that failed, field by field; with `verbose` the names of the others, too; the counts at the end."""
    lines = [line for result in results if verbose or not result.passed for line in _lines(result, ink)]
    failed = sum(not result.passed for result in results)
    mappings = len({result.mapping for result in results})
    outcome = ink(f"{failed} failed", "red") if failed else ink("all passed", "green")
    total = f"{counted(len(results), 'test')} of {counted(mappings, 'mapping')}: {outcome}"
    return "\n".join([*lines, total if results else "no mapping has tests"]) + "\n"


def _lines(result: TestResult, ink: Ink) -> Iterator[str]:
    verdict = ink("passed", "green") if result.passed else ink("FAILED", "red", "bold")
    yield f"{verdict} {clean(result.mapping)}: {clean(result.name)}"
    if result.message:
        yield f"    {clean(result.message)}"
    longest = max((width(clean(each.field)) for each in result.differences), default=0)
    for each in result.differences:
        yield f"    {padded(clean(each.field), longest)}  {_difference(each)}"


def _difference(difference: Difference) -> str:
    return f"expected {_value(difference.expected)}, but it is {_value(difference.actual)}"


def _value(value: Json) -> str:
    return "not there" if value is MISSING else shown(value)


def outcomes_document(results: Sequence[TestResult]) -> dict[str, Json]:
    """`{"passed", "failed", "tests": [{mapping, name, passed, message, differences, actual}]}`."""
    failed = sum(not result.passed for result in results)
    tests = [
        {
            "mapping": each.mapping,
            "name": each.name,
            "passed": each.passed,
            "message": each.message,
            "differences": [_difference_document(difference) for difference in each.differences],
            "actual": each.actual,
        }
        for each in results
    ]
    return {"passed": len(results) - failed, "failed": failed, "tests": tests}


def _difference_document(difference: Difference) -> dict[str, Json]:
    document = {"field": difference.field, "expected": difference.expected}
    return document if difference.actual is MISSING else document | {"actual": difference.actual}


def outcomes_junit(results: Sequence[TestResult]) -> str:
    """JUnit XML: one suite per mapping."""
    names = list(dict.fromkeys(result.mapping for result in results))
    suites = "".join(_suite(name, [each for each in results if each.mapping == name]) for name in names)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suites}</testsuites>\n'


def _suite(name: str, results: Sequence[TestResult]) -> str:
    failed = sum(not result.passed for result in results)
    cases = "".join(_case(result) for result in results)
    return f'<testsuite name={_attribute(name)} tests="{len(results)}" failures="{failed}">\n{cases}</testsuite>\n'


def _case(result: TestResult) -> str:
    head = f"<testcase classname={_attribute(result.mapping)} name={_attribute(result.name)}"
    if result.passed:
        return f"{head}/>\n"
    details = [result.message, *(f"{each.field}: {_difference(each)}" for each in result.differences)]
    text = "\n".join(clean(detail) for detail in details if detail)
    message = _attribute(text.split("\n", 1)[0])
    return f"{head}>\n<failure message={message}>{escape(text)}</failure>\n</testcase>\n"


def _attribute(text: str) -> str:
    return quoteattr(clean(text))
