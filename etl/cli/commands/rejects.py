"""`etl rejects`"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from etl.cli.groups import DefaultGroup
from etl.cli.options import Settings, common_options, with_settings
from etl.cli.screen import Screen
from etl.cli.sensitive import Shower, shower
from etl.cli.stored import path_option, sandbox_option, stored
from etl.errors import UsageError
from etl.reporting.ink import counted
from etl.reporting.rejects import reject_document, reject_text, rejects_text
from etl.reporting.values import to_json

if TYPE_CHECKING:
    from etl.model import Reject
    from etl.ports import MappingState

as_json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document and nothing else.")


@click.group("rejects", cls=DefaultGroup)
@common_options
def command() -> None:
    """Look at the records that a target or a check refused. Without a command: list them."""


@command.command("list")
@click.argument("mapping", required=False)
@as_json_option
@path_option
@sandbox_option
@with_settings
def list_rejects(settings: Settings, mapping: str | None, as_json: bool, paths: tuple[str, ...], sandbox: bool) -> None:
    """List open rejects with their reasons: all, or those of MAPPING."""
    screen = Screen(settings)
    with stored(settings, sandbox, paths) as store:
        found = store.rejects(mapping)
    if as_json:
        screen.document(to_json({"rejects": [reject_document(each) for each in found]}))
    else:
        screen.out(rejects_text(found, screen.ink))


@command.command("show")
@click.argument("mapping")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@as_json_option
@path_option
@sandbox_option
@with_settings
def show(
    settings: Settings, mapping: str, keys: tuple[str, ...], as_json: bool, paths: tuple[str, ...], sandbox: bool
) -> None:
    """Show rejects in full: record, output and reason.

    All of MAPPING, or those with these source keys.
    """
    screen = Screen(settings)
    with stored(settings, sandbox, paths) as store:
        found = chosen(store.rejects(mapping), mapping, keys)
    fit = _fit(found, shower(settings, mapping, paths), screen)
    if as_json:
        screen.document(to_json({"rejects": [reject_document(each, full=True) for each in fit]}))
    else:
        screen.out("\n".join(reject_text(each, screen.ink) for each in fit))


@command.command("retry")
@click.argument("mapping", required=False)
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--create", is_flag=True, help="Also creates of which nobody knows what came of them: you have looked.")
@path_option
@as_json_option
@click.option("--sandbox", is_flag=True, help="Those of runs with --sandbox, against the made-up systems.")
@with_settings
def retry(
    settings: Settings,
    mapping: str | None,
    keys: tuple[str, ...],
    create: bool,
    paths: tuple[str, ...],
    as_json: bool,
    sandbox: bool,
) -> int:
    """Send open rejects again at once.

    All, those of MAPPING, or those with these source keys; through the mappings as they are now.

    Nothing is read from the sources. KEYs are source keys as `etl rejects list` shows them.
    """
    from etl.cli.request import Request
    from etl.cli.running import execute
    from etl.report import RunOptions

    with stored(settings, sandbox, paths) as store:
        found = chosen(store.rejects(mapping), mapping, keys) if mapping else store.rejects()
    if not found:
        Screen(settings).note("there are no open rejects")
        return 0
    names = tuple(sorted({each.mapping for each in found}))
    request = Request(paths=paths, select=names, as_json=as_json, sandbox=sandbox)
    return execute(settings, request, RunOptions(retry=True, keys=keys, create=create, select=names, wait=True))


@command.command("drop")
@click.argument("mapping")
@click.argument("keys", nargs=-1, metavar="[KEY]...")
@click.option("--all", "every", is_flag=True, help="All of the mapping's rejects.")
@path_option
@sandbox_option
@with_settings
def drop(
    settings: Settings, mapping: str, keys: tuple[str, ...], every: bool, paths: tuple[str, ...], sandbox: bool
) -> None:
    """End rejects: they are tried no more.

    Those of MAPPING with these source keys, or --all. They come back where the record is read again: when it
    changes, with --full, and by each run of a source that is always read whole.
    """
    if every == bool(keys):
        raise UsageError("which rejects are to be dropped?", "give their source keys, or --all")
    with stored(settings, sandbox, paths) as store:
        found = chosen(store.rejects(mapping), mapping, keys)
        scopes = store.scopes(mapping)
        with store.held(scopes):
            for scope in scopes:
                _drop(store.state.mapping(scope), found)
    Screen(settings).note(f"{mapping}: {counted(len(found), 'reject')} dropped")


def _drop(state: MappingState, rejects: Sequence[Reject]) -> None:
    """A create that may have been done counts as done from now on: it must not come again with a later read."""
    from etl.model import UNCONFIRMED, UNKNOWN, LedgerEntry

    unknown = {each.key for each in rejects if each.code in (UNKNOWN, UNCONFIRMED)}
    intents = [intent for intent in state.intents() if intent.key in unknown]
    state.accept([LedgerEntry(each.key, each.target_key, each.hash) for each in intents], "dropped")
    state.drop_rejects([each.key for each in rejects])


def _fit(rejects: Sequence[Reject], show: Shower | None, screen: Screen) -> list[Reject]:
    """Without the mapping nobody can tell what in a record is sensitive: then none of it is shown."""
    if show is None:
        screen.note("the mapping itself is not here: its records are not shown, since they may be sensitive", "warning")
        return [replace(each, record=None, output=None, target_key=None) for each in rejects]
    return [show.reject(each) for each in rejects]


def chosen(rejects: Sequence[Reject], mapping: str, keys: Sequence[str]) -> list[Reject]:
    """Those with these keys, or all. Raises UsageError for a key that has none."""
    if not rejects:
        raise UsageError(f"'{mapping}' has no open rejects", "`etl rejects list` shows every mapping's")
    unknown = [key for key in keys if key not in {each.key for each in rejects}]
    if unknown:
        raise UsageError(
            f"'{mapping}' has no open reject with the key {unknown[0]}", f"see `etl rejects list {mapping}`"
        )
    return [each for each in rejects if not keys or each.key in keys]
