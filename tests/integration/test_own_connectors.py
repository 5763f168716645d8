"""All that a project's own connector document can say, through the commands: what is sent, and what comes of it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.writers import once
from tests.support.own_api import FIELDS, READ, WRITE, Asked, Told, api, own_folder, reads, written
from tests.support.projects import plain

THINGS = [{"id": number, "name": f"Thing {number}"} for number in range(1, 8)]


def coded(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


# --- auth ----------------------------------------------------------------------------------------

STATIC: dict[str, tuple[dict[str, Any], dict[str, str], dict[str, str], dict[str, str]]] = {
    "none": ({"kind": "none"}, {}, {}, {}),
    "api key in a header": ({"kind": "api_key", "header": "X-Key"}, {"api_key": "k-123456"}, {"X-Key": "k-123456"}, {}),
    "api key after a word": (
        {"kind": "api_key", "header": "Authorization", "prefix": "Token "},
        {"api_key": "k-123456"},
        {"Authorization": "Token k-123456"},
        {},
    ),
    "api key in the query": (
        {"kind": "api_key", "query": "key"},
        {"api_key": "k&1=2 3/åäö"},
        {},
        {"key": "k&1=2 3/åäö"},
    ),
    "basic": (
        {"kind": "basic"},
        {"username": "Åsa", "password": "hemligt:ord"},
        {"Authorization": coded("Åsa:hemligt:ord")},
        {},
    ),
    "bearer": ({"kind": "bearer"}, {"token": "t-123456"}, {"Authorization": "Bearer t-123456"}, {}),
    "bearer elsewhere": (
        {"kind": "bearer", "header": "X-Token", "prefix": ""},
        {"token": "t-123456"},
        {"X-Token": "t-123456"},
        {},
    ),
}
"""The connector's `auth`, the connection's, and the headers and parameters that each request has."""


@pytest.mark.parametrize("kind", STATIC)
def test_credentials_go_with_every_request_and_into_no_file(kind: str, tmp_path: Path) -> None:
    block, given, headers, query = STATIC[kind]
    with api(lambda asked: Told(THINGS)) as server:
        folder = own_folder(tmp_path, server.url, reads(auth=block), auth=given)
        folder.run()
        checked = folder.etl("check", "api")
    assert checked.exit_code == 0, checked.stdout
    assert len(written(folder)) == 7
    assert len(server.asked) == 2
    for asked in server.asked:
        assert asked.query == query
        assert {name: asked.headers[name] for name in headers} == headers
        assert "Authorization" in headers or "Authorization" not in asked.headers
    for secret in given.values():
        assert secret not in folder.read_all() + checked.stdout


OAUTH = {"kind": "oauth2_client_credentials", "token_url": "/oauth/token"}
CLIENT = {"client_id": "the-client", "client_secret": "the-secret"}
USER = {"user": "the-user", "secret": "the-secret"}
EXCHANGE = {"kind": "token_exchange", "token_url": "/login", "token": "data.jwt"}

LOGINS: dict[str, tuple[dict[str, Any], dict[str, str], str, dict[str, str], Any]] = {
    "client credentials": (
        {**OAUTH, "scope": "things.read", "audience": "things"},
        CLIENT,
        "POST /oauth/token",
        {"Authorization": coded("the-client:the-secret"), "Content-Type": "application/x-www-form-urlencoded"},
        "grant_type=client_credentials&scope=things.read&audience=things",
    ),
    "client credentials in the body": (
        {**OAUTH, "send": "body", "params": {"resource": "x"}},
        CLIENT,
        "POST /oauth/token",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "grant_type=client_credentials&resource=x&client_id=the-client&client_secret=the-secret",
    ),
    "exchange of a user and a password": (
        {**EXCHANGE, "credentials": {"basic": ["user", "secret"]}, "method": "GET"},
        USER,
        "GET /login",
        {"Authorization": coded("the-user:the-secret")},
        "",
    ),
    "exchange of an object": (
        {**EXCHANGE, "credentials": {"body": {"userName": "user", "pass": "secret"}}, "body": {"app": "etl"}},
        USER,
        "POST /login",
        {"Content-Type": "application/json"},
        '{"app":"etl","userName":"the-user","pass":"the-secret"}',
    ),
    "exchange of a form": (
        {**EXCHANGE, "credentials": {"form": {"u": "user", "p": "secret"}}},
        USER,
        "POST /login",
        {"Content-Type": "application/x-www-form-urlencoded"},
        "u=the-user&p=the-secret",
    ),
    "exchange of headers": (
        {**EXCHANGE, "credentials": {"headers": {"X-User": "user", "X-Pass": "secret"}}, "headers": {"X-App": "etl"}},
        USER,
        "POST /login",
        {"X-User": "the-user", "X-Pass": "the-secret", "X-App": "etl"},
        "",
    ),
}
"""The connector's `auth`, the connection's, and the login that is sent: line, headers, body."""


class Tokens:
    """A server that gives numbered tokens and takes only the newest; `living` seconds, where it says so."""

    def __init__(self, *, living: float | None = None, slow: float = 0.0) -> None:
        self.given = 0
        self.living = living
        self.slow = slow
        self.revoke_after: int | None = None
        self.taken = 0

    def __call__(self, asked: Asked) -> Told:
        if asked.path in ("/oauth/token", "/login"):
            self.given += 1
            token = f"token-number-{self.given}"
            return Told({"access_token": token, "expires_in": self.living, "data": {"jwt": token}})
        time.sleep(self.slow)
        if self.taken == self.revoke_after:
            self.revoke_after, self.given = None, self.given + 1
        if asked.headers.get("Authorization") != f"Bearer token-number-{self.given}":
            return Told({"message": "token expired"}, 401)
        self.taken += 1
        page = int(asked.query["page"])
        return Told({"items": THINGS[(page - 1) * 2 : page * 2], "more": page < 4, "next": page + 1})


PAGES = {"records": "items", "paging": {"kind": "cursor", "cursor_param": "page", "next": "next", "more": "more"}}


def paged(auth: Any) -> dict[str, Any]:
    """Four pages, one after the other."""
    return reads(auth=auth, records="items", query={"page": 1}, paging=PAGES["paging"])


@pytest.mark.parametrize("kind", LOGINS)
def test_a_token_is_fetched_once_and_used_by_every_request(kind: str, tmp_path: Path) -> None:
    block, given, line, headers, body = LOGINS[kind]
    server_side = Tokens()
    with api(server_side) as server:
        folder = own_folder(tmp_path, server.url, paged(block), auth=given)
        folder.run()
    login, *rest = server.asked
    assert login.line == line
    assert {name: login.headers[name] for name in headers} == headers
    assert login.body.decode() == body
    assert [each.path for each in rest] == ["/things"] * 4
    assert len(written(folder)) == 7
    assert "the-secret" not in folder.read_all()
    assert "token-number" not in folder.read_all()


def test_a_token_is_renewed_before_it_expires(tmp_path: Path) -> None:
    with api(Tokens(living=0.1, slow=0.1)) as server:
        folder = own_folder(tmp_path, server.url, paged(OAUTH), auth=CLIENT)
        document = folder.run()
    assert [each.path for each in server.asked] == ["/oauth/token", "/things"] * 4
    assert len(written(folder)) == 7
    assert document["connections"]["api"]["retries"] == 0


def test_a_token_that_is_revoked_in_the_middle_is_fetched_anew_once_and_no_page_is_lost(tmp_path: Path) -> None:
    server_side = Tokens()
    server_side.revoke_after = 2
    with api(server_side) as server:
        folder = own_folder(tmp_path, server.url, paged(OAUTH), auth=CLIENT)
        folder.run()
    assert [each.path for each in server.asked] == [
        "/oauth/token", "/things", "/things", "/things", "/oauth/token", "/things", "/things",
    ]  # fmt: skip
    assert [each["id"] for each in written(folder)] == [1, 2, 3, 4, 5, 6, 7]


def test_of_several_kinds_the_keys_that_are_given_choose_and_others_are_told(
    tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    offers = [{"kind": "api_key", "header": "X-Key"}, OAUTH]
    with api(Tokens()) as server:
        folder = own_folder(tmp_path, server.url, paged(offers), auth=CLIENT)
        assert folder.etl("check", "api").exit_code == 0
        wrong = own_folder(tmp_path, server.url, paged(offers), auth={"client_id": "x", "client_secrets": "y"})
        result = wrong.etl("run")
    assert result.exit_code == 2
    assert plain(result.stderr, wrong) == snapshot


# --- paging --------------------------------------------------------------------------------------


def numbered(asked: Asked, size: int = 3) -> list[Any]:
    page = int(asked.query.get("page", 1))
    return THINGS[(page - 1) * size : page * size]


def link_of(asked: Asked) -> str | None:
    page = int(asked.query.get("page", 1))
    return f"{asked.path}?page={page + 1}" if page * 3 < len(THINGS) else None


def whole(asked: Asked) -> str | None:
    link = link_of(asked)
    return f"http://{asked.headers['Host']}{link}" if link else None


def after(asked: Asked) -> Told:
    start = int(asked.query.get("after", 0))
    page = THINGS[start : start + 3]
    return Told({"data": page, "meta": {"cursor": page[-1]["id"] if start + 3 < len(THINGS) else None}})


def headed(name: str, value: str | None) -> dict[str, str]:
    return {name: value} if value else {}


Case = tuple[dict[str, Any], Callable[[Asked], Told], list[str]]
PAGING: dict[str, Case] = {
    "none": ({"paging": {"kind": "none"}}, lambda asked: Told(THINGS), [""]),
    "page numbers, with how many there are": (
        {
            "records": "rows",
            "paging": {
                "kind": "page_number",
                "page_param": "page",
                "size_param": "per",
                "size": 3,
                "total_pages": "of",
            },
        },
        lambda asked: Told({"rows": numbered(asked), "of": 3}),
        ["page=1&per=3", "page=2&per=3", "page=3&per=3"],
    ),
    "page numbers from 0, until one is empty": (
        {"paging": {"kind": "page_number", "page_param": "p", "size": 3, "start": 0}},
        lambda asked: Told(THINGS[int(asked.query["p"]) * 3 :][:3]),
        ["p=0", "p=1", "p=2", "p=3"],
    ),
    "page numbers, the total in a header": (
        {"paging": {"kind": "page_number", "page_param": "page", "size": 3, "total_header": "X-Total"}},
        lambda asked: Told(numbered(asked), headers={"X-Total": "7"}),
        ["page=1", "page=2", "page=3"],
    ),
    "offsets": (
        {
            "records": "value",
            "paging": {"kind": "offset", "offset_param": "$skip", "limit_param": "$top", "size": 3, "total": "count"},
        },
        lambda asked: Told({"value": THINGS[int(asked.query["$skip"]) :][:3], "count": 7}),
        ["$skip=0&$top=3", "$skip=3&$top=3", "$skip=6&$top=3"],
    ),
    "cursors": (
        {"records": "data", "paging": {"kind": "cursor", "cursor_param": "after", "next": "meta.cursor"}},
        after,
        ["", "after=3", "after=6"],
    ),
    "links in the body, below the address": (
        {"records": "value", "paging": {"kind": "next_link", "next": '"@odata.nextLink"'}},
        lambda asked: Told({"value": numbered(asked), "@odata.nextLink": link_of(asked)}),
        ["", "page=2", "page=3"],
    ),
    "links in the body, whole": (
        {"records": "value", "paging": {"kind": "next_link", "next": "links.next", "size_param": "limit", "size": 3}},
        lambda asked: Told({"value": numbered(asked), "links": {"next": whole(asked)}}),
        ["limit=3", "page=2", "page=3"],
    ),
    "links in a header of its own name": (
        {"paging": {"kind": "next_link", "header": "X-Next-Page"}},
        lambda asked: Told(numbered(asked), headers=headed("X-Next-Page", link_of(asked))),
        ["", "page=2", "page=3"],
    ),
    "the Link header": (
        {"paging": {"kind": "link_header"}},
        lambda asked: Told(
            numbered(asked), headers=headed("Link", (link := whole(asked)) and f'</>; rel="first", <{link}>; rel=next')
        ),
        ["", "page=2", "page=3"],
    ),
}
"""The list's keys, the server, and the queries that it must have had."""


