"""Only to this machine may credentials go unencrypted."""

from __future__ import annotations

import pytest

from etl.http.loopback import is_loopback


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "ds.localhost"])
def test_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1.example.com", "127.example.com", "localhost.example.com", "10.0.0.1", ""])
def test_any_other(host: str) -> None:
    assert not is_loopback(host)
