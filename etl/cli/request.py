"""What is asked of `run` and `plan`: the options that they share, gathered in one value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli.options import Settings, WholeNumber

if TYPE_CHECKING:
    from etl.report import RunOptions

Body = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Request:
    """What the options shared by `run` and `plan` say."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    limit: int | None = None
    reread: bool = False
    resend: bool = False
    full: bool = False
    since: str | None = None
    fail_fast: bool = False
    concurrency: int = 4
    as_json: bool = False
    report: Path | None = None
    progress: bool | None = None
    sandbox: bool = False

    def options(self, *, plan: bool = False, wait: bool = False, allow_rekey: bool = False) -> RunOptions:
        """The part that concerns the engine."""
        from etl.report import RunOptions

        return RunOptions(
            plan=plan,
            limit=self.limit,
            reread=self.reread or self.full,
            resend=self.resend or self.full,
            since=self.since,
            fail_fast=self.fail_fast,
            concurrency=self.concurrency,
            wait=wait,
            allow_rekey=allow_rekey,
            select=self.select,
            exclude=self.exclude,
        )


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.4 only
    """A date or date-time in ISO 8601, kept as it is written."""

    name = "DATE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is no date: write 2026-04-01, or 2026-04-01T10:00:00Z", param, ctx)
        return str(value)


_OPTIONS = (
    click.argument("paths", nargs=-1, metavar="[PATH]..."),
    click.option(
        "--select", multiple=True, metavar="NAME", help="Only these: a glob, tag:NAME, connection:NAME, +NAME."
    ),
    click.option("--exclude", multiple=True, metavar="NAME", help="All but these, in the same forms."),
    click.option("--limit", type=WholeNumber(min=1), metavar="N", help="At most N source records of each mapping."),
    click.option("--reread", is_flag=True, help="Read everything: ignore cursors."),
    click.option("--resend", is_flag=True, help="Send what is unchanged, too."),
    click.option("--full", is_flag=True, help="Both --reread and --resend."),
    click.option("--since", type=Moment(), metavar="DATE", help="Read what changed since, whatever the cursor says."),
    click.option("--fail-fast", is_flag=True, help="Stop at the first mapping that fails."),
    click.option("--concurrency", type=WholeNumber(min=1), default=4, show_default=True, help="Mappings side by side."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else."),
    click.option(
        "--report", type=click.Path(path_type=Path), metavar="FILE", help="Also write an .html or .json report."
    ),
    click.option("--progress/--no-progress", default=None, help="Progress lines (default: on a terminal)."),
    click.option("--sandbox", is_flag=True, help="Use made-up systems on loopback instead of the real ones."),
)


def run_options(body: Body) -> Body:
    """Adds the options; `body` gets them gathered in one `Request` after the settings."""

    def call(settings: Settings, *args: Any, **options: Any) -> Any:
        shared = {name: options.pop(name) for name in Request.__slots__}
        return body(settings, Request(**shared), *args, **options)

    call.__doc__ = body.__doc__
    for option in reversed(_OPTIONS):
        option(call)
    return call
