"""One endpoint of a REST API that is written to: upserts in batches, creates, updates and deletes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from pathlib import Path

from etl.catalogue import Connector, Endpoint, Op, OperationName
from etl.connectors.rest_body import Body, build_body
from etl.connectors.rest_finder import RestFinder
from etl.connectors.rest_merge import merged, standing
from etl.connectors.rest_request import fill_path, fill_query, names_in
from etl.connectors.rest_results import Envelope, ResultReader, conflict_of
from etl.connectors.wire import compile_record
from etl.errors import RecordRejected, Refused, UsageError
from etl.http.answer import Answer, Call
from etl.http.client import HttpClient
from etl.http.paths import Path as Find
from etl.http.paths import compile_path, lenient
from etl.http.refusal import spell_fields
from etl.model import Action, Item, Json, Outcome, Record

SAFE_METHODS = ("GET", "PUT", "DELETE")
Spell = Callable[[Record], Record]


@dataclass(slots=True)
class RestTarget:
    """Writes to one endpoint.

    A refusal of a whole batch is raised as Refused; one that concerns a single record's request is its outcome.
    """

    client: HttpClient
    connector: Connector
    endpoint: Endpoint
    finder: RestFinder
    zone: tzinfo = UTC
    options: Mapping[str, Json] = field(default_factory=dict)
    root: Path | None = None
    lossy: bool = False
    _writes: dict[str, _Write] = field(default_factory=dict)

    async def upsert(self, items: Sequence[Item]) -> list[Outcome]:
        """One outcome per item, in their order. Raises Refused where the API refuses the whole batch."""
        write = self._write("upsert")
        return await self._batch(write, items) if write.body.many else [await self._single(write, i) for i in items]

    async def create(self, item: Item) -> Outcome:
        """CREATED with the new id where the answer gives one. Raises OutcomeUnknown where the answer was lost.

        Where the only way is an upsert that does harm when it is sent twice, it is that one, for a single record.
        """
        write = self._write("create" if "create" in self.endpoint.operations else "upsert")
        return (await self._batch(write, [item]))[0] if write.body.many else await self._single(write, item)

    async def update(self, item: Item, target_id: Json) -> Outcome:
        return await self._single(self._write("update"), item, target_id)

    async def delete(self, items: Sequence[Item]) -> list[Outcome]:
        write = self._write("delete")
        if write.op.body is not None and write.body.many:
            return await self._batch(write, items)
        return [await self._delete(write, item) for item in items]

    async def current(self, output: Record, target_id: Json) -> Record | None:
        """What stands now in the fields that `output` has, in its form where it is the same; None: no such record.

        Raises RecordRejected where an update would lose something, Refused where the record can't be read.
        """
        update, written = self.endpoint.operations.get("update"), self.endpoint.written()
        record = await self.finder.read(target_id, {**output, "id": target_id})
        if record is None:
            return None
        if update is not None and update.options.get("replace"):
            merged(record, self._documented(output), self.endpoint.write_fields, lossy=self.lossy)
        names, fixed = self.endpoint.aliases, {*names_in(update.path if update else ""), self.endpoint.id_field}
        return {
            name: value if name in fixed else standing(value, names.get(name, name), written, record)
            for name, value in output.items()
        }

    async def _delete(self, write: _Write, item: Item) -> Outcome:
        """A record that is gone already is as good as deleted; where a status means more than that, it is looked up."""
        target_id = self._id_of(item)
        outcome = await self._single(write, item, target_id)
        if outcome.action is not Action.REJECTED or outcome.code not in ("not-found", "refused") or target_id is None:
            return outcome
        gone = outcome.code == "not-found" or await self.finder.is_gone(target_id, item.output)
        return Outcome(item, Action.DELETED, target_id=target_id) if gone else outcome

    # --- one request for many ------------------------------------------------------------------------

    async def _batch(self, write: _Write, items: Sequence[Item]) -> list[Outcome]:
        spelled, rejected = self._spelled(write, items)
        if not spelled:
            return [rejected[id(item)] for item in items]
        sent = [item for item in items if id(item) not in rejected] if rejected else items
        answer = await self.client.request(write.call(write.op.path, (), spelled))
        body = write.envelope.opened(self._what, answer) if write.envelope else answer.body
        read = (
            write.results.read(self._what, sent, body)
            if write.results
            else [Outcome(item, write.done) for item in sent]
        )
        if not rejected:
            return read
        outcomes = rejected | {id(outcome.item): outcome for outcome in read}
        return [outcomes[id(item)] for item in items]

    def _spelled(self, write: _Write, items: Sequence[Item]) -> tuple[list[Record], dict[int, Outcome]]:
        """Wire forms of the items, and the outcomes of those that have none."""
        spelled, rejected = [], {}
        for item in items:
            try:
                spelled.append(write.spell(item.output))
            except RecordRejected as error:
                rejected[id(item)] = _rejected(item, error)
        return spelled, rejected

    # --- one request for one -------------------------------------------------------------------------

    async def _single(self, write: _Write, item: Item, target_id: Json = None) -> Outcome:
        try:
            answer = await self._send(write, item, target_id)
        except RecordRejected as error:
            return _rejected(item, error)
        except Refused as refused:
            return self._judged(write, item, refused)
        found = write.new_id(answer.body) if write.new_id else None
        return Outcome(item, write.done, target_id=found if found is not None else target_id)

    async def _send(self, write: _Write, item: Item, target_id: Json) -> Answer:
        values = {**item.output, "id": item.output.get(self.endpoint.id_field) if target_id is None else target_id}
        path = fill_path(write.op.path, values)
        record = await self._whole(item, values) if write.op.options.get("replace") else item.output
        sent = {name: value for name, value in record.items() if name not in write.in_path}
        spelled = write.spell(sent)
        query = fill_query(write.op.query, values, self.connector.wire)
        answer = await self.client.request(write.call(path, query, [spelled]))
        if write.envelope:
            return replace(answer, body=write.envelope.opened(self._what, answer))
        return answer

    async def _whole(self, item: Item, values: Mapping[str, Json]) -> Record:
        """What an update that replaces the record must send: its current values, with the mapped ones over them."""
        current = await self.finder.read(values["id"], values)
        if current is None:
            raise RecordRejected("the record is no longer there", code="not-found")
        return merged(current, self._documented(item.output), self.endpoint.write_fields, lossy=self.lossy)

    def _judged(self, write: _Write, item: Item, refused: Refused) -> Outcome:
        """A server fault is no verdict on a record: it is raised, so that the run can tell a target that is down."""
        if refused.server_fault:
            raise refused
        if conflict := conflict_of(write.op, refused):
            return Outcome(item, Action.REJECTED, reason=conflict[1], code=conflict[0])
        return Outcome(
            item,
            Action.REJECTED,
            reason=f"{refused.reason}{spell_fields(refused.fields)}",
            field=next(iter(refused.fields)) if len(refused.fields) == 1 else None,
            code="not-found" if refused.status == 404 else "refused",
        )

    # --- help ----------------------------------------------------------------------------------------

    def _documented(self, record: Record) -> Record:
        """The record with aliases replaced by the documented names."""
        return _renamed(record, self.endpoint.aliases)

    def _id_of(self, item: Item) -> Json:
        known = item.known.target_id if item.known is not None else None
        return known if known is not None else item.output.get(self.endpoint.id_field)

    @property
    def _what(self) -> str:
        return f"{self.client.report.name}: {self.endpoint.name}"

    def _write(self, name: OperationName) -> _Write:
        if name not in self._writes:
            op = self.endpoint.operations.get(name)
            if op is None:
                raise UsageError(f"{self._what} has no operation '{name}'", "see what it has: etl connectors")
            self._writes[name] = _Write.build(op, self)
        return self._writes[name]


@dataclass(frozen=True, slots=True)
class _Write:
    """A write operation made ready: built once, used for every request."""

    op: Op
    body: Body
    spell: Spell
    results: ResultReader | None
    envelope: Envelope | None
    new_id: Find | None
    in_path: frozenset[str]
    done: Action

    @classmethod
    def build(cls, op: Op, target: RestTarget) -> _Write:
        fields, wire, names = target.endpoint.written(), target.connector.wire, names_in(op.path)
        return cls(
            op,
            build_body(op, fields, wire, target.options, target.root),
            _speller(compile_record(fields, wire, target.zone), target.endpoint.aliases, target.options),
            ResultReader.build(op.results, target.endpoint.normalise_key) if op.results else None,
            Envelope.from_config(op.envelope) if op.envelope else None,
            lenient(compile_path(op.id)) if op.id else None,
            frozenset((*names, target.endpoint.id_field) if "id" in names else names),
            _DONE[op.name],
        )

    def call(self, path: str, query: Sequence[tuple[str, str]], records: Sequence[Record]) -> Call:
        """The request for these records."""
        bodiless = self.op.body is None and self.op.name == "delete"
        return Call(
            self.op.method,
            path,
            query,
            content=None if bodiless else self.body.content(records),
            files=None if bodiless else self.body.parts(records[0]),
            idempotent=self.op.idempotent or self.op.method in SAFE_METHODS,
            empty=self.results is None and self.envelope is None and self.new_id is None,
        )


def _speller(spell: Spell, aliases: Mapping[str, str], options: Mapping[str, Json]) -> Spell:
    """Values in the API's spelling; a connection's `spelling` option may choose another name for a field."""
    names = options.get("spelling", {})
    if not aliases and not names:
        return spell
    return lambda record: _renamed(spell(_renamed(record, aliases)), names)


def _renamed(record: Record, names: Mapping[str, str]) -> Record:
    return {names.get(name, name): value for name, value in record.items()} if names else record


_DONE = {
    "upsert": Action.WRITTEN,
    "create": Action.CREATED,
    "update": Action.UPDATED,
    "delete": Action.DELETED,
}


def _rejected(item: Item, error: RecordRejected) -> Outcome:
    return Outcome(item, Action.REJECTED, reason=error.reason, field=error.field, code=error.code)
