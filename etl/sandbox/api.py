"""What the three APIs have in common, so that one server, one fault injector and one control desk serve them all."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from etl.sandbox.exchange import Answer, Call, Key, Record
from etl.sandbox.routing import Route, Router


class Api(Protocol):
    """One API: calls come in through `admit`, then `handle`; its records can be looked at and changed from outside."""

    name: str
    router: Router

    def admit(self, call: Call) -> Answer | None: ...

    def handle(self, call: Call, route: Route) -> Answer: ...

    def revoke_tokens(self) -> int: ...

    def punish(self, call: Call, seconds: float) -> Answer: ...

    @property
    def resources(self) -> tuple[str, ...]: ...

    def records(self, resource: str) -> list[Record]: ...

    def keys(self, resource: str) -> list[Key]: ...

    def stored(self, resource: str, key: Key) -> Record | None: ...

    def add(self, resource: str, fields: Record, now: datetime) -> Key: ...

    def change(self, resource: str, key: Key, fields: Record, now: datetime) -> None: ...

    def remove(self, resource: str, key: Key) -> None: ...
