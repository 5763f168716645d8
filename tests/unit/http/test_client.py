"""One connection over real sockets: what is repeated, what is an error, and in which words."""

from __future__ import annotations

import asyncio
import logging
import re
import ssl
from collections.abc import Awaitable, Callable
from contextlib import closing, suppress
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from aiohttp import web

from etl import secrets
from etl.connectors.rest import RestConnection
from etl.errors import ConnectionFailed, EtlError, LoginFailed, OutcomeUnknown, PermissionMissing, Refused, UsageError
from etl.http.answer import Answer, Call
from etl.model import Json
from etl.report import ConnectionReport
from etl.specs import RetrySpec, ThrottleWindow
from tests.support.clocks import FakeClock
from tests.support.rest import connect
from tests.support.serving import Handler, Served, raw_server, serving
from tests.support.tls import authority, server_tls

READ = Call("GET", "/things", reads=True)
WRITE = Call("POST", "/things", content=b"{}")
UPSERT = Call("PUT", "/things/7", content=b"{}", idempotent=True)
KEY = {"connector": {"auth": ({"kind": "api_key", "header": "X-Key"},)}, "auth": {"api_key": "k-123456789"}}
ERRORS = {"fields": "modelState", "request_id": "requestId", "permissions": "missing", "ip_allowed": "ipAllowed"}


@pytest.fixture(autouse=True)
def _forget_secrets() -> object:
    yield
    secrets.forget()


def answers(*responses: Callable[[], web.StreamResponse]) -> Handler:
    """Each request gets the next answer; the last one repeats."""
    left = list(responses)

    async def handle(request: web.Request) -> web.StreamResponse:
        await request.read()
        return (left.pop(0) if len(left) > 1 else left[0])()

    return handle


def status(code: int, body: Json = None, **headers: str) -> Callable[[], web.StreamResponse]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda: web.json_response(body, status=code, headers=named)


GOOD = status(200, {"ok": True})


async def talk(
    handler: Handler, calls: Callable[[RestConnection], Awaitable[object]], **options: object
) -> tuple[object, RestConnection, Served]:
    async with serving(handler) as served:
        connection = connect(served.url, **options)  # type: ignore[arg-type]
        try:
            return await calls(connection), connection, served
        except EtlError as error:
            return error, connection, served
        finally:
            await connection.close()


def send(handler: Handler, call: Call = READ, **options: object) -> tuple[object, ConnectionReport, Served]:
    result, connection, served = asyncio.run(talk(handler, lambda c: c.client.request(call), **options))
    return result, connection.report, served


def shown(error: object, served: Served) -> str:
    assert isinstance(error, EtlError), error
    return str(error).replace(served.url.removeprefix("http://"), "HOST")


# --- what goes well ----------------------------------------------------------------------------------


def test_an_answer_is_decoded_with_its_numbers_exact() -> None:
    handler = answers(lambda: web.Response(text='{"n": 0.12345678901234567}', content_type="application/json"))
    answer, report, served = send(handler)
    assert isinstance(answer, Answer)
    assert str(answer.body["n"]) == "0.12345678901234567"
    assert (report.requests, report.retries) == (1, 0)
    assert served.requests[0].headers["User-Agent"].startswith("etl/")


@pytest.mark.parametrize(
    ("body", "kind", "decoded"),
    [
        (b"\xef\xbb\xbf[1]", "application/json", [1]),
        ('["å"]'.encode("latin-1"), "application/json; charset=iso-8859-1", ["å"]),
        ('["å"]'.encode(), "text/plain", ["å"]),
    ],
)
def test_bodies_in_other_clothes_are_understood(body: bytes, kind: str, decoded: Json) -> None:
    answer, _, _ = send(answers(lambda: web.Response(body=body, headers={"Content-Type": kind})))
    assert isinstance(answer, Answer)
    assert answer.body == decoded


def test_an_empty_answer_is_fine_where_nothing_is_expected() -> None:
    gone = Call("DELETE", "/things/7", idempotent=True, empty=True)
    for response in (lambda: web.Response(status=204), lambda: web.Response(), lambda: web.Response(text="OK")):
        answer, _, _ = send(answers(response), gone)
        assert isinstance(answer, Answer)
        assert answer.body is None


