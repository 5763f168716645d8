"""`etl run`"""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.carrying_out import as_asked
from etl.cli.options import Settings, with_settings
from etl.cli.request import Request, run_options
from etl.cli.running import always_document, execute


@click.command("run")
@click.option("--wait", is_flag=True, help="Wait where another run has one of the mappings, instead of ending.")
@click.option("--allow-rekey", is_flag=True, help="Allow a changed key expression to create records anew.")
@click.option("--plan", "plan", type=click.Path(path_type=Path), metavar="FILE", help="Do exactly what this plan says.")
@with_settings
@run_options
def command(settings: Settings, request: Request, wait: bool, allow_rekey: bool, plan: Path | None) -> int:
    """Run mappings: read from the source, transform, and write what changed to the target.

    PATH is a mapping file, a folder, or builtin:NAME of the library; without one, the project's mappings/.
    """
    saved = None
    if plan is not None:
        with always_document(settings, request):
            saved, request = as_asked(plan, request)
    return execute(settings, request, request.options(wait=wait, allow_rekey=allow_rekey), saved=saved)
