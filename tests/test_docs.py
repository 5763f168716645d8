"""What README, docs and examples say is so: links lead somewhere, commands exist, mappings are right, messages real."""

from __future__ import annotations

import importlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from etl import secrets
from etl.cli.main import COMMANDS, cli
from etl.expressions.functions import FUNCTIONS
from tests.support.cli import etl
from tests.support.projects import Folder

ROOT = Path(__file__).parents[1]
FOLDERS = ("docs", "examples", "mappings")
PAGES = sorted([*ROOT.glob("*.md"), *(page for name in FOLDERS for page in (ROOT / name).rglob("*.md"))])
README = (ROOT / "README.md").read_text(encoding="utf-8")
CREDENTIALS = {"BLIKK_APP_ID": "an-id", "BLIKK_APP_SECRET": "a-secret", "DIMESHEETS_API_KEY": "a-key"}
PROJECT = """\
version: 1
connections:
  blikk: {connector: blikk, auth: {app_id: "${BLIKK_APP_ID}", app_secret: "${BLIKK_APP_SECRET}"}}
  dimesheets: {connector: dimesheets, auth: {api_key: "${DIMESHEETS_API_KEY}"}}
"""


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    yield
    secrets.forget()


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(text: str, language: str) -> list[str]:
    """The fenced code blocks of a page in one language."""
    return [inside for named, inside in re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S) if named == language]


# --- links ---------------------------------------------------------------------------------------


def headings(page: Path) -> set[str]:
    """The anchors of a page, as code hosting makes them."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{name_of(page)} links to {link}"
        if anchor:
            assert anchor in headings(target), f"{name_of(page)} links to {link}"


# --- commands and functions ----------------------------------------------------------------------


def typed(text: str) -> Iterator[str]:
    """The command lines of a page's code blocks and of its inline code."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.M | re.S):
        yield from (found[1] for line in block.splitlines() if (found := re.search(r"(?:^|[/\s&])etl ([a-z].*)", line)))
    yield from re.findall(r"`etl ([a-z][^`]*)`", text)


def options(command: click.Command) -> set[str]:
    own = {option for each in command.params for option in (*each.opts, *each.secondary_opts)}
    inner = command.commands.values() if isinstance(command, click.Group) else ()
    return own.union(*map(options, inner))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_commands_that_a_page_shows_exist_with_their_options(page: Path) -> None:
    common = options(cli) - set(COMMANDS) | {"--help"}
    for line in typed(page.read_text(encoding="utf-8")):
        name, *words = re.split(r"\s{3,}|[;#]", line)[0].split()
        if not name.isalpha():
            continue
        assert name in COMMANDS, f"{name_of(page)}: etl {line}"
        known = options(importlib.import_module(f"etl.cli.commands.{name}").command) | common
        wrong = [word for word in words if word.startswith("--") and word.partition("=")[0].rstrip(",.") not in known]
        assert not wrong, f"{name_of(page)}: etl {line}"


def test_every_function_is_listed_with_what_it_does_and_an_example() -> None:
    listed = {each["name"]: each for each in json.loads(etl("functions", "--json").stdout)["functions"]}
    assert set(listed) == set(FUNCTIONS)
    for name, each in listed.items():
        assert each["example"].strip(), name
        assert each["doc"].strip(), name
        assert name in etl("functions", name).stdout


# --- mappings ------------------------------------------------------------------------------------

LIBRARIES = sorted(folder.name for folder in (ROOT / "mappings").iterdir() if folder.is_dir())
EXAMPLES = sorted(file.parent for file in (ROOT / "examples").rglob("etl.yaml"))


