"""A running sandbox and a logged-in client for each of its APIs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox


def log_in(sandbox: Sandbox, client: httpx.Client) -> httpx.Response:
    """Fetches a Blikk token and lets the client send it from now on."""
    auth = sandbox.connections["blikk"]["auth"]
    answer = client.post("/v1/Auth/Token", auth=(auth["app_id"], auth["app_secret"]))
    client.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
    return answer


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def blikk(sandbox: Sandbox) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=sandbox.connections["blikk"]["base_url"]) as client:
        log_in(sandbox, client)
        yield client


@pytest.fixture
def sheets(sandbox: Sandbox) -> Iterator[httpx.Client]:
    connection = sandbox.connections["dimesheets"]
    headers = {"X-API-KEY": connection["auth"]["api_key"]}
    with httpx.Client(base_url=connection["base_url"], headers=headers) as client:
        yield client


@pytest.fixture
def scheduler(sandbox: Sandbox) -> Iterator[httpx.Client]:
    connection = sandbox.connections["dimescheduler"]
    with httpx.Client(base_url=connection["base_url"]) as client:
        token = client.post("/token", json=connection["auth"]).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture
def page(blikk: httpx.Client) -> Callable[..., Any]:
    """Reads one page of a Blikk list: `page("/v1/Core/Tasks", pageSize=5)`."""

    def read(path: str, **params: Any) -> Any:
        answer = blikk.get(path, params={"page": 1, **params})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return read


@pytest.fixture
def refusal(blikk: httpx.Client) -> Callable[..., Any]:
    """The `modelState` of a list request that is refused."""

    def read(path: str, **params: Any) -> Any:
        answer = blikk.get(path, params=params)
        assert answer.status_code == 400, answer.text
        assert answer.json()["message"] == "The request is invalid."
        return answer.json()["modelState"]

    return read
