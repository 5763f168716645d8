"""The environments of a project that are not chosen: a mistake in them would show only on the day they are.

Nothing is filled in for them, as their secrets may be set on another machine only: what holds a `${…}` is not judged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from etl.documents import schema, source
from etl.documents.source import Document
from etl.expressions.suggest import listed, nearest
from etl.mapping import connections
from etl.mapping.project import with_environment
from etl.model import Json, Problem
from etl.specs import ConnectionSpec


def other_environments(file: Path, chosen: str) -> Iterator[tuple[Mapping[str, ConnectionSpec], list[Problem]]]:
    """The connections of each environment but the chosen one, and what is wrong with it."""
    written = source.load(file)
    blocks = written.data.get("environments") if isinstance(written.data, dict) else None
    for name, block in blocks.items() if isinstance(blocks, dict) else ():
        if name != chosen:
            document = with_environment(written, name)
            built, wrong = connections.build(document)
            strange = _strangers(written, name, block)
            known = {each.location for each in strange}
            wrong += [*schema.check(document, "project"), *connections.check_place(document)]
            yield built, strange + [each for each in wrong if each.location not in known]


def judged(problems: list[Problem]) -> list[Problem]:
    """The problems without those of values that are not filled in."""
    return [each for each in problems if "${" not in _value(each)]


def _value(problem: Problem) -> str:
    place = problem.location
    return place.text[place.column - 1 : (place.end_column or place.column + 1) - 1] if place else ""


def _strangers(written: Document, name: str, block: Json) -> list[Problem]:
    """Connections of an environment that change none of the project's, and are not whole by themselves."""
    ours = written.data.get("connections") or {}
    theirs = block.get("connections") if isinstance(block, dict) else None
    found = []
    for each, inner in theirs.items() if isinstance(theirs, dict) else ():
        if each in ours or not isinstance(inner, dict) or "connector" in inner:
            continue
        meant = nearest(each, ours)
        hint = f"did you mean '{meant}'?" if meant else f"there is {listed(ours)}; a new one needs its `connector`"
        place = written.marks.key(("environments", name, "connections", each))
        found.append(Problem("unknown-connection", f"no connection is called '{each}'", place, hint))
    return found
