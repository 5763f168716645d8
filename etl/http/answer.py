"""One request and its answer, as values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import quote, unquote_plus, urlencode, urljoin, urlsplit

import httpx

from etl.model import Json

Part = tuple[str | None, str] | tuple[str, IO[bytes], str]
Files = Sequence[tuple[str, Part]]
"""Parts of a multipart body: name → (None, text) or (file name, open file, media type)."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. `url` is a path below the connection's address, or a whole address (a link to the next page)."""

    method: str
    url: str
    query: Sequence[tuple[str, str]] = ()
    content: bytes | None = None
    form: Mapping[str, str] | None = None
    files: Callable[[], Files] | None = None
    """Opens the parts of a multipart body, anew for each attempt."""
    headers: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False
    """It changes nothing over there."""
    idempotent: bool = False
    """It changes something, but sending it twice does no more than sending it once."""
    empty: bool = False
    """An answer without a body is fine."""
    into: Path | None = None
    """Where the content of the answer is written as it comes, instead of being decoded."""

    @property
    def repeatable(self) -> bool:
        """It may be sent again without knowing what became of it."""
        return self.reads or self.idempotent

    @property
    def line(self) -> str:
        """Method, path and query for messages; what auth adds is not in it."""
        query = "&".join(f"{name}={value}" for name, value in self.query)
        address = urlsplit(self.url)
        shown = address.path + (f"?{address.query}" if address.query else "")
        text = f"{self.method} {shown}" + (f"{'&' if '?' in shown else '?'}{query}" if query else "")
        return text if len(text) <= 200 else f"{text[:197]}…"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is decoded JSON, None where there was none."""

    status: int
    headers: httpx.Headers
    body: Json
    url: str


def address(base: str, call: Call, added: Mapping[str, str]) -> str:
    """The whole address of a call below `base`, with its query and what auth adds to it."""
    url = call.url if "://" in call.url else base.rstrip("/") + call.url
    return signed(_with_query(url, call.query), added)


def signed(url: str, added: Mapping[str, str]) -> str:
    """`url` with what auth adds, once: a server's link to the next page may hold what came with the request."""
    if not added:
        return url
    parts = urlsplit(url)
    others = (pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in added)
    return _with_query(parts._replace(query="&".join(others)).geturl(), tuple(added.items()))


def _with_query(url: str, pairs: Sequence[tuple[str, str]]) -> str:
    if not pairs:
        return url
    return url + ("&" if "?" in url else "?") + urlencode(pairs, quote_via=quote, safe=",:")


def origin(url: str) -> str:
    """Scheme, host and port, with the scheme's own port spelled out."""
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme.lower(), 0)
    return f"{parts.scheme.lower()}://{(parts.hostname or '').lower()}:{port}"


def resolve(url: str, link: str) -> str:
    """The address that `link` means in an answer from `url`."""
    return urljoin(url, link)
