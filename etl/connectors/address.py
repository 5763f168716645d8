"""Where a connection leads to; known without the client that goes there, which takes its time to import."""

from __future__ import annotations

from urllib.parse import urlsplit

from etl.catalogue import Connector
from etl.errors import UsageError
from etl.http.loopback import is_loopback
from etl.specs import ConnectionSpec


def address_of(spec: ConnectionSpec, connector: Connector) -> str:
    """The connection's own address, or that of the instance it names: https, except on this machine."""
    url = spec.base_url or _instance(spec, connector) or connector.base_url
    parts = urlsplit(url)
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UsageError(
            f"connection '{spec.name}': {url} would send credentials in the clear", "write https:// in `base_url`"
        )
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError(f"connection '{spec.name}': '{url}' is no address", "write https://host in `base_url`")
    return url.rstrip("/")


def _instance(spec: ConnectionSpec, connector: Connector) -> str | None:
    if spec.instance is None:
        return None
    if spec.instance == "production" and "production" not in connector.instances:
        return None
    if spec.instance not in connector.instances:
        known = ", ".join(sorted({"production", *connector.instances}))
        raise UsageError(
            f"connection '{spec.name}': connector '{connector.name}' has no instance '{spec.instance}'",
            f"it has {known}",
        )
    return str(connector.instances[spec.instance]["base_url"])
