"""Which mappings a command works on, and which of them run before which."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping, Sequence

from etl.catalogue import Connector
from etl.errors import UsageError
from etl.expressions.suggest import listed, nearest
from etl.mapping.load import Loaded
from etl.run import in_order
from etl.specs import MappingSpec


def selected(
    known: Sequence[Loaded],
    needs: Mapping[str, frozenset[str]],
    select: Sequence[str],
    exclude: Sequence[str],
    *,
    complete: bool = True,
) -> list[Loaded]:
    """What `--select` and `--exclude` leave of the mappings that are no templates. Raises UsageError for nothing, and
    for a pattern that none fits; not where some could not be read (`complete`): that is what is wrong then."""
    candidates = [each for each in known if not each.spec.template]
    if candidates and complete:
        _all_fit(candidates, [*select, *exclude])
    chosen = _named(candidates, needs, select) if select else {each.spec.name for each in candidates}
    chosen -= _named(candidates, needs, exclude) if exclude else set()
    if candidates and complete and not chosen:
        have = ", ".join(each.spec.name for each in candidates)
        raise UsageError("no mapping is selected", f"there are: {have}")
    return [each for each in candidates if each.spec.name in chosen]


def _all_fit(candidates: Sequence[Loaded], patterns: Sequence[str]) -> None:
    """Raises UsageError for the first pattern that fits no mapping: in `--exclude` it would run what must not run."""
    specs = [each.spec for each in candidates]
    for pattern in (each.removeprefix("+") for each in patterns):
        if not any(_matches(spec, pattern) for spec in specs):
            kind, _, rest = pattern.partition(":")
            names = {"tag": {tag for spec in specs for tag in spec.tags}}
            names["connection"] = {name for spec in specs for name in connections_of(spec)}
            known = sorted(names[kind]) if rest and kind in names else [spec.name for spec in specs]
            meant = nearest(rest or pattern, known)
            hint = f"did you mean '{meant}'?" if meant else f"there are: {listed(known) or 'none'}"
            raise UsageError(f"no mapping fits '{pattern}'", hint)


def _named(candidates: Sequence[Loaded], needs: Mapping[str, frozenset[str]], patterns: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        matched = {each.spec.name for each in candidates if _matches(each.spec, pattern.removeprefix("+"))}
        found |= matched
        if pattern.startswith("+"):
            found |= _with_needs(matched, needs) & {each.spec.name for each in candidates}
    return found


def _matches(spec: MappingSpec, pattern: str) -> bool:
    kind, _, rest = pattern.partition(":")
    if kind == "tag" and rest:
        return any(fnmatch.fnmatchcase(tag, rest) for tag in spec.tags)
    if kind == "connection" and rest:
        return any(fnmatch.fnmatchcase(name, rest) for name in connections_of(spec))
    return fnmatch.fnmatchcase(spec.name, pattern)


def _with_needs(names: set[str], needs: Mapping[str, frozenset[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += needs.get(name, frozenset())
    return found


def connections_of(spec: MappingSpec) -> list[str]:
    """The names of the connections that a mapping uses."""
    lookups = [lookup.connection for lookup in spec.lookups.values() if lookup.connection]
    return [spec.source.connection, spec.target.connection, *lookups]


# --- order ---------------------------------------------------------------------------------------


def ordered(chosen: Sequence[Loaded], needs: dict[str, frozenset[str]]) -> tuple[Loaded, ...]:
    """In the order of a run. Mappings that wait for each other stay as they are: the check says where and why."""
    by_name = {each.spec.name: each for each in chosen}
    try:
        return tuple(by_name[name] for name in in_order([each.spec.name for each in chosen], needs))
    except UsageError:
        return tuple(by_name[each.spec.name] for each in chosen)


def needs_of(known: Sequence[Loaded], connectors: Mapping[str, Connector]) -> dict[str, frozenset[str]]:
    """Mapping → mappings that run before it: by `after`, by its lookups, and by what its target depends on."""
    writers: dict[tuple[str, str], set[str]] = {}
    for each in known:
        if not each.spec.template:
            target = each.spec.target
            writers.setdefault((target.connection, target.endpoint), set()).add(each.spec.name)
    needs: dict[str, frozenset[str]] = {}
    for each in known:
        spec = each.spec
        wanted = set(spec.after) | {lookup.mapping for lookup in spec.lookups.values() if lookup.mapping}
        connector = connectors.get(spec.target.connection)
        endpoint = connector.endpoints.get(spec.target.endpoint) if connector else None
        for name in endpoint.depends_on if endpoint else ():
            wanted |= writers.get((spec.target.connection, name), set())
        needs[spec.name] = frozenset(wanted - {spec.name})
    return _after_files(known, connectors, writers, needs)


def _after_files(
    known: Sequence[Loaded],
    connectors: Mapping[str, Connector],
    writers: Mapping[tuple[str, str], set[str]],
    needs: dict[str, frozenset[str]],
) -> dict[str, frozenset[str]]:
    """A mapping that reads a file runs after those that write it; where that leads round in a circle, as it is."""
    more = dict(needs)
    for each in known:
        source = each.spec.source
        if source.connection in connectors and connectors[source.connection].kind == "files":
            written = writers.get((source.connection, source.endpoint), set())
            more[each.spec.name] = more[each.spec.name] | (written - {each.spec.name})
    try:
        in_order(list(more), more)
    except UsageError:
        return needs
    return more
