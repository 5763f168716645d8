"""One request and its answer as plain values, so that an API is ordinary code without any networking in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

Json = Any
Record = dict[str, Any]
Key = int | str


@dataclass(frozen=True)
class Part:
    """One part of a multipart form; `filename` is None for a plain field."""

    content: bytes
    filename: str | None = None
    content_type: str | None = None


@dataclass(frozen=True)
class Call:
    """What a client asked for. Names of query parameters are lower case, as the APIs ignore their case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    form: Mapping[str, Part] | None = None
    remote: str = "127.0.0.1"
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    ids: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Json:
        """The body as JSON; ValueError where it is not that."""
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What goes back. An empty body is sent without a content type."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def json_answer(value: Json, status: int = 200, content_type: str = "application/json; charset=utf-8") -> Answer:
    """`value` as a JSON answer."""
    return Answer(status, orjson.dumps(value), content_type)


class Refusal(Exception):
    """A request that is not carried out; `answer` says why. What it had changed is taken back."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"HTTP {answer.status}")
        self.answer = answer
