"""Which folder is the project's, before any of its documents is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from etl.cli.options import Settings


def project_folder(settings: Settings, paths: Sequence[str] = ()) -> Path:
    """The folder of `--project`, else the nearest one above the first path with an etl.yaml, else a bare project's."""
    from etl.mapping.project import bare_root, find_project

    if settings.project:
        given = settings.project.resolve()
        return given if given.is_dir() else given.parent
    first = next((Path(path) for path in paths if not path.startswith("builtin:")), Path.cwd())
    found = find_project(first)
    return found.parent if found else bare_root(first)
