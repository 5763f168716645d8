"""A run as one HTML file: no script, nothing loaded from elsewhere, readable by a screen reader and on paper."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Final

from etl.report import MappingReport, RunReport
from etl.reporting.ink import counted, seconds, thousands
from etl.reporting.runs import Sensitive, record_name, telling_counts, top_reasons, visible_fields
from etl.reporting.values import clean, shown

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --good: #1a7f37; --bad: #b3261e; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) { :root { --good: #56d364; --bad: #ff8a80; --warn: #e3b341; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: .5rem 0; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; white-space: nowrap; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .75rem; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.succeeded { color: var(--good); } .failed { color: var(--bad); } .rejected, .interrupted { color: var(--warn); }
code { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
""".strip()
LINES = 5000


def run_html_texts(report: RunReport, sensitive: Sensitive | None = None) -> Iterator[str]:
    """The whole page, some thousand lines at a time: a plan may have more than memory holds."""
    lines = _page(report, sensitive or {})
    while some := list(islice(lines, LINES)):
        yield "\n".join(some) + "\n"


def _page(report: RunReport, hidden: Sensitive) -> Iterator[str]:
    kind = "Plan" if report.planned else "Run"
    title = f"{kind} {report.run_id}: {report.status}"
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{_text(title)}</title>'
    yield f'<!doctype html>\n<html lang="en">\n<head>{head}\n<style>\n{_STYLE}\n</style></head>\n<body>\n<main>'
    yield f"<h1>{kind} <code>{_text(report.run_id)}</code>: {_status(report.status)}</h1>"
    end = _text(report.finished_at or "(no end)")
    yield f"<p>{_text(report.started_at)} to {end}, exit code {report.exit_code}.</p>"
    yield from _error(report.error)
    yield from _mappings(report)
    for mapping in report.mappings:
        yield from _mapping(mapping, hidden.get(mapping.name, frozenset()))
    yield from _connections(report)
    yield "</main>\n</body>\n</html>"


def _mappings(report: RunReport) -> Iterator[str]:
    counts = telling_counts(report)
    rows = [
        [
            _text(each.name),
            _status(each.status),
            *(thousands(getattr(each, name)) for name in counts),
            seconds(each.seconds),
        ]
        for each in report.mappings
    ]
    return _table("Mappings", ["mapping", "status", *counts, "time"], rows, numbers_from=2)


def _mapping(mapping: MappingReport, hidden: frozenset[str]) -> Iterator[str]:
    warnings = (f'<p class="rejected">{_text(warning)}</p>' for warning in mapping.warnings)
    changes = _table("What would change", ["action", "record", "field", "old", "new"], _changes(mapping, hidden))
    lines = chain(_error(mapping.error), _reasons(mapping), _drift(mapping), changes, warnings)
    first = next(lines, None)
    if first is None:
        return
    yield f"<section>\n<h2>{_text(mapping.name)}</h2>\n{first}"
    yield from lines
    yield "</section>"


def _reasons(mapping: MappingReport) -> Iterator[str]:
    rows = [[_text(reason), thousands(count)] for reason, count in top_reasons(mapping.reasons, 50)]
    return _table(f"{counted(mapping.rejected, 'record')} rejected", ["reason", "records"], rows, numbers_from=1)


def _drift(mapping: MappingReport) -> Iterator[str]:
    rows = [[_text(drifted), thousands(count)] for drifted, count in mapping.drift.items()]
    return _table("Drift from the documented record", ["what", "records"], rows, numbers_from=1)


def _changes(mapping: MappingReport, hidden: frozenset[str]) -> Iterator[list[str]]:
    for change in mapping.changes:
        key, action = _text(record_name(change, hidden)), _text(change.action)
        fields = visible_fields(change, hidden)
        if not fields:
            yield [action, key, "", "", _text(change.reason or "")]
        for name, (old, new) in fields.items():
            yield [action, key, _text(name), _value(old), _value(new)]


def _connections(report: RunReport) -> Iterator[str]:
    rows = [
        [
            _text(each.name),
            thousands(each.requests),
            thousands(each.retries),
            thousands(each.throttled),
            seconds(each.waited_seconds),
        ]
        for _, each in sorted(report.connections.items())
    ]
    heads = ["connection", "requests", "retries", "429 answers", "waited for the rate limit"]
    return _table("Connections", heads, rows, numbers_from=1)


def _table(
    caption: str, heads: Sequence[str], rows: Iterable[Sequence[str]], numbers_from: int = 1000
) -> Iterator[str]:
    """A table with a caption and headed columns; the first cell of each row is its head. Cells are HTML already."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return
    kinds = [' class="number"' if place >= numbers_from else "" for place in range(len(heads))]
    head = "".join(f'<th scope="col"{kind}>{_text(name)}</th>' for name, kind in zip(heads, kinds, strict=True))
    title = _text(caption)
    yield f'<div class="wide" role="region" aria-label="{title}" tabindex="0">\n<table>'
    yield f"<caption>{title}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>"
    for row in chain([first], rows):
        yield f"<tr>{_row(row, kinds)}</tr>"
    yield "</tbody>\n</table>\n</div>"


def _row(row: Sequence[str], kinds: Iterable[str]) -> str:
    first, *others = zip(row, kinds, strict=True)
    return f'<th scope="row">{first[0]}</th>' + "".join(f"<td{kind}>{cell}</td>" for cell, kind in others)


def _error(error: str | None) -> Iterator[str]:
    if error:
        yield f'<p class="failed" role="alert">{_text(error)}</p>'


def _status(status: str) -> str:
    return f'<span class="{_text(status)}">{_text(status)}</span>'


def _value(value: object) -> str:
    return f"<code>{html.escape(shown(value))}</code>"


def _text(text: str) -> str:
    return html.escape(clean(text))
