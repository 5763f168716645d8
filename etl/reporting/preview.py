"""Source records beside what they become."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap

from etl.model import Action, Item, Json, Outcome, Record
from etl.reporting.ink import PLAIN, Ink
from etl.reporting.values import clean, clip, padded, shown, width

Result = Item | Outcome
"""What one source record, or one item of its `each`, became: an item to write, or an end before that."""


def preview_text(results: Sequence[Result], columns: int = 100, ink: Ink = PLAIN) -> str:
    """A block per result, source on the left and result on the right, within so many columns."""
    if not results:
        return "the source has no record\n"
    return "\n".join(_block(result, columns, ink) for result in results)


def _block(result: Result, columns: int, ink: Ink) -> str:
    item = item_of(result)
    left = _fields(item.record)
    half = max(min(columns // 2 - 2, max((width(line) for line in left), default=0)), 10)
    rest = max(columns - half - 6, 10)
    lines = [ink(clean(item.key), "bold")]
    for source, output in zip_longest(left, _right(result, rest), fillvalue=""):
        lines.append(f"  {padded(clip(source, half), half)}  {ink('│', 'dim')} {clip(output, rest)}".rstrip())
    return "\n".join(lines) + "\n"


def item_of(result: Result) -> Item:
    """The item that a result is about."""
    return result.item if isinstance(result, Outcome) else result


def _right(result: Result, columns: int) -> list[str]:
    """What it became; values are cut later, but a reason is told in full."""
    if isinstance(result, Item):
        return _fields(result.output)
    if result.action is Action.FILTERED:
        return ["left out"]
    return wrap(f"rejected: {clean(reason(result))}", columns)


def reason(outcome: Outcome) -> str:
    """Why it was refused, naming the field where one is at fault."""
    text = outcome.reason or "no reason given"
    return f"field '{outcome.field}': {text}" if outcome.field else text


def _fields(record: Record) -> list[str]:
    longest = max((width(clean(name)) for name in record), default=0)
    return [f"{padded(clean(name), longest)}  {shown(value)}" for name, value in record.items()]


def preview_document(results: Sequence[Result]) -> list[dict[str, Json]]:
    """`[{key, source, result}]`; the result in the form of a test's `expect`."""
    return [{"key": item_of(each).key, "source": item_of(each).record, "result": _result(each)} for each in results]


def _result(result: Result) -> Json:
    if isinstance(result, Item):
        return result.output
    return "filtered" if result.action is Action.FILTERED else {"rejected": reason(result)}
