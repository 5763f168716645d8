"""Where everything printed goes through: secrets masked, colour only where it is wanted, a closed pipe no error."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, TextIO

import click

from etl.cli.options import Settings
from etl.secrets import redact

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from etl.reporting.ink import Ink

NARROW = 120
"""Columns of a table where there is no terminal to ask."""


@dataclass(frozen=True, slots=True)
class Screen:
    """Standard output for results, standard error for diagnostics."""

    settings: Settings

    def out(self, text: str) -> None:
        """A result."""
        _write(sys.stdout, redact(text), self.colored(sys.stdout))

    def document(self, text: str | Iterable[str]) -> None:
        """The one JSON document of `--json`, perhaps in pieces: UTF-8 whatever the console thinks, since JSON is."""
        texts = [text] if isinstance(text, str) else text
        buffer = getattr(sys.stdout, "buffer", None)
        if buffer is None:
            _write(sys.stdout, "".join(texts), False)
        else:
            _guarded(lambda: _write_bytes(buffer, (piece.encode() for piece in texts)))

    def note(self, text: str, level: str = "info") -> None:
        """A diagnostic of one or more lines; what is less than a warning is silent with --quiet."""
        if self.settings.quiet and level == "info":
            return
        if self.settings.log_format == "json":
            from etl.cli.logs import json_line

            _write(sys.stderr, json_line(level, text.strip()) + "\n", False)
        else:
            _write(sys.stderr, redact(text if text.endswith("\n") else text + "\n"), self.colored(sys.stderr))

    def colored(self, stream: IO[str]) -> bool:
        """Whether colour is wanted there."""
        if self.settings.color != "auto":
            return self.settings.color == "always"
        return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def ink(self) -> Ink:
        from etl.reporting.ink import Ink

        return Ink(self.colored(sys.stdout))

    @property
    def note_ink(self) -> Ink:
        """Colour for diagnostics; none in JSON lines."""
        from etl.reporting.ink import Ink

        return Ink(self.settings.log_format == "text" and self.colored(sys.stderr))

    def show(self, renderable: RenderableType) -> None:
        """A rich table on standard output, as wide as the terminal."""
        from rich.console import Console

        text, color = io.StringIO(), self.colored(sys.stdout)
        width = None if sys.stdout.isatty() or os.environ.get("COLUMNS") else NARROW
        console = Console(
            file=text, width=width, force_terminal=color, no_color=not color, highlight=False, emoji=False
        )
        console.print(renderable)
        self.out("\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n")

    def live(self) -> Console:
        """A console on standard error for progress."""
        from rich.console import Console

        return Console(stderr=True, no_color=not self.colored(sys.stderr), highlight=False)


def use_utf8() -> None:
    """UTF-8 for files and pipes; on a terminal with a narrower encoding, what it lacks becomes a question mark.

    What is written to a stream that was closed before the start (`>&-`) goes nowhere.
    """
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 (open as long as the process)
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115 (likewise)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            keep = stream.isatty() or os.environ.get("PYTHONIOENCODING")
            stream.reconfigure(encoding=None if keep else "utf-8", errors="replace")


def _write(stream: TextIO, text: str, color: bool) -> None:
    _guarded(lambda: click.echo(text, file=stream, nl=False, color=color))


def _write_bytes(buffer: IO[bytes], pieces: Iterable[bytes]) -> None:
    sys.stdout.flush()
    buffer.writelines(pieces)
    buffer.flush()


def _guarded(write: Callable[[], None]) -> None:
    """Nobody reads on (`| head`): the rest is written nowhere, and the command's own exit code stands."""
    try:
        write()
    except OSError as error:
        if error.errno not in (errno.EPIPE, errno.EINVAL):
            raise
        _discard_output()


def _discard_output() -> None:
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
