"""Documents that nobody should write: one message with file, line and column, exit code 2, and no request at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from syrupy.assertion import SnapshotAssertion

from etl.sandbox import Sandbox
from tests.support.projects import PROJECTS, Folder, plain, project, to_sandbox

BOMB = (
    "version: 1\n"
    + "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 10))
)
MAPPINGS: dict[str, str | bytes] = {
    "empty": "",
    "only a comment": "# nothing yet\n",
    "binary": bytes(range(256)) * 4,
    "not UTF-8": "version: 1\nname: Bj\xf6rk\n".encode("latin-1"),
    "UTF-16": PROJECTS.encode("utf-16"),
    "tabs": PROJECTS.replace("  externalId", "\texternalId"),
    "a key twice": PROJECTS.replace("name: projects\n", "name: projects\nname: others\n"),
    "an alias bomb": BOMB,
    "ten megabytes of nesting": "a: " + "[" * 5_000_000 + "]" * 5_000_000,
    "nesting by indent": "".join(f"{' ' * depth}a:\n" for depth in range(4000)),
    "an unknown version": PROJECTS.replace("version: 1", "version: 2"),
    "no version": PROJECTS.replace("version: 1\n", ""),
    "a list": "- 1\n- 2\n",
    "a text": "hello\n",
    "wrong types": PROJECTS.replace("fields:\n", "tags: nightly\nlimits: [1]\nfields:\n"),
    "fields as a list": PROJECTS.replace('  externalId: "concat', '  - externalId: "concat').replace(
        "  name:", "  - name:"
    ),
    "a misspelt key": PROJECTS.replace("endpoint: projects}\nfields", "endpont: projects}\nfields"),
    "a wrong indent": PROJECTS.replace("  name: {", "   name: {"),
    "a misspelt path": PROJECTS.replace("title ||", "tittle ||"),
    "a misspelt endpoint": PROJECTS.replace("blikk, endpoint: projects", "blikk, endpoint: project"),
    "an unknown connection": PROJECTS.replace("connection: blikk", "connection: blik"),
    "a required field left out": PROJECTS.replace('  name: {value: "title || orderNumber", required: true}\n', ""),
    "a secret where none belongs": PROJECTS.replace("title ||", "${BLIKK_APP_SECRET} ||"),
}
PROJECT_FILES: dict[str, str | bytes] = {
    "empty": "",
    "binary": bytes(range(256)),
    "not UTF-8": "version: 1\nname: Bj\xf6rk\n".encode("latin-1"),
    "tabs": "version: 1\nconnections:\n\tblikk: {connector: blikk}\n",
    "a key twice": "version: 1\nname: a\nname: b\n",
    "an alias bomb": BOMB,
    "ten megabytes of nesting": "connections: " + "[" * 5_000_000 + "]" * 5_000_000,
    "an unknown version": "version: 7\n",
    "wrong types": "version: 1\nname: [1]\nstate: 5\nconnections: blikk\nvars: 3\n",
    "an unknown connector": (
        "version: 1\nconnections:\n  blikk: {connector: blik}\n  dimesheets: {connector: dimesheets}\n"
    ),
    "a wrong timezone": "version: 1\ntimezone: Europe/Stokholm\n",
    "a wrong state": "version: 1\nstate: mysql://root:hunter2hunter2@db/etl\n",
}


def checked(folder: Folder, sandbox: Sandbox, *words: str) -> Result:
    """`run` and `validate` say the same, and nothing is sent."""
    run, validated = folder.etl("run", *words), folder.etl("validate", *words)
    assert (run.exit_code, validated.exit_code) == (2, 2), run.stdout + run.stderr
    assert run.stdout == ""
    assert run.stderr == validated.stdout + validated.stderr
    assert "Traceback" not in run.stderr
    assert "sandbox-secret" not in run.stderr
    assert sandbox.requests() == []
    return run


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Folder:
    return project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)


@pytest.mark.parametrize("name", MAPPINGS)
def test_a_wrong_mapping(name: str, folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder.write("mappings/projects.yaml", MAPPINGS[name])
    assert plain(checked(folder, sandbox).stderr, folder) == snapshot


@pytest.mark.parametrize("name", PROJECT_FILES)
def test_a_wrong_project_file(name: str, folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    folder.write("etl.yaml", PROJECT_FILES[name])
    assert plain(checked(folder, sandbox).stderr, folder) == snapshot


@pytest.mark.parametrize(
    "path",
    [
        "nowhere.yaml",
        "mappings/nowhere.yaml",
        "empty",
        "builtin:blikk-to-dimesheet",
        "builtin:blikk-to-dimesheets/invoices",
    ],
)
def test_a_path_that_leads_nowhere(path: str, folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    (folder.path / "empty").mkdir()
    assert plain(checked(folder, sandbox, path).stderr, folder) == snapshot


def test_a_folder_where_a_document_is_expected(folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    (folder.path / "mappings" / "projects.yaml").unlink()
    (folder.path / "mappings" / "projects.yaml").mkdir()
    assert plain(checked(folder, sandbox).stderr, folder) == snapshot


@pytest.mark.parametrize("file", ["nowhere.yaml", "mappings"])
def test_a_project_file_that_is_none(file: str, folder: Folder, sandbox: Sandbox, snapshot: SnapshotAssertion) -> None:
    result = folder.etl("run", "--project", file)
    assert result.exit_code == 2
    assert plain(result.stderr, folder) == snapshot


def test_everything_wrong_is_said_in_one_go(folder: Folder, sandbox: Sandbox) -> None:
    folder.write("mappings/projects.yaml", PROJECTS.replace("title ||", "tittle ||").replace("'blikk-'", "'blikk-"))
    folder.write("mappings/others.yaml", "version: 1\nname: others\n")
    found = json.loads(folder.etl("validate", "--format", "json").stdout)
    assert {Path(each["file"]).name for each in found} == {"projects.yaml", "others.yaml"}
    assert [list(each) for each in found] == [["file", "line", "column", "severity", "code", "message"]] * len(found)
    assert len(found) >= 4
    assert sandbox.requests() == []
