"""docs/checks.md, made of the cases in `checks/`: `python -m tests.documents.checks_page` writes it anew."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from etl.assemble.catalogue import add_files
from etl.catalogue import Connector
from etl.connectors.build import build
from etl.connectors.load import load_connector
from etl.documents import source
from etl.documents.source import Document
from etl.mapping.checks import check_connections, check_mapping, check_project
from etl.mapping.checks.codes import CODES
from etl.mapping.load import load_mappings
from etl.mapping.project import load_project
from etl.model import Problem
from etl.reporting.problems import full_message
from etl.specs import ProjectSpec

CASES = Path(__file__).resolve().parent / "checks"
PAGE = CASES.parents[2] / "docs" / "checks.md"

_HEAD = """\
<!-- Made by `python -m tests.documents.checks_page` of the cases in tests/documents/checks: change those. -->
# What `etl validate` finds

Every code of the static checks, each with a mapping that has the problem, the message, and one that has not. The
checks run without any request: against the connectors' documented endpoints, params and record schemas. An **error**
means that it can't work (exit code 2, nothing is sent); a **warning** that some records will be rejected, or that
something is there for nothing.

All examples extend this mapping, of a made-up `crm` to made-up `sheets`; they show only what differs:

```yaml
{base}
```
"""


def connectors() -> dict[str, Connector]:
    """The made-up connectors, by the connections' names."""
    return {file.stem: build(source.load(file).data, name=file.stem) for file in (CASES / "connectors").iterdir()}


def files(place: Path) -> list[Path]:
    """The mappings of one half of a case: `bad.yaml`, or all in the folder `bad/`."""
    if place.is_dir():
        return sorted(file for file in place.iterdir() if file.name != "etl.yaml")
    return [place.with_suffix(".yaml")]


def problems(place: Path) -> list[Problem]:
    """What loading and checking one half of a case brings up."""
    own = place / "etl.yaml"
    project_file = own if own.is_file() else CASES / "etl.yaml"
    project = load_project(file=project_file, environ={})
    loads = load_mappings(list(files(place)), project, environ={})
    known = connectors()
    known |= add_files(_folders(project), project.connections, loads.mappings, project)
    pairs = [(loaded.spec, loaded.document) for loaded in loads.mappings]
    found = [*loads.problems, *check_connections(project.connections, known)]
    for loaded in loads.mappings:
        found += check_mapping(loaded.spec, loaded.document, loaded.project, known)
    document: Document | None = source.load(project_file) if own.is_file() else None
    return [*found, *check_project(pairs, known, document)]


def _folders(project: ProjectSpec) -> dict[str, Connector]:
    """The connections to folders of files."""
    named = [name for name, spec in project.connections.items() if spec.connector == "files"]
    return {name: load_connector("files", CASES) for name in named}


def page() -> str:
    """The whole page."""
    base = (CASES / "base.yaml").read_text(encoding="utf-8").strip()
    parts = [_HEAD.format(base=base)]
    for section, codes in CODES.items():
        parts.append(f"\n## {section}\n")
        for code, about in codes.items():
            parts += _case(code, about)
    return "\n".join(parts)


def _case(code: str, about: str) -> Iterator[str]:
    found = problems(CASES / code / "bad")
    severity = " or ".join(dict.fromkeys(problem.severity for problem in found))
    yield f"\n### {code}\n\n*{severity}* · {about}\n"
    yield from _shown(CASES / code / "bad")
    messages = "\n".join(_message(problem) for problem in found)
    yield f"```text\n{messages}\n```\n\nBetter:\n"
    yield from _shown(CASES / code / "good")


def _shown(place: Path) -> Iterator[str]:
    written = [place / "etl.yaml", *files(place)] if (place / "etl.yaml").is_file() else files(place)
    for file in written:
        text = file.read_text(encoding="utf-8").strip().replace("extends: ../../base.yaml\n", "")
        text = text.replace("../../connectors/", "./connectors/")
        text = text.replace("extends: ../base.yaml\n", "")
        name = f"# {file.name}\n" if place.is_dir() else ""
        yield f"```yaml\n{name}{text}\n```\n"


def _message(problem: Problem) -> str:
    """A problem as the command line prints it, with the file's name only."""
    place = problem.location
    assert place is not None
    marked = " " * (place.column - 1) + "^" * max(1, (place.end_column or place.column + 1) - place.column)
    message = full_message(problem).replace(f"{Path(place.file).parent}/", "")
    first = f"{Path(place.file).name}: {problem.severity}[{problem.code}]: {message}"
    return f"{first}\n    {place.text}\n    {marked}"


if __name__ == "__main__":
    os.chdir(CASES)  # messages name files as seen from there
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
