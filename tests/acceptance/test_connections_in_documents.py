"""What documents say of connections, as a user meets it: found before anything is sent, and nearest first."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from etl.sandbox import Sandbox
from tests.support.projects import FAST, PROJECTS, Folder, project, to_sandbox

NOBODY = "http://127.0.0.1:9"
"""The port that nothing answers on."""


def one_file(sandbox: Sandbox, **more: object) -> str:
    """A mapping that brings its connections along."""
    connections = {name: to_sandbox(sandbox)[name] for name in ("blikk", "dimesheets")}
    return PROJECTS + "".join(
        f"{key}: {json.dumps(value)}\n" for key, value in {"connections": connections, **more}.items()
    )


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        ({"auth": {"api_kee": "made-up-key"}}, "'api_kee': did you mean 'api_key'?"),
        ({"auth": {}}, "its `auth` must have 'api_key'; it has no keys"),
        ({"auth": {"api_key": "made-up-key"}, "instance": "sandbox"}, "'dimesheets' has no instance 'sandbox'"),
    ],
)
def test_a_connection_that_its_connector_can_t_use_is_found_before_anything_is_sent(
    tmp_path: Path, connection: dict[str, object], words: str
) -> None:
    blikk = {"connector": "blikk", "auth": {"app_id": "made-up-id", "app_secret": "made-up-secret"}}
    connections = {"blikk": blikk, "dimesheets": {"connector": "dimesheets", **connection}}
    folder = project(tmp_path, connections, projects=PROJECTS)

    for command in ("validate", "plan", "run"):
        result = folder.etl(command)
        assert result.exit_code == 2
        assert words in result.stdout + result.stderr
    assert not (tmp_path / ".etl").exists()


def test_an_environment_may_put_a_folder_in_the_place_of_an_api(tmp_path: Path) -> None:
    """What it takes over of the API's address and credentials is of no use to it, and does no harm."""
    erp = {"connector": "dimesheets", "base_url": "https://erp.example.com", "auth": {"api_key": "made-up-key"}}
    export = """
version: 1
name: export
source: {connection: local, endpoint: rows.csv, key: id}
fields: {id: id}
target: {connection: local, endpoint: out.csv, key: id}
"""
    folder = project(tmp_path, {"erp": erp, "local": {"connector": "files"}}, export=export)
    whole = json.loads((folder.path / "etl.yaml").read_text(encoding="utf-8"))
    whole["environments"] = {"test": {"connections": {"erp": {"connector": "files", "path": "data"}}}}
    folder.write("etl.yaml", json.dumps(whole, indent=1))

    for options in ((), ("--env", "test")):
        result = folder.etl("validate", *options)
        assert (result.exit_code, result.stdout.count("warning[strange-key]")) == (0, 2)


def test_a_throttle_looser_than_the_api_s_needs_force(tmp_path: Path) -> None:
    blikk = {"connector": "blikk", "auth": {"app_id": "made-up-id", "app_secret": "made-up-secret"}}
    sheets = {"connector": "dimesheets", "auth": {"api_key": "made-up-key"}}
    for throttle, code in (({"requests": 5, "per": "1s"}, 2), (FAST, 0), ({"requests": 100, "per": "1m"}, 0)):
        connections = {"blikk": {**blikk, "throttle": throttle}, "dimesheets": sheets}
        result = project(tmp_path, connections, projects=PROJECTS).etl("validate")
        assert result.exit_code == code
        assert ("looser" in result.stdout) == (code == 2)