def test_odd_characters_in_queries_and_paths_arrive_as_they_are() -> None:
    query = (("filter.from", "2021-01-01 14:00:00"), ("ids", "5,21"), ("q", "a+b&c=d%20é"))
    call = Call("GET", "/things/a%2Fb%20%C3%A5%25", query, reads=True)
    _, _, served = send(answers(GOOD), call)
    assert dict(served.requests[0].query) == dict(query)
    assert served.requests[0].rel_url.raw_path == "/things/a%2Fb%20%C3%A5%25"


# --- repeats -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_read_survives_server_faults(code: int) -> None:
    answer, report, _ = send(answers(status(code), status(code), GOOD))
    assert isinstance(answer, Answer)
    assert (report.requests, report.retries, report.throttled) == (3, 2, 0)


def test_each_further_try_is_told_to_those_who_want_to_hear_more(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="etl.http"):
        send(answers(status(503), GOOD))
    assert re.fullmatch(r"acme: GET /things answered 503; trying again in [0-9.]+ s", caplog.messages[0])
    assert len(caplog.messages) == 1


def test_a_read_that_keeps_failing_says_how_often_and_that_nothing_is_lost() -> None:
    clock = FakeClock()
    error, report, served = send(answers(status(503)), clock=clock, retry=RetrySpec(attempts=5))
    assert isinstance(error, ConnectionFailed)
    assert shown(error, served).startswith("acme: GET /things answered 503 five times in ")
    assert shown(error, served).endswith(" — nothing was lost, a rerun goes on from here")
    assert report.requests == 5
    assert sum(clock.slept) <= 60


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (lambda: web.Response(text="<html>", content_type="text/html"), "answered 200 with a page of HTML or XML"),
        (lambda: web.Response(text='{"items": [', content_type="application/json"), "with JSON that breaks off"),
        (lambda: web.Response(text="", content_type="application/json"), "answered 200 with an empty body"),
        (lambda: web.Response(text="hello"), "with text that is not JSON"),
        (lambda: web.Response(text="NaN", content_type="application/json"), "with text that is not JSON"),
    ],
)
def test_bodies_that_are_not_what_they_claim_are_asked_for_again(
    response: Callable[[], web.StreamResponse], words: str
) -> None:
    answer, report, _ = send(answers(response, GOOD))
    assert isinstance(answer, Answer)
    assert report.retries == 1
    error, _, served = send(answers(response), retry=RetrySpec(attempts=2))
    assert isinstance(error, ConnectionFailed)
    assert words in shown(error, served)


def test_a_429_holds_every_request_of_the_connection_for_the_longest_wait_it_names() -> None:
    clock = FakeClock()
    refused = status(429, {"waitInSeconds": 3}, Retry_After="2")

    async def three(connection: RestConnection) -> object:
        return await asyncio.gather(*(connection.client.request(READ) for _ in range(3)))

    result, connection, _ = asyncio.run(
        talk(answers(refused, GOOD), three, clock=clock, connector={"retry": {"wait": "waitInSeconds"}})
    )
    assert isinstance(result, list)
    assert connection.report.throttled == 1
    assert clock.monotonic() >= 1003.0
    assert connection.report.waited_seconds == pytest.approx(3.0, abs=0.1)


def test_a_wait_longer_than_allowed_ends_the_run_and_says_so() -> None:
    error, report, served = send(answers(status(429, Retry_After="7200")), retry=RetrySpec(max_wait=600))
    assert shown(error, served) == (
        "acme: GET /things answered 429 and asks to wait 2 h — "
        "`retry.max_wait` allows 10 min; nothing was lost, a rerun goes on from here"
    )
    assert report.requests == 1


def test_endless_429s_end_with_a_word_on_other_users_of_the_credentials() -> None:
    error, report, served = send(answers(status(429, Retry_After="1")), retry=RetrySpec(attempts=3))
    assert "answered 429 three times" in shown(error, served)
    assert "does another program use these credentials?" in shown(error, served)
    assert report.throttled == 3


