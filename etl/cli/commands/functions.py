"""`etl functions`"""

from __future__ import annotations

import click

from etl.cli.names import check_known
from etl.cli.options import Settings, with_settings
from etl.cli.screen import Screen
from etl.reporting.values import to_json


@click.command("functions")
@click.argument("name", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@with_settings
def command(settings: Settings, name: str | None, as_json: bool) -> None:
    """List the functions of expressions, each with an example; with NAME what it does."""
    from etl.expressions.functions import FUNCTIONS
    from etl.reporting.functions import function_document, function_text, functions_text

    screen = Screen(settings)
    if name:
        check_known(name, FUNCTIONS, "function")
    chosen = [FUNCTIONS[name]] if name else list(FUNCTIONS.values())
    if as_json:
        screen.document(to_json({"functions": [function_document(each) for each in chosen]}))
    elif name:
        screen.out(function_text(chosen[0], screen.ink))
    else:
        screen.out(functions_text(chosen, screen.ink))
