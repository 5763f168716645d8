"""Whether a failed request is repeated, after how long, and when it is enough."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.http.faults import Failure
from etl.http.retry import Retry
from etl.model import Json
from etl.specs import RetrySpec

NOW = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)


def retry(spec: RetrySpec | None = None, **block: Json) -> Retry:
    return Retry.from_config(block, spec or RetrySpec())


@pytest.mark.parametrize(
    ("failure", "repeatable", "again"),
    [
        (Failure("answered 503", status=503), True, True),
        (Failure("answered 503", status=503), False, False),
        (Failure("answered 429", status=429), False, True),
        (Failure("was refused a connection", sent=False), False, True),
        (Failure("lost its connection"), True, True),
        (Failure("lost its connection"), False, False),
        (Failure("met a bad certificate", sent=False, transient=False), True, False),
    ],
)
def test_what_must_not_be_sent_twice_is_repeated_only_if_it_surely_was_not_taken(
    failure: Failure, repeatable: bool, again: bool
) -> None:
    assert retry().whether(failure, repeatable=repeatable, attempts=1) is again


def test_attempts_are_counted() -> None:
    rules = retry(RetrySpec(attempts=3))
    failure = Failure("answered 503", status=503)
    assert [rules.whether(failure, repeatable=True, attempts=n) for n in (1, 2, 3)] == [True, True, False]


@given(st.integers(1, 12), st.floats(0, 80))
def test_backoff_grows_with_jitter_and_never_exceeds_the_seconds_allowed(attempts: int, waited: float) -> None:
    pause = retry().how_long(Failure("answered 503", status=503), attempts=attempts, waited=waited)
    if waited >= 60:
        assert pause is None
    else:
        assert pause is not None
        assert 0 <= pause <= min(60 - waited, 3.0 ** (attempts - 1))


def test_jitter_is_full() -> None:
    rules = Retry(RetrySpec(), uniform=lambda low, high: (low + high) / 2)
    failure = Failure("answered 503", status=503)
    assert [rules.how_long(failure, attempts=n, waited=0) for n in (1, 2, 3)] == [0.5, 1.5, 4.5]


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"retry-after": "7"}, None, 7.0),
        ({"retry-after": "2"}, {"waitInSeconds": 5}, 5.0),
        ({"retry-after": "9"}, {"waitInSeconds": 5}, 9.0),
        ({"retry-after": "Wed, 01 Apr 2026 10:00:30 GMT"}, None, 30.0),
        ({"retry-after": "Wed, 01 Apr 2026 10:00:30 GMT", "date": "Wed, 01 Apr 2026 10:00:25 GMT"}, None, 5.0),
        ({"retry-after": "Wed, 01 Apr 2026 09:00:00 GMT"}, None, 0.0),
        ({"retry-after": "soon"}, {"waitInSeconds": "soon"}, None),
        ({"retry-after": "-3"}, {"waitInSeconds": 1}, 1.0),
        ({}, [], None),
    ],
)
def test_the_longest_wait_that_the_api_asks_for_counts(
    headers: dict[str, str], body: Json, seconds: float | None
) -> None:
    assert retry(wait="waitInSeconds").asked(headers, body, NOW) == seconds


def test_a_wait_that_was_asked_for_is_obeyed_beyond_own_seconds_up_to_max_wait() -> None:
    rules = retry(RetrySpec(seconds=60, max_wait=600))
    patient, endless = Failure("answered 429", status=429, wait=500.0), Failure("answered 429", status=429, wait=601.0)
    assert rules.how_long(patient, attempts=1, waited=60) == 500.0
    assert not rules.too_long(patient)
    assert rules.too_long(endless)


def test_requests_that_meet_429s_again_and_again_come_apart() -> None:
    rules, busy = retry(), Failure("answered 429", status=429, wait=2.0)
    longest = replace(rules, uniform=lambda low, high: high)
    assert [longest.apart(busy, attempts=attempts) for attempts in (1, 2, 3, 4)] == [0, 1, 3, 9]
    assert longest.apart(Failure("answered 503", status=503, wait=2.0), attempts=3) == 0


def test_a_429_without_a_figure_waits_for_a_second_at_least() -> None:
    rules = Retry(RetrySpec(), uniform=lambda low, high: 0.0)
    assert rules.how_long(Failure("answered 429", status=429), attempts=1, waited=0) == 1.0


def test_a_connector_names_the_statuses_worth_another_try() -> None:
    assert retry(statuses=[418]).statuses == {418, 429}
    assert retry().statuses == {429, 500, 502, 503, 504}