@pytest.mark.parametrize("kind", PAGING)
def test_every_page_is_asked_for_once_and_its_records_come_in_order(kind: str, tmp_path: Path) -> None:
    operation, answer, queries = PAGING[kind]
    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, reads(**operation))
        document = folder.run()
    first, *others = [f"GET /things?{query}".rstrip("?") for query in queries]
    assert server.lines[0] == first
    assert sorted(server.lines[1:]) == sorted(others), "those that are asked for at once arrive in any order"
    assert [each["id"] for each in written(folder)] == [1, 2, 3, 4, 5, 6, 7]
    assert document["mappings"][0]["read"] == 7


# --- records, parameters, headers ----------------------------------------------------------------

RECORDS: dict[str, tuple[dict[str, Any], Any]] = {
    "the answer itself": ({}, THINGS),
    "below keys": ({"records": "d.results"}, {"d": {"results": THINGS}}),
    "below a key with a point": ({"records": '"data.list"'}, {"data.list": THINGS}),
    "inside of others": (
        {"records": "groups[].things[]"},
        {"groups": [{"things": THINGS[:4]}, {"things": THINGS[4:]}]},
    ),
    "in keys": ({"records": "values(@)"}, {str(each["id"]): each for each in THINGS}),
    "as inner items": ({"records": "days", "flatten": {"items": "hours"}}, {"days": [{"hours": THINGS}]}),
}


