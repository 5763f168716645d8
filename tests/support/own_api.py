"""An API of a test's own behind a project's own connector document, and a mapping that moves its records."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.support.background import background
from tests.support.projects import Folder
from tests.support.serving import serving

READ = {
    "version": 1,
    "name": "read",
    "source": {"connection": "api", "endpoint": "things"},
    "fields": {"id": "id", "name": "name"},
    "target": {"connection": "local", "endpoint": "out.jsonl", "operation": "upsert", "key": "id"},
}
"""From the API into a file."""

WRITE = {
    "version": 1,
    "name": "write",
    "source": {"connection": "local", "endpoint": "in.csv", "key": "code"},
    "fields": {"code": "code", "name": "name", "size": {"value": "size", "type": "integer"}},
    "target": {"connection": "api", "endpoint": "things"},
}
"""From a file into the API."""

FIELDS = {"id": {"type": "integer", "required": True}, "name": "string"}


@dataclass(frozen=True)
class Asked:
    """One request as the server had it."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def line(self) -> str:
        query = "&".join(f"{name}={value}" for name, value in self.query.items())
        return f"{self.method} {self.path}" + (f"?{query}" if query else "")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Told:
    """What the server answers: JSON, or text as it is."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> web.Response:
        plain = isinstance(self.body, str)
        text = self.body if plain else json.dumps(self.body)
        kind = "text/plain" if plain else "application/json"
        return web.Response(text=text, status=self.status, headers=self.headers, content_type=kind)


@dataclass
class Api:
    """A server that is up, and what it was asked."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        return [each.line for each in self.asked]


Answer = Callable[[Asked], Told]


@contextmanager
def api(answer: Answer) -> Iterator[Api]:
    """`answer` is called for each request."""
    made = Api()

    async def handle(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        at = asyncio.get_running_loop().time()
        asked = Asked(request.method, request.path, dict(request.query), request.headers, body, at)
        made.asked.append(asked)
        return answer(asked).response()

    with background(serving(handle)) as served:
        made.url = served.url
        yield made


def own_folder(
    path: Path,
    url: str,
    connector: Mapping[str, Any],
    mapping: Mapping[str, Any] = READ,
    auth: Mapping[str, str] | None = None,
    **connection: Any,
) -> Folder:
    """A project whose connection `api` uses `connectors/own.yaml`, and whose connection `local` is its own folder."""
    folder = Folder(path)
    variables = {key: f"API_{key}".upper() for key in auth or {}}
    blocks = {
        "api": {
            "connector": "./connectors/own.yaml",
            "base_url": url,
            "auth": {key: f"${{{name}}}" for key, name in variables.items()},
            "retry": {"attempts": 3, "seconds": 2},
            **connection,
        },
        "local": {"connector": "files"},
    }
    folder.write("etl.yaml", json.dumps({"version": 1, "name": "own", "connections": blocks}))
    folder.write(".env", "".join(f"{variables[key]}='{value}'\n" for key, value in (auth or {}).items()))
    folder.write(
        "connectors/own.yaml", json.dumps({"version": 1, "base_url": "https://things.example.com", **connector})
    )
    folder.write(f"mappings/{mapping['name']}.yaml", json.dumps(mapping))
    return folder


def reads(*, auth: Any = None, fields: Any = None, **operation: Any) -> dict[str, Any]:
    """A connector document with one list."""
    document: dict[str, Any] = {
        "endpoints": {"things": {"operations": {"list": {"path": "/things", **operation}}, "fields": fields or FIELDS}}
    }
    return {"auth": auth, **document} if auth else document


def written(folder: Folder) -> list[dict[str, Any]]:
    """The records in `out.jsonl`."""
    file = folder.path / "out.jsonl"
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