@pytest.mark.parametrize("name", LIBRARIES)
def test_a_folder_of_the_library_is_right_and_its_own_tests_pass(name: str, tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for command in ("validate", "test"):
        result = folder.etl(command, f"builtin:{name}")
        assert result.exit_code == 0, result.stdout + result.stderr
        assert "warning" not in result.stdout + result.stderr


@pytest.mark.parametrize("file", sorted((ROOT / "mappings").rglob("*.yaml")), ids=name_of)
def test_a_mapping_of_the_library_says_what_it_does_and_tests_it(file: Path) -> None:
    from etl.documents.source import load

    document = load(file).data
    if not document.get("template"):
        assert document["description"].strip()
        assert document["tests"]
    assert file.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=")


@pytest.mark.parametrize("source", EXAMPLES, ids=name_of)
def test_an_example_folder_is_right_and_its_own_tests_pass(source: Path, tmp_path: Path) -> None:
    examples = ROOT / "examples"  # all of them, as a folder may extend what lies beside it
    shutil.copytree(examples, tmp_path / "examples", ignore=shutil.ignore_patterns(".etl", ".env"))
    folder = Folder(tmp_path / "examples" / source.relative_to(examples))
    shutil.copy(source / ".env.example", folder.path / ".env")
    given = (folder.path / ".env").read_text(encoding="utf-8")
    folder.write(".env", re.sub(r"=[ ]*$", "=made-up-value", given, flags=re.M))
    for command in ("validate", "test"):
        result = folder.etl(command)
        assert result.exit_code == 0, result.stdout + result.stderr


# --- the page of mappings ------------------------------------------------------------------------

MAPPINGS_PAGE = (ROOT / "docs" / "mappings.md").read_text(encoding="utf-8")


def test_the_mappings_and_the_project_of_their_page_are_right_and_their_tests_pass(tmp_path: Path) -> None:
    *mappings, project = blocks(MAPPINGS_PAGE, "yaml")
    folder = Folder(tmp_path)
    folder.write("etl.yaml", project)
    folder.write("lookups/tasks.csv", "project,task\n12,3\n")
    for number, mapping in enumerate(mappings):
        folder.write(f"mappings/m{number}.yaml", mapping)
    for command in ("validate", "test"):
        result = folder.etl(command, env=CREDENTIALS | {"TEST_DIMESHEETS_API_KEY": "a-key"})
        assert result.exit_code == 0, result.stdout + result.stderr
        assert "warning" not in result.stdout + result.stderr


@pytest.mark.parametrize("block", ["mapping", "source", "lookup", "field", "target", "test", "project", "connection"])
def test_the_page_of_mappings_names_every_key(block: str) -> None:
    kind = "project" if block in ("project", "connection") else "mapping"
    schema = json.loads((ROOT / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    keys = (schema if block == kind else schema["$defs"][block])["properties"]
    first_columns = "".join(re.findall(r"^\| (`[^|]*) \|", MAPPINGS_PAGE, re.M))
    assert set(keys) - set(re.findall(r"`(\w+)`", first_columns)) == set()


# --- the README's own example --------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A project that holds the README's mapping."""
    made = Folder(tmp_path)
    made.write("etl.yaml", PROJECT)
    (mapping,) = blocks(README, "yaml")
    made.write("mappings/projects.yaml", mapping)
    return made


def test_the_readmes_mapping_is_right(folder: Folder) -> None:
    result = folder.etl("validate", env=CREDENTIALS)
    assert result.exit_code == 0, result.stdout + result.stderr


def test_the_readmes_message_is_what_its_mistake_gives(folder: Folder) -> None:
    (message,) = (block for block in blocks(README, "") if "error[" in block)
    mapping = (folder.path / "mappings" / "projects.yaml").read_text(encoding="utf-8")
    assert mapping.count("customer.name") == 1
    folder.write("mappings/projects.yaml", mapping.replace("customer.name", "custmer.name"))
    result = folder.etl("validate", "mappings/projects.yaml", env=CREDENTIALS)
    assert result.exit_code == 2
    assert message in result.stdout


def test_the_readme_shows_a_picture_of_a_run_of_its_own_command() -> None:
    (command,) = (found for block in blocks(README, "bash") for found in re.findall(r"etl (run .*)", block))
    assert "docs/run.svg" in README
    picture = (ROOT / "docs" / "run.svg").read_text(encoding="utf-8").replace("&#160;", " ")
    assert f"etl {command}" in picture
