"""A small sandbox without a rate limit, as it was at first for each test."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import secrets
from etl.sandbox import Sandbox
from tests.support.projects import Folder, project, to_sandbox


@pytest.fixture(scope="session")
def running() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Sandbox) -> Sandbox:
    running.reset()
    running.configure(throttle="off")
    return running


@pytest.fixture
def acme(tmp_path: Path, sandbox: Sandbox) -> Folder:
    """A project whose connections lead to the sandbox; each test brings its own mappings."""
    return project(tmp_path, to_sandbox(sandbox))


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """What a command leaves behind in its process is gone with the process; here with the test."""
    yield
    secrets.forget()
    logging.getLogger().setLevel(logging.WARNING)