def test_a_mistake_is_told_in_each_environment_that_makes_it_and_one_of_the_project_once(tmp_path: Path) -> None:
    open_address = "http://things.example.com"
    folder = project(
        tmp_path,
        {
            "blikk": {"connector": "blikk", "base_url": open_address, "auth": {"app_id": "x", "app_secret": "y"}},
            "dimesheets": {"connector": "dimesheets", "auth": {"api_key": "made-up-key"}},
            "unused": {"connector": "dimesheets"},
        },
        projects=PROJECTS,
    )
    changed = {"blikk": {"base_url": open_address}, "unused": {"base_url": "https://things.example.com"}}
    written = json.loads((tmp_path / "etl.yaml").read_text(encoding="utf-8"))
    folder.write("etl.yaml", json.dumps({**written, "environments": {"test": {"connections": changed}}}))
    said = folder.etl("validate").stdout
    assert said.count("http:// would send credentials unencrypted") == 2
    assert said.count("connection 'unused': its `auth` must have 'api_key'") == 1


def test_a_run_of_the_library_without_a_project_says_what_is_missing(tmp_path: Path) -> None:
    result = Folder(tmp_path).etl("run", "builtin:blikk-to-dimesheets/projects")
    assert result.exit_code == 2
    assert "there is no etl.yaml in" in result.stderr
    assert "(--project)" in result.stderr
    assert not (tmp_path / ".etl").exists()


def test_a_mapping_with_connections_and_state_of_its_own_runs_by_itself(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = Folder(tmp_path)
    folder.write("projects.yaml", one_file(sandbox, state="sqlite:///own.db"))
    document = folder.run("projects.yaml", "--limit", "3")
    assert document["mappings"][0]["written"] == 3
    assert (tmp_path / "own.db").exists()
    assert not (tmp_path / ".etl" / "state.db").exists()


def test_a_mapping_s_own_connections_go_before_those_of_the_project(tmp_path: Path, sandbox: Sandbox) -> None:
    nowhere = {name: {**block, "base_url": NOBODY} for name, block in to_sandbox(sandbox).items()}
    folder = project(tmp_path, nowhere, projects=one_file(sandbox))
    assert folder.run("--limit", "3")["mappings"][0]["read"] == 3


def test_mappings_that_differ_in_a_connection_don_t_run_together(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = Folder(tmp_path)
    text = one_file(sandbox)
    folder.write("all/a.yaml", text)
    folder.write("all/b.yaml", text.replace("name: projects", "name: others").replace('"attempts": 3', '"attempts": 4'))
    result = folder.etl("run", "all")
    assert result.exit_code == 2
    assert "has a connection 'blikk' of its own, too" in result.stderr


def test_mappings_with_states_of_their_own_don_t_run_together(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = Folder(tmp_path)
    folder.write("all/a.yaml", one_file(sandbox, state="sqlite:///a.db"))
    folder.write("all/b.yaml", one_file(sandbox, state="sqlite:///b.db").replace("name: projects", "name: others"))
    result = folder.etl("run", "all")
    assert result.exit_code == 2
    assert "keep their state in different places" in result.stderr


# --- all that is wrong, in one go ----------------------------------------------------------------


def test_everything_that_is_not_set_is_told_whatever_it_is(tmp_path: Path) -> None:
    folder = project(tmp_path, {"blikk": {"connector": "blikk", "auth": {"app_id": "x"}}}, projects=PROJECTS)
    folder.write(".env", "")
    text = (tmp_path / "etl.yaml").read_text(encoding="utf-8")
    folder.write("etl.yaml", text.replace('"acme"', '"${NO_SUCH_NAME}"'))
    result = folder.etl("validate")
    assert result.exit_code == 2
    assert "'NO_SUCH_NAME' is not set" in result.stdout
    assert "'BLIKK_APP_ID' is not set" in result.stdout


def test_a_mistake_in_the_project_hides_none_in_a_mapping(tmp_path: Path) -> None:
    folder = project(tmp_path, {}, projects=PROJECTS.replace("endpoint: projects", "endpont: projects", 1))
    folder.write("etl.yaml", "version: 1\nnme: acme\n")
    for command in ("validate", "run"):
        result = folder.etl(command)
        assert result.exit_code == 2
        assert "'nme' is not a key of the project" in result.stdout + result.stderr
        assert "'endpont' is not a key of 'source'" in result.stdout + result.stderr
