"""What all tests share: nothing of theirs is left in the user's own folders, nor for the next."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from etl import secrets

# How fast a machine is says nothing of what is right. In CI the examples are the same each time, so that a failure is
# the change's doing; at the desk they are new ones.
settings.register_profile(
    "any-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("any-machine")


def pytest_configure(config: pytest.Config) -> None:
    """The throttle's shared files go to a folder of this session, for the processes that tests start, too; and these
    can be interrupted."""
    folder = tempfile.TemporaryDirectory(prefix="etl-tests-")
    config.add_cleanup(folder.cleanup)
    os.environ["XDG_STATE_HOME"] = folder.name
    os.environ["LOCALAPPDATA"] = folder.name
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as a shell starts what runs in the background
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _own_secrets_only() -> Iterator[None]:
    """What one test makes known as a secret masks no word of the next."""
    yield
    secrets.forget()
