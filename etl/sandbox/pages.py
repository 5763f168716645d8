"""Faults in lists: records that move between pages, totals that lie, pages that never end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import orjson

from etl.sandbox.api import Api
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.faults import Strike
from etl.sandbox.journal import Journal
from etl.sandbox.routing import Route

DRIFT = ("insert", "delete", "update")
_OWN = (  # what a copied record does not share with the one it was copied from
    *("id", "created", "createdById", "updated", "updatedById"),
    *("customerNumber", "orderNumber", "email", "employeeNumber"),
)
_TEXTS = ("title", "name", "lastName", "text", "comment")


def drift(api: Api, route: Route, call: Call, strike: Strike, random: Random, journal: Journal) -> None:
    """Adds, deletes or changes a record of the list that is about to be read; inside a transaction."""
    if route.resource not in api.resources:
        return
    for kind in DRIFT:
        if kind in strike:
            key = _move(api, route.resource or "", kind, call, random)
            journal.note_change(api.name, route.resource or "", kind, key)


def _move(api: Api, resource: str, kind: str, call: Call, random: Random) -> Json:
    keys = api.keys(resource)
    if not keys:
        return None
    key = random.choice(keys)
    stored = api.stored(resource, key) or {}
    if kind == "insert":
        copied = {name: value for name, value in stored.items() if name not in _OWN}
        return api.add(resource, copied, call.now)
    if kind == "delete":
        api.remove(resource, key)
    else:
        api.change(resource, key, _touched(stored), call.now)
    return key


def _touched(stored: Record) -> Record:
    name = next((name for name in _TEXTS if isinstance(stored.get(name), str)), None)
    return {name: f"{stored[name].split(' (ändrad')[0]} (ändrad)"} if name else {}


def falsify(call: Call, strike: Strike, random: Random, answer: Callable[[Call], Answer]) -> Answer:
    """The answer to a list call with what the strike does to it."""
    given = answer(replace(call, query=_turned_back(call, strike)))
    body = orjson.loads(given.body) if given.status == 200 and given.body else None
    if not isinstance(body, dict) or "items" not in body:
        return given
    if "endless" in strike and int(call.query["page"]) >= body["totalPages"]:
        last = {**call.query, "page": str(max(body["totalPages"], 1))}
        body = orjson.loads(answer(replace(call, query=last)).body)
        body["totalPages"] = int(call.query["page"]) + 1
    body["page"] = int(call.query["page"])
    if "lying-totals" in strike:
        body["totalItemCount"] = max(0, body["totalItemCount"] + random.choice((-7, -1, 1, 40)))
        body["totalPages"] = max(0, body["totalPages"] + random.choice((-1, 0, 3)))
    if "early-end" in strike:
        body["totalPages"] = body["page"]
    if "no-items" in strike:
        del body["items"]
    return replace(given, body=orjson.dumps(body))


def _turned_back(call: Call, strike: Strike) -> dict[str, str]:
    query = dict(call.query)
    page = query.get("page", "")
    if "repeat" in strike and page.isdecimal() and int(page) > 1:
        query["page"] = str(int(page) - 1)
    return query
