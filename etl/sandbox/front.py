"""From a call to its answer: faults, admission, routing, one transaction around each request."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

from etl.sandbox import pages
from etl.sandbox.api import Api
from etl.sandbox.exchange import Answer, Call, Refusal, json_answer
from etl.sandbox.faults import Faults, Strike
from etl.sandbox.journal import Journal
from etl.sandbox.routing import Route
from etl.sandbox.storage import Database

_LOG = logging.getLogger("etl.sandbox")
_HTML = b"<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>\n"
_HTML_TYPE = "text/html; charset=utf-8"
_LISTS = (*pages.DRIFT, "lying-totals", "early-end", "endless", "repeat", "no-items")


@dataclass(frozen=True)
class Reply:
    """An answer, or none at all where the connection is to be closed; `cut` breaks it off in the middle."""

    answer: Answer | None
    cut: bool = False

    @property
    def status(self) -> int:
        """For the journal; 0 where nothing was answered."""
        return self.answer.status if self.answer else 0


class Front:
    """What stands before one API."""

    def __init__(self, api: Api, database: Database, journal: Journal) -> None:
        self._api = api
        self._database = database
        self._journal = journal

    def reply(self, call: Call, strike: Strike, faults: Faults) -> Reply:
        """The answer to a call, with all that the strike does to it."""
        if "revoke" in strike:
            self._api.revoke_tokens()
        refused = self._refused(call, strike)
        if refused:
            return refused
        answer = self._admitted(call, strike, faults)
        return _spoiled(answer, strike)

    def _refused(self, call: Call, strike: Strike) -> Reply | None:
        """Where a fault comes before anything is done."""
        if "penalty" in strike:
            return Reply(self._api.punish(call, strike.faults["penalty"]))
        fault = strike.first_of("reset", "500", "502", "503")
        answers = {"500": _internal_error(), "502": Answer(502, _HTML, _HTML_TYPE), "503": Answer(503)}
        return Reply(answers.get(fault)) if fault else None

    def _admitted(self, call: Call, strike: Strike, faults: Faults) -> Answer:
        stopped = self._api.admit(call)
        if stopped:
            return stopped
        found = self._api.router.match(call.method, call.path)
        if isinstance(found, frozenset):
            return Answer(405, headers={"Allow": ", ".join(sorted(found))}) if found else Answer(404)
        if not _is_readable(call):
            return Answer(415)
        route, ids = found
        return self._guarded(lambda: self._carried_out(replace(call, ids=ids), route, strike, faults))

    def _carried_out(self, call: Call, route: Route, strike: Strike, faults: Faults) -> Answer:
        if call.method != "GET" or strike.first_of(*pages.DRIFT):
            with self._database.transaction():
                return self._listed_or_not(call, route, strike, faults)
        with self._database.reading():
            return self._listed_or_not(call, route, strike, faults)

    def _listed_or_not(self, call: Call, route: Route, strike: Strike, faults: Faults) -> Answer:
        if route.resource and "page" in call.query and strike.first_of(*_LISTS):
            pages.drift(self._api, route, call, strike, faults.random, self._journal)
            return pages.falsify(call, strike, faults.random, lambda changed: self._api.handle(changed, route))
        return self._api.handle(call, route)

    def _guarded(self, work: Callable[[], Answer]) -> Answer:
        try:
            return work()
        except Refusal as refusal:
            return refusal.answer
        except Exception:  # a fault of the sandbox itself must not look like one that was ordered
            _LOG.exception("the sandbox failed on a request to %s", self._api.name)
            return _internal_error()


def _is_readable(call: Call) -> bool:
    """A body says that it is JSON or a form; without that, servers of this kind do not look at it."""
    return not call.body or "json" in call.headers.get("content-type", "")


def _spoiled(answer: Answer, strike: Strike) -> Reply:
    """What a fault does to the answer of a request that was carried out; one that was refused is answered so."""
    if answer.status >= 400:
        return Reply(answer)
    if "reset-after" in strike:
        return Reply(None)
    if "500-after" in strike:
        return Reply(_internal_error())
    if "empty" in strike:
        return Reply(Answer(200))
    if "html" in strike:
        return Reply(Answer(200, _HTML, _HTML_TYPE))
    if "cut-json" in strike and answer.body:
        return Reply(replace(answer, body=answer.body[: max(1, len(answer.body) // 2)]))
    return Reply(answer, cut="truncated" in strike and len(answer.body) > 1)


def _internal_error() -> Answer:
    body = {"message": "An unexpected error has occurred.", "requestId": f"r-{uuid.uuid4()}"}
    return json_answer(body, 500)
