"""Draws docs/run.svg: what a terminal shows of the README's command, typed twice. Run it from anywhere."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
FONT = "ui-monospace, 'Cascadia Mono', 'SF Mono', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
WIDTH = 76
COLORS = TerminalTheme(
    (23, 26, 33),
    (214, 219, 229),
    [
        (38, 43, 54),
        (240, 113, 120),
        (126, 199, 130),
        (240, 197, 103),
        (110, 168, 254),
        (198, 146, 233),
        (98, 201, 207),
        (214, 219, 229),
    ],
)


def command() -> list[str]:
    """What the README has a newcomer type, from `etl` on."""
    typed = re.search(r"/etl (run .*)", (ROOT / "README.md").read_text(encoding="utf-8"))
    if typed is None:
        raise SystemExit("README.md shows no command to run")
    return typed[1].split()


def output(words: list[str], folder: Path) -> str:
    """What one run prints, in colour."""
    environment = os.environ | {"COLUMNS": str(WIDTH)}
    program = [sys.executable, "-m", "etl", *words, "--color", "always"]
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, check=True, encoding="utf-8")  # noqa: S603 - our own command
    return done.stdout


def picture(console: Console) -> str:
    """The recorded text as SVG that fetches nothing: the reader's own font will do."""
    svg = console.export_svg(title="etl", theme=COLORS)
    svg = re.sub(r"\s*<!--.*?-->", "", svg, flags=re.DOTALL)
    svg = re.sub(r"@font-face \{.*?\}", "", svg, flags=re.DOTALL)
    return re.sub(r"font-family: Fira Code,\s*monospace", f"font-family: {FONT}", svg)


def main() -> None:
    """Writes the picture beside this file."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    words = command()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(ROOT / "mappings", folder / "mappings")
        for _ in range(2):
            console.print(Text.assemble(("$ ", "green"), ("etl " + " ".join(words), "bold")))
            console.print(Text.from_ansi(output(words, folder)))
    (ROOT / "docs" / "run.svg").write_text(picture(console), encoding="utf-8")


if __name__ == "__main__":
    main()