@pytest.mark.parametrize("place", RECORDS)
def test_records_are_found_where_the_connector_says(place: str, tmp_path: Path) -> None:
    operation, body = RECORDS[place]
    with api(lambda asked: Told(body)) as server:
        folder = own_folder(tmp_path, server.url, reads(**operation))
        folder.run()
    assert [each["id"] for each in written(folder)] == [1, 2, 3, 4, 5, 6, 7]


def test_what_is_always_sent_and_what_the_mapping_asks_for_is_in_the_query_and_the_headers(tmp_path: Path) -> None:
    connector = {
        **reads(
            query={"expand": "all"},
            params={"state": {"type": "string", "values": ["open", "done"]}, "since": "date", "ids": ["integer"]},
        ),
        "headers": {"X-Tenant": "acme", "Accept": "application/vnd.things+json"},
    }
    params = {"state": "open", "since": "2026-04-01", "ids": [1, 2]}
    mapping = {**READ, "source": {**READ["source"], "params": params}}
    with api(lambda asked: Told(THINGS)) as server:
        own_folder(tmp_path, server.url, connector, mapping).run()
    (asked,) = server.asked
    assert asked.query == {"expand": "all", "state": "open", "since": "2026-04-01", "ids": "1,2"}
    assert (asked.headers["X-Tenant"], asked.headers["Accept"]) == ("acme", "application/vnd.things+json")


NESTED: dict[str, Any] = {
    "endpoints": {
        "boxes": {"operations": {"list": {"path": "/boxes"}}, "fields": {"code": "string"}},
        "things": {
            "parent": {"endpoint": "boxes", "params": {"box": "code"}},
            "operations": {"list": {"path": "/boxes/{box}/things"}, "get": {"path": "/boxes/{box}/things/{number}"}},
            "fields": {"id": {"type": "integer", "required": True}, "number": "string"},
            "detail_fields": {"name": "string"},
        },
    }
}
NESTED_ANSWERS = {
    "/boxes": [{"code": "a/1"}, {"code": None}, {"code": "b"}],
    "/boxes/a/1/things": [{"id": 1, "number": "1"}, {"id": 2, "number": None}],
    "/boxes/a/1/things/1": {"id": 1, "number": "1", "name": "One"},
    "/boxes/b/things": [{"id": 3, "number": "1"}],
    "/boxes/b/things/1": {"id": 3, "number": "1", "name": "Three"},
}


