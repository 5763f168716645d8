"""A mapping run as a command runs it, between a source and a target whose requests take turns, break, are stopped, and
whose process dies: what of the engine then still runs reaches nothing."""

from __future__ import annotations

import asyncio
import functools
import json
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.assemble.jobs import Jobs
from etl.assemble.tables import Tables
from etl.assemble.workspace import Workspace, open_workspace
from etl.errors import ConnectionFailed, EtlError, Refused, StateError
from etl.expressions.scope import Scope
from etl.model import Action, Item, Outcome, Page, Record
from etl.ports import MappingState, ReadRequest, State
from etl.ports import Scope as StateScope
from etl.report import MappingReport, RunOptions
from tests.support.clocks import FakeClock
from tests.support.creating import Killed

SETTLED = ("filtered", "unchanged", "written", "deleted", "rejected")
PLACE = StateScope("own", "", "things", "memory:there records")
STORING = {"accept", "reject", "forget", "seen", "doubt", "trust", "drop_rejects", "save_checkpoint", "save_cursor"}
ID = {"type": "integer", "required": True}
BY_TIME = {
    "cursor": "updated || created",
    "sort": {"sortBy": "updated", "sortOrder": "descending"},
    "created_sort": {"sortBy": "created", "sortOrder": "descending"},
    "lookback": "0s",
}
SORT = {"by_param": "sortBy", "order_param": "sortOrder", "values": ["updated", "created"]}
CONNECTOR = {
    "version": 1,
    "base_url": "https://things.example.com",
    "endpoints": {
        "things": {"operations": {"list": {"path": "/things"}}, "fields": {"id": ID, "title": "string"}},
        "timed": {
            "version": "updated || created",
            "incremental": BY_TIME,
            "operations": {"list": {"path": "/things", "sort": SORT}},
            "fields": {"id": ID, "title": "string", "updated": "date-time", "created": "date-time"},
        },
        "records": {
            "target_key": "externalId",
            "operations": {
                "upsert": {"method": "PUT", "path": "/records", "body": "array"},
                "delete": {"method": "DELETE", "path": "/records/{externalId}"},
            },
            "fields": {"externalId": {"type": "string", "required": True}, "name": "string", "active": "boolean"},
        },
    },
}


@functools.cache
def workspace(missing: str, endpoint: str) -> Workspace:
    """A project with one mapping; `missing`: what it says happens to records that are gone."""
    mark = missing == "mark"
    fields = {"externalId": "concat('t-', id)", "name": "title"} | ({"active": "`true`"} if mark else {})
    mapping = {
        "version": 1,
        "name": "things",
        "source": {"connection": "here", "endpoint": endpoint, "where": "id >= var('least')"},
        "fields": fields,
        "target": {
            "connection": "there",
            "endpoint": "records",
            "batch_size": 3,
            "missing": {"set": {"active": False}} if mark else missing,
        },
    }
    connections = {name: {"connector": "./connectors/own.yaml"} for name in ("here", "there")}
    with tempfile.TemporaryDirectory() as path:
        documents = {
            "etl.yaml": {"version": 1, "name": "own", "vars": {"least": 0}, "connections": connections},
            "connectors/own.yaml": CONNECTOR,
            "mappings/things.yaml": mapping,
        }
        for name, document in documents.items():
            file = Path(path, name)
            file.parent.mkdir(exist_ok=True)
            file.write_text(json.dumps(document))
        made = open_workspace([str(Path(path, "mappings"))])
        assert made.check() == []
        return made


class Dying:
    """The state as a process sees it that dies at its n-th writing, or finds the disk full from the n-th on."""

    def __init__(self, inner: Any, world: Restless) -> None:
        self._inner = inner
        self._world = world

    def mapping(self, *words: Any) -> Dying:
        return Dying(self._inner.mapping(*words), self._world)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        return functools.partial(self._call, name, found) if callable(found) else found

    def _call(self, name: str, method: Callable[..., Any], *words: Any, **more: Any) -> Any:
        world = self._world
        if world.dead and name != "release":
            raise Killed
        if name == "save_checkpoint" and words[0] is not None:
            world.judge_checkpoint(self._inner, words[0].page)
        if name not in STORING:
            return method(*words, **more)
        world.storings += 1
        if world.full_from and world.storings >= world.full_from:
            raise StateError("the disk is full")
        if world.storings == world.dies_before:
            world.die()
        result = method(*words, **more)
        if world.storings == world.dies_after:
            world.die()
        return result