@pytest.mark.parametrize("response", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", b"nonsense\r\n\r\n"])
def test_broken_connections_and_answers_are_repeated_for_reads_and_unknown_for_creates(response: bytes) -> None:
    good = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"

    async def story() -> None:
        async with raw_server(response, good) as url:
            connection = connect(url)
            answer = await connection.client.request(READ)
            assert answer.body == {}
            assert connection.report.retries == 1
            await connection.close()
        async with raw_server(response) as url:
            connection = connect(url)
            with pytest.raises(OutcomeUnknown, match="POST /things"):
                await connection.client.request(WRITE)
            assert connection.report.requests == 1
            with pytest.raises(ConnectionFailed, match=r"PUT /things/7 .* five times"):
                await connection.client.request(UPSERT)
            await connection.close()

    asyncio.run(story())


def test_a_slow_answer_is_given_up_and_a_create_is_then_unknown() -> None:
    async def never(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.json_response({})

    # Long enough to connect in, on a machine that halts for a moment: what is given up has to be the answer.
    error, _, served = send(never, retry=RetrySpec(attempts=2), timeout=0.5)
    assert "got no answer within 0.5 s twice" in shown(error, served)
    error, report, _ = send(never, WRITE, timeout=0.5)
    assert isinstance(error, OutcomeUnknown)
    assert report.requests == 1


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_a_server_fault_leaves_a_create_unknown_and_is_not_repeated(code: int) -> None:
    error, report, served = send(answers(status(code)), WRITE)
    assert isinstance(error, OutcomeUnknown)
    assert "it may have been applied" in shown(error, served)
    assert report.requests == 1


def test_a_create_is_repeated_after_a_429() -> None:
    answer, report, _ = send(answers(status(429), GOOD), WRITE)
    assert isinstance(answer, Answer)
    assert report.retries == 1


def test_a_server_fault_that_outlives_its_retries_is_a_refusal_of_the_batch() -> None:
    body = {"message": "An unexpected error.", "requestId": "r-7"}
    error, report, _ = send(answers(status(500, body)), UPSERT, connector={"error": ERRORS})
    assert isinstance(error, Refused)
    assert error.server_fault
    assert (error.status, error.reason) == (500, "An unexpected error. (request id r-7)")
    assert report.requests == 5


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_server_that_is_down_or_busy_for_too_long_is_no_verdict_on_a_batch(code: int) -> None:
    error, report, _ = send(answers(status(code)), UPSERT)
    assert isinstance(error, ConnectionFailed)
    assert report.requests == 5


def test_nothing_listens_there() -> None:
    with closing(create_server(("127.0.0.1", 0))) as socket:
        port = socket.getsockname()[1]
    connection = connect(f"http://127.0.0.1:{port}", retry=RetrySpec(attempts=2))

    async def story() -> list[str]:
        words = []
        for call in (READ, WRITE):
            with pytest.raises(ConnectionFailed) as caught:
                await connection.client.request(call)
            assert not isinstance(caught.value, OutcomeUnknown), "a request that was never sent is no mystery"
            words.append(str(caught.value))
        await connection.close()
        return words

    words = asyncio.run(story())
    assert all("found nothing that listens at 127.0.0.1" in text and "twice" in text for text in words)


def test_a_proxy_that_does_not_exist_is_told_from_the_host() -> None:
    connection = connect("http://localhost:9", spec={"proxy": "http://no-such-proxy.invalid:3128"})

    async def story() -> None:
        said = r"found no proxy named 'no-such-proxy.invalid' — check `proxy`|did not reach the proxy"
        with pytest.raises(ConnectionFailed, match=said):
            await connection.client.request(READ)
        await connection.close()

    asyncio.run(story())


def test_an_answer_that_comes_drop_by_drop_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # Silence is far off, so that only the end that never comes can be what is given up, however slow the machine.
    monkeypatch.setattr("etl.http.client.WHOLE", 0.01)

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b" ")
                await asyncio.sleep(0.005)
        return response

    error, report, _ = send(drip, retry=RetrySpec(attempts=2, seconds=0.01), timeout=50.0)
    assert "got an answer that had no end within 0.5 s" in str(error)
    assert report.requests == 2


def test_a_host_that_does_not_exist_is_said_at_once() -> None:
    connection = connect("https://no-such-host.invalid")

    async def story() -> None:
        with pytest.raises(ConnectionFailed, match=r"found no host named 'no-such-host.invalid'|did not reach"):
            await connection.client.request(READ)
        await connection.close()

    asyncio.run(story())


# --- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [400, 404, 405, 409, 413, 418, 422])
def test_a_refusal_carries_the_reason_and_is_not_repeated(code: int) -> None:
    body = {"message": "The request is invalid.", "modelState": {"page": ["must be 1 or more"]}}
    error, report, _ = send(answers(status(code, body)), connector={"error": ERRORS})
    assert isinstance(error, Refused)
    assert error.message == f"acme: GET /things answered {code}: The request is invalid. (page: must be 1 or more)"
    assert (error.status, error.reason, error.server_fault) == (code, "The request is invalid.", False)
    assert error.fields == {"page": ("must be 1 or more",)}
    assert report.requests == 1


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": {"message": "inner"}}, "inner"),
        ({"error": "short"}, "short"),
        ({"detail": "a detail"}, "a detail"),
        ({"errors": "as a text"}, "as a text"),
        ({"errors": ["one", "another", "one"]}, "one; another"),
        ({"errors": [{"code": 7, "title": "Bad", "detail": "one"}, {"message": "another"}]}, "one; another"),
        ({"type": "about:blank", "title": "a title", "status": 400}, "a title"),
        ({"type": "about:blank", "title": "a title", "detail": "a detail"}, "a detail"),
        ({"title": "a title", "errors": ["one"]}, "one"),
        ({"error": {"code": "bad", "message": {"lang": "en", "value": "inside"}}, "message": "outside"}, "inside"),
        ({"error": {"field": "email", "value": "a@b", "code": "taken"}}, "taken"),
        ([{"field": "email", "value": "a@b"}], "HTTP 400, without a reason"),
        ({"error": {"errors": [{"domain": "global", "reason": "deep"}]}}, "deep"),
        ({"statusCode": 400, "message": ["one", "another"], "error": "Bad Request"}, "one; another"),
        ({"error": "invalid_request", "error_description": "in words"}, "in words"),
        ({"detail": [{"loc": ["body", "name"], "msg": "is missing", "type": "missing"}]}, "is missing"),
        ({"Message": "in capitals"}, "in capitals"),
        ({"error": {"code": "only_a_code"}}, "only_a_code"),
        ({"error": [[[[[["too deep"]]]]]]}, "HTTP 400, without a reason"),
        ({"error": {"code": 7}, "message": None, "errors": []}, "HTTP 400, without a reason"),
        ("just text", "just text"),
        (["x"], "x"),
        ({"message": "x" * 10_000}, "x" * 399 + "…"),
        ({"message": "two\n\n  lines"}, "two lines"),
    ],
)
def test_the_reason_is_found_in_the_usual_places_and_kept_short(body: Json, reason: str) -> None:
    error, _, _ = send(answers(status(400, body)))
    assert isinstance(error, Refused)
    assert error.reason == reason


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            {"errors": {"[3].name": ["The name is too long.", "It is odd."]}},
            " ([3].name: The name is too long. It is odd.)",
        ),
        ({"modelState": {"page": ["must be 1 or more"]}}, " (page: must be 1 or more)"),
        ({"errors": {"": ["A body is required."]}}, " (A body is required.)"),
        ({"errors": [{"field": "name", "message": "missing"}]}, " (name: missing)"),
        ({"errors": {"name": None}}, " (name)"),
        ({"errors": {}}, ""),
    ],
)
def test_what_is_said_of_single_fields_is_found_in_the_usual_places(told: dict[str, Any], shown: str) -> None:
    error, _, _ = send(answers(status(400, {"title": "One or more validation errors occurred.", **told})))
    assert isinstance(error, Refused)
    assert error.message == f"acme: GET /things answered 400: One or more validation errors occurred.{shown}"


