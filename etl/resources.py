"""Where the files that travel with the package lie: schemas, packaged connectors, the mapping library.

In a checkout `schemas/` and `mappings/` stand beside the package; a wheel carries them inside it.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def _folder(name: str) -> Path:
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def schemas() -> Path:
    """The folder of the three JSON Schemas."""
    return _folder("schemas")


def mappings() -> Path:
    """The folder that `builtin:` paths are relative to."""
    return _folder("mappings")


def connectors() -> Path:
    """The folder of the packaged connectors' YAML files."""
    return _PACKAGE / "connectors"
