"""`python -m etl`, and what the console script `etl` calls."""

from __future__ import annotations

import atexit
import gc


def main() -> None:
    """Runs the command line and exits with its code."""
    _collect_rarely()
    from etl.cli.main import cli

    cli.main(prog_name="etl")


def _collect_rarely() -> None:
    """Modules stay, and records are trees without cycles: the collector finds next to nothing in them, and looking
    costs a tenth of a run. Starting up makes a hundred thousand objects: the first look comes after that. What is
    there at the end goes with the process, unvisited."""
    gc.set_threshold(250_000, 50, 100)
    atexit.register(gc.freeze)


if __name__ == "__main__":
    main()
