"""The files of a new project: values in, texts out. Everything in them works as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.model import Json
from etl.reporting.values import compact

PLAIN_KEY = re.compile(r"(?!(?i:true|false|null|yes|no|on|off|y|n)$)[A-Za-z_][A-Za-z0-9_]*")
_VARIABLE = re.compile(r"\$\{([A-Z_][A-Z0-9_]*):-([^}]*)\}")


@dataclass(frozen=True, slots=True)
class End:
    """One system of the project: its connector, and the keys of its credentials."""

    connector: str
    keys: tuple[str, ...]

    def variable(self, key: str) -> str:
        """The environment variable that holds one of them."""
        return f"{self.connector}_{key}".upper()


@dataclass(frozen=True, slots=True)
class Base:
    """A mapping of the library that the project starts from."""

    path: str
    """As `builtin:` names it."""
    name: str
    description: str
    test: tuple[str, Mapping[str, Json]] | None
    """One of its tests, for the project to make its own."""
    tables: Mapping[str, Path]
    """The files of its lookups, which only fit the sandbox."""
    variables: Mapping[str, str]
    """What its params take from the environment, with the value that fits the sandbox."""


def base_of(pair: str, file: Path, data: Mapping[str, Any]) -> Base:
    """What a project takes over from a mapping of the library."""
    lookups: Mapping[str, Any] = data.get("lookups", {})
    return Base(
        path=f"{pair}/{file.stem}",
        name=data["name"],
        description=data.get("description", ""),
        test=next(iter(data.get("tests", {}).items()), None),
        tables={name: file.parent / lookup["file"] for name, lookup in lookups.items() if "file" in lookup},
        variables=dict(_VARIABLE.findall(compact(data["source"].get("params", {})))),
    )


def files(name: str, ends: Sequence[End], bases: Sequence[Base]) -> Iterator[tuple[str, str]]:
    """Path and text of every file."""
    yield "etl.yaml", _project(name, ends)
    yield ".env.example", _environment(ends, bases)
    yield ".gitignore", ".env\n.etl/\n"
    for base in bases:
        yield f"mappings/{base.name}.yaml", _mapping(base)
        for table in base.tables.values():
            yield f"lookups/{table.name}", table.read_text(encoding="utf-8")
    yield ".github/workflows/etl.yml", _WORKFLOW
    yield "README.md", _readme(name, ends, bases)


def _project(name: str, ends: Sequence[End]) -> str:
    lines = ["version: 1", f"name: {compact(name)}", "timezone: Europe/Stockholm", "connections:"]
    for end in ends:
        auth = ", ".join(f'{key}: "${{{end.variable(key)}}}"' for key in end.keys)
        lines += [f"  {end.connector}:", f"    connector: {end.connector}"]
        lines += [f"    auth: {{{auth}}}"] if auth else []
    return "\n".join(lines) + "\n"


def _environment(ends: Sequence[End], bases: Sequence[Base]) -> str:
    credentials = [f"{end.variable(key)}=change-me\n" for end in ends for key in end.keys]
    variables = {name: value for base in bases for name, value in base.variables.items()}
    return "".join([*credentials, *(f"{name}={value}\n" for name, value in variables.items())])


def _mapping(base: Base) -> str:
    about = f"# {base.description}\n" if base.description else ""
    text = f"version: 1\n{about}extends: builtin:{base.path}\n\n{_ADVICE}{_lookups(base)}"
    if base.test is None:
        return text
    name, test = base.test
    return f"{text}\ntests:\n  {compact(f'ours: {name}')}:\n" + "".join(_test(test))


def _lookups(base: Base) -> str:
    if not base.tables:
        return ""
    lines = [f"  {name}: {{file: {compact(f'../lookups/{table.name}')}}}\n" for name, table in base.tables.items()]
    return "".join(["\n", _MADE_UP, "lookups:\n", *lines])


def _test(test: Mapping[str, Json]) -> Iterator[str]:
    """A test in blocks, its inner values as JSON, which is YAML too."""
    for part, value in test.items():
        if not isinstance(value, Mapping) or not value:
            yield f"    {_key(part)}: {compact(value)}\n"
            continue
        yield f"    {_key(part)}:\n"
        for name, inner in value.items():
            yield f"      {_key(str(name))}: {compact(inner)}\n"


def _key(name: str) -> str:
    return name if PLAIN_KEY.fullmatch(name) else compact(name)


_ADVICE = """\
# Everything comes from the library's mapping; `etl show` prints the whole. What is to be different stands here:
# fields:
#   FIELD: null                        # left out
#   FIELD: {truncate: 80}              # the expression stays, a rule is added
#   FIELD: "concat('our-', id)"        # another expression
# The library's tests run, too: one that is not true any more is written anew under its name in `tests`, or as `null`.
"""

_MADE_UP = """\
# These tables fit the sandbox only: its ids are made up. Before the first real run, name tables of your own here.
"""

_WORKFLOW = """\
name: etl
on: [push, pull_request]
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with: {python-version: "3.12"}
      - run: pip install etl-mappings
      - run: cp .env.example .env    # nothing is sent: any value will do
      - run: etl validate
      - run: etl test
"""


def _readme(name: str, ends: Sequence[End], bases: Sequence[Base]) -> str:
    first, last = ends[0].connector, ends[-1].connector
    table = "\n".join(f"| `mappings/{base.name}.yaml` | {base.description} |" for base in bases)
    return f"""\
# {name}

Moves data from {first} to {last}.

| mapping | what it does |
|---|---|
{table}

Try it against made-up systems; a second run sends nothing, since nothing changed:

    etl run --sandbox

{_before(bases)}\
Against the real ones: give your credentials, which `etl validate` asks for too, then look before you leap:

    cp .env.example .env    # and fill it in (Windows: copy .env.example .env)
    etl validate
    etl test
    etl plan
    etl run

An editor with a YAML language server completes keys, endpoints and fields, and shows help, where a mapping begins with
`# yaml-language-server: $schema=../mapping.schema.json` and this has been done once:

    etl schema mapping --connections > mapping.schema.json
"""


def _before(bases: Sequence[Base]) -> str:
    """What only fits the made-up systems, where there is such."""
    tables = sorted({f"`lookups/{table.name}`" for base in bases for table in base.tables.values()})
    variables = sorted({f"`{name}`" for base in bases for name in base.variables})
    said = []
    if tables:
        said.append(f"{' and '.join(tables)}: tables of made-up ids; name tables of your own in the mapping")
    if variables:
        said.append(f"{' and '.join(variables)} in `.env`: fits the made-up data; write your own")
    lines = "\n".join(f"- {each}" for each in said)
    return f"Made for the sandbox, to be replaced before the first real run:\n\n{lines}\n\n" if said else ""
