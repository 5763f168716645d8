"""What a connection says of its connector: its instance, its credentials, a throttle of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from etl.catalogue import Connector
from etl.durations import spell
from etl.errors import UsageError
from etl.expressions.suggest import listed, nearest
from etl.http.credentials import choose, keys_of
from etl.mapping.checks.findings import ordered
from etl.model import Location, Problem
from etl.specs import ConnectionSpec, ThrottleWindow

PRODUCTION = "production"
"""The name of the instance at the connector's own address."""


def check_connections(
    specs: Mapping[str, ConnectionSpec], connectors: Mapping[str, Connector], *, stand_ins: bool = False
) -> list[Problem]:
    """Problems of the connections whose connectors are given, by place. Those that stand in no document are left out.

    `stand_ins`: address and credentials are not those of the documents (the sandbox, offline tests).
    """
    found: list[Problem] = []
    for name, spec in specs.items():
        connector = connectors.get(name)
        if connector is None or spec.location is None:
            continue
        found += _strange(spec, connector)
        if connector.kind == "files":
            continue
        found += _throttle(spec, connector)
        if not stand_ins:
            found += [*_instance(spec, connector), *_credentials(spec, connector)]
        found += _options(spec, connector)
    return ordered(found)


def _strange(spec: ConnectionSpec, connector: Connector) -> Iterator[Problem]:
    """Keys that a connection of this kind has no use for: an address of files, a folder of an API."""
    files = connector.kind == "files"
    given = [key for key in spec.places if "." not in key and not (key == "auth" and not spec.auth)]
    for key in given if files else {"path"}.intersection(given):
        if key not in (("connector", "path") if files else ("connector",)):
            hint = "they have `path`, a folder" if files else "a folder is for the connector `files`"
            message = f"'{connector.name}' connections have no '{key}'"
            yield Problem("strange-key", message, spec.places[key], f"take it out: {hint}", "warning")


def _options(spec: ConnectionSpec, connector: Connector) -> Iterator[Problem]:
    """A choice that the connector does not have would be made by nobody."""
    place = spec.places.get("options", spec.location)
    procedures = _alternatives(connector)
    known = {"spelling": (), "procedures": procedures} if procedures else {"spelling": ()}
    for name, value in spec.options.items():
        if name not in known:
            meant = nearest(name, known)
            hint = f"did you mean '{meant}'?" if meant else f"it has {listed(known)}"
            yield Problem("unknown-option", f"'{connector.name}' has no option '{name}'", place, hint)
        elif name == "procedures" and value not in procedures:
            message = f"'{connector.name}' has no procedures '{value}'"
            yield Problem("unknown-option", message, place, f"they may be {listed(procedures)}, or leave it out")


def _alternatives(connector: Connector) -> list[str]:
    """The choices of procedures that some operation offers."""
    bodies = [op.body for endpoint in connector.endpoints.values() for op in endpoint.operations.values()]
    blocks = [body["name_value"] for body in bodies if isinstance(body, Mapping) and "name_value" in body]
    return sorted({name for block in blocks if isinstance(block, Mapping) for name in block.get("alternatives", {})})


def _instance(spec: ConnectionSpec, connector: Connector) -> Iterator[Problem]:
    known = sorted({PRODUCTION, *connector.instances})
    if spec.instance is not None and spec.instance not in known:
        meant = nearest(spec.instance, known)
        hint = f"did you mean '{meant}'?" if meant else f"it has {listed(known)}"
        message = f"'{connector.name}' has no instance '{spec.instance}'"
        yield Problem("unknown-instance", message, spec.places.get("instance", spec.location), hint)
    elif not (spec.base_url or connector.base_url or spec.instance in connector.instances):
        message = f"connection '{spec.name}' has no address, and '{connector.name}' gives none"
        yield Problem("no-address", message, spec.location, "add `base_url`")


def _credentials(spec: ConnectionSpec, connector: Connector) -> Iterator[Problem]:
    try:
        choose(connector.auth, spec.auth, spec.name)
    except UsageError as error:
        yield Problem("credentials", error.message, _key_at_fault(spec, connector), error.hint)


def _key_at_fault(spec: ConnectionSpec, connector: Connector) -> Location | None:
    """The first key that no login takes, else the whole `auth`, else the connection."""
    taken = {key for block in connector.auth for key in keys_of(block)}
    wrong = [spec.places[f"auth.{key}"] for key in spec.auth if key not in taken and f"auth.{key}" in spec.places]
    return next(iter(wrong), spec.places.get("auth", spec.location))


def _throttle(spec: ConnectionSpec, connector: Connector) -> Iterator[Problem]:
    if spec.throttle is None or spec.throttle_force:
        return
    for limit in connector.throttle:
        looser = [own for own in spec.throttle if _rate(own) > _rate(limit)]
        if looser and len(looser) == len(spec.throttle):
            allowed = f"{limit.requests} requests in {spell(limit.seconds)}"
            message = f"this is looser than '{connector.name}' allows: {allowed}"
            hint = "lower it, or add `force: true` to it where the vendor has granted you more"
            yield Problem("loose-throttle", message, spec.places.get("throttle", spec.location), hint)
            return


def _rate(window: ThrottleWindow) -> float:
    return window.requests / window.seconds if window.seconds else float("inf")
