"""`etl graph`"""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.offline import offline
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.reporting.graph import Flow, mermaid, svg


@click.command("graph")
@click.argument("paths", nargs=-1, metavar="[PATH]...")
@click.option("--format", "form", type=click.Choice(["mermaid", "svg"]), help="Default: by FILE's ending, or mermaid.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write to FILE.")
@click.option("--select", multiple=True, metavar="NAME", help="Only these: a glob, tag:NAME, connection:NAME, +NAME.")
@click.option("--exclude", multiple=True, metavar="NAME", help="All but these, in the same forms.")
@with_settings
def command(
    settings: Settings,
    paths: tuple[str, ...],
    form: str | None,
    output: Path | None,
    select: tuple[str, ...],
    exclude: tuple[str, ...],
) -> None:
    """Draw mappings, the endpoints between which they move data, and the order in which they run."""
    from etl.assemble.workspace import open_workspace

    workspace = open_workspace(
        paths,
        project_file=settings.project,
        env=settings.env,
        vars=settings.vars,
        sandbox=offline(),
        select=select,
        exclude=exclude,
    )
    flows = [
        Flow(
            name=mapping.name,
            source=f"{mapping.source.connection}.{mapping.source.endpoint}",
            target=f"{mapping.target.connection}.{mapping.target.endpoint}",
            needs=workspace.needs.get(mapping.name, frozenset()),
        )
        for mapping in workspace.mappings
    ]
    drawn = svg(flows) if form == "svg" or (form is None and output and output.suffix == ".svg") else mermaid(flows)
    if output:
        output.write_text(drawn, encoding="utf-8")
    else:
        Screen(settings).out(drawn)