def test_full_forms_of_nested_records_are_asked_for_below_their_parents(tmp_path: Path) -> None:
    source = {**READ["source"], "parent": {"endpoint": "boxes", "as": "box"}, "detail": True}
    mapping = {**READ, "source": source, "fields": {"id": "id", "name": "concat(box.code, ' ', name)"}}
    with api(lambda asked: Told(NESTED_ANSWERS[asked.path])) as server:
        folder = own_folder(tmp_path, server.url, NESTED, mapping)
        shown, run = folder.etl("preview", "mappings/read.yaml"), folder.etl("run")
    assert (shown.exit_code, run.exit_code) == (0, 1)
    assert written(folder) == [{"id": 1, "name": "a/1 One"}, {"id": 3, "name": "b Three"}]
    refused = "its full form was refused: field 'number': has no value, but the address of the request needs one"
    no_list = "1 of the boxes had no list: a list can't be asked for: field 'box': has no value"
    said = [" ".join(each.output.split()) for each in (shown, run)]
    assert [refused in each for each in said] == [True, True]
    assert no_list in said[1]


def test_a_full_form_that_is_kept_holds_neither_its_parent_nor_what_is_sensitive_inside(tmp_path: Path) -> None:
    connector = json.loads(json.dumps(NESTED))
    things = connector["endpoints"]["things"]
    things["version"] = "number"
    things["detail_fields"]["owner"] = {"properties": {"name": "string", "mail": {"type": "string", "sensitive": True}}}
    connector["endpoints"]["boxes"]["fields"]["colour"] = "string"
    answers: dict[str, Any] = {
        "/boxes": [{"code": "b", "colour": "red"}],
        "/boxes/b/things": [{"id": 3, "number": "1"}],
        "/boxes/b/things/1": {"id": 3, "name": "Three", "owner": {"name": "Ann", "mail": "ann@example.com"}},
    }
    source = {**READ["source"], "parent": {"endpoint": "boxes", "as": "box"}, "detail": True}
    plainly = {**READ, "source": source, "fields": {"id": "id", "name": "concat(box.colour, ' ', name)"}}
    owned = {**READ, "source": source, "fields": {"id": "id", "name": "concat(box.colour, ' ', owner.name)"}}
    with api(lambda asked: Told(answers[asked.path])) as server:
        folder = own_folder(tmp_path, server.url, connector, plainly)
        folder.run()
        answers["/boxes"] = [{"code": "b", "colour": "blue"}]
        del server.asked[:]
        folder.run()
        assert written(folder) == [{"id": 3, "name": "blue Three"}]
        assert server.lines == ["GET /boxes", "GET /boxes/b/things"], "the version of the thing is the same"
        folder.write("mappings/read.yaml", json.dumps(owned))
        folder.run()
    assert written(folder) == [{"id": 3, "name": "blue Ann"}]
    assert "ann@example.com" not in "".join(
        file.read_text(errors="replace") for file in folder.path.glob(".etl/*.db*") if file.is_file()
    )


def test_what_the_connector_calls_sensitive_inside_of_a_field_is_masked_and_what_stands_beside_it_is_not(
    tmp_path: Path,
) -> None:
    mail = {"type": "string", "sensitive": True}
    owner = {"properties": {"id": "integer", "contact": {"properties": {"mail": mail}}}}
    connector = {"types": {"owner": owner}, **reads(fields={**FIELDS, "owner": "owner", "people": ["owner"]})}
    hidden = ["owner.contact.mail", "owner", "owner.*", "owner | contact", "to_string(owner)", "people[].contact"]
    hidden += ["owner.to_string(@)", "one", "one.contact.mail", "lookup('things', id).owner.contact.mail"]
    shown = [
        "owner.id",
        "people[0].id",
        "people[*].id",
        "one.id",
        "lookup('things', id).owner.id",
        "[owner.id, name][?@]",
    ]
    values = {f"f{number}": value for number, value in enumerate(hidden + shown)}
    mapping = {
        **READ,
        "source": {**READ["source"], "each": {"items": "people[]", "as": "one", "key": "one.id"}},
        "lookups": {"things": {"connection": "api", "endpoint": "things", "key": "id"}},
        "fields": {"id": "id", **values},
    }
    ann = {"id": 5, "contact": {"mail": "ann@example.com"}}
    with api(lambda asked: Told([{"id": 1, "name": "One", "owner": ann, "people": [ann]}])) as server:
        folder = own_folder(tmp_path, server.url, connector, mapping)
        plan = folder.etl("plan", "--json")
    assert plan.exit_code == 0, plan.output
    (change,) = json.loads(plan.stdout)["mappings"][0]["changes"]
    masked = [value for name, value in values.items() if change["fields"][name][1] == "•••"]
    assert masked == hidden
    assert "ann@example.com" not in plan.output


