"""The closing table of a run: every record accounted for, and what to do about those that were refused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.table import Table
from rich.text import Text

from etl.report import ConnectionReport, MappingReport, RunReport
from etl.reporting.fit import natural_width
from etl.reporting.ink import counted, seconds, thousands
from etl.reporting.runs import telling_counts, top_reasons, totals
from etl.reporting.values import clean

STYLES: Final = {"succeeded": "green", "rejected": "yellow", "failed": "red", "interrupted": "yellow"}
REASONS_SHOWN = 5
DRIFT_SHOWN = 8
SHORTEST_NAME = 12


def summary(report: RunReport, options: str = "") -> RenderableType:
    """The table of mappings, then reasons, drift, connections and the outcome in one line.

    `options`: what a next command must carry (`--env test`).
    """
    notes = [note for mapping in report.mappings for note in _notes(mapping, options)]
    parts: list[RenderableType] = [_Counts(report)]
    if notes:
        parts += ["", *notes]
    parts += [
        "",
        *(_connection(each) for _, each in sorted(report.connections.items()) if each.host or each.requests),
        _closing(report),
    ]
    return Group(*parts)


class _Counts:
    """A row for each mapping, where that fits without cutting off what it says; else a few lines for each."""

    def __init__(self, report: RunReport) -> None:
        self._report = report

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        table = _table(self._report)
        longest = max((len(clean(mapping.name)) for mapping in self._report.mappings), default=0)
        spare = max(longest - SHORTEST_NAME, 0)  # names go on in a second line
        wanted = natural_width(table, console) - spare
        yield table if wanted <= options.max_width else _list(self._report)


def _list(report: RunReport) -> Text:
    lines = []
    for mapping in report.mappings:
        counts = Text(", ").join(_named(name, getattr(mapping, name)) for name in telling_counts(report))
        lines += [
            Text.assemble((clean(mapping.name), "bold"), ": ", _status(mapping), f" in {seconds(mapping.seconds)}")
        ]
        lines += [Text.assemble("  ", counts)]
    return Text("\n").join(lines)


def _named(name: str, number: int) -> Text:
    return Text.assemble(_count(name, number), f" {name}")


def _table(report: RunReport) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 0, 0, 1))
    table.add_column("mapping", overflow="fold")
    table.add_column("status", min_width=max((len(each.status) for each in report.mappings), default=0))
    columns = telling_counts(report)
    for name in [*columns, "time"]:
        table.add_column(name, justify="right", no_wrap=True)
    for mapping in report.mappings:
        counts = [_count(name, getattr(mapping, name)) for name in columns]
        table.add_row(Text(clean(mapping.name)), _status(mapping), *counts, seconds(mapping.seconds))
    if len(report.mappings) > 1:
        sums = totals(report, *columns)
        table.add_section()
        table.add_row("all", "", *(_count(name, sums[name]) for name in columns), _elapsed(report), style="bold")
    return table


def _count(name: str, number: int) -> Text:
    """Nothing steps back, so that what happened is seen; what somebody should look at stands out."""
    style = "dim not bold" if not number else "yellow" if name in ("rejected", "unsettled") else ""
    return Text(thousands(number), style)


def _elapsed(report: RunReport) -> str:
    """The whole run on the clock: mappings run side by side, so that their times don't add up to it."""
    if not report.started_at or not report.finished_at:
        return ""
    begin, end = (datetime.fromisoformat(moment) for moment in (report.started_at, report.finished_at))
    whole_seconds = (end - begin).total_seconds()
    return seconds(max(whole_seconds, *(mapping.seconds for mapping in report.mappings)))


def _status(mapping: MappingReport) -> Text:
    return Text(mapping.status, STYLES[mapping.status])


class _Reason:
    """Why records were refused, and how many; what does not fit in a line goes on below its beginning."""

    def __init__(self, reason: str, count: int) -> None:
        self._head, self._text = f"  {thousands(count):>6} × ", Text(clean(reason))

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        indent = len(self._head)
        for number, line in enumerate(self._text.wrap(console, max(options.max_width - indent, indent))):
            yield Text(" " * indent if number else self._head) + line


def _notes(mapping: MappingReport, options: str) -> Iterator[RenderableType]:
    name, suffix = clean(mapping.name), f" {options}" if options else ""
    if mapping.error:
        yield Text.assemble((f"{name}: ", "bold"), (clean(mapping.error), STYLES[mapping.status]))
    if mapping.rejected:
        yield Text.assemble((f"{name}: ", "bold"), f"{counted(mapping.rejected, 'record')} rejected")
        reasons = top_reasons(mapping.reasons, len(mapping.reasons))
        for reason, count in reasons[:REASONS_SHOWN]:
            yield _Reason(reason, count)
        if len(reasons) > REASONS_SHOWN:
            yield Text(f"         and {counted(len(reasons) - REASONS_SHOWN, 'other reason')}")
        yield Text(f"  look at them with: etl rejects list {name}{suffix} — the next run tries them again")
    if mapping.drift:
        yield Text.assemble((f"{name}: ", "bold"), (f"not as documented: {_drift(mapping)}", "yellow"))
    for warning in mapping.warnings:
        yield Text.assemble((f"{name}: ", "bold"), (clean(warning), "yellow"))


def _drift(mapping: MappingReport) -> str:
    drifted = sorted(mapping.drift.items(), key=lambda item: (-item[1], item[0]))
    shown = ", ".join(f"{clean(what)} ({counted(count, 'record')})" for what, count in drifted[:DRIFT_SHOWN])
    return shown + (f" and {len(drifted) - DRIFT_SHOWN} more" if len(drifted) > DRIFT_SHOWN else "")


def _connection(connection: ConnectionReport) -> Text:
    parts = [counted(connection.requests, "request")]
    if connection.retries:
        parts.append(counted(connection.retries, "retry", "retries"))
    if connection.throttled:
        parts.append(f"{thousands(connection.throttled)} × 429")
    if connection.waited_seconds >= 0.05:
        parts.append(f"held back {seconds(connection.waited_seconds)} by its rate limit")
    return Text(f"{clean(connection.name)}: {', '.join(parts)}", "dim")


def _closing(report: RunReport) -> Text:
    line = Text.assemble("run ", clean(report.run_id), " ", (report.status, STYLES[report.status]))
    if report.error:
        line.append(f": {clean(report.error)}", STYLES[report.status])
    elif report.status == "succeeded" and not any(each.written or each.deleted for each in report.mappings):
        line.append(": nothing had to be written")
    return line
