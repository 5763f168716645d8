"""`etl explain` and `etl preview`: how a record became what it is, step by step, as a person and a program read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.ports import Intent
from etl.sandbox import Sandbox
from etl.state import open_state
from tests.support.projects import Folder, plain, project, to_sandbox

PROJECTS = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects, where: "!(status.isCompletedStatus)"}
lookups:
  clients: {file: clients.csv, key: id, on_miss: empty}
fields:
  externalId: "concat('blikk-', id)"
  name: {value: "title || orderNumber", required: true, truncate: 12}
  budget: {value: status.name, map: {Pågående: 1}, otherwise: 0}
  description: {value: "lookup('clients', customer.id).note", default: "-"}
target: {connection: dimesheets, endpoint: projects}
"""
PEOPLE = """\
version: 1
name: people
source: {connection: blikk, endpoint: users, detail: true}
fields: {email: email, employeeNo: "to_string(costPerHour)", employeeExternalId: socialSecurityNumber}
target: {connection: dimesheets, endpoint: employees}
"""
TAGS = """\
version: 1
name: tags
source: {connection: blikk, endpoint: task_boards, each: {items: "tags[]", as: tag, key: tag.id}}
fields: {externalId: "concat('tag-', tag.id)", name: tag.title}
target: {connection: dimesheets, endpoint: projects, on_duplicate: last}
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path, sandbox: Sandbox) -> Folder:
    sandbox.reset()
    sandbox.configure(throttle="off")
    made = project(tmp_path, to_sandbox(sandbox), projects=PROJECTS)
    made.write("mappings/clients.csv", "id,note\n901,Known of old\n")
    return made


@pytest.fixture
def key(sandbox: Sandbox, folder: Folder) -> str:
    """A project of our own making, so that all about it is known."""
    customer = sandbox.add("blikk", "contacts", name="Villa AB", id=901)
    status = next(each for each in sandbox.records("blikk", "projects") if not each["status"]["isCompletedStatus"])
    added = sandbox.add(
        "blikk",
        "projects",
        title="Byte av elcentral",
        customerId=customer,
        statusId=status["status"]["id"],
    )
    return str(added)


def story(folder: Folder, key: str, *words: str, path: str = "mappings/projects.yaml") -> dict[str, Any]:
    result = folder.etl("explain", path, "--key", key, "--json", *words)
    assert result.exit_code == 0, result.stderr
    document: dict[str, Any] = json.loads(result.stdout)
    return document


# --- explain -------------------------------------------------------------------------------------


def test_a_record_that_was_never_sent_is_told_from_its_source_to_what_a_run_would_do(folder: Folder, key: str) -> None:
    told = story(folder, key)
    assert (told["key"], told["found_by"], told["source"]["title"]) == (key, "source key", "Byte av elcentral")
    (record,) = told["records"]
    steps = [(step["step"], step["value"]) for step in record["fields"]["name"]["steps"]]
    assert steps == [("value", "Byte av elcentral"), ("type", "Byte av elcentral"), ("truncate", "Byte av elce")]
    assert record["fields"]["description"]["lookups"][0] | {"row": None} == {
        "table": "clients",
        "key": str(told["source"]["customer"]["id"]),
        "found": record["fields"]["description"]["lookups"][0]["found"],
        "row": None,
    }
    assert [step["step"] for step in record["fields"]["budget"]["steps"]] == ["value", "map", "type"]
    assert (record["sent"], record["reject"], record["next"]["does"]) == (None, None, "create")
    assert not (folder.path / ".etl" / "state.db").exists()


def test_what_was_last_sent_and_what_would_change_is_told(folder: Folder, key: str, sandbox: Sandbox) -> None:
    folder.run()
    assert story(folder, key)["records"][0]["next"]["does"] == "unchanged"
    sandbox.change("blikk", "projects", int(key), title="Ny central")
    told = story(folder, key)["records"][0]
    assert told["sent"]["output"]["name"] == "Byte av elce"
    assert told["next"] == {"does": "update", "reason": None, "changes": {"name": ["Byte av elce", "Ny central"]}}


def test_a_record_is_found_by_its_target_key_before_and_after_it_was_sent(folder: Folder, key: str) -> None:
    before = story(folder, f"blikk-{key}")
    assert (before["key"], before["found_by"]) == (key, "target key")
    folder.run()
    after = story(folder, f"blikk-{key}")
    assert (after["key"], after["found_by"], after["records"][0]["next"]["does"]) == (key, "target key", "unchanged")


def test_of_a_create_without_an_answer_it_is_told_that_the_next_run_looks_for_it_first(
    folder: Folder, key: str
) -> None:
    folder.run("--limit", "1")
    state = open_state("sqlite:///.etl/state.db", folder.path)
    (scope,) = [each for each in state.scopes("acme", "") if each.mapping == "projects"]
    state.mapping(scope).intend([Intent(key, f"blikk-{key}", {}, b"", "2026-04-01T10:00:00Z", "run-1")])
    state.close()
    text = folder.etl("explain", "mappings/projects.yaml", "--key", key).stdout
    assert "a create was begun at 2026-04-01T10:00:00Z and its answer is not known yet" in text
    assert "a run now would  look for it in the target first, and create it only where it is surely not there" in text
    assert "the next run looks for them in the target" in folder.etl("state").stdout


def test_a_record_that_the_source_has_no_more_is_told_from_what_was_stored(
    folder: Folder, key: str, sandbox: Sandbox
) -> None:
    folder.run()
    sandbox.remove("blikk", "projects", int(key))
    told = story(folder, key)
    assert told["source"] is None
    assert told["records"][0]["sent"]["target_key"] == f"blikk-{key}"
    text = folder.etl("explain", "mappings/projects.yaml", "--key", key).stdout
    assert "the source does not have it" in text


def test_a_reject_is_told_with_its_reason_and_attempts(folder: Folder, key: str, sandbox: Sandbox) -> None:
    sandbox.change("blikk", "projects", int(key), title="", orderNumber=None)
    folder.run(code=1)
    folder.run("--full", code=1)
    record = story(folder, key)["records"][0]
    assert record["reject"]["attempts"] == 2
    assert record["fields"]["name"]["rejected"] == "is required and has no value"
    assert (record["next"]["does"], record["next"]["reason"]) == (
        "reject",
        "field 'name': is required and has no value",
    )
    assert record["result"] == {"rejected": "field 'name': is required and has no value"}


def test_the_story_as_a_person_reads_it(
    folder: Folder, key: str, sandbox: Sandbox, snapshot: SnapshotAssertion
) -> None:
    folder.run()
    sandbox.change("blikk", "projects", int(key), title="Ny central")
    text = folder.etl("explain", "mappings/projects.yaml", "--key", key).stdout
    shown = plain(text.replace(key, "KEY"), folder)
    head, way = shown.split("source record")
    assert "Ny central" in way
    assert head + "where" + way.partition("where")[2] == snapshot


def test_sensitive_values_are_masked_wherever_they_went(folder: Folder, sandbox: Sandbox) -> None:
    folder.write("mappings/people.yaml", PEOPLE)
    user = next(each for each in sandbox.records("blikk", "users") if each["costPerHour"])
    sandbox.change("blikk", "users", user["id"], socialSecurityNumber="19121212-1212", costPerHour=417.25)
    for words in (("explain", "--key", str(user["id"])), ("preview", "--limit", "99"), ("plan",)):
        for form in ((), ("--json",)):
            result = folder.etl(words[0], "mappings/people.yaml", *words[1:], *form)
            assert result.exit_code in (0, 1), result.stderr + result.stdout
            assert user["email"] in result.stdout
            assert "417.25" not in result.stdout
            assert "19121212" not in result.stdout


def test_each_item_of_a_record_is_told_and_one_item_alone_by_its_own_key(folder: Folder, sandbox: Sandbox) -> None:
    folder.write("mappings/tags.yaml", TAGS)
    board = next(each for each in sandbox.records("blikk", "task_boards") if len(each["tags"]) > 1)
    all_items = story(folder, str(board["id"]), path="mappings/tags.yaml")
    assert len(all_items["records"]) == len(board["tags"])
    tag = board["tags"][1]["id"]
    one = story(folder, f"{board['id']},{tag}", path="mappings/tags.yaml")
    assert [record["result"]["externalId"] for record in one["records"]] == [f"tag-{tag}"]


def test_a_filtered_record_says_that_where_leaves_it_out(folder: Folder, sandbox: Sandbox) -> None:
    done = next(each for each in sandbox.records("blikk", "projects") if each["status"]["isCompletedStatus"])
    told = story(folder, str(done["id"]))
    assert (told["records"][0]["kept"], told["records"][0]["next"]["does"]) == (False, "leave out")
    text = folder.etl("explain", "mappings/projects.yaml", "--key", str(done["id"])).stdout
    assert "does not hold: left out" in text


def test_a_key_that_nobody_knows_is_a_usage_error(folder: Folder) -> None:
    result = folder.etl("explain", "mappings/projects.yaml", "--key", "no-such")
    assert result.exit_code == 2
    assert "has a record with the key 'no-such'" in result.stderr


# --- preview -------------------------------------------------------------------------------------

RECORD = {"id": 7, "title": "Villa Björk, ny", "status": {"name": "Pågående"}, "customer": {"id": 901}}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("one.json", json.dumps(RECORD)),
        ("list.json", json.dumps([RECORD])),
        ("page.json", json.dumps({"items": [{**RECORD, "objectName": "project"}], "page": 1, "totalItemCount": 1})),
        ("lines.jsonl", json.dumps(RECORD) + "\n"),
        ("one.yaml", "id: 7\ntitle: Villa Björk, ny\nstatus: {name: Pågående}\ncustomer: {id: 901}\n"),
    ],
)
def test_a_saved_record_or_page_is_previewed_without_credentials(
    folder: Folder, sandbox: Sandbox, name: str, text: str
) -> None:
    folder.write(name, text)
    folder.write(".env", "")
    sandbox.forget_requests()
    result = folder.etl("preview", "mappings/projects.yaml", "--record", name, "--json")
    assert result.exit_code == 0, result.stderr
    (record,) = json.loads(result.stdout)["records"]
    assert record["source"] == RECORD
    assert record["result"] == {
        "externalId": "blikk-7",
        "name": "Villa Björk,",
        "budget": 1,
        "description": "Known of old",
    }
    assert sandbox.requests() == []


def test_every_step_of_one_field_is_shown(folder: Folder, snapshot: SnapshotAssertion) -> None:
    folder.write("one.json", json.dumps([RECORD, {**RECORD, "id": 8, "title": None}]))
    words = ("preview", "mappings/projects.yaml", "--record", "one.json", "--limit", "2", "--explain")
    texts = [folder.etl(*words, name).stdout for name in ("name", "budget", "description")]
    assert "\n".join(texts) == snapshot
    first = json.loads(folder.etl(*words, "budget", "--json").stdout)["records"][0]
    assert [step["value"] for step in first["fields"]["budget"]["steps"]] == ["Pågående", 1, 1]


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("bad.json", "{", "is no JSON"),
        ("bad.json", "[1]", "record 1 is no object"),
        ("none.json", None, "can't be read"),
        ("bad.yaml", "a: [", "error["),
    ],
)
def test_a_saved_file_that_is_no_record_is_a_mistake_of_the_user(
    folder: Folder, file: str, text: str | None, message: str
) -> None:
    if text is not None:
        folder.write(file, text)
    result = folder.etl("preview", "mappings/projects.yaml", "--record", file)
    assert (result.exit_code, "Traceback" in result.stderr) == (2, False)
    assert message in result.stderr


def test_a_field_that_does_not_exist_is_named_with_the_one_that_was_meant(folder: Folder) -> None:
    result = folder.etl("preview", "mappings/projects.yaml", "--explain", "nam")
    assert result.exit_code == 2
    assert "did you mean 'name'?" in result.stderr


# --- fields without any value --------------------------------------------------------------------


def test_a_field_that_was_null_in_every_record_is_pointed_out_after_a_run_and_in_a_plan(
    folder: Folder, sandbox: Sandbox
) -> None:
    text = PROJECTS.replace("title || orderNumber", "title || to_string(id)").partition("  budget")[0]
    text = text.replace("endpoint: projects,", "endpoint: projects, extra_fields: {more: {type: json}},")
    text += "  description: more.nmae\ntarget: {connection: dimesheets, endpoint: projects}\n"
    folder.write("mappings/projects.yaml", text.replace(', where: "!(status.isCompletedStatus)"', ""))
    for number in range(20):
        sandbox.add("blikk", "projects", title=f"Villa {number}")
    words = "if that is not so in the source, see how it spells 'more.nmae'"
    assert words in folder.etl("plan").stdout
    ran = folder.etl("run", "--report", "run.html")
    assert ran.exit_code == 0, ran.stderr + ran.stdout
    assert words in ran.stdout
    assert "more.nmae" in (folder.path / "run.html").read_text(encoding="utf-8")
    assert words in folder.etl("runs", json.loads(folder.etl("runs", "--json").stdout)["runs"][0]["run_id"]).stdout