def test_what_is_sensitive_of_a_parent_is_masked(tmp_path: Path) -> None:
    connector = json.loads(json.dumps(NESTED))
    connector["endpoints"]["boxes"]["fields"]["mail"] = {"type": "string", "sensitive": True}
    source = {**READ["source"], "parent": {"endpoint": "boxes", "as": "box"}}
    mapping = {**READ, "source": source, "fields": {"id": "id", "code": "box.code", "mail": "box.mail", "box": "box"}}
    answers = {"/boxes": [{"code": "b", "mail": "ann@example.com"}], "/boxes/b/things": [{"id": 3, "number": "1"}]}
    with api(lambda asked: Told(answers[asked.path])) as server:
        folder = own_folder(tmp_path, server.url, connector, mapping)
        plan = folder.etl("plan", "--json")
    (change,) = json.loads(plan.stdout)["mappings"][0]["changes"]
    shown = {name: new for name, (_, new) in change["fields"].items()}
    assert shown == {"id": 3, "code": "b", "mail": "•••", "box": "•••"}


# --- throttle ------------------------------------------------------------------------------------


def test_several_windows_hold_at_once_and_a_connection_may_leave_room(tmp_path: Path) -> None:
    windows = [{"requests": 3, "per": "100ms"}, {"requests": 5, "per": "600ms"}]
    paging = {"kind": "page_number", "page_param": "page", "size": 1, "total_header": "X-Total"}
    with api(lambda asked: Told(numbered(asked, 1), headers={"X-Total": "7"})) as server:
        folder = own_folder(tmp_path, server.url, {**reads(paging=paging), "throttle": windows})
        folder.run()
        full = [each.at for each in server.asked]
        del server.asked[:]
        own_folder(
            tmp_path,
            server.url,
            {**reads(paging=paging), "throttle": windows},
            throttle={"requests": 1, "per": "150ms"},
        )
        folder.run("--full")
        shared = [each.at for each in server.asked]
    assert most_in(full, 0.1) <= 3
    assert most_in(full, 0.6) <= 5
    assert most_in(shared, 0.15) <= 1
    assert len(full) == len(shared) == 7


def most_in(times: list[float], span: float) -> int:
    """The most requests in any span, as the server has it; a tenth less for the way there."""
    return max(sum(1 for each in times if start <= each < start + span * 0.9) for start in times)


# --- retry and errors ----------------------------------------------------------------------------


class Failing:
    """Answers these first, then the records."""

    def __init__(self, *first: Told) -> None:
        self.first = list(first)

    def __call__(self, asked: Asked) -> Told:
        return self.first.pop(0) if self.first else Told(THINGS)


RETRIES: dict[str, tuple[dict[str, Any], list[Told], int]] = {
    "usual statuses": ({}, [Told("", 502), Told("", 503, {"Retry-After": "0"})], 0),
    "a 429 that says how long in the body": ({"wait": "again.in"}, [Told({"again": {"in": 0.05}}, 429)], 1),
    "a 429 that says how long as text": ({"wait": "wait"}, [Told({"wait": "0.05"}, 429)], 1),
    "statuses of its own": ({"statuses": [423]}, [Told({"message": "locked"}, 423)], 0),
}


@pytest.mark.parametrize("rule", RETRIES)
def test_what_is_worth_another_try_gets_one(rule: str, tmp_path: Path) -> None:
    retry, first, throttled = RETRIES[rule]
    with api(Failing(*first)) as server:
        folder = own_folder(tmp_path, server.url, {**reads(), "retry": retry})
        document = folder.run()
    assert len(server.asked) == len(first) + 1
    report = document["connections"]["api"]
    assert (report["retries"], report["throttled"]) == (len(first), throttled)
    assert len(written(folder)) == 7


def test_what_the_connector_does_not_name_is_not_tried_again(tmp_path: Path) -> None:
    with api(Failing(Told("", 500))) as server:
        folder = own_folder(tmp_path, server.url, {**reads(), "retry": {"statuses": [503]}})
        folder.run(code=3)
    assert len(server.asked) == 1


SAID: dict[str, tuple[dict[str, Any], Told]] = {
    "the usual places": ({}, Told({"error": {"message": "the account is closed"}}, 400)),
    "a place of its own": ({"text": "fault.reason"}, Told({"fault": {"reason": "the account is closed"}}, 400)),
    "several texts": ({"text": "join('; ', errors)"}, Told({"errors": ["closed", "really"]}, 400)),
    "several texts that are not there": ({"text": "join('; ', errors)"}, Told({"detail": "closed"}, 400)),
    "the vendor's id": ({"request_id": "id"}, Told({"message": "closed", "id": "R-17"}, 400)),
    "a missing permission": (
        {"permissions": "lacking"},
        Told({"message": "no", "lacking": ["things.read", "things.list"]}, 403),
    ),
    "a refused address": ({"ip_allowed": "ip.ok"}, Told({"message": "no", "ip": {"ok": False}}, 403)),
    "wrong credentials": ({}, Told({"message": "who are you?"}, 401)),
    "plain text": ({}, Told("the account is closed", 400)),
    "nothing": ({}, Told({}, 404)),
    "a page of a proxy": ({}, Told("<html><body>Bad gateway</body></html>", 200)),
}


