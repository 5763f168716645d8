"""`etl.yaml`: found from below, its environment applied, placeholders filled in, typed; all problems at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from etl import secrets
from etl.errors import DocumentError, UsageError
from etl.mapping.project import find_project, load_project
from etl.specs import ConnectionSpec, ProjectSpec, RetrySpec, ThrottleWindow


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


def project(folder: Path, text: str, **settings: object) -> ProjectSpec:
    (folder / "etl.yaml").write_text(f"version: 1\n{text}", encoding="utf-8")
    return load_project(folder, environ={}, **settings)  # type: ignore[arg-type]


def connection(folder: Path, text: str) -> ConnectionSpec:
    return project(folder, f"connections: {{a: {{connector: x, {text}}}}}").connections["a"]


def messages(folder: Path, text: str, **settings: object) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        project(folder, text, **settings)
    return [problem.message for problem in caught.value.problems]


# --- found ---------------------------------------------------------------------------------------


def test_the_nearest_project_above_a_mapping_is_its_own(tmp_path: Path) -> None:
    deep = tmp_path / "customers" / "acme" / "mappings"
    deep.mkdir(parents=True)
    (tmp_path / "etl.yaml").write_text("version: 1")
    (deep / "m.yaml").write_text("")

    assert find_project(deep / "m.yaml") == tmp_path / "etl.yaml"
    (deep.parent / "etl.yaml").write_text("version: 1")
    assert find_project(deep / "m.yaml") == deep.parent / "etl.yaml"
    assert find_project(deep) == deep.parent / "etl.yaml"


def test_a_project_can_be_named_by_its_file_or_folder(tmp_path: Path) -> None:
    project(tmp_path, "name: acme")

    for file in (tmp_path, tmp_path / "etl.yaml"):
        assert load_project(Path("/"), file=file, environ={}).name == "acme"


def test_a_project_that_is_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="there is no file"):
        load_project(file=tmp_path / "none.yaml", environ={})


def test_without_any_project_there_is_an_empty_one_around_the_mapping(tmp_path: Path) -> None:
    found = load_project(tmp_path / "m.yaml", environ={}, variables={"a": "1"})

    assert (found.root, found.file, found.connections, found.vars) == (tmp_path, None, {}, {"a": "1"})
    with pytest.raises(UsageError, match="there is no environment 'test'"):
        load_project(tmp_path / "m.yaml", environ={}, env="test")


# --- typed ---------------------------------------------------------------------------------------


def test_the_defaults_of_a_project(tmp_path: Path) -> None:
    found = project(tmp_path, "")

    assert found.name == tmp_path.name
    assert found.root == tmp_path
    assert found.file == tmp_path / "etl.yaml"
    assert (found.state, found.timezone, found.environment) == ("sqlite:///.etl/state.db", "UTC", "")


def test_the_defaults_of_a_connection(tmp_path: Path) -> None:
    found = connection(tmp_path, "auth: {}")

    assert (found.timeout, found.retry, found.throttle, found.throttle_force) == (30.0, RetrySpec(), None, False)
    assert found.location is not None
    assert (found.location.line, found.location.column) == (2, 15)


def test_durations_become_seconds(tmp_path: Path) -> None:
    found = connection(tmp_path, "timeout: 500ms, retry: {attempts: 3, seconds: 2m, max_wait: 1h}")

    assert (found.timeout, found.retry) == (0.5, RetrySpec(3, 120.0, 3600.0))


def test_a_throttle_is_one_window_or_several(tmp_path: Path) -> None:
    one = connection(tmp_path, "throttle: {requests: 2, per: 1s}")
    two = connection(tmp_path, "throttle: [{requests: 2}, {requests: 100, per: 1m, force: true}]")

    assert (one.throttle, one.throttle_force) == ((ThrottleWindow(2, 1.0),), False)
    assert (two.throttle, two.throttle_force) == ((ThrottleWindow(2, 1.0), ThrottleWindow(100, 60.0)), True)


def test_a_ca_file_that_can_vouch_for_nothing_is_found_before_any_request(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    (tmp_path / "certificates").mkdir()
    for name, said in (("ca.pem", "holds no certificate"), ("certificates", "is a folder"), ("x", "there is no file")):
        with pytest.raises(DocumentError) as caught:
            project(tmp_path, f"connections: {{a: {{connector: blikk, ca_file: {name}}}}}")
        assert said in caught.value.problems[0].message


def test_paths_are_relative_to_the_project_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN CERTIFICATE-----")
    monkeypatch.chdir("/")

    found = project(
        tmp_path, "connections: {a: {connector: ./c/x.yaml, ca_file: ca.pem}, b: {connector: files, path: data}}"
    ).connections

    assert found["a"].connector == str(tmp_path / "c" / "x.yaml")
    assert found["a"].ca_file == tmp_path / "ca.pem"
    assert (found["b"].connector, found["b"].path) == ("files", tmp_path / "data")


@pytest.mark.parametrize(
    "address",
    ["https://a.example.com", "http://localhost:80", "http://127.0.0.2/x", "http://[::1]:1", "http://x.localhost"],
)
def test_an_address_is_https_or_on_this_machine(address: str, tmp_path: Path) -> None:
    assert connection(tmp_path, f"base_url: '{address}'").base_url == address


@pytest.mark.parametrize(
    "address", ["http://a.example.com", "http://10.0.0.1", "http://localhost.example.com", "http://[::2]"]
)
def test_an_unencrypted_address_elsewhere_is_refused(address: str, tmp_path: Path) -> None:
    assert messages(tmp_path, f"connections: {{a: {{connector: x, base_url: '{address}'}}}}") == [
        "http:// would send credentials unencrypted"
    ]


# --- environments --------------------------------------------------------------------------------

ENVIRONMENTS = """
state: sqlite:///live.db
connections:
  a: {connector: x, base_url: https://live.example.com, auth: {user: "${LIVE_USER}", password: live}, timeout: 5}
environments:
  test:
    state: sqlite:///test.db
    connections:
      a: {base_url: "http://127.0.0.1:1", auth: {user: tester}, timeout: null}
      b: {connector: y}
  staging: {connections: {a: {auth: {user: "${STAGING_USER}"}}}}
"""


def test_an_environment_is_merged_over_the_rest(tmp_path: Path) -> None:
    found = project(tmp_path, ENVIRONMENTS, env="test")

    assert (found.environment, found.state) == ("test", "sqlite:///test.db")
    assert found.connections["a"].base_url == "http://127.0.0.1:1"
    assert found.connections["a"].auth == {"user": "tester", "password": "live"}
    assert found.connections["a"].timeout == 30.0
    assert found.connections["b"].connector == "y"


def test_what_another_environment_needs_is_not_asked_for(tmp_path: Path) -> None:
    assert messages(tmp_path, ENVIRONMENTS) == ["'LIVE_USER' is not set"]
    assert messages(tmp_path, ENVIRONMENTS, env="staging") == ["'STAGING_USER' is not set"]


def test_an_unknown_environment_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        project(tmp_path, ENVIRONMENTS, env="stagng")

    assert str(caught.value) == "there is no environment 'stagng' — did you mean 'staging'?"


# --- variables -----------------------------------------------------------------------------------


def test_variables_may_use_those_above_and_the_environment(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CITY=Umeå\n", encoding="utf-8")

    found = project(tmp_path, 'vars: {a: 1, b: "x-${var:a}", c: "${CITY}", d: [1, "${var:a}"]}')

    assert found.vars == {"a": 1, "b": "x-1", "c": "Umeå", "d": [1, 1]}


def test_variables_of_the_command_line_go_before_the_projects_and_keep_their_kind(tmp_path: Path) -> None:
    text = 'vars: {n: 1, flag: true, label: "7", rate: 1.5, who: "${NOT_SET}", sum: "${var:n}-${var:who}"}'
    given = {"n": "5", "flag": "false", "label": "8", "rate": "2", "who": "me", "new": "9"}

    found = project(tmp_path, text, variables=given)

    assert found.vars == {"n": 5, "flag": False, "label": "8", "rate": 2, "who": "me", "new": "9", "sum": "5-me"}


# --- secrets -------------------------------------------------------------------------------------


def test_passwords_in_addresses_are_secrets_too(tmp_path: Path) -> None:
    text = "state: postgresql://etl:db-pa%40ss@h/d\nconnections: {a: {connector: x, proxy: 'http://u:proxy-pass@h:1'}}"
    project(tmp_path, text)

    assert "pass" not in secrets.redact("db-pa%40ss db-pa@ss proxy-pass")


def test_credentials_are_not_part_of_what_is_printed_of_a_project(tmp_path: Path) -> None:
    found = project(tmp_path, "connections: {a: {connector: x, auth: {password: very-secret}}}")

    assert "very-secret" not in repr(found)


def test_credentials_in_an_address_are_refused(tmp_path: Path) -> None:
    assert messages(tmp_path, "connections: {a: {connector: x, base_url: 'https://u:p4ss@h'}}") == [
        "credentials do not belong in an address"
    ]


def test_for_the_sandbox_credentials_need_not_be_set(tmp_path: Path) -> None:
    text = 'connections: {a: {connector: x, auth: {k: "${K}"}}}'

    assert project(tmp_path, text, sandbox=True).connections["a"].auth == {"k": ""}
    assert messages(tmp_path, text) == ["'K' is not set"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = 'timezone: Nowhere\nconections: {}\nconnections: {a: {connector: x, timeout: soon, auth: {k: "${K}"}}}\n'

    assert messages(tmp_path, text) == [
        "there is no time zone 'Nowhere'",
        "'conections' is not a key of the project",
        "'timeout' is 'soon'",
        "'K' is not set",
    ]


def test_warnings_are_kept_with_the_project(tmp_path: Path) -> None:
    assert [problem.code for problem in project(tmp_path, "vars: {a: 007}").warnings] == ["leading-zero"]
