"""`python -m etl`, and what the console script `etl` calls."""

from __future__ import annotations


def main() -> None:
    """Runs the command line and exits with its code."""
    from etl.cli.main import cli

    cli.main(prog_name="etl")


if __name__ == "__main__":
    main()
