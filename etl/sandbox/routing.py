"""Which code answers which method and path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from etl.sandbox.exchange import Answer, Call

Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Route:
    """`path` is a template such as `/v1/Core/Tasks/{taskId}/Comments`; `permission` what the caller needs, if anything.

    `resource` names the stored records that a list shows.
    """

    method: str
    path: str
    handler: Handler
    permission: str | None = None
    resource: str | None = None


class Router:
    """Finds a route by method and path; the case of paths does not matter, nor does a final slash."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self.routes = tuple(routes)
        self._patterns = [(_pattern(route.path), route) for route in self.routes]

    def match(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | frozenset[str]:
        """The route and its path parameters, else the methods that this path does have (none: no such path)."""
        allowed = set()
        for pattern, route in self._patterns:
            found = pattern.fullmatch(path)
            if found and route.method == method:
                return route, {name: unquote(value) for name, value in found.groupdict().items()}
            if found:
                allowed.add(route.method)
        return frozenset(allowed)


def _pattern(template: str) -> re.Pattern[str]:
    escaped = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(template))
    return re.compile(escaped + "/?", re.IGNORECASE)
