"""What went wrong with one attempt, in words, and whether the request can have reached the API."""

from __future__ import annotations

import errno
import socket
import ssl
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
import httpx

from etl.durations import spell

TRANSPORT_ERRORS = (httpx.HTTPError, aiohttp.ClientError, TimeoutError, OSError)


@dataclass(frozen=True, slots=True)
class Failure:
    """One attempt without a usable answer. `what` goes on from "GET /things …"."""

    what: str
    status: int | None = None
    sent: bool = True
    """The request may have reached the API, and may have been applied."""
    transient: bool = True
    """Another try may go better."""
    wait: float | None = None
    """Seconds that the API asks to wait."""
    hint: str | None = None
    reason: str = ""
    """The API's own words."""


class AttemptFailed(Exception):
    """Carries a Failure to where it is decided whether to try again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.what)
        self.failure = failure


def fault(error: BaseException, host: str, timeout: float, *, reached: bool) -> Failure:
    """The failure that a transport error means. `reached`: this host has answered before."""
    cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
    if isinstance(cause, aiohttp.ClientConnectorError):
        return _not_connected(cause, host, reached)
    if isinstance(cause, aiohttp.ConnectionTimeoutError):
        return Failure(f"got no connection within {spell(timeout)}", sent=False, hint=_reachable(host))
    if isinstance(cause, aiohttp.ClientHttpProxyError):
        return Failure(f"was refused by the proxy (HTTP {cause.status})", sent=False, transient=False, hint=_PROXY)
    if isinstance(cause, aiohttp.ClientConnectionResetError):
        return Failure("met a connection that was closed already", sent=False)
    return Failure(_broken(cause, timeout))


def _broken(cause: BaseException, timeout: float) -> str:
    if isinstance(cause, (TimeoutError, httpx.TimeoutException)):
        return f"got no answer within {spell(timeout)}"
    if isinstance(cause, aiohttp.ServerDisconnectedError):
        return "got no answer: the connection was closed"
    if isinstance(cause, aiohttp.ClientPayloadError):
        return "got an answer that breaks off"
    if isinstance(cause, (aiohttp.ClientResponseError, httpx.DecodingError)):
        return "got an answer that is not HTTP as it should be"
    return "lost its connection"


def _not_connected(cause: aiohttp.ClientConnectorError, host: str, reached: bool) -> Failure:
    if isinstance(cause, aiohttp.ClientProxyConnectionError):
        return Failure("did not reach the proxy", sent=False, hint=_PROXY)
    if isinstance(cause, aiohttp.ClientConnectorCertificateError):
        return _untrusted(cause.certificate_error, host)
    system = cause.os_error
    if isinstance(system, ssl.SSLCertVerificationError):
        return _untrusted(system, host)
    if isinstance(cause, aiohttp.ClientConnectorSSLError):
        hint = f"is {host} really served over https, at this port?"
        return Failure(f"could not agree on TLS with {host}", sent=False, transient=False, hint=hint)
    if isinstance(system, socket.gaierror):
        passing = reached or system.errno == socket.EAI_AGAIN
        if cause.host != urlsplit(f"//{host}").hostname:
            return Failure(f"found no proxy named '{cause.host}'", sent=False, transient=passing, hint=_PROXY)
        hint = "check `base_url` and the network"
        return Failure(f"found no host named '{cause.host}'", sent=False, transient=passing, hint=hint)
    if system.errno == errno.ECONNREFUSED:
        return Failure(f"found nothing that listens at {host}", sent=False, hint=_reachable(host))
    return Failure(f"did not reach {host} ({system.strerror or 'no route'})", sent=False, hint=_reachable(host))


def _untrusted(error: Exception, host: str) -> Failure:
    told = getattr(error, "verify_message", "") or str(error)
    if "ostname mismatch" in told or "IP address mismatch" in told:
        what = f"met a certificate that is not for '{host}'"
        hint = "the host in `base_url` must be the one that the certificate names"
    elif "expired" in told:
        what, hint = f"met a certificate of {host} that has expired", "the owner of that server has to renew it"
    else:
        what = f"met a certificate of {host} that nothing here vouches for ({told})"
        hint = "give the authority that signed it as `ca_file`"
    return Failure(what, sent=False, transient=False, hint=hint)


_PROXY = "check `proxy`, or the variables HTTPS_PROXY and NO_PROXY"


def _reachable(host: str) -> str:
    return f"is {host} up, and reachable from here?"
