"""For commands that send nothing: every packaged connector as a connection, and credentials need not be set."""

from __future__ import annotations

from typing import Any

NOWHERE = "http://127.0.0.1:9"
"""The port that nothing answers on (RFC 863): a request sent by mistake reaches nobody."""


def offline() -> dict[str, dict[str, Any]]:
    """Stand-ins for `open_workspace` that lead nowhere."""
    from etl.connectors.load import packaged

    return {name: {"base_url": NOWHERE, "auth": {}} for name in packaged()}
