"""A command or option that the documentation does not name fails here."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from etl.cli.main import COMMANDS, cli

TEXT = (Path(__file__).parent.parent / "docs" / "commands.md").read_text(encoding="utf-8")
COMMON = {option for parameter in cli.params for option in parameter.opts}


def section(name: str) -> str:
    """What stands under a command's heading."""
    found = re.search(rf"^## etl {name}\b.*?(?=^## |\Z)", TEXT, re.M | re.S)
    assert found, f"docs/commands.md has no section 'etl {name}'"
    return found[0]


def options(command: click.Command) -> Iterator[str]:
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            yield from (name for name in (*parameter.opts, *parameter.secondary_opts) if name not in COMMON)
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            yield from options(inner)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_all_its_options(name: str) -> None:
    command = importlib.import_module(f"etl.cli.commands.{name}").command
    text = section(name) + (section("run") if name == "plan" else "")
    assert [option for option in options(command) if f"`{option}" not in text and f"{option} " not in text] == []
    if isinstance(command, click.Group):
        assert [inner for inner in command.commands if f"etl {name} {inner}" not in text] == []


def test_no_option_is_documented_that_does_not_exist() -> None:
    for name in COMMANDS:
        command = importlib.import_module(f"etl.cli.commands.{name}").command
        known = {*options(command), *COMMON, "--help"}
        named = set(re.findall(r"^\| `(--[a-z-]+)", section(name), re.M))
        assert named <= known, name


def test_the_common_options_are_documented() -> None:
    intro = TEXT.split("## For every command")[1].split("\n## ")[0]
    assert [option for option in COMMON if f"`{option}" not in intro] == []
