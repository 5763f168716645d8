from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from etl.ports import MappingState, Scope
from etl.state import StoredState, open_state
from tests.support import postgres

SCOPE = Scope("acme", "production", "projects", "https://target.example projects")

Open = Callable[[], StoredState]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> str:
    """An empty store on the session's server."""
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("SET client_min_messages TO warning")
        connection.execute("DROP SCHEMA IF EXISTS etl CASCADE")
    return postgres_server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store: every test that asks for it runs on both."""
    if request.param == "sqlite":
        return "sqlite:///.etl/state.db"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def open_store(store_url: str, tmp_path: Path) -> Iterator[Open]:
    """Opens the same store as often as it is called; all are closed in the end."""
    opened: list[StoredState] = []

    def open_again() -> StoredState:
        opened.append(open_state(store_url, tmp_path, wait=5))
        return opened[-1]

    yield open_again
    for state in opened:
        state.close()


@pytest.fixture
def state(open_store: Open) -> StoredState:
    return open_store()


@pytest.fixture
def mapping(state: StoredState) -> MappingState:
    return state.mapping(SCOPE)
