"""The reading of one mapping in one run: how, from where on, and what is remembered of it for the next."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from etl.assemble.compiled import source_of
from etl.assemble.connections import Connections
from etl.assemble.workspace import Workspace
from etl.errors import RecordRejected, UsageError
from etl.expressions import instants
from etl.expressions.compile import compile_expression
from etl.expressions.parse import parse
from etl.expressions.scope import Scope
from etl.model import Json, Page, Record
from etl.ports import Checkpoint, Clock, Cursor, MappingState, Source
from etl.reading import HighWater, Parents, Reading, Wanted, choose, read
from etl.report import RunOptions
from etl.specs import MappingSpec
from etl.transform import compile_text

LONGEST_BREAK = timedelta(days=1)
"""An interrupted read is gone on with so long after it began."""


@dataclass(slots=True)
class Reads:
    """`resumed`: the page an interrupted read goes on from; it is read once more, as a page of overlap."""

    reading: Reading
    source: Source
    scope: Scope
    parents: Parents | None
    state: MappingState
    fingerprint: str
    began: datetime
    before: Cursor | None
    high_water: HighWater
    resumed: Checkpoint | None
    first: Checkpoint | None
    """Where the read begins, if it may be gone on with when it is interrupted."""

    @classmethod
    def prepare(
        cls,
        workspace: Workspace,
        spec: MappingSpec,
        connections: Connections,
        state: MappingState,
        options: RunOptions,
        scope: Scope,
        *,
        clock: Clock,
        run_id: str,
    ) -> Reads:
        """Decides from the endpoint, the mapping, the state and the command line. Raises UsageError for `--since`."""
        endpoint = source_of(workspace, spec)
        fingerprint = _fingerprint(workspace, spec)
        before, now = state.cursor(), clock.now()
        reading = _choose(
            Wanted(
                params=spec.source.params,
                endpoint=endpoint,
                spec=spec.source.incremental,
                cursor=before,
                fingerprint=fingerprint,
                now=now,
                timezone=workspace.project.timezone,
                reread=options.reread,
                since=options.since,
                whole=_why_whole(spec),
            )
        )
        in_pages = (
            reading.kind == "all"
            and spec.source.parent is None
            and options.limit is None
            and not options.plan
            and workspace.connectors[spec.source.connection].kind != "files"  # quick to read, and open to any change
        )
        anew = not in_pages or options.reread or options.resend
        resumed = None if anew else _still_good(state.checkpoint(), fingerprint, now)
        first = resumed or Checkpoint(fingerprint, 0, instants.instant(now), run_id)
        return cls(
            reading=reading,
            source=connections.source(spec.source.connection, spec.source.endpoint),
            scope=scope,
            parents=_parents(workspace, spec, connections),
            state=state,
            fingerprint=fingerprint,
            began=datetime.fromisoformat(first.high_water) if first.high_water else now,
            before=before,
            high_water=HighWater(endpoint.incremental, scope),
            resumed=resumed,
            first=first if in_pages else None,
        )

    async def pages(self) -> AsyncGenerator[Page]:
        """The pages, with the latest time of change noted."""
        start = self.resumed.page if self.resumed else 1
        pages = (
            read(self.reading, self.source, self.scope, start_page=start)
            if self.parents is None
            else self.parents.read(self.reading, self.source, self.scope)
        )
        async with aclosing(pages):
            async for page in pages:
                self.high_water.look(page.records)
                yield page

    def path_params(self, record: Record) -> dict[str, Json]:
        """The path parameters of a nested endpoint for one of its records."""
        if self.parents is None:
            return {}
        parent = record.get(self.parents.spec.alias)
        return {name: compiled(parent, self.scope) for name, compiled in self.parents.params.items()}

    def saw_all(self) -> bool:
        """Every record of the source was seen in this one, undisturbed read."""
        return self.reading.complete and self.resumed is None and not self._disturbed()

    def _disturbed(self) -> bool:
        """What was not seen may exist all the same."""
        if any(getattr(source, "disturbed", False) for source in self._sources()):
            return True
        return self.parents is not None and bool(self.parents.refused)

    def _sources(self) -> list[Source]:
        return [self.source] if self.parents is None else [self.parents.source, self.source]

    def remarks(self) -> list[str]:
        """What was odd about the read, in words."""
        told = [text for source in self._sources() for text in getattr(source, "remarks", ())]
        if self.parents is not None and self.parents.refused:
            count, first = len(self.parents.refused), self.parents.refused[0]
            told.append(f"{count} of the {self.parents.spec.endpoint} had no list: {first.message}")
        return told

    @property
    def mapping_changed(self) -> bool:
        """The mapping is not the one with which all was last read and settled."""
        return self.before is None or self.before.fingerprint != self.fingerprint

    def came_to_its_end(self) -> None:
        """All pages are read and settled: there is nothing to go on with, whatever happens after."""
        if self.first is not None:
            self.state.save_checkpoint(None)

    def done(self, *, moves: bool) -> str | None:
        """All that was read is settled: the cursor moves to the latest change seen, but not beyond the read's start."""
        if not moves:
            return self.before.value if self.before else None
        latest = [moment for moment in (self.high_water.value, self._earlier()) if moment is not None]
        value = instants.instant(min(max(latest), self.began)) if latest else None
        self.state.save_cursor(Cursor(value, self.fingerprint, self._full_at()))
        return value

    def _full_at(self) -> str | None:
        """When all was last seen. After a read that went on none counts: records may have moved to pages before it."""
        if self.saw_all():
            return self.began.isoformat()
        return None if self.resumed or self.before is None else self.before.full_at

    def _earlier(self) -> datetime | None:
        if self.reading.complete or self.before is None or self.before.value is None:
            return None
        return datetime.fromisoformat(self.before.value).astimezone(UTC)


def _still_good(checkpoint: Checkpoint | None, fingerprint: str, now: datetime) -> Checkpoint | None:
    """The checkpoint, if a read may go on there: later on too much may have moved over the borders of its pages."""
    if checkpoint is None or checkpoint.fingerprint != fingerprint or checkpoint.page == 0:
        return None
    began = datetime.fromisoformat(checkpoint.high_water) if checkpoint.high_water else now
    return checkpoint if now - began < LONGEST_BREAK else None


def _choose(wanted: Wanted) -> Reading:
    try:
        return choose(wanted)
    except RecordRejected as error:
        raise UsageError(f"--since {wanted.since}: {error.reason}", "write it as 2026-04-01") from None


def _why_whole(spec: MappingSpec) -> str | None:
    if spec.target.missing != "keep":
        return "to see what is gone"
    if spec.source.parent is not None:
        return "the lists of all parents"
    return None


def _fingerprint(workspace: Workspace, spec: MappingSpec) -> str:
    """Changes with the mapping and with the connector it reads through."""
    connector = workspace.connectors[spec.source.connection]
    return hashlib.sha256(f"{spec.fingerprint} {connector.digest}".encode()).hexdigest()


def _parents(workspace: Workspace, spec: MappingSpec, connections: Connections) -> Parents | None:
    wanted = spec.source.parent
    if wanted is None:
        return None
    params = (source_of(workspace, spec).parent or {}).get("params", {})
    return Parents(
        source=connections.source(spec.source.connection, wanted.endpoint),
        spec=wanted,
        where=compile_text(wanted.where),
        params={name: compile_expression(parse(path)) for name, path in params.items()},
    )