@pytest.mark.parametrize("body", [{"errors": {"name": ["is taken"]}}, {"name": ["is taken"]}])
def test_what_is_said_of_single_fields_alone_is_a_reason(body: Json) -> None:
    error, _, _ = send(answers(status(400, body)))
    assert isinstance(error, Refused)
    assert error.message == "acme: GET /things answered 400: HTTP 400 (name: is taken)"
    assert error.fields == {"name": ("is taken",)}


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("The name is taken.\n", "text/plain", "The name is taken."),
        ("The name is taken.", "text/html; charset=utf-8", "The name is taken."),
        ("The name is taken.", "application/json", "The name is taken."),
        ("« Ce nom\u00a0» est\r\n\tpris", "text/plain", "« Ce nom » est pris"),
        ("<html><body>no</body></html>", "text/html", "HTTP 400, without a reason"),
        ('{"message": "cut o', "application/json", "HTTP 400, without a reason"),
        ("\x00\x01\x02", "application/octet-stream", "HTTP 400, without a reason"),
        ("Bad Request", "text/plain", "HTTP 400, without a reason"),
    ],
)
def test_words_are_a_reason_whatever_they_are_said_to_be(text: str, kind: str, reason: str) -> None:
    error, _, _ = send(answers(lambda: web.Response(body=text.encode(), status=400, headers={"Content-Type": kind})))
    assert isinstance(error, Refused)
    assert error.reason == reason


