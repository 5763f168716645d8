"""Draws docs/run.svg: the real output of a first and a second run against the sandbox. Run it from anywhere."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMAND = ["run", "--sandbox", "builtin:blikk-to-dimesheets"]
FONT = "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, monospace"


def output(folder: str) -> str:
    """What one run prints, in colour."""
    words = [sys.executable, "-m", "etl", *COMMAND, "--color", "always"]
    environment = os.environ | {"COLUMNS": "100"}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, check=True, encoding="utf-8")  # noqa: S603 - our own command
    return done.stdout


def main() -> None:
    """Writes the picture beside this file."""
    console = Console(record=True, width=100, file=io.StringIO())
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(2):
            console.print(Text.assemble(("$ ", "dim"), ("etl " + " ".join(COMMAND), "bold")))
            console.print(Text.from_ansi(output(folder)))
    svg = console.export_svg(title="etl")
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)  # fetched from elsewhere: the reader's own will do
    svg = re.sub(r"font-family: Fira Code,\s*monospace", f"font-family: {FONT}", svg)
    (Path(__file__).parent / "run.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
