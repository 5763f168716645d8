"""`etl plan`"""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.options import Settings, with_settings
from etl.cli.request import Request, run_options
from etl.cli.running import execute


@click.command("plan")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="FILE", help="Save it, for `etl run --plan FILE`."
)
@with_settings
@run_options
def command(settings: Settings, request: Request, out: Path | None) -> int:
    """Show what a run would create, change field by field, leave and reject. Reads only.

    PATH is a mapping file, a folder, or builtin:NAME of the library; without one, the project's mappings/.
    """
    return execute(settings, request, request.options(plan=True), out=out)