def test_a_refusal_without_json_still_says_something() -> None:
    error, _, _ = send(answers(lambda: web.Response(status=404, text="<html>secret page</html>")))
    assert (error.message, error.hint) == (
        "acme: GET /things answered 404: HTTP 404, without a reason",
        "there may be no such address: is `base_url` right?",
    )


def test_a_missing_permission_is_named() -> None:
    body = {"message": "no", "ipAllowed": True, "missing": ["Contact_read"]}
    error, report, _ = send(answers(status(403, body)), connector={"error": ERRORS})
    assert isinstance(error, PermissionMissing)
    assert error.permissions == ("Contact_read",)
    assert str(error) == (
        "acme: GET /things answered 403: the credentials lack the permission Contact_read — "
        "give Contact_read to the credentials of connection 'acme'"
    )
    assert report.requests == 1


def test_a_refused_ip_address_is_told_apart_from_a_missing_permission() -> None:
    error, _, _ = send(answers(status(403, {"ipAllowed": False, "missing": []})), connector={"error": ERRORS})
    assert isinstance(error, PermissionMissing)
    assert error.ip_refused
    assert "the IP address of this machine is not allowed" in str(error)


def test_a_wrong_key_is_a_failed_login_that_names_what_to_check_and_never_the_key() -> None:
    error, report, _ = send(answers(status(401, {"message": "bad key k-123456789"})), **KEY)
    assert isinstance(error, LoginFailed)
    assert str(error) == (
        "acme: the login was refused: GET /things answered 401: bad key ••• — check connections.acme.auth ('api_key')"
    )
    assert report.requests == 1


def test_a_key_in_the_query_is_sent_but_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    auth = {"connector": {"auth": ({"kind": "api_key", "query": "key"},)}, "auth": {"api_key": "k-123456789"}}
    with caplog.at_level(logging.DEBUG, logger="etl.http"):
        error, _, served = send(answers(status(400)), Call("GET", "/things", (("page", "3"),), reads=True), **auth)
    assert served.lines() == ["GET /things?page=3&key=k-123456789"]
    assert "k-123456789" not in str(error) + caplog.text
    assert "acme: GET /things?page=3 answered 400" in caplog.text


def test_a_key_in_the_query_is_sent_once_though_a_link_to_the_next_page_or_a_redirect_holds_it_or_not() -> None:
    auth = {"connector": {"auth": ({"kind": "api_key", "query": "api key"},)}, "auth": {"api_key": "k-123456789"}}
    redirect = status(307, Location="/v2/things?cursor=5")
    held = Call("GET", "/things?api+key=k-123456789&cursor=5&api%20key=old", reads=True)
    _, _, served = send(answers(redirect, GOOD), held, **auth)
    assert served.lines() == [
        "GET /things?cursor=5&api%20key=k-123456789",
        "GET /v2/things?cursor=5&api%20key=k-123456789",
    ]


# --- redirects ---------------------------------------------------------------------------------------


def test_a_redirect_within_the_origin_is_followed_for_reads() -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/things":
            raise web.HTTPTemporaryRedirect("/v2/things")
        assert request.headers["X-Key"] == "k-123456789"
        return web.json_response([request.path])

    answer, report, _ = send(handle, **KEY)
    assert isinstance(answer, Answer)
    assert answer.body == ["/v2/things"]
    assert report.requests == 2


def test_a_redirect_to_another_origin_is_an_error_and_takes_no_credentials_there() -> None:
    async def story() -> None:
        async with serving(answers(GOOD)) as elsewhere:
            target = status(302, Location=f"{elsewhere.url}/login?next=1")
            error, _, _ = await talk(answers(target), lambda c: c.client.request(READ), **KEY)
            assert isinstance(error, ConnectionFailed)
            assert f"a redirect to {elsewhere.url} — credentials go to no other address" in str(error)
            assert elsewhere.requests == []

    asyncio.run(story())


def test_a_write_follows_no_redirect_and_circles_end() -> None:
    error, report, served = send(answers(status(307, Location="/elsewhere")), WRITE)
    assert "a redirect is followed only for reads" in shown(error, served)
    assert report.requests == 1
    error, report, served = send(answers(status(302, Location="/things")))
    assert "it leads in circles" in shown(error, served)
    assert report.requests == 5


# --- TLS, proxies, downloads --------------------------------------------------------------------------


