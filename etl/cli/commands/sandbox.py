"""`etl sandbox`"""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import click

from etl.cli.options import Settings, WholeNumber, with_settings
from etl.cli.screen import Screen
from etl.reporting.values import compact, to_json

APIS = ("blikk", "dimesheets", "dimescheduler")


@click.command("sandbox")
@click.option("--port", type=WholeNumber(1, 65_000), metavar="N", help="Serve on N and the ports after it.")
@click.option("--data", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Keep the data there.")
@click.option("--chaos", metavar="PROFILE", help="Misbehave: flaky, lost-answers, drift, storm…")
@click.option("--json", "as_json", is_flag=True, help="Print the connections as one JSON document.")
@with_settings
def command(settings: Settings, port: int | None, data: Path | None, chaos: str | None, as_json: bool) -> None:
    """Serve the three APIs on loopback, filled with made-up data, until Ctrl-C.

    Prints the connections as they go into etl.yaml. Without --data every start begins anew.
    """
    from etl.sandbox import Sandbox

    screen = Screen(settings)
    ports = {name: port + place for place, name in enumerate(APIS)} if port else None
    with Sandbox(folder=data, ports=ports, chaos=chaos) as sandbox:
        if as_json:
            screen.document(to_json({"connections": sandbox.connections}))
        else:
            screen.out(connections_yaml(sandbox.connections))
        _serve(sandbox, lambda: screen.note("serving; Ctrl-C ends it"))


def _serve(sandbox: Any, ready: Callable[[], None]) -> None:
    """A server that is told to end has done its work: that is no failure."""

    def end(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, end)
    try:
        ready()
        sandbox.serve_forever()
    except KeyboardInterrupt:
        return


def connections_yaml(connections: Mapping[str, Mapping[str, Any]]) -> str:
    """The block of etl.yaml that points at these servers."""
    lines = ["connections:"]
    for name, block in connections.items():
        auth = ", ".join(f"{key}: {compact(value)}" for key, value in block["auth"].items())
        lines += [f"  {name}:", f"    connector: {name}", f"    base_url: {block['base_url']}", f"    auth: {{{auth}}}"]
    return "\n".join(lines) + "\n"
