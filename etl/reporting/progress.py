"""A line per mapping on a terminal while a run goes on: records, rate, waiting and time left.

The report of the run is the only source: it counts on while we look at it, so that nothing in the engine knows
that anybody looks.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.table import Column, Table
from rich.text import Text

from etl.report import MappingReport, RunReport
from etl.reporting.fit import natural_width
from etl.reporting.ink import seconds, thousands
from etl.reporting.values import clean, clip


class Rate(ProgressColumn):
    """Records a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.0f}/s" if speed else "", "dim")


class TimeLeft(ProgressColumn):
    """How long it will take, where the source says how much there is."""

    def render(self, task: Task) -> Text:
        if ended := task.fields["ended"]:
            return Text(ended, "green" if ended == "done" else "red")
        left = task.time_remaining
        return Text(f"{seconds(left)} left" if left is not None else "", "cyan")


class RunProgress(Progress):
    """Shows a report that somebody else fills. A context manager; prints nothing but its own lines."""

    def __init__(self, console: Console) -> None:
        self._report: RunReport | None = None
        self._terminal = console
        self._lines: dict[str, TaskID] = {}
        bar, rate = BarColumn(bar_width=20), Rate(Column(no_wrap=True))
        became = TextColumn("{task.fields[became]}", markup=False)
        waiting = TextColumn("{task.fields[waiting]}", style="yellow", markup=False)
        self._spared: tuple[ProgressColumn, ...] = (bar, rate, waiting, became)
        """What is left out where the terminal is too narrow for it, in this order."""
        super().__init__(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            bar,
            TextColumn("{task.fields[read]}", markup=False),
            became,
            rate,
            TimeLeft(Column(no_wrap=True)),
            waiting,
            console=console,
            transient=True,
            redirect_stdout=False,
            refresh_per_second=5,
        )

    def watch(self, report: RunReport) -> None:
        """From now on the lines show this report, each mapping from its start."""
        for mapping in report.mappings:
            name = clip(clean(mapping.name), 30)
            self._lines[mapping.name] = self.add_task(
                name, start=False, visible=False, read="", became="", waiting="", done=False
            )
        self._report = report

    def make_tasks_table(self, tasks: Iterable[Task]) -> Table:
        """One line for each, whatever the width of the terminal."""
        every, shown = self.columns, list(tasks)
        try:
            for number in range(len(self._spared) + 1):
                self.columns = tuple(each for each in every if each not in self._spared[:number])
                table = super().make_tasks_table(shown)
                if natural_width(table, self._terminal) <= self._terminal.width:
                    break
        finally:
            self.columns = every
        return table

    def get_renderables(self) -> Iterable[RenderableType]:
        """The lines as the report stands now."""
        if self._report is not None:
            for mapping in self._report.mappings:
                if mapping.started or mapping.finished:
                    self._show(mapping, self._report)
        yield from super().get_renderables()

    def _show(self, mapping: MappingReport, report: RunReport) -> None:
        line = self._lines[mapping.name]
        if not self._tasks[line].started:
            self.start_task(line)
        total = mapping.read if mapping.finished else mapping.expected
        self.update(
            line,
            visible=True,
            ended=_ended(mapping),
            completed=mapping.read,
            total=max(total, mapping.read, 1) if total is not None else None,
            read=_read(mapping),
            became=_became(mapping),
            waiting="" if mapping.finished else _waiting(mapping, report),
        )
        if mapping.finished and not mapping.read:
            self.update(line, completed=1)


def _ended(mapping: MappingReport) -> str:
    if not mapping.finished:
        return ""
    return mapping.status if mapping.status in ("failed", "interrupted") else "done"


def _read(mapping: MappingReport) -> str:
    known = mapping.expected if not mapping.finished else None
    return f"{thousands(mapping.read)} of {thousands(known)}" if known else f"{thousands(mapping.read)} read"


def _became(mapping: MappingReport) -> str:
    counts = {"written": mapping.written, "rejected": mapping.rejected}
    return ", ".join(f"{thousands(count)} {name}" for name, count in counts.items() if count)


def _waiting(mapping: MappingReport, report: RunReport) -> str:
    """What the rate limit of the source's or target's system has cost so far."""
    ends = (mapping.source, mapping.target)
    used = [each for name, each in list(report.connections.items()) if any(end.startswith(f"{name}.") for end in ends)]
    waited = max(used, key=lambda each: each.waited_seconds, default=None)
    if waited is None or waited.waited_seconds < 1:
        return ""
    penal = f", {thousands(waited.throttled)} × 429" if waited.throttled else ""
    return f"{clean(waited.name)} limits the rate{penal}"
