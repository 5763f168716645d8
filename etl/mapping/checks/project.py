"""What no mapping can see alone: names, order, and two mappings that write the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from etl.catalogue import Connector
from etl.documents.marks import Mark, SourceText
from etl.documents.source import Document
from etl.expressions.suggest import listed, nearest
from etl.mapping.checks.fields import key_of
from etl.mapping.checks.findings import ordered
from etl.model import Json, Location, Problem
from etl.specs import FieldSpec, MappingSpec

Pair = tuple[MappingSpec, Document]

_VAR = re.compile(r"""\bvars?(?:\(\s*['`"]*|[:.])([\w.-]+)|\{\{\s*([\w-]+)""")
"""Also a var that is named the wrong way, which is told where it stands."""
_COMPUTED_VAR = re.compile(r"""\bvar\(\s*[^'`"\s]""")
"""A name that is made by an expression: any var may be meant."""


def check_project(
    mappings: Sequence[Pair],
    connectors: Mapping[str, Connector],
    project: Document | None = None,
    *,
    complete: bool = True,
) -> list[Problem]:
    """Problems between mappings: duplicate names, unknown names in `after`, cycles, doubled writes.

    `connectors` are keyed by the names of the connections. With the project's document (etl.yaml), which makes
    sense only where all its mappings are given, vars that nothing uses are found, too. Without `complete` some
    mapping could not be read, so that a name which none of the others has may be its.
    """
    found: list[Problem] = []
    by_name: dict[str, Pair] = {}
    for loaded in mappings:
        _name(loaded, by_name, found)
        _renamed(loaded, mappings, found)
    for loaded in mappings if complete else ():
        _named(loaded, by_name, found)
    found += _cycles(by_name)
    found += _unused_vars(mappings, project) if project is not None else ()
    found += _doubled([loaded for loaded in mappings if not loaded[0].template], connectors)
    return ordered(found)


def _where(document: Document, path: tuple[str | int, ...]) -> Location:
    return document.marks.value(path)


def _name(loaded: Pair, by_name: dict[str, Pair], found: list[Problem]) -> None:
    spec, document = loaded
    first = by_name.setdefault(spec.name, loaded)
    if first is loaded or spec.template or first[0].template:
        return
    message = f"{document.file} and {first[1].file} are both called '{spec.name}'"
    hint = "give one of them another `name`: what is stored of a run goes by it"
    found.append(Problem("duplicate-name", message, _where(document, ("name",)), hint))


def _renamed(loaded: Pair, mappings: Sequence[Pair], found: list[Problem]) -> None:
    """What is stored under a name that a mapping still has would be taken from it: it would begin anew."""
    spec, document = loaded
    owner = next((each for each, _ in mappings if each.name == spec.renamed_from and not each.template), None)
    if owner is not None and not spec.template:
        whose = "this mapping's own name" if owner is spec else "still the name of another mapping"
        message = f"'{spec.renamed_from}' is {whose}: what is stored under it is not there to be taken over"
        place = _where(document, ("renamed_from",))
        found.append(Problem("renamed-from", message, place, "leave `renamed_from` out, or write the former name"))


def _named(loaded: Pair, by_name: Mapping[str, Pair], found: list[Problem]) -> None:
    spec, document = loaded
    places = [(("after", index), name) for index, name in enumerate(spec.after)]
    lookups = [(("lookups", each.name, "mapping"), each.mapping) for each in spec.lookups.values() if each.mapping]
    for path, name in [*places, *lookups]:
        if name in by_name:
            continue
        meant = nearest(name, by_name)
        hint = f"did you mean '{meant}'?" if meant else f"there are {listed(sorted(by_name))}"
        found.append(Problem("unknown-mapping", f"no mapping is called '{name}'", _where(document, path), hint))


# --- order ---------------------------------------------------------------------------------------


def _cycles(by_name: Mapping[str, Pair]) -> Iterable[Problem]:
    """One problem for each circle of mappings that wait for each other."""
    told: set[str] = set()
    for name in by_name:
        circle = _circle(name, by_name)
        if circle is None or told & set(circle):
            continue
        told |= set(circle)
        spec, document = by_name[name]
        path = ("after", spec.after.index(circle[1])) if circle[1] in spec.after else ("lookups",)
        chain = " → ".join(circle)
        message, hint = f"these mappings wait for each other: {chain}", "take one of them out of `after`"
        if len(circle) == 2:
            message, hint = f"'{name}' waits for itself", "take it out of `after`"
        yield Problem("cycle", message, _where(document, path), hint)


def _needs(spec: MappingSpec) -> tuple[str, ...]:
    return (
        *spec.after,
        *(each.mapping for each in spec.lookups.values() if each.mapping and each.mapping != spec.name),
    )


def _circle(start: str, by_name: Mapping[str, Pair]) -> list[str] | None:
    """The shortest way from a mapping back to itself."""
    ways = [[start]]
    seen: set[str] = set()
    while ways:
        way = ways.pop(0)
        for need in _needs(by_name[way[-1]][0]) if way[-1] in by_name else ():
            if need == start:
                return [*way, need]
            if need not in seen:
                seen.add(need)
                ways.append([*way, need])
    return None


# --- doubled writes ------------------------------------------------------------------------------


def _doubled(mappings: Sequence[Pair], connectors: Mapping[str, Connector]) -> Iterable[Problem]:
    """Two mappings with the same key expression that write the same field: the later one wins, each time."""
    first: dict[tuple[str, str, str, str], MappingSpec] = {}
    for spec, document in mappings:
        keys = _key_fields(spec, connectors)
        identity = "; ".join(sorted(_meaning(each) for each in keys))
        if not keys:
            continue
        for each in spec.fields:
            if each in keys:
                continue
            place = (spec.target.connection, spec.target.endpoint, identity, each.name)
            other = first.setdefault(place, spec)
            if other is not spec and other.name != spec.name:
                message = f"'{other.name}' writes '{each.name}' of the same {spec.target.endpoint}, too"
                hint = "let one mapping write it, or give the records different keys"
                yield Problem("written-twice", message, document.marks.key(each.path), hint, "warning")


def _key_fields(spec: MappingSpec, connectors: Mapping[str, Connector]) -> list[FieldSpec]:
    connector = connectors.get(spec.target.connection)
    endpoint = connector.endpoints.get(spec.target.endpoint) if connector else None
    names = key_of(endpoint, spec.target)
    return [each for each in spec.fields if each.name in names]


def _meaning(spec: FieldSpec) -> str:
    value = "".join(spec.value.split()) if spec.value is not None else repr(spec.const)
    return f"{spec.name}={value}"


# --- vars ----------------------------------------------------------------------------------------


def _unused_vars(mappings: Sequence[Pair], project: Document) -> Iterable[Problem]:
    """Vars of etl.yaml whose names stand in no `var('…')` and no `${var:…}`."""
    environments = project.data.get("environments") or {}
    blocks = [("vars",), *(("environments", name, "vars") for name in environments)]
    declared = [(*path, name) for path in blocks for name in _block(project.data, path)]
    documents = [project, *(document for _, document in mappings)]
    sources = {source.file: source.text for document in documents for source in _sources(document.marks.root)}
    text = "\n".join(sources.values())
    if not declared or _COMPUTED_VAR.search(text):
        return
    used = {found[1] or found[2] for found in _VAR.finditer(text)}
    used |= {nearest(name, [path[-1] for path in declared]) or "" for name in used}  # a slip is told where it stands
    for path in declared:
        name = path[-1]
        if name not in used:
            hint = f"remove it, or use it: var('{name}') in an expression, ${{var:{name}}} in `params`"
            place = project.marks.key(path)
            yield Problem("unused-var", f"nothing uses the var '{name}'", place, hint, "warning")


def _block(data: Json, path: tuple[str, ...]) -> Iterable[str]:
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else ()


def _sources(mark: Mark, depth: int = 3) -> Iterable[SourceText]:
    """The files of which a merged document is made: each field may stand in another."""
    yield mark.source
    for child in mark.children.values() if depth else ():
        yield from _sources(child, depth - 1)