def test_certificates_are_checked_and_what_is_wrong_with_them_is_said(tmp_path: Path) -> None:
    ca = authority(tmp_path)
    good, misnamed = server_tls(ca, "127.0.0.1"), server_tls(ca, "api.example.com")

    async def answer(tls: ssl.SSLContext, ca_file: Path | None) -> object:
        async with serving(answers(GOOD), tls) as served:
            connection = connect(served.url, spec={"ca_file": ca_file})
            try:
                return (await connection.client.request(READ)).body
            except ConnectionFailed as error:
                assert connection.report.requests == 1, "a bad certificate is no passing fault"
                return str(error)
            finally:
                await connection.close()

    assert asyncio.run(answer(good, ca.file)) == {"ok": True}
    unknown, wrong = asyncio.run(answer(good, None)), asyncio.run(answer(misnamed, ca.file))
    assert "that nothing here vouches for" in str(unknown)
    assert "give the authority that signed it as `ca_file`" in str(unknown)
    assert "met a certificate that is not for '127.0.0.1" in str(wrong)


def test_a_ca_file_that_holds_no_certificates_is_wrong_usage(tmp_path: Path) -> None:
    broken = tmp_path / "ca.pem"
    broken.write_text("nothing")
    for path in (broken, tmp_path / "missing.pem"):
        with pytest.raises(UsageError, match="can't be read"):
            connect("https://127.0.0.1:1", spec={"ca_file": path})


def test_plain_http_is_only_for_this_machine() -> None:
    with pytest.raises(UsageError, match="in the clear"):
        connect("http://example.com")
    with pytest.raises(UsageError, match="is no address"):
        connect("ftp://example.com")
    assert connect("http://localhost:1").base_url == "http://localhost:1"


def test_https_towards_a_plain_server_is_explained() -> None:
    async def story() -> str:
        async with serving(answers(GOOD)) as served:
            connection = connect(served.url.replace("http:", "https:"), retry=RetrySpec(attempts=1))
            with pytest.raises(ConnectionFailed) as caught:
                await connection.client.request(READ)
            await connection.close()
            return str(caught.value)

    assert "really served over https" in asyncio.run(story())


def test_requests_go_through_the_proxy_that_is_given() -> None:
    seen: list[str] = []

    async def proxy(request: web.Request) -> web.StreamResponse:
        seen.append(str(request.url))
        return web.json_response({"by": "proxy"})

    async def story() -> None:
        async with serving(proxy) as served:
            connection = connect("http://localhost:9", spec={"proxy": served.url})
            assert (await connection.client.request(READ)).body == {"by": "proxy"}
            await connection.close()
        connection = connect("http://localhost:9", spec={"proxy": served.url}, retry=RetrySpec(attempts=1))
        with pytest.raises(ConnectionFailed, match="did not reach the proxy"):
            await connection.client.request(READ)
        await connection.close()

    asyncio.run(story())


def test_a_download_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    target = tmp_path / "file.bin"

    async def story() -> None:
        whole = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content)
        async with raw_server(whole + content[:1000], whole + content) as url:
            connection = connect(url)
            assert await connection.client.download(READ, target) == len(content)
            await connection.close()
        target.write_bytes(b"old")
        async with raw_server(whole + content[:1000]) as url:
            connection = connect(url)
            with pytest.raises(ConnectionFailed):
                await connection.client.download(READ, target)
            await connection.close()

    asyncio.run(story())
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.bin"]


# --- throttle and connections -------------------------------------------------------------------------


def test_requests_keep_to_the_limit_as_the_server_sees_them() -> None:
    async def many(connection: RestConnection) -> object:
        return await asyncio.gather(*(connection.client.request(READ) for _ in range(20)))

    clock = FakeClock()
    options = {"clock": clock, "connector": {"throttle": (ThrottleWindow(4, 1.0),)}}
    _, connection, _ = asyncio.run(talk(answers(GOOD), many, **options))
    assert connection.report.requests == 20
    assert clock.monotonic() == pytest.approx(1000 + 4 * 1.023, abs=0.01)


def test_a_connection_that_the_server_closed_while_a_request_waited_is_not_a_lost_write() -> None:
    """The second write holds the kept-alive connection while it waits for its slot; the server hangs up meanwhile."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"

    class Slow(FakeClock):
        async def sleep(self, seconds: float) -> None:
            await asyncio.sleep(0.05)
            self.seconds += seconds

    async def story() -> None:
        async with raw_server(answer) as url:
            connection = connect(url, clock=Slow(), connector={"throttle": (ThrottleWindow(1, 1.0),)})
            for _ in range(3):
                await connection.client.request(WRITE)
            assert (connection.report.requests, connection.report.retries) == (3, 0)
            await connection.close()

    asyncio.run(story())
