"""The schemas in a real yaml-language-server: keys complete, help shows, mistakes are underlined."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.language_server import LanguageServer, language_server
from tests.support.projects import ROOT, Folder

SCHEMAS = ROOT / "schemas"
MAPPINGS = sorted((ROOT / "mappings").rglob("*.yaml")) + sorted((ROOT / "examples").rglob("mappings/*.yaml"))


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LanguageServer]:
    with language_server(tmp_path_factory.mktemp("editor")) as server:
        yield server


@pytest.fixture(scope="module")
def of_project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`etl schema mapping --connections` of a project, in a file as its reader would keep it."""
    folder = Folder(tmp_path_factory.mktemp("project"))
    connections = {
        "ours": {"connector": "blikk"},
        "theirs": {"connector": "dimesheets"},
        "files": {"connector": "files"},
    }
    folder.write("etl.yaml", json.dumps({"version": 1, "connections": connections}))
    made = folder.etl("schema", "mapping", "--connections")
    assert made.exit_code == 0, made.stderr
    return folder.write("mapping.schema.json", made.stdout)


def with_schema(text: str, schema: str | Path = "mapping") -> str:
    file = SCHEMAS / f"{schema}.schema.json" if isinstance(schema, str) else schema
    return f"# yaml-language-server: $schema={file.as_uri()}\n{text}"


# --- completion ----------------------------------------------------------------------------------

KEYS = [
    ("mapping", "version: 1\n‸", {"name", "source", "fields", "target", "lookups", "limits", "tests", "extends"}),
    ("mapping", "source:\n  ‸", {"connection", "endpoint", "params", "where", "key", "detail", "parent", "each"}),
    ("mapping", "target:\n  ‸", {"connection", "endpoint", "operation", "key", "missing", "nulls", "on_duplicate"}),
    ("mapping", "fields:\n  name:\n    ‸", {"value", "const", "type", "map", "otherwise", "default", "truncate"}),
    ("mapping", "lookups:\n  clients:\n    ‸", {"file", "connection", "mapping", "key", "on_miss"}),
    ("mapping", "tests:\n  one:\n    ‸", {"record", "lookups", "vars", "now", "expect"}),
    ("project", "version: 1\n‸", {"name", "state", "timezone", "vars", "connections", "environments"}),
    ("project", "connections:\n  blikk:\n    ‸", {"connector", "auth", "base_url", "throttle", "retry"}),
    ("project", "environments:\n  test:\n    ‸", {"state", "timezone", "vars", "connections"}),
    ("connector", "version: 1\n‸", {"base_url", "auth", "throttle", "endpoints", "extends"}),
    ("connector", "endpoints:\n  things:\n    ‸", {"key", "operations", "fields", "incremental"}),
]


@pytest.mark.parametrize(("kind", "text", "keys"), KEYS)
def test_keys_complete_each_with_its_help(editor: LanguageServer, kind: str, text: str, keys: set[str]) -> None:
    offered = editor.completions(with_schema(text, kind))
    assert keys <= offered.keys()
    assert [key for key in keys if not offered[key]] == []


@pytest.mark.parametrize(
    ("kind", "text", "values"),
    [
        ("mapping", "target:\n  operation: ‸", {"upsert", "create", "update", "delete", "download"}),
        ("mapping", "target:\n  missing: ‸", {"keep", "delete"}),
        ("mapping", "fields:\n  name: {type: ‸}", {"string", "integer", "number", "boolean", "date", "date-time"}),
        ("mapping", "lookups:\n  clients:\n    on_miss: ‸", {"reject", "empty", "skip"}),
        ("project", "connections:\n  a:\n    connector: ‸", {"blikk", "dimesheets", "dimescheduler", "files"}),
        ("connector", "auth:\n  kind: ‸", {"none", "api_key", "basic", "bearer", "oauth2_client_credentials"}),
    ],
)
def test_values_complete(editor: LanguageServer, kind: str, text: str, values: set[str]) -> None:
    assert values <= editor.completions(with_schema(text, kind)).keys()


# --- help ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("mapping", "sou‸rce: {connection: blikk}\n", "Where the records are read"),
        ("mapping", "source:\n  whe‸re: title\n", "Keeps the records for which"),
        ("mapping", "fields:\n  name: tit‸le\n", "JMESPath on the source record"),
        ("mapping", "fields:\n  name: {value: title, trun‸cate: 80}\n", "Cuts a text"),
        ("mapping", "lookups:\n  a: {on_‸miss: skip}\n", "A key that no row has"),
        ("mapping", "limits: {max_re‸jects: 5%}\n", "may be rejected"),
        ("project", "connections:\n  a: {thro‸ttle: {requests: 2}}\n", "to leave room for other clients"),
    ],
)
def test_help_shows_under_the_cursor(editor: LanguageServer, kind: str, text: str, words: str) -> None:
    assert words in editor.hover(with_schema(text, kind))