@dataclass
class Restless:
    """`accidents` happen to one write after another, `in_reading` to one page asked for after another: `lost before`,
    `lost after`: no answer, before or after it was done · `500 before`, `500 after`: the same with an answer · `400`:
    refused as a whole · `killed before`, `killed after`: the process dies · `stop`, `cancel`: a first signal, a second
    one. `edits` are made to the source by others, one at each request. `turns`: how many turns others get while a
    request or its answer is under way."""

    store: State
    missing: str = "keep"
    endpoint: str = "things"
    source: dict[int, str] = field(default_factory=dict)
    stored: dict[str, Record] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    least: int = 0
    turns: list[int] = field(default_factory=list)
    accidents: list[str | None] = field(default_factory=list)
    in_reading: list[str | None] = field(default_factory=list)
    edits: list[tuple[int, str | None] | None] = field(default_factory=list)
    dies_before: int = 0
    dies_after: int = 0
    full_from: int = 0
    dead: bool = False
    storings: int = 0
    runs: int = 0
    failure: BaseException | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    _times: dict[int, list[str | None]] = field(default_factory=dict)
    _read: dict[int, tuple[str, int]] = field(default_factory=dict)
    """Key → title and page, as this run has read it."""
    _busy: list[str] = field(default_factory=list)
    _task: asyncio.Task[None] | None = None
    _stop: asyncio.Event = field(default_factory=asyncio.Event)

    # --- the world outside

    def put(self, key: int, title: str | None) -> None:
        """Somebody adds, changes or removes a record."""
        now = self.clock.now().isoformat()
        if title is None:
            self.source.pop(key, None)
            self._times.pop(key, None)
        elif self.source.get(key) != title:
            self._times[key] = [self._times[key][0], now] if key in self._times else [now, None]
            self.source[key] = title

    def calm_down(self) -> None:
        self.turns, self.accidents, self.in_reading, self.edits, self.refused = [], [], [], [], set()
        self.dies_before = self.dies_after = self.full_from = 0

    def die(self) -> None:
        self.dead = True
        assert self._task is not None
        self._task.cancel()
        raise Killed

    async def _on_the_way(self) -> None:
        for _ in range(self.turns.pop(0) if self.turns else 1):
            await asyncio.sleep(0)
        if self.dead:
            raise Killed

    async def _arrived(self, accidents: list[str | None]) -> str | None:
        """What happens to a request, once it is there."""
        await self._on_the_way()
        self.clock.seconds += 0.05
        if self.edits and (edit := self.edits.pop(0)) is not None:
            self.put(*edit)
        accident = accidents.pop(0) if accidents else None
        if accident == "stop":
            self._stop.set()
        if accident == "cancel":
            assert self._task is not None
            self._task.cancel()
        self._break(accident, "before")
        return accident

    def _break(self, accident: str | None, moment: str) -> None:
        kind, _, when = (accident or "").partition(" ")
        if when != moment:
            return
        if kind == "killed":
            self.die()
        if kind == "500":
            raise Refused("PUT answered 500", status=500, reason="boom", server_fault=True)
        raise ConnectionFailed("no answer")

    # --- Connections, Source and Target

    def origin(self, name: str) -> str:
        return f"memory:{name}"

    def of(self, *_: object, **__: object) -> Restless:
        return self

    async def pages(self, request: ReadRequest) -> AsyncIterator[Page]:
        number, size, total = max(1, request.start_page), 3, 1
        while number == 1 or (number - 1) * size < total:
            try:
                self._break(await self._arrived(self.in_reading), "after")
            except Refused as refused:
                raise ConnectionFailed(refused.message) from None
            keys, total = self._in_order(request)[(number - 1) * size : number * size], len(self.source)
            records = [self._record(key) for key in keys]
            self._read |= {key: (self.source[key], number) for key in keys}
            await self._on_the_way()
            yield Page(number, records, total, number)
            number += 1

    def _in_order(self, request: ReadRequest) -> list[int]:
        keys = sorted(self.source)
        if request.sort is not None:
            which = ("created", "updated").index(request.sort[0])
            keys.sort(key=lambda key: self._times[key][which] or "", reverse=True)
        return keys

    def _record(self, key: int) -> Record:
        created, updated = self._times[key]
        times = {"created": created, "updated": updated} if self.endpoint == "timed" else {}
        return {"id": key, "title": self.source[key], **times}

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        return await self._written(items, self._take)

    async def delete(self, items: Sequence[Item]) -> list[Outcome]:
        return await self._written(items, self._remove)

    async def _written(self, items: Sequence[Item], write: Callable[[Item], Action]) -> list[Outcome]:
        keys = [item.target_key for item in items]
        assert not set(keys) & set(self._busy), "two writes of one key at once"
        self._busy += keys
        try:
            accident = await self._arrived(self.accidents)
            if accident == "400":
                raise Refused("PUT answered 400", status=400, reason="bad")
            outcomes = [self._outcome(item, write) for item in items]
            self._break(accident, "after")
            await self._on_the_way()
            return outcomes
        finally:
            self._busy = [key for key in self._busy if key not in keys]

    def _outcome(self, item: Item, write: Callable[[Item], Action]) -> Outcome:
        if item.target_key in self.refused:
            return Outcome(item, Action.REJECTED, reason="no", code="refused")
        return Outcome(item, write(item))

    def _take(self, item: Item) -> Action:
        self.stored[item.target_key] = dict(item.output)
        return Action.WRITTEN

    def _remove(self, item: Item) -> Action:
        self.stored.pop(item.target_key, None)
        return Action.DELETED

    # --- what must hold

    def judge_checkpoint(self, state: MappingState, page: int) -> None:
        """Nothing that was read on its page or before is unsettled."""
        rejected = {reject.key for reject in state.rejects()}
        for key, (title, number) in self._read.items():
            if number <= page and key >= self.least and str(key) not in rejected:
                assert (state.output(str(key)) or {}).get("name") == title, f"checkpoint {page} is beyond {key}"

    @property
    def there(self) -> dict[str, str]:
        """Name by key of the records that the target has, and that are not marked as gone."""
        return {key: each["name"] for key, each in self.stored.items() if each.get("active", True)}

    @property
    def wanted(self) -> dict[str, str]:
        return {f"t-{key}": title for key, title in self.source.items() if key >= self.least}

    # --- runs

    def run(self) -> MappingReport:
        """A run; what ended it before its time is in `failure`."""
        self.runs += 1
        self.dead, self.storings, self.failure = False, 0, None
        self._read, self._busy = {}, []
        report = MappingReport("things")
        try:
            asyncio.run(self._run(report))
        except (EtlError, Killed, asyncio.CancelledError) as failure:
            self.failure = failure
        report.unsettled = report.read - sum(getattr(report, name) for name in SETTLED)
        self.clock.seconds += 10
        return report

    async def _run(self, report: MappingReport) -> None:
        self._task, self._stop = asyncio.current_task(), asyncio.Event()
        made, state, connections = workspace(self.missing, self.endpoint), Dying(self.store, self), Connections(self)
        jobs = Jobs(
            workspace=made,
            options=RunOptions(),
            connections=connections,  # type: ignore[arg-type]
            tables=Tables(connections, state, made.project),  # type: ignore[arg-type]
            state=state,  # type: ignore[arg-type]
            scope=Scope(now=self.clock.now(), vars={"least": self.least}),
            run_id=f"run{self.runs}",
            stop=self._stop,
        )

        async def nobody() -> list[str]:
            return []

        await jobs.work(made.loaded[0], report, nobody)


class Connections:
    """Both lead to the same world."""

    def __init__(self, world: Restless) -> None:
        self.clock = world.clock
        self.origin = world.origin
        self.source = self.target = world.of
