"""`etl state`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from etl.cli.groups import DefaultGroup
from etl.cli.names import check_known
from etl.cli.options import Settings, common_options, with_settings
from etl.cli.screen import Screen
from etl.cli.stored import path_option, sandbox_option, stored
from etl.errors import UsageError
from etl.reporting.ink import counted
from etl.reporting.states import standing, standing_document, standings_text
from etl.reporting.values import to_json


@click.group("state", cls=DefaultGroup)
@common_options
def command() -> None:
    """Look at what is stored of each mapping. Without a command: show it."""


@command.command("show")
@click.argument("mapping", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")
@path_option
@sandbox_option
@with_settings
def show(settings: Settings, mapping: str | None, as_json: bool, paths: tuple[str, ...], sandbox: bool) -> None:
    """Show cursors and counts of all mappings, or of MAPPING."""
    screen = Screen(settings)
    with stored(settings, sandbox, paths) as store:
        found = [standing(each, store.state.mapping(each)) for each in store.scopes(mapping)]
    if as_json:
        screen.document(to_json({"mappings": [standing_document(each) for each in found]}))
    else:
        screen.out(standings_text(found, screen.ink))


@command.command("reset")
@click.argument("mapping")
@click.option("--yes", is_flag=True, help="Don't ask.")
@path_option
@sandbox_option
@with_settings
def reset(settings: Settings, mapping: str, yes: bool, paths: tuple[str, ...], sandbox: bool) -> None:
    """Forget everything stored of MAPPING.

    The next run reads all and takes nothing as sent before.
    """
    screen = Screen(settings)
    with stored(settings, sandbox, paths) as store:
        check_known(mapping, {each.mapping for each in store.scopes()}, "mapping with state")
        scopes = store.scopes(mapping)
        known = sum(store.state.mapping(each).count() for each in scopes)
        _confirm(f"Forget {known} records of '{mapping}'? What was created in the target may be created again", yes)
        with store.held(scopes):
            for each in scopes:
                store.state.reset(each)
    screen.note(f"{mapping}: forgotten")


@command.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@path_option
@sandbox_option
@with_settings
def export(settings: Settings, file: Path, paths: tuple[str, ...], sandbox: bool) -> None:
    """Write all that is stored of this project to FILE.

    For `etl state import` in another place.

    FILE holds what was sent and rejected: it is readable by its owner alone; treat it as the data itself.
    """
    from etl.state import export_state

    with stored(settings, sandbox, paths) as store:
        project = store.project.name
        with store.held(store.state.scopes(project)):
            count = export_state(store.state, file, project)
    Screen(settings).note(f"{file}: {counted(count, 'row')} of project '{project}'")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@path_option
@sandbox_option
@with_settings
def take_in(settings: Settings, file: Path, paths: tuple[str, ...], sandbox: bool) -> None:
    """Take in what `etl state export` wrote to FILE.

    All or nothing, where nothing is stored of this project yet.
    """
    from etl.state import import_state

    with stored(settings, sandbox, paths, make=True) as store:
        count = import_state(file, store.state, store.project.name)
    Screen(settings).note(f"{counted(count, 'row')} of project '{store.project.name}' taken in")


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError("this forgets what was sent, so that it has to be confirmed", "add --yes")
    click.confirm(question, abort=True, err=True)