@pytest.mark.parametrize("place", SAID)
def test_a_refusal_is_told_by_check_and_run_in_the_apis_words(
    place: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    error, told = SAID[place]
    with api(lambda asked: told) as server:
        folder = own_folder(
            tmp_path,
            server.url,
            {**reads(auth={"kind": "api_key", "header": "X-Key"}), "error": error},
            auth={"api_key": "k-123456"},
        )
        checked, ran = folder.etl("check", "api", "--json"), folder.etl("run", "--json")
    assert (checked.exit_code, ran.exit_code) == (1, 3)
    (connection,) = json.loads(checked.stdout)["connections"]
    assert connection["works"] is False
    found = [*connection["faults"], json.loads(ran.stdout)["mappings"][0]["error"]]
    assert [plain(text, folder) for text in found] == snapshot


# --- writes --------------------------------------------------------------------------------------

ROWS = "code,name,size\na,Alfa,1\nb,Beta,2\nc,Gamma,3\n"
RECORDS_SENT = [
    {"code": "a", "name": "Alfa", "size": 1},
    {"code": "b", "name": "Beta", "size": 2},
    {"code": "c", "name": "Gamma", "size": 3},
]
NAMED = {"procedure": "upsertThing", "constants": {"by": "etl"}, "name": "Call", "names": "Names", "values": "Values"}
BODIES: dict[str, tuple[Any, list[Any]]] = {
    "object": ("object", RECORDS_SENT),
    "array": ("array", [RECORDS_SENT]),
    "wrapped": ({"wrap": "things"}, [{"things": RECORDS_SENT}]),
    "wrapped one by one": ({"wrap": "thing", "many": False}, [{"thing": each} for each in RECORDS_SENT]),
    "names and values": (
        {"name_value": NAMED},
        [[{"Call": "upsertThing", "Names": ["by", *each], "Values": ["etl", *each.values()]} for each in RECORDS_SENT]],
    ),
    "names and values only": (
        "name_value",
        [[{"ParameterNames": [*each], "ParameterValues": [*each.values()]} for each in RECORDS_SENT]],
    ),
}


def writes(**operations: Any) -> dict[str, Any]:
    """A connector document whose things are told apart by their code."""
    fields = {"code": {"type": "string", "required": True}, "name": "string", "size": "integer"}
    return {"endpoints": {"things": {"target_key": "code", "operations": operations, "fields": fields}}}


@pytest.mark.parametrize("shape", BODIES)
def test_an_upsert_sends_its_body_in_the_shape_that_the_connector_names(shape: str, tmp_path: Path) -> None:
    body, sent = BODIES[shape]
    connector = writes(upsert={"path": "/things/bulk", "body": body, "idempotent": True})
    with api(lambda asked: Told({"ok": True})) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        first, again = folder.run(), folder.run()
    assert [each.json for each in server.asked] == sent
    assert {each.line for each in server.asked} == {"POST /things/bulk"}
    assert (first["mappings"][0]["written"], again["mappings"][0]["unchanged"]) == (3, 3)


def test_each_record_of_a_batch_gets_its_own_answer(tmp_path: Path) -> None:
    results = {"records": "results", "key": "ref", "success": "ok", "error": "why", "created": "isNew"}
    connector = writes(upsert={"path": "/bulk", "body": "array", "idempotent": True, "results": results})
    answers = {
        "a": {"ref": "a", "ok": True, "isNew": True},
        "b": {"ref": "b", "ok": True, "isNew": False},
        "c": {"ref": "c", "ok": False, "why": "too large"},
    }
    with api(lambda asked: Told({"results": [answers[each["code"]] for each in reversed(asked.json)]})) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        (counts,) = folder.run(code=1)["mappings"]
        (reject,) = json.loads(folder.etl("rejects", "list", "--json").stdout)["rejects"]
    assert (counts["created"], counts["updated"], counts["rejected"]) == (1, 1, 1)
    assert (reject["key"], reject["reason"]) == ("c", "too large")


def test_a_failure_behind_http_200_is_a_reject(tmp_path: Path) -> None:
    envelope = {"failed": "status != 'ok'", "text": "reason"}
    connector = writes(upsert={"path": "/bulk", "body": {"wrap": "rows"}, "idempotent": True, "envelope": envelope})

    def answer(asked: Asked) -> Told:
        bad = [each["code"] for each in asked.json["rows"] if each["code"] == "b"]
        return Told({"status": "failed", "reason": "b is taken"} if bad else {"status": "ok"})

    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        (counts,) = folder.run(code=1)["mappings"]
    assert (counts["written"], counts["rejected"]) == (2, 1)


def test_a_plan_shows_of_a_record_that_is_marked_as_gone_what_is_sent(tmp_path: Path) -> None:
    connector = writes(upsert={"path": "/things/bulk", "body": "array", "idempotent": True})
    mapping = {
        **WRITE,
        "fields": {**WRITE["fields"], "name": {"value": "name", "sensitive": True}},
        "target": {**WRITE["target"], "missing": {"set": {"size": "0"}}},
        "limits": {"max_deletes": 1},
    }
    with api(lambda asked: Told({"ok": True})) as server:
        folder = own_folder(tmp_path, server.url, connector, mapping)
        folder.write("in.csv", ROWS)
        folder.run()
        folder.write("in.csv", ROWS.replace("b,Beta,2\n", ""))
        (change,) = json.loads(folder.etl("plan", "--json").stdout)["mappings"][0]["changes"]
        folder.run()
    assert (change["key"], change["action"], change["fields"]) == ("b", "delete", {"size": [2, 0]})
    assert server.asked[-1].json == [{"code": "b", "size": 0}]


class Store:
    """Creates, changes and deletes one by one; every answer wraps its record."""

    def __init__(self) -> None:
        self.things: dict[int, dict[str, Any]] = {}

    def __call__(self, asked: Asked) -> Told:
        number = int(asked.path.rsplit("/", 1)[1]) if asked.path != "/things" else len(self.things) + 100
        if asked.method == "GET" and asked.path == "/things":
            found = [each for each in self.things.values() if each["code"] == asked.query.get("code", each["code"])]
            return Told({"data": found})
        if asked.method == "DELETE":
            return Told({"data": self.things.pop(number)})
        if asked.method != "GET":
            self.things[number] = {**self.things.get(number, {}), **asked.json["thing"], "id": number}
        return Told({"data": self.things[number]}, 201 if asked.method == "POST" else 200)


ONE_BY_ONE: dict[str, Any] = {
    "list": {"path": "/things", "records": "data", "params": {"code": "string"}},
    "get": {"path": "/things/{id}", "record": "data"},
    "create": {"path": "/things", "body": {"wrap": "thing"}, "record": "data", "id": "data.id"},
    "update": {"method": "PATCH", "path": "/things/{id}", "body": {"wrap": "thing"}},
    "delete": {"path": "/things/{id}"},
}


def one_by_one() -> dict[str, Any]:
    connector = writes(**ONE_BY_ONE)
    things = connector["endpoints"]["things"]
    things["match"] = {"params": {"code": "code"}, "compare": {"code": "code"}}
    things["write_fields"] = {"code": {"required": True}, "name": {}, "size": {}}
    things["fields"]["id"] = {"type": "integer", "required": True}
    return connector


def test_an_api_without_upsert_is_looked_into_written_to_by_id_and_swept(tmp_path: Path) -> None:
    store = Store()
    store.things[7] = {"id": 7, "code": "b", "name": "by hand", "colour": "red"}
    mapping = {**WRITE, "target": {**WRITE["target"], "missing": "delete"}, "limits": {"max_deletes": 5}}
    with api(store) as server:
        folder = own_folder(tmp_path, server.url, one_by_one(), mapping)
        folder.write("in.csv", ROWS)
        (first,) = folder.run()["mappings"]
        assert (first["created"], first["updated"]) == (2, 1)
        assert store.things[7] == {"id": 7, "code": "b", "name": "Beta", "size": 2, "colour": "red"}

        del server.asked[:]
        assert folder.run()["mappings"][0]["unchanged"] == 3
        assert server.asked == []

        folder.write("in.csv", ROWS.replace("Alfa", "Alpha").replace("b,Beta,2\n", ""))
        plan = json.loads(folder.etl("plan", "--json").stdout)["mappings"][0]["changes"]
        assert {each.method for each in server.asked} == {"GET"}
        (last,) = folder.run()["mappings"]
    assert {(each["key"], each["action"]) for each in plan} == {("a", "update"), ("b", "delete")}
    assert (last["updated"], last["deleted"]) == (1, 1)
    number = next(number for number, each in store.things.items() if each["code"] == "a")
    assert [line for line in server.lines if not line.startswith("GET")] == [
        f"PATCH /things/{number}",
        "DELETE /things/7",
    ]
    assert store.things[number]["name"] == "Alpha"


def test_without_a_way_to_ask_for_it_a_record_that_is_there_is_found_in_the_whole_list(tmp_path: Path) -> None:
    store = Store()
    store.things[7] = {"id": 7, "code": "b", "name": "by hand"}
    connector = one_by_one()
    del connector["endpoints"]["things"]["match"]
    with api(store) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        plan = json.loads(folder.etl("plan", "--json").stdout)["mappings"][0]["changes"]
        del server.asked[:]
        (counts,) = folder.run()["mappings"]
    assert [each["action"] for each in plan] == ["create", "update", "create"]
    assert (counts["created"], counts["updated"]) == (2, 1)
    assert [each["code"] for each in store.things.values()] == ["b", "a", "c"]
    assert [line for line in server.lines if line.startswith("GET")] == ["GET /things"]


def test_what_an_api_only_says_that_it_created_is_a_reject_until_somebody_has_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(once, "GRACE", once.GRACE * 0)
    store = Store()

    def answer(asked: Asked) -> Told:
        """No id is given back, and what is called Beta is taken and forgotten."""
        if asked.method == "POST" and asked.json["thing"]["name"] != "Beta":
            store(asked)
        return Told(status=201) if asked.method == "POST" else store(asked)

    connector = one_by_one()
    connector["endpoints"]["things"]["operations"]["create"] = {"path": "/things", "body": {"wrap": "thing"}}
    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        (first,) = folder.run(code=1)["mappings"]
        (again,) = folder.run(code=1)["mappings"]
        sent = [line for line in server.lines if line.startswith("POST")]
        assert folder.etl("rejects", "drop", "write", "b").exit_code == 0
        (last,) = folder.run()["mappings"]
    assert (first["created"], first["rejected"], again["rejected"], last["unchanged"]) == (2, 1, 1, 3)
    assert len(sent) == 3


@pytest.mark.parametrize(("options", "kept"), [({}, True), ({"options": {"replace": False}}, False)])
def test_a_put_that_says_nothing_keeps_what_the_mapping_does_not_name(
    options: dict[str, Any], kept: bool, tmp_path: Path
) -> None:
    store = Store()
    store.things[7] = {"id": 7, "code": "b", "name": "by hand", "colour": "red"}

    def answer(asked: Asked) -> Told:
        if asked.method == "PUT":
            store.things[7] = {"id": 7}
        return store(asked)

    connector = one_by_one()
    things = connector["endpoints"]["things"]
    things["operations"]["update"] = {"path": "/things/{id}", "body": {"wrap": "thing"}, **options}
    del things["write_fields"]
    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        assert folder.run()["mappings"][0]["updated"] == 1
    assert ("colour" in store.things[7]) is kept


def test_an_upsert_by_the_records_own_id_asks_for_it(tmp_path: Path) -> None:
    store = Store()
    store.things[7] = {"id": 7, "code": "b", "name": "by hand"}

    def answer(asked: Asked) -> Told:
        known = asked.path == "/things" or int(asked.path.rsplit("/", 1)[1]) in store.things
        return store(asked) if known else Told({"message": "no such thing"}, 404)

    connector = one_by_one()
    del connector["endpoints"]["things"]["match"]
    mapping = {**WRITE, "fields": {"id": "to_number(code)", "code": "name"}}
    mapping["target"] = {**WRITE["target"], "key": "id"}
    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, connector, mapping)
        folder.write("in.csv", "code,name\n7,x\n8,y\n")
        (counts,) = folder.run()["mappings"]
        assert (counts["created"], counts["updated"]) == (1, 1)
        assert store.things[7]["code"] == "x"
        assert "GET /things" not in server.lines


