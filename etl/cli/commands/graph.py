"""`etl graph`"""

from __future__ import annotations

from pathlib import Path

import click

from etl.cli.offline import offline
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.errors import UsageError
from etl.reporting.graph import Flow, mermaid, svg

_FORMS = {".svg": "svg", ".mmd": "mermaid", ".md": "mermaid"}


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

    form = form or _form(output)
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
    drawn = svg(flows) if form == "svg" else mermaid(flows)
    if output:
        output.write_text(drawn, encoding="utf-8")
    else:
        Screen(settings).out(drawn)


def _form(output: Path | None) -> str:
    """The form that the file's name tells. Raises UsageError."""
    if output is None:
        return "mermaid"
    if output.suffix not in _FORMS:
        raise UsageError(f"--output {output}: the name tells the form", "end it in .svg, .mmd or .md")
    return _FORMS[output.suffix]
