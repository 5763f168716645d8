"""Which folder is the project's, before any of its documents is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etl.cli.options import Settings

PROJECT_FILE = "etl.yaml"


def project_folder(settings: Settings, paths: Sequence[str] = ()) -> Path:
    """The folder of `--project`, else the nearest one above the first path with an etl.yaml, else that path's own."""
    if settings.project:
        given = settings.project.resolve()
        return given if given.is_dir() else given.parent
    first = next((Path(path) for path in paths if not path.startswith("builtin:")), Path.cwd()).resolve()
    start = first if first.is_dir() else first.parent
    return next((folder for folder in (start, *start.parents) if (folder / PROJECT_FILE).is_file()), start)