def test_what_is_refused_names_the_fields(tmp_path: Path) -> None:
    refusal = Told({"title": "invalid", "errors": {"size": ["must be even"]}}, 422)
    connector = {**one_by_one(), "error": {"text": "title", "fields": "errors"}}

    def answer(asked: Asked) -> Told:
        if asked.method == "GET":
            return Told({"data": []})
        return refusal if asked.json["thing"]["size"] % 2 else Told({"data": {"id": 1}}, 201)

    with api(answer) as server:
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        (counts,) = folder.run(code=1)["mappings"]
        rejects = json.loads(folder.etl("rejects", "list", "--json").stdout)["rejects"]
    assert (counts["created"], counts["rejected"]) == (1, 2)
    assert {(each["key"], each["field"], each["reason"]) for each in rejects} == {
        (key, "size", "invalid (size: must be even)") for key in "ac"
    }


def test_an_upsert_that_may_not_be_repeated_is_sent_once_for_each_record(tmp_path: Path) -> None:
    with api(lambda asked: Told({})) as server:
        adds = {"path": "/bulk", "body": "array", "idempotent": False}
        folder = own_folder(tmp_path, server.url, writes(upsert=adds), WRITE)
        folder.write("in.csv", ROWS)
        assert folder.run()["mappings"][0]["written"] == 3
        assert folder.run("--resend")["mappings"][0]["rejected"] == 0
        folder.write("in.csv", ROWS.replace("Alfa", "Changed"))
        assert folder.run(code=1)["mappings"][0]["rejected"] == 1
    assert sorted(each.json[0]["code"] for each in server.asked) == ["a", "b", "c"]


