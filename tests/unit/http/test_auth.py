"""Logins: which keys, one token for all, renewed in time and once after a 401."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from etl import secrets
from etl.connectors.rest import RestConnection
from etl.errors import ConnectionFailed, LoginFailed, PermissionMissing, UsageError
from etl.http.answer import Answer, Call
from etl.http.credentials import choose
from etl.http.tokens import Lifetime
from etl.model import Json
from tests.support.clocks import FakeClock
from tests.support.rest import InMemory, connect
from tests.support.serving import Served, serving

READ = Call("GET", "/things", reads=True)
BLIKK = {
    "kind": "token_exchange",
    "token_url": "/token",
    "credentials": {"basic": ["app_id", "app_secret"]},
    "token": "accessToken",
    "expires": {"path": "expires", "format": "%Y-%m-%d %H:%M:%S %z"},
    "renew_before": "60s",
}
APP = {"app_id": "app-1", "app_secret": "s3cret-value"}


@pytest.fixture(autouse=True)
def _forget_secrets() -> object:
    yield
    secrets.forget()


class TokenApi:
    """Hands out numbered tokens that live for a while by its own clock, and knows which are good."""

    def __init__(self, clock: FakeClock, life: float = 600.0, skew: float = 0.0) -> None:
        self.clock, self.life, self.skew = clock, life, skew
        self.logins = 0
        self.good: dict[str, float] = {}
        self.answer: Callable[[str], web.Response] = self.blikk
        self.login: Callable[[web.Request], Awaitable[None]] | None = None

    def now(self) -> datetime:
        return self.clock.now() + timedelta(seconds=self.skew)

    def blikk(self, token: str) -> web.Response:
        expires = (self.now() + timedelta(seconds=self.life)).strftime("%Y-%m-%d %H:%M:%S +00:00")
        date = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return web.json_response({"accessToken": token, "expires": expires}, headers={"Date": date})

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith("/token"):
            self.logins += 1
            if self.login:
                await self.login(request)
            token = f"token-{self.logins}"
            self.good[token] = self.clock.monotonic() + self.life
            return self.answer(token)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.good.get(token, 0) <= self.clock.monotonic():
            return web.json_response({"message": "Invalid token"}, status=401)
        return web.json_response({"token": token})


def run(
    api: TokenApi,
    story: Callable[[RestConnection, Served], Awaitable[object]],
    block: Json = BLIKK,
    auth: dict[str, str] = APP,
) -> object:
    async def told() -> object:
        async with serving(api.handle) as served:
            connection = connect(served.url, connector={"auth": (block,)}, auth=auth, clock=api.clock)
            try:
                return await story(connection, served)
            finally:
                await connection.close()

    return asyncio.run(told())


async def token_used(connection: RestConnection) -> str:
    return str((await connection.client.request(READ)).body["token"])


# --- which kind --------------------------------------------------------------------------------------

OFFERS = (BLIKK, {"kind": "api_key", "header": "X-Key"}, {"kind": "basic"})


def test_the_keys_that_a_connection_gives_choose_the_kind() -> None:
    assert choose(OFFERS, {"api_key": "x"}, "blikk")["kind"] == "api_key"
    assert choose(OFFERS, APP, "blikk")["kind"] == "token_exchange"
    assert choose(OFFERS, {"username": "u", "password": "p"}, "blikk")["kind"] == "basic"
    assert choose((), {}, "blikk")["kind"] == "none"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"app_id": "x", "app_secet": "y"},
            "connection 'blikk': its `auth` must have 'app_id' and 'app_secret' or 'api_key' or 'username' and "
            "'password'; it has 'app_id' and 'app_secet' — 'app_secet': did you mean 'app_secret'?",
        ),
        (
            {},
            "connection 'blikk': its `auth` must have 'app_id' and 'app_secret' or 'api_key' or 'username' and "
            "'password'; it has no keys — write these keys under connections.blikk.auth",
        ),
    ],
)
def test_wrong_keys_are_wrong_usage_that_names_the_right_ones(given: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose(OFFERS, given, "blikk")
    assert str(caught.value) == message


# --- what never changes ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "auth", "header", "value"),
    [
        ({"kind": "api_key", "header": "X-Key"}, {"api_key": "k-1234"}, "X-Key", "k-1234"),
        (
            {"kind": "api_key", "header": "Authorization", "prefix": "Token "},
            {"api_key": "k"},
            "Authorization",
            "Token k",
        ),
        ({"kind": "bearer"}, {"token": "t-1234"}, "Authorization", "Bearer t-1234"),
        (
            {"kind": "basic"},
            {"username": "åke", "password": "p:w"},
            "Authorization",
            f"Basic {base64.b64encode('åke:p:w'.encode()).decode()}",
        ),
    ],
)
def test_credentials_travel_as_the_connector_says(
    block: dict[str, str], auth: dict[str, str], header: str, value: str
) -> None:
    async def told() -> str:
        async def handle(request: web.Request) -> web.StreamResponse:
            return web.json_response(request.headers[header])

        async with serving(handle) as served:
            connection = connect(served.url, connector={"auth": (block,)}, auth=auth)
            answer = await connection.client.request(READ)
            await connection.close()
            return str(answer.body)

    assert asyncio.run(told()) == value


# --- tokens ------------------------------------------------------------------------------------------


def test_all_requests_share_one_login_however_many_start_at_once() -> None:
    api = TokenApi(FakeClock())

    async def story(connection: RestConnection, served: Served) -> object:
        tokens = await asyncio.gather(*(token_used(connection) for _ in range(10)))
        authorization = next(r.headers["Authorization"] for r in served.requests if r.path == "/token")
        assert authorization == f"Basic {base64.b64encode(b'app-1:s3cret-value').decode()}"
        assert (connection.report.requests, connection.report.logins) == (11, 1)
        return set(tokens)

    assert run(api, story) == {"token-1"}


def test_a_token_is_renewed_a_minute_before_it_expires() -> None:
    api = TokenApi(FakeClock(), life=600)

    async def story(connection: RestConnection, _: Served) -> object:
        used = []
        for second in (0, 539, 541, 1080):
            api.clock.seconds = 1000.0 + second
            used.append(await token_used(connection))
        return used, connection.report.retries

    assert run(api, story) == (["token-1", "token-1", "token-2", "token-2"], 0)


def test_expiry_is_read_by_the_servers_own_clock() -> None:
    for skew in (-5000.0, 5000.0):
        api = TokenApi(FakeClock(), life=600, skew=skew)

        async def story(connection: RestConnection, _: Served, api: TokenApi = api) -> object:
            used = []
            for second in (0, 500, 545):
                api.clock.seconds = 1000.0 + second
                used.append(await token_used(connection))
            return used

        assert run(api, story) == ["token-1", "token-1", "token-2"]


def test_a_token_that_lives_shorter_than_the_margin_is_still_used_for_half_its_life() -> None:
    api = TokenApi(FakeClock(), life=20)

    async def story(connection: RestConnection, _: Served) -> object:
        used = []
        for second in (0, 9, 11):
            api.clock.seconds = 1000.0 + second
            used.append(await token_used(connection))
        return used

    assert run(api, story) == ["token-1", "token-1", "token-2"]


def test_a_revoked_token_is_renewed_once_for_all_requests_that_met_the_401() -> None:
    api = TokenApi(FakeClock())

    async def story(connection: RestConnection, _: Served) -> object:
        await token_used(connection)
        api.good.clear()
        used = await asyncio.gather(*(token_used(connection) for _ in range(6)))
        return set(used), api.logins

    assert run(api, story) == ({"token-2"}, 2)


@dataclass
class Moody:
    """An API whose requests take turns, and which forgets its tokens when the requests of these numbers arrive."""

    clock: FakeClock
    turns: list[int]
    forgets_at: set[int]
    faults: list[str | None]
    good: dict[str, float] = field(default_factory=dict)
    logins: int = 0
    asked: int = 0
    _at_login: int = 0

    async def handle(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != "/token":
            return await self._answered(lambda: self._used(request.headers["authorization"]))
        self._at_login += 1
        try:
            assert self._at_login == 1, "two logins at once"
            return await self._answered(self._token)
        finally:
            self._at_login -= 1

    async def _answered(self, answer: Callable[[], httpx.Response]) -> httpx.Response:
        await self._on_the_way()
        self.asked += 1
        if self.asked in self.forgets_at:
            self.good.clear()
        fault = self.faults.pop(0) if self.faults else None
        if fault == "lost":
            raise httpx.ConnectError("no answer")
        response = httpx.Response(500, json={}) if fault == "500" else answer()
        await self._on_the_way()
        return response

    async def _on_the_way(self) -> None:
        for _ in range(self.turns.pop(0) if self.turns else 1):
            await asyncio.sleep(0)

    def _token(self) -> httpx.Response:
        self.logins += 1
        self.good[f"Bearer {self.logins}"] = self.clock.seconds + 600
        return httpx.Response(200, json={"accessToken": str(self.logins), "lives": 600})

    def _used(self, token: str) -> httpx.Response:
        good = self.good.get(token, 0.0) > self.clock.seconds
        return httpx.Response(200, json=token) if good else httpx.Response(401, json={})


@given(
    callers=st.lists(
        st.tuples(
            st.integers(0, 15),  # turns before it begins
            st.sampled_from([0.0, 0.0, 1.0, 590.0]),  # and seconds
            st.one_of(st.none(), st.integers(0, 25)),  # turns after which it is cancelled
        ),
        min_size=1,
        max_size=10,
    ),
    turns=st.lists(st.integers(0, 10), max_size=60),
    forgets_at=st.sets(st.integers(1, 20), max_size=2),
    faults=st.lists(st.sampled_from([None, None, None, "500", "lost"]), max_size=8),
)
def test_in_whatever_order_401s_come_and_callers_give_up_there_is_one_login_at_a_time_and_few_in_all(
    callers: list[tuple[int, float, int | None]], turns: list[int], forgets_at: set[int], faults: list[str | None]
) -> None:
    clock = FakeClock()
    api = Moody(clock, list(turns), forgets_at, list(faults))
    options = {"auth": ({**BLIKK, "expires": {"seconds": "lives"}},)}

    async def call(connection: RestConnection, begin: int, seconds: float, cancelled: int | None) -> object:
        async def request() -> object:
            for _ in range(begin):
                await asyncio.sleep(0)
            if seconds:
                await clock.sleep(seconds)
            return (await connection.client.request(READ)).body

        task = asyncio.create_task(request())
        if cancelled is not None:
            for _ in range(cancelled):
                await asyncio.sleep(0)
            task.cancel()
        (result,) = await asyncio.gather(task, return_exceptions=True)
        assert not isinstance(result, asyncio.CancelledError) or cancelled is not None
        return result

    async def story() -> None:
        connection = connect(
            "https://x.example", transport=InMemory(api.handle), connector=options, auth=APP, clock=clock
        )
        results = await asyncio.gather(*(call(connection, *each) for each in callers))
        failed = [result for result in results if isinstance(result, Exception)]
        assert not any(isinstance(each, LoginFailed) for each in failed) or len(forgets_at) > 1
        assert all(isinstance(each, ConnectionFailed) for each in failed)
        assert not failed or faults or len(forgets_at) > 1
        given_up = sum(cancelled is not None for *_, cancelled in callers)
        assert api.logins <= 2 + len(forgets_at) + given_up + len(faults)
        api.forgets_at, api.faults = set(), []
        before = api.logins
        await asyncio.gather(*(connection.client.request(READ) for _ in range(5)))
        assert api.logins <= before + 2  # one that is missing, and one that is due since time went on meanwhile
        await connection.close()

    asyncio.run(story())


def test_a_second_401_ends_it() -> None:
    api = TokenApi(FakeClock(), life=0)

    async def story(connection: RestConnection, served: Served) -> object:
        with pytest.raises(LoginFailed) as caught:
            await connection.client.request(READ)
        assert [request.path for request in served.requests] == ["/token", "/things", "/token", "/things"]
        return str(caught.value)

    assert run(api, story) == (
        "acme: the login was refused: GET /things answered 401: Invalid token — "
        "check connections.acme.auth ('app_id' and 'app_secret')"
    )


@pytest.mark.parametrize("code", [400, 401])
def test_credentials_that_the_login_refuses_are_named_by_their_keys_only(code: int) -> None:
    api = TokenApi(FakeClock())

    async def refuse(request: web.Request) -> None:
        raise web.HTTPUnauthorized if code == 401 else web.HTTPBadRequest

    api.login = refuse

    async def story(connection: RestConnection, _: Served) -> object:
        with pytest.raises(LoginFailed) as caught:
            await connection.client.request(READ)
        return str(caught.value)

    message = run(api, story)
    assert message == (
        f"acme: the login was refused: POST /token answered {code} — "
        "check connections.acme.auth ('app_id' and 'app_secret')"
    )
    assert api.logins == 1


def test_an_ip_address_refused_at_the_login_is_no_wrong_password() -> None:
    api = TokenApi(FakeClock())

    async def refuse(request: web.Request) -> None:
        raise web.HTTPForbidden(text='{"ipAddressAllowed": false}', content_type="application/json")

    api.login = refuse

    async def told() -> None:
        async with serving(api.handle) as served:
            options = {"auth": (BLIKK,), "error": {"ip_allowed": "ipAddressAllowed"}}
            connection = connect(served.url, connector=options, auth=APP)
            with pytest.raises(PermissionMissing, match="IP address"):
                await connection.client.request(READ)
            await connection.close()

    asyncio.run(told())


def test_a_login_that_is_down_is_tried_again_and_then_a_failed_connection() -> None:
    api = TokenApi(FakeClock())
    failing = [True, True, False]

    async def falter(request: web.Request) -> None:
        if failing and failing.pop(0):
            raise web.HTTPServiceUnavailable

    api.login = falter

    async def story(connection: RestConnection, _: Served) -> object:
        return await token_used(connection)

    assert run(api, story) == "token-3"
    failing[:] = [True] * 20

    async def failed(connection: RestConnection, _: Served) -> object:
        with pytest.raises(ConnectionFailed, match=r"POST /token answered 503 five times"):
            await connection.client.request(READ)
        return api.logins

    run(api, failed)


def test_an_expiry_in_an_unknown_form_is_said_and_the_token_used_until_a_401(caplog: pytest.LogCaptureFixture) -> None:
    api = TokenApi(FakeClock(), life=600)
    api.answer = lambda token: web.json_response({"accessToken": token, "expires": "in a while"})

    async def story(connection: RestConnection, _: Served) -> object:
        used = []
        for second in (0, 599, 601):
            api.clock.seconds = 1000.0 + second
            used.append(await token_used(connection))
        return used, connection.report.retries

    with caplog.at_level(logging.WARNING):
        assert run(api, story) == (["token-1", "token-1", "token-2"], 0)
    assert "when its token expires can't be read" in caplog.text


def test_an_answer_without_a_token_is_a_failed_login() -> None:
    api = TokenApi(FakeClock())
    api.answer = lambda _: web.json_response({"message": "hello"})

    async def story(connection: RestConnection, _: Served) -> object:
        with pytest.raises(LoginFailed, match="but without a token"):
            await connection.client.request(READ)
        return None

    run(api, story)


def test_tokens_and_credentials_are_secrets_from_then_on() -> None:
    api = TokenApi(FakeClock())

    async def story(connection: RestConnection, _: Served) -> object:
        return await token_used(connection)

    run(api, story)
    packed = base64.b64encode(b"app-1:s3cret-value").decode()
    assert secrets.redact(f"token-1 s3cret-value {packed}") == "••• ••• •••"


def test_credentials_in_a_json_body() -> None:
    api = TokenApi(FakeClock())
    seen: list[Json] = []

    async def look(request: web.Request) -> None:
        seen.append((request.content_type, await request.json()))

    api.login = look
    api.answer = lambda token: web.json_response({"token": token})
    block = {
        "kind": "token_exchange",
        "token_url": "/token",
        "credentials": {"body": {"username": "username", "password": "password"}},
        "token": "token",
    }

    async def story(connection: RestConnection, _: Served) -> object:
        return await token_used(connection)

    assert run(api, story, block, {"username": "me", "password": "pass-word"}) == "token-1"
    assert seen == [("application/json", {"username": "me", "password": "pass-word"})]


@pytest.mark.parametrize("send", ["basic", "body"])
def test_oauth_client_credentials(send: str) -> None:
    api = TokenApi(FakeClock(), life=600)
    seen: list[Json] = []

    async def look(request: web.Request) -> None:
        seen.append((request.headers.get("Authorization"), dict(await request.post())))

    api.login = look
    api.answer = lambda token: web.json_response({"access_token": token, "expires_in": 600})
    block = {"kind": "oauth2_client_credentials", "token_url": "/token", "scope": "things.read", "send": send}

    async def story(connection: RestConnection, _: Served) -> object:
        first = await token_used(connection)
        api.clock.seconds += 545
        return first, await token_used(connection)

    auth = {"client_id": "client", "client_secret": "shhh-secret"}
    assert run(api, story, block, auth) == ("token-1", "token-2")
    form = {"grant_type": "client_credentials", "scope": "things.read"}
    if send == "basic":
        packed = base64.b64encode(b"client:shhh-secret").decode()
        assert seen[0] == (f"Basic {packed}", form)
    else:
        assert seen[0] == (None, form | auth)


def test_credentials_go_to_no_login_in_the_clear() -> None:
    block = {"kind": "oauth2_client_credentials", "token_url": "http://login.example.com/token"}
    with pytest.raises(UsageError, match="in the clear"):
        connect("http://localhost", connector={"auth": (block,)}, auth={"client_id": "c", "client_secret": "ssss"})


@given(st.integers(1_577_836_800, 2_208_988_800), st.integers(-12, 14))
def test_an_instant_of_expiry_is_read_in_the_vendors_form_and_in_iso(moment: int, hours: int) -> None:
    lifetime = Lifetime.from_config({"path": "expires", "format": "%Y-%m-%d %H:%M:%S %z"})
    now = datetime(2026, 4, 1, tzinfo=UTC)
    aware = datetime.fromtimestamp(moment, UTC)
    offset = f"{'-' if hours < 0 else '+'}{abs(hours):02d}:00"
    local = aware + timedelta(hours=hours)
    for spelled in (local.strftime(f"%Y-%m-%d %H:%M:%S {offset}"), local.strftime(f"%Y-%m-%dT%H:%M:%S{offset}")):
        answer = Answer(200, httpx.Headers(), {"expires": spelled}, "")
        assert lifetime.read(answer, now) == (aware - now).total_seconds()