# --- problems ------------------------------------------------------------------------------------


def test_the_librarys_and_the_examples_mappings_have_no_problem(editor: LanguageServer) -> None:
    texts = [with_schema(file.read_text(encoding="utf-8")) for file in MAPPINGS]
    found = zip(MAPPINGS, editor.problems(*texts), strict=True)
    assert [(file.name, problems) for file, problems in found if problems] == []


END = "source: {connection: b, endpoint: c}\ntarget: {connection: b, endpoint: c}\n"
MISTAKES = [
    ("mapping", f"version: 1\nname: a\nfields: {{}}\nsorce: {{}}\n{END}", 5),
    ("mapping", "version: 1\nextends: a.yaml\nsource: {wher: d}\n", 4),
    ("mapping", "version: 1\nextends: a.yaml\nfields:\n  name: {value: title, truncat: 8}\n", 5),
    ("mapping", "version: 1\nextends: a.yaml\ntarget: {operation: upsrt}\n", 4),
    ("mapping", "version: 1\nextends: a.yaml\nlimits: {max_rejects: many}\n", 4),
    ("mapping", "version: 2\nextends: a.yaml\n", 2),
    ("project", "version: 1\nconnections:\n  blikk: {conector: blikk}\n", 4),
    ("connector", "version: 1\nbase_url: https://a.example\nauth: {kind: magic}\nendpoints: {}\n", 4),
]


def test_a_mistake_is_underlined_where_it_stands(editor: LanguageServer) -> None:
    found = editor.problems(*(with_schema(text, kind) for kind, text, _ in MISTAKES))
    for (_, text, line), problems in zip(MISTAKES, found, strict=True):
        assert line in [each for each, _ in problems], text


# --- made for a project --------------------------------------------------------------------------


def offered(editor: LanguageServer, schema: Path, text: str) -> dict[str, str]:
    return editor.completions(with_schema(text, schema))


def test_connections_and_their_endpoints_complete(editor: LanguageServer, of_project: Path) -> None:
    assert offered(editor, of_project, "source:\n  connection: ‸").keys() == {"ours", "theirs", "files"}
    assert {"projects", "users"} <= offered(editor, of_project, "source:\n  connection: ours\n  endpoint: ‸").keys()
    targets = offered(editor, of_project, "target:\n  connection: theirs\n  endpoint: ‸").keys()
    assert "employees" in targets
    assert not {"users", "timesheet_periods"} & targets
    assert "users" in offered(editor, of_project, "lookups:\n  a:\n    connection: ours\n    endpoint: ‸")


def test_params_complete_with_their_help(editor: LanguageServer, of_project: Path) -> None:
    params = offered(editor, of_project, "source:\n  connection: ours\n  endpoint: projects\n  params:\n    ‸")
    assert "string" in params["filter.query"]


def test_target_fields_complete_and_say_what_they_take(editor: LanguageServer, of_project: Path) -> None:
    end = "target: {connection: theirs, endpoint: projects}\n"
    fields = offered(editor, of_project, f"{end}fields:\n  ‸")
    assert "required" in fields["externalId"]
    assert "date-time" in fields["startDate"]
    assert "truncate" in offered(editor, of_project, f"{end}fields:\n  name:\n    ‸")


def test_names_that_the_project_does_not_have_are_underlined(editor: LanguageServer, of_project: Path) -> None:
    text = """\
version: 1
name: a
source: {connection: our, endpoint: projects}
fields: {externalId: id}
target: {connection: theirs, endpoint: project}
"""
    own = text.replace("project}", "projects}") + "connections: {our: {connector: blikk}}\n"
    wrong, right = editor.problems(with_schema(text, of_project), with_schema(own, of_project))
    assert [line for line, _ in wrong] == [4, 6]
    assert right == []


def test_only_the_schema_of_mappings_can_be_made_for_a_project(tmp_path: Path) -> None:
    result = Folder(tmp_path).etl("schema", "project", "--connections")
    assert result.exit_code == 2
    assert "etl schema mapping --connections" in result.stderr
    bare = json.loads(Folder(tmp_path).etl("schema", "mapping", "--connections").stdout)
    assert "fields_of_dimescheduler_jobs" in bare["$defs"]