def test_an_upsert_that_does_not_say_whether_it_may_be_repeated_still_changes_what_is_there(tmp_path: Path) -> None:
    with api(lambda asked: Told({})) as server:
        folder = own_folder(tmp_path, server.url, writes(upsert={"path": "/bulk", "body": "array"}), WRITE)
        folder.write("in.csv", ROWS)
        folder.run()
        assert len(server.asked) == 3
        folder.write("in.csv", ROWS.replace("Alfa", "Changed"))
        assert "~ a" in folder.etl("plan").stdout
        counts = folder.run()["mappings"][0]
        assert (counts["written"], counts["unchanged"]) == (1, 2)
        assert folder.run("--resend")["mappings"][0]["written"] == 3
    assert server.asked[3].json[0]["name"] == "Changed"


def test_a_put_may_be_repeated_without_saying(tmp_path: Path) -> None:
    with api(lambda asked: Told({})) as server:
        connector = writes(upsert={"method": "PUT", "path": "/bulk", "body": "array"})
        folder = own_folder(tmp_path, server.url, connector, WRITE)
        folder.write("in.csv", ROWS)
        assert folder.run()["mappings"][0]["written"] == 3
    assert [len(each.json) for each in server.asked] == [3]


def test_a_connection_that_offers_nothing_to_read_is_not_said_to_work(tmp_path: Path) -> None:
    connector = writes(upsert={"path": "/bulk", "body": "array"})
    with api(lambda asked: Told({"message": "who are you?"}, 401)) as server:
        folder = own_folder(tmp_path, server.url, connector)
        told, document = folder.etl("check", "api"), folder.etl("check", "api", "--json")
        named = own_folder(tmp_path, server.url, {**connector, "check": {"path": "/me"}}).etl("check", "api")
    assert told.exit_code == 0
    assert "api: not asked" in told.stdout
    assert "check: {path: /…}" in told.stdout
    assert json.loads(document.stdout)["connections"][0]["works"] is None
    assert named.exit_code == 1
    assert server.lines == ["GET /me"]
