"""PostgreSQL as the state: what is said when it can't be used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from syrupy.assertion import SnapshotAssertion

from etl import secrets
from etl.cli.logs import set_up
from etl.cli.options import Settings
from etl.errors import StateError
from etl.state import open_state
from tests.unit.state.conftest import SCOPE
from tests.unit.state.test_ledger import entry


def other(url: str, **parts: str) -> str:
    """The same server by another database, user or password, as a URL."""
    told = {**conninfo.conninfo_to_dict(url), **parts}
    return (
        f"postgresql://{told['user']}:{told.get('password', '')}@/{told['dbname']}"
        f"?host={str(told['host']).replace('/', '%2F')}"
    )


def said(error: pytest.ExceptionInfo[StateError], url: str) -> str:
    return str(error.value).replace(str(conninfo.conninfo_to_dict(url)["host"]), "HOST")


def test_tables_of_other_programs_in_the_same_database_are_no_trouble(postgres_url: str, tmp_path: Path) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS public.ledger")
        connection.execute("CREATE TABLE public.ledger (invoice INTEGER)")
    state = open_state(postgres_url, tmp_path)
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert state.mapping(SCOPE).count() == 1
    state.close()
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM public.ledger").fetchone() == (0,)
        connection.execute("DROP TABLE public.ledger")


def test_intents_wait_for_the_disk_and_the_rest_does_not(postgres_url: str, tmp_path: Path) -> None:
    state = open_state(postgres_url, tmp_path)
    show = "SHOW synchronous_commit"
    with state.database.transaction():
        assert state.database.read(show) == [("off",)]
    with state.database.transaction(durable=True):
        assert state.database.read(show) == [("on",)]
    assert state.database.read(show) == [("off",)]
    state.close()


def test_a_database_that_is_not_there_is_named(postgres_server: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r'database "nowhere" does not exist — see that the server .* knows this user'):
        open_state(other(postgres_server, dbname="nowhere"), tmp_path)


def test_a_server_that_is_not_there_is_named_and_the_password_is_not(tmp_path: Path) -> None:
    with pytest.raises(
        StateError, match=r"PostgreSQL \(127\.0\.0\.1/etl\) can't be used: .* — see that the server runs"
    ) as error:
        open_state("postgresql://me:opensesame@127.0.0.1:1/etl", tmp_path, wait=2)
    assert "opensesame" not in str(error.value)
    assert "opensesame" not in secrets.redact("the password is opensesame")
    secrets.forget()


def test_a_url_that_is_none_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(
        StateError, match=r"can't be understood — write postgresql://USER:PASSWORD@HOST/DATABASE"
    ) as error:
        open_state("postgresql://me:opensesame@[::1/etl", tmp_path)
    assert "opensesame" not in str(error.value)


def test_a_user_without_rights_is_told_what_the_owner_must_do(
    postgres_url: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'guest'").fetchone():
            connection.execute("CREATE ROLE guest LOGIN")
    with pytest.raises(StateError) as error:
        open_state(other(postgres_url, user="guest"), tmp_path)
    assert said(error, postgres_url) == snapshot


def test_a_database_of_another_encoding_is_refused(
    postgres_server: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin")
        connection.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(StateError) as error:
        open_state(other(postgres_server, dbname="latin"), tmp_path)
    assert said(error, postgres_server) == snapshot


def test_a_read_only_server_is_refused(postgres_url: str, tmp_path: Path) -> None:
    with pytest.raises(StateError, match=r"is read-only — name the primary server"):
        open_state(f"{other(postgres_url)}&options=-cdefault_transaction_read_only%3Don", tmp_path)


def test_a_lost_connection_ends_in_words_and_gives_the_claim_back(postgres_url: str, tmp_path: Path) -> None:
    state = open_state(postgres_url, tmp_path)
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert state.claim(SCOPE)
    (pid,) = state.database.read("SELECT pg_backend_pid()")[0]
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
    for _ in range(2):
        with pytest.raises(StateError, match=r"PostgreSQL \(.*\) can't be used: .* — see that the server runs"):
            state.mapping(SCOPE).accept([entry("2")], "run-1")
    with pytest.raises(StateError):
        state.mapping(SCOPE).known(["1"])
    state.close()
    again = open_state(postgres_url, tmp_path)
    assert again.claim(SCOPE)
    assert again.mapping(SCOPE).count() == 1
    again.close()


def test_the_driver_says_nothing_beside_the_error_where_the_connection_is_lost_in_a_transaction(
    postgres_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    set_up(Settings())
    state = open_state(postgres_url, tmp_path)

    def broken() -> None:
        with state.database.transaction():
            state.database.write("SELECT pg_terminate_backend(pg_backend_pid(), 5000)")
            state.database.write("SELECT 1")

    with pytest.raises(StateError):
        broken()
    state.close()
    assert caplog.records == []


def test_a_locked_table_is_waited_for_and_then_given_up(
    postgres_url: str, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    state = open_state(postgres_url, tmp_path, wait=0.05)
    with psycopg.connect(postgres_url) as connection:
        connection.execute("LOCK TABLE etl.ledger")
        with pytest.raises(StateError) as error:
            state.mapping(SCOPE).accept([entry("1")], "run-1")
        connection.rollback()
    assert said(error, postgres_url) == snapshot
    state.mapping(SCOPE).accept([entry("1")], "run-1")
    assert state.mapping(SCOPE).count() == 1
    state.close()


def test_a_missing_driver_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from pathlib import Path\n"
        "from etl.errors import StateError\n"
        "from etl.state import open_state\n"
        "open_state('memory:', Path('.')).close()\n"
        "try: open_state('postgresql://me:pw@host/db', Path('.'))\n"
        "except StateError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == (
        "the state is in PostgreSQL, and the driver for it is not installed — pip install 'etl-mappings[postgres]'\n"
    )
