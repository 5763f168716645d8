"""Blikk: Authentication, Rate limiting, Status codes."""

from __future__ import annotations

import re

import httpx
import pytest

from etl.sandbox import Sandbox

from .conftest import log_in

LISTS = "/v1/Core/Contacts?page=1"


def test_a_token_is_given_for_application_id_and_secret_with_an_expiry_in_blikks_own_form(
    sandbox: Sandbox, blikk: httpx.Client
) -> None:
    body = log_in(sandbox, blikk).json()
    assert body["objectName"] == "auth.token"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00", body["expires"])


@pytest.mark.parametrize("auth", [("sandbox-app", "wrong"), ("wrong", "sandbox-secret")])
def test_a_wrong_id_or_secret_gives_no_token(blikk: httpx.Client, auth: tuple[str, str]) -> None:
    assert blikk.post("/v1/Auth/Token", auth=auth).status_code == 401


def test_credentials_that_are_not_basic_give_no_token(blikk: httpx.Client) -> None:
    for header in ("Bearer abc", "Basic %%%", "Basic /////w==", "Basic"):
        assert blikk.post("/v1/Auth/Token", headers={"Authorization": header}).status_code == 401


@pytest.mark.parametrize("header", [None, "Bearer nonsense", "Basic c2FuZGJveA=="])
def test_without_a_valid_token_nothing_is_shown(blikk: httpx.Client, header: str | None) -> None:
    del blikk.headers["Authorization"]
    answer = blikk.get(LISTS, headers={"Authorization": header} if header else {})
    assert answer.status_code == 401
    assert answer.json() == {"message": "Invalid token"}


def test_a_token_ends_when_its_lifetime_is_over(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.configure(token_lifetime=-1.0)
    log_in(sandbox, blikk)
    assert blikk.get(LISTS).status_code == 401


def test_revoked_tokens_are_refused_and_a_new_one_works(sandbox: Sandbox, blikk: httpx.Client) -> None:
    assert sandbox.revoke_tokens() == 1
    assert blikk.get(LISTS).status_code == 401
    log_in(sandbox, blikk)
    assert blikk.get(LISTS).status_code == 200


def test_a_missing_permission_is_named(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.configure(missing_permissions=["Contact_Read"])
    answer = blikk.get(LISTS)
    assert answer.status_code == 403
    assert answer.json()["ipAddressAllowed"] is True
    assert answer.json()["permissionsRequired"] == ["Contact_read"]
    assert blikk.get("/v1/Core/Tasks?page=1").status_code == 200


@pytest.mark.parametrize(
    ("permission", "method", "path"),
    [
        ("Contact_Write", "POST", "/v1/Core/Contacts"),
        ("Project_Read", "GET", "/v1/Core/Projects?page=1"),
        ("Task_Read", "GET", "/v1/Core/TaskBoards?page=1"),
        ("Task_Write", "DELETE", "/v1/Core/Tasks/10001"),
        ("Timereport_Read", "GET", "/v1/Core/TimeReports/UserDayStatistics?page=1"),
        ("Timereport_Write", "PUT", "/v1/Core/TimeReports/70001"),
    ],
)
def test_each_resource_needs_its_documented_permission(
    sandbox: Sandbox, blikk: httpx.Client, permission: str, method: str, path: str
) -> None:
    sandbox.configure(missing_permissions=[permission])
    assert blikk.request(method, path).status_code == 403


def test_an_address_that_is_not_allowed_is_told_so(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.configure(refuse_ip=True)
    answer = blikk.get(LISTS)
    assert answer.status_code == 403
    assert answer.json()["ipAddressAllowed"] is False
    assert answer.json()["permissionsRequired"] == []
    assert "127.0.0.1" in answer.json()["message"]


def test_an_address_that_does_not_exist_is_404_with_an_empty_body(blikk: httpx.Client) -> None:
    answer = blikk.get("/v1/EndpointThatDoesNotExist")
    assert (answer.status_code, answer.content) == (404, b"")


def test_a_method_that_an_address_does_not_have_is_405(blikk: httpx.Client) -> None:
    answer = blikk.patch("/v1/Core/Contacts/101")
    assert (answer.status_code, answer.headers["Allow"]) == (405, "DELETE, GET, PUT")


@pytest.mark.parametrize("mode", ["sliding", "calendar"])
def test_a_burst_above_four_in_a_second_is_told_how_long_to_wait(
    sandbox: Sandbox, blikk: httpx.Client, mode: str
) -> None:
    sandbox.configure(throttle=mode)
    answers = [blikk.get(LISTS) for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert refused[0].json() == {"waitInSeconds": 1}
    assert refused[0].headers["Retry-After"] == "1"
    assert sandbox.summary()["apis"]["blikk"]["throttled"] == len(refused)


def test_each_token_has_a_rate_of_its_own_and_logging_in_does_not_count(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.configure(throttle="sliding")
    for _ in range(3):
        log_in(sandbox, blikk)
        assert [blikk.get(LISTS).status_code for _ in range(4)] == [200] * 4
