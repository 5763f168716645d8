"""The command `etl`: finds the command that was asked for, imports that one only, and answers for its exit code."""

from __future__ import annotations

import difflib
import importlib
import sys
from collections.abc import Mapping
from typing import Any, Final, NoReturn

import click

from etl import __version__
from etl.cli.options import common_options

COMMANDS: Final[Mapping[str, str]] = {
    "run": "Run mappings: read, transform, write.",
    "plan": "Show what a run would do, field by field, without writing.",
    "preview": "Show a few source records beside what they become.",
    "validate": "Check documents without any request.",
    "test": "Run the mappings' own tests, offline.",
    "check": "Log in to each connection and name what is missing.",
    "connectors": "List connectors, endpoints, operations, params and fields.",
    "show": "Print a merged mapping, each value with its origin.",
    "diff": "Say what a mapping changes against its base, or against another.",
    "explain": "Tell one record's whole story, from its source to what was last sent.",
    "graph": "Draw mappings, endpoints and order.",
    "init": "Start a new project that runs at once with --sandbox.",
    "state": "Look at cursors and counts per mapping, or forget them.",
    "functions": "List the functions of expressions, each with an example.",
    "schema": "Print the JSON Schema of a kind of document.",
    "sandbox": "Serve the three APIs on loopback, filled with made-up data.",
    "runs": "Show the history of runs, or one run in detail.",
    "rejects": "Look at the records that were refused.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps, and imports a command when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"etl.cli.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(f"No such command '{args[0]}'.{_suggestion(args[0])}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Explains errors while the context, with the common options, is still there."""
        try:
            return super().invoke(ctx)
        except BaseException as error:
            return _explain(error)

    def main(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Runs and exits: every exception becomes a text and a code in one place."""
        from etl.cli.screen import use_utf8

        use_utf8()
        try:
            code = super().main(*args, **(kwargs | {"standalone_mode": False}))
        except BaseException as error:
            code = _explain(error)
        sys.exit(code if isinstance(code, int) else 0)


def _explain(error: BaseException) -> int:
    from etl.cli.failures import explain

    return explain(error)


def _suggestion(name: str) -> str:
    close = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else " `etl --help` lists them."


@click.group("etl", cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="etl", message="%(prog)s %(version)s")
@common_options
def cli() -> None:
    """Move data between business systems by mappings in YAML.

    Start with: etl run --sandbox builtin:blikk-to-dimesheets/projects
    """
