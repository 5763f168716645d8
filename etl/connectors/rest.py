"""One connection to a REST API: its client, throttle and login, and the sources and targets on it.

Operation blocks of a connector and their meaning (paging, auth, retry and error: see `etl.http`):

    path: "/things/{id}"      names in braces are filled from the record (or the parent's params), percent-encoded;
                              `{id}` is the target id where one is known, else the field `id_field` of the record
    query: {page: 1, ids: "{id}"}   always sent; text may hold names in braces as `path` does
    records: items            path of the records in an answer; a missing key is an error, not an end
    record: data              path of the one record in the answer of get and create; default: the answer itself
    body: object              the record itself
          array               a list of records: one request for a batch
          {wrap: data}        {data: record}; for upsert {data: [records]} (`many: true|false` says otherwise)
          {multipart: {files: [file]}}   a part for each field; the named ones hold paths of files, which are streamed
          name_value, {name_value:    one element per record, with the record's fields as two arrays:
            {procedure: mboc_upsertJob,
             alternatives: {legacy: mboc_job},     chosen by the connection's options: {procedures: legacy};
                                                   {procedure: …, parameters: […]} where it takes others
             parameters: [JobNo],                  the only fields that are sent; default: all of the record
             name: StoredProcedureName, names: ParameterNames, values: ParameterValues,    these are the defaults
             constants: {SentFromBackOffice: true}}}                                       sent with each record
    results: {records: results, key: externalId, success: success, error: error, created: isNew}
                              per-item results of a batch; all but `records` are relative to one result. Matched by
                              key as text, by position where keys are null or unknown and the order is the items' own;
                              an item without a result is rejected, never taken as done
    envelope: {content: content,         the inner answer: an object, or JSON as text, which is decoded in place
               failed: "statusCode != `200` || content.Error",   truthy = refused; sees the decoded content
               text: "content.Description || content.Error",     the reason
               status: statusCode}                               its own status, optional
    conflict: {statuses: [409], code: closed-period, reason: "its timesheet period is closed"}
                              a refusal with one certain meaning: the record is rejected with this code and reason
    idempotent: true          sending again does no harm; PUT and DELETE are so without saying; of an upsert, false:
                              it adds a record each time, and changes none
    not_found: [400]          statuses that say `no such record` for this operation
    window: {start: filter.from, end: filter.to, days: 31, required: true}
    flatten: {items: dates}   one record per inner item, the outer fields beside it
    options: {replace: true}  of update: the request replaces the whole record, so it is read and merged first

Endpoint blocks:

    parent: {endpoint: tasks, params: {taskId: id}}     path param → path in the parent record
    match: {params: {filter.query: customerNumber},     list params ← JMESPath on the output, to look for a record
            compare: {customerNumber: customerNumber},  written field → JMESPath on a listed record; all must be equal
            id: id, created: created,                   JMESPath of its id and its time of creation
            detail: false}                              true: compare with the full form of each candidate
    read_one: {params: {filter.ids: id}}                where a single record can only be had through the list
    closed_periods: {endpoint: periods, date: date,     written field that decides; read once per run, compared as days:
                     start: startDate, end: endDate, closed: "status == `1`", reason: its period is closed}
    write_fields: {companyId: {read_from: company.id,   where a written field is read back for an update that replaces;
                               lost_if: "!company.id"}} JMESPath that gives something where it can't be read in full
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import aclosing
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx

from etl.catalogue import Connector, Endpoint
from etl.connectors.address import address_of
from etl.connectors.rest_finder import RestFinder
from etl.connectors.rest_source import RestSource
from etl.connectors.rest_target import RestTarget
from etl.errors import PermissionMissing, UsageError
from etl.http.answer import Call, origin
from etl.http.auth import build_auth
from etl.http.client import HttpClient, standard_headers
from etl.http.credentials import choose
from etl.http.judge import Judge
from etl.http.refusal import RefusalReader
from etl.http.retry import Retry
from etl.http.slot_store import shared_folder
from etl.http.throttle import Throttle, shared_throttle
from etl.http.transport import build_transport
from etl.model import Json
from etl.ports import Clock, ReadRequest, SlotBoard
from etl.report import ConnectionReport
from etl.specs import ConnectionSpec, ThrottleWindow


class RestConnection:
    """A system in use: made once per run and connection, closed at its end. Needs no network until the first request.

    `throttle_folder`: where processes meet that share a rate limit; None keeps the limit in this process. `board`:
    where machines do.
    Raises UsageError where address or credentials don't fit the connector.
    """

    def __init__(
        self,
        spec: ConnectionSpec,
        connector: Connector,
        clock: Clock,
        *,
        timezone: str = "UTC",
        root: Path | None = None,
        throttle_folder: Path | Literal["shared"] | None = "shared",
        board: SlotBoard | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.spec = spec
        self.connector = connector
        self.base_url = address_of(spec, connector)
        self.report = ConnectionReport(spec.name, host=urlsplit(self.base_url).netloc)
        self.zone: tzinfo = ZoneInfo(timezone) if spec.datetime == "local" else UTC
        self.root = root
        folder = shared_folder() if throttle_folder == "shared" else throttle_folder
        self.client = self._client(clock, self._throttle(clock, folder, board), transport)

    def source(self, endpoint: str) -> RestSource:
        """The endpoint to read from."""
        return RestSource(self.client, self.connector, self._endpoint(endpoint), self.zone)

    def target(self, endpoint: str, *, key: tuple[str, ...] = (), lossy: bool = False) -> RestTarget:
        """The endpoint to write to. `key`: the fields by which an upsert finds what is there. `lossy`: an update may
        lose fields that can't be read back."""
        return RestTarget(
            self.client,
            self.connector,
            self._endpoint(endpoint),
            self.finder(endpoint, key),
            self.zone,
            options=self.spec.options,
            root=self.root,
            lossy=lossy,
        )

    def finder(self, endpoint: str, key: tuple[str, ...] = ()) -> RestFinder:
        """Looks records of the endpoint up."""
        return RestFinder.build(self.source(endpoint), key)

    async def check(self) -> list[PermissionMissing]:
        """Logs in, makes one cheap read, and one of each endpoint that the connector lists for its permission.

        The permissions that are missing. Raises what stands in the way of everything.
        """
        block = self.connector.check
        endpoint = block.get("endpoint") or (self._listed() if block.get("path") is None else None)
        if endpoint is None:
            await self.client.login()
        if block.get("path") is not None:
            await self.client.request(Call("GET", block["path"], reads=True))
        needed = [each for each in block.get("permissions", ()) if each in self.connector.endpoints]
        reads = [(endpoint, block.get("params", {}))] if endpoint is not None else []
        missing = []
        for name, params in [*reads, *((each, {}) for each in needed)]:
            try:
                await self._glance(name, params)
            except PermissionMissing as error:
                if error.ip_refused:
                    raise
                missing.append(error)
        return missing

    def _listed(self) -> str | None:
        """The first endpoint whose list can be asked for just so, for a connector that names no cheap read."""
        return next((name for name, each in self.connector.endpoints.items() if each.listed_whole), None)

    async def _glance(self, endpoint: str, params: Mapping[str, Json]) -> None:
        """The first page of a list."""
        async with aclosing(self.source(endpoint).pages(ReadRequest(params=params))) as pages:
            async for _ in pages:
                return

    async def close(self) -> None:
        await self.client.close()

    def _client(self, clock: Clock, throttle: Throttle, transport: httpx.AsyncBaseTransport | None) -> HttpClient:
        spec, connector = self.spec, self.connector
        block = choose(connector.auth, spec.auth, spec.name)
        return HttpClient(
            base_url=self.base_url,
            transport=transport or build_transport(self.base_url, spec.ca_file, spec.proxy),
            auth=build_auth(block, spec.auth, clock, spec.name),
            throttle=throttle,
            retry=Retry.from_config(connector.retry, spec.retry),
            judge=Judge(spec.name, RefusalReader.from_config(connector.error), tuple(spec.auth)),
            clock=clock,
            report=self.report,
            timeout=spec.timeout,
            headers=standard_headers(connector.headers),
        )

    def _throttle(self, clock: Clock, folder: Path | None, board: SlotBoard | None) -> Throttle:
        return shared_throttle(
            windows_of(self.spec, self.connector),
            clock,
            origin=origin(self.base_url),
            application=application_of(self.spec.auth, self.connector.throttle_by),
            folder=folder,
            board=board,
        )

    def _endpoint(self, name: str) -> Endpoint:
        endpoint = self.connector.endpoints.get(name)
        if endpoint is None:
            raise UsageError(
                f"connector '{self.connector.name}' has no endpoint '{name}'",
                f"see what it has: etl connectors {self.connector.name}",
            )
        return endpoint


def windows_of(spec: ConnectionSpec, connector: Connector) -> tuple[ThrottleWindow, ...]:
    """The limits that hold: the connection's own beside the API's, or instead of them where it forces that."""
    if spec.throttle is None:
        return connector.throttle
    return spec.throttle if spec.throttle_force else (*connector.throttle, *spec.throttle)


def application_of(auth: Mapping[str, str], counted_by: str | None) -> str:
    """By whom the API counts requests: the named credential, else all of them; only ever as a digest."""
    told = auth.get(counted_by or "") or "\n".join(f"{key}={auth[key]}" for key in sorted(auth))
    return hashlib.sha256(told.encode()).hexdigest()
