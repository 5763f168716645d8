"""`etl diff`"""

from __future__ import annotations

import click

from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.errors import UsageError
from etl.reporting.difference import differences, differences_document, differences_text
from etl.reporting.values import to_json


@click.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, first: str, second: str | None, as_json: bool) -> None:
    """Say what mapping B changes against mapping A, value by value, each with its file and line.

    With A alone: what A changes against the mapping that it extends.
    """
    from etl.mapping.load import merged, written

    chain = written(first)
    if second is None and len(chain) == 1:
        raise UsageError(f"'{first}' extends no mapping", "name the one to compare it with: etl diff A B")
    before, after = (merged(chain[1:]), merged(chain)) if second is None else (merged(chain), merged(written(second)))
    found = differences(before, after)
    screen = Screen(settings)
    if as_json:
        screen.document(to_json(differences_document(before, after, found)))
    else:
        screen.out(differences_text(before, after, found, screen.ink))
