"""`etl init`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from etl.cli.names import check_known
from etl.cli.options import Settings, with_settings
from etl.cli.scaffold import Base, End, base_of, files
from etl.cli.screen import Screen
from etl.errors import UsageError

DEFAULTS = ("blikk", "dimesheets")


@click.command("init")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--from", "source", metavar="CONNECTOR", help=f"Where the data comes from (default: {DEFAULTS[0]}).")
@click.option("--to", "target", metavar="CONNECTOR", help=f"Where it goes (default: {DEFAULTS[1]}).")
@click.option("--name", metavar="NAME", help="The project's name (default: the folder's).")
@with_settings
def command(settings: Settings, folder: Path, source: str | None, target: str | None, name: str | None) -> None:
    """Start a project in DIR: a folder that runs at once with --sandbox.

    Asks for what no option says where there is a terminal.
    """
    source = source or _ask("Where does the data come from?", DEFAULTS[0])
    target = target or _ask("Where does it go?", DEFAULTS[1])
    name = name or _ask("What is the project called?", folder.resolve().name)
    written = list(files(name, [_end(source), _end(target)], _bases(source, target)))
    _check_free(folder, [path for path, _ in written])
    for path, text in written:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    screen = Screen(settings)
    screen.out("".join(f"{folder / path}\n" for path, _ in written))
    first = "" if folder.resolve() == Path.cwd() else f"cd {folder} && "
    screen.note(f"next: {first}etl run --sandbox")


def _ask(question: str, default: str) -> str:
    if not sys.stdin.isatty():
        return default
    answer: str = click.prompt(question, default=default, err=True)
    return answer


def _end(connector: str) -> End:
    from etl.connectors.load import load_connector, packaged
    from etl.http.credentials import keys_of

    check_known(connector, packaged(), "connector")
    auth = load_connector(connector, Path.cwd()).auth
    return End(connector, tuple(keys_of(auth[0])) if auth else ())


def _bases(start: str, end: str) -> list[Base]:
    from etl.documents import source
    from etl.resources import mappings

    pair = f"{start}-to-{end}"
    known = sorted(folder.name for folder in mappings().iterdir() if folder.is_dir())
    if pair not in known:
        offers = ", ".join(each.replace("-", " ") for each in known)
        raise UsageError(f"the library has no mappings from {start} to {end}", f"it has {offers}")
    documents = [(file, source.load(file).data) for file in sorted((mappings() / pair).glob("*.yaml"))]
    return [base_of(pair, file, data) for file, data in documents if not data.get("template")]


def _check_free(folder: Path, paths: list[str]) -> None:
    taken = [path for path in paths if (folder / path).exists()]
    if taken:
        raise UsageError(f"{folder / taken[0]} is there already", "name a new folder: nothing is overwritten")
