"""A key in the target may be nobody's business, too: an e-mail that the mapping calls sensitive is shown nowhere."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from etl.sandbox import Sandbox
from tests.support.own_api import Told, api, own_folder, reads, written
from tests.support.projects import Folder, project, to_sandbox

EMPLOYEES = """\
version: 1
name: employees
source: {connection: blikk, endpoint: users, detail: true, where: "id < `6`"}
fields:
  email: {value: "lower(email)", sensitive: true}
  employeeNo: {value: "NUMBER", required: true}
  employeeExternalId: {const: null}
target: {connection: dimesheets, endpoint: employees}
"""


@pytest.mark.parametrize("number", ["to_string(id)", "endDate"])
def test_no_command_shows_a_sensitive_key(tmp_path: Path, sandbox: Sandbox, number: str) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), employees=EMPLOYEES.replace("NUMBER", number))
    report = tmp_path / "plan.html"

    said = [told(folder, "plan", "--report", str(report)), report.read_text(encoding="utf-8")]
    said += [told(folder, "plan", "--json"), told(folder, "preview", "mappings/employees.yaml")]
    said += [told(folder, "run"), told(folder, "explain", "mappings/employees.yaml", "--key", "1")]
    for form in ((), ("--json",)):
        said += [told(folder, "rejects", "list", *form), told(folder, "rejects", "show", "employees", *form)]

    assert "@example.com" not in "".join(said)
    assert "•••" in said[0] or number == "endDate"


def kept(folder: Folder) -> str:
    """What the state holds of records that are settled, and of runs: all but rejects and open intents."""
    with closing(sqlite3.connect(folder.path / ".etl" / "state.db")) as file:
        tables = ("ledger", "identities", "details", "runs", "scopes", "cursors", "checkpoints")
        return str([file.execute(f"SELECT * FROM {table}").fetchall() for table in tables])


PEOPLE = """\
version: 1
name: people
source: {connection: local, endpoint: people.jsonl, key: id}
fields: {mail: {value: mail, sensitive: true}, name: name}
target: {connection: local, endpoint: out.jsonl, operation: upsert, key: mail}
"""


def people(folder: Folder, **mails: str) -> None:
    lines = [json.dumps({"id": name, "mail": f"{mail}@example.com", "name": name}) for name, mail in mails.items()]
    folder.write("people.jsonl", "\n".join(lines))


def test_the_state_keeps_no_sensitive_key_and_still_knows_who_has_it(tmp_path: Path, sandbox: Sandbox) -> None:
    folder = project(tmp_path, to_sandbox(sandbox), employees=EMPLOYEES.replace("NUMBER", "to_string(id)"))
    first = folder.run()["mappings"][0]
    assert first["written"] > 2
    assert "@example.com" not in kept(folder)
    again = folder.run()["mappings"][0]
    assert (again["unchanged"], again["written"]) == (first["written"], 0)


def test_two_records_with_one_sensitive_key_are_told_of_without_it(tmp_path: Path) -> None:
    folder = project(tmp_path, {"local": {"connector": "files"}}, people=PEOPLE)
    people(folder, a="eva", b="eva", c="bo")
    said = told(folder, "run") + told(folder, "rejects", "list") + told(folder, "runs", "--json")
    assert "has the same target key" in said
    assert "example.com" not in said + kept(folder)


def test_a_changed_sensitive_key_is_seen_as_one(tmp_path: Path) -> None:
    folder = project(tmp_path, {"local": {"connector": "files"}}, people=PEOPLE)
    people(folder, a="eva", c="bo")
    folder.run()
    folder.write("mappings/people.yaml", PEOPLE.replace("value: mail", "value: upper(mail)"))
    result = folder.etl("run")
    assert result.exit_code == 3
    assert "other keys in the target than before" in result.stdout + result.stderr
    assert "EXAMPLE.COM" not in (result.stdout + result.stderr).upper()
    assert folder.run("--allow-rekey")["mappings"][0]["written"] == 2


def test_what_becomes_sensitive_later_leaves_the_state_with_the_next_run(tmp_path: Path, sandbox: Sandbox) -> None:
    """Full forms that were stored among it."""
    open_ones = EMPLOYEES.replace("NUMBER", "to_string(id)").replace(", sensitive: true", "")
    folder = project(tmp_path, to_sandbox(sandbox), employees=open_ones)
    written = folder.run()["mappings"][0]["written"]
    assert "@example.com" in kept(folder)
    folder.write("mappings/employees.yaml", EMPLOYEES.replace("NUMBER", "to_string(id)"))
    again = folder.run()["mappings"][0]
    assert (again["unchanged"], again["written"]) == (written, 0)
    assert "@example.com" not in kept(folder)
    assert folder.run()["mappings"][0]["unchanged"] == written


def test_what_would_have_to_be_found_by_a_sensitive_key_is_refused_beforehand(tmp_path: Path) -> None:
    folder = project(
        tmp_path, {"local": {"connector": "files"}}, people=PEOPLE.replace("key: mail}", "key: mail, missing: delete}")
    )
    people(folder, a="eva")
    result = folder.etl("run")
    assert result.exit_code == 2
    assert "error[sensitive-key]: 'mail' is the key by which a record that is gone is found" in result.stderr


def test_a_key_that_a_lookup_makes_sensitive_is_refused_as_well(tmp_path: Path, sandbox: Sandbox) -> None:
    people_by_number = """\
version: 1
name: numbers
source: {connection: local, endpoint: people.jsonl, key: id}
lookups: {users: {connection: blikk, endpoint: users, detail: true, key: id}}
fields: {number: "lookup('users', id).socialSecurityNumber"}
target: {connection: local, endpoint: numbers.jsonl, operation: upsert, key: number, missing: delete}
"""
    connections = {**to_sandbox(sandbox), "local": {"connector": "files"}}
    folder = project(tmp_path, connections, numbers=people_by_number)
    result = folder.etl("validate")
    assert result.exit_code == 2
    assert "error[sensitive-key]: 'number' is the key" in result.stdout


def test_a_lookup_that_would_give_a_sensitive_key_rejects_the_record(tmp_path: Path) -> None:
    notes = """\
version: 1
name: notes
source: {connection: local, endpoint: people.jsonl, key: id}
lookups: {people: {mapping: people}}
fields: {id: id, mail: "lookup('people', id)"}
target: {connection: local, endpoint: notes.jsonl, operation: upsert, key: id}
"""
    folder = project(tmp_path, {"local": {"connector": "files"}}, people=PEOPLE, notes=notes)
    people(folder, a="eva")
    folder.run(code=1)
    assert "its key there is sensitive: only a hash is kept" in told(folder, "rejects", "list", "notes")


def told(folder: Folder, *words: str) -> str:
    result = folder.etl(*words)
    assert result.exit_code in (0, 1, 2), result.stderr
    return result.stdout + result.stderr


STAFF = """\
version: 1
name: staff
source: {connection: blikk, endpoint: users, detail: true, where: "id == `1`"}
fields: {email: email, employeeNo: FIELD, employeeExternalId: {const: null}}
target: {connection: dimesheets, endpoint: employees}
"""
WORK = """\
version: 1
name: work
source: {connection: blikk, endpoint: time_reports, where: "user.id == `1`"}
lookups: {users: {connection: blikk, endpoint: users, detail: true, key: id}}
fields: {externalId: "to_string(id)", name: "lookup('users', user.id).socialSecurityNumber"}
target: {connection: dimesheets, endpoint: projects}
"""


@pytest.mark.parametrize(
    "mapping",
    [
        STAFF.replace("FIELD", "{value: socialSecurityNumber, map: {a: b}}"),
        STAFF.replace("FIELD", "{value: socialSecurityNumber, type: date}"),
        STAFF.replace("FIELD", "to_string(@)"),
        STAFF.replace("FIELD", "to_string(id)").replace("id == `1`", "id == `1` && to_date(socialSecurityNumber)"),
        WORK,
    ],
)
def test_what_is_made_of_a_sensitive_field_is_shown_neither_as_a_value_nor_as_a_reason(
    tmp_path: Path, mapping: str
) -> None:
    with Sandbox(small=True, throttle=False) as sandbox:
        sandbox.change("blikk", "users", 1, socialSecurityNumber="no-day-of-birth")
        folder = project(tmp_path, to_sandbox(sandbox), mapped=mapping)
        report = tmp_path / "run.html"
        said = [told(folder, "plan"), told(folder, "preview", "mappings/mapped.yaml")]
        said += [told(folder, "run", "--report", str(report)), report.read_text(encoding="utf-8")]
        said += [told(folder, "rejects", "list"), told(folder, "rejects", "show", mapping.split()[3])]
    assert "no-day-of-birth" not in "".join(said)
    assert "no-day-of-birth" not in kept(folder)


PARTS = """\
version: 1
name: parts
source: {connection: local, endpoint: people.jsonl, key: id, each: {items: "kin", as: one, key: one.n}}
fields: {id: "concat(id, one.n)", kin: {value: one.name, sensitive: true}, sex: {value: one.sex, type: string}}
target: {connection: local, endpoint: out.jsonl, operation: upsert, key: id}
"""


def test_a_list_is_not_shown_whose_items_a_sensitive_field_is_made_of(tmp_path: Path) -> None:
    folder = project(tmp_path, {"local": {"connector": "files"}}, parts=PARTS)
    kin = [{"n": "a", "name": "Secretia", "sex": "f"}, {"n": "b", "name": "Secretius", "sex": ["m"]}]
    folder.write("people.jsonl", json.dumps({"id": "1", "kin": kin}))
    said = [told(folder, "preview", "mappings/parts.yaml"), told(folder, "run")]
    said += [told(folder, "explain", "mappings/parts.yaml", "--key", f"1,{part}") for part in "ab"]
    for form in ((), ("--json",)):
        said += [told(folder, "rejects", "list", *form), told(folder, "rejects", "show", "parts", *form)]
    assert "Secreti" not in "".join(said)
    assert "•••" in said[-1]


def test_an_item_of_a_list_that_the_connector_calls_sensitive_is_sensitive_too(tmp_path: Path) -> None:
    fields = {"id": {"type": "integer", "required": True}, "kin": {"type": "array", "sensitive": True}}
    mapping = {
        "version": 1,
        "name": "kin",
        "source": {"connection": "api", "endpoint": "things", "each": {"items": "kin", "as": "one", "key": "one.n"}},
        "fields": {"id": "concat(id, one.n)", "name": "one.name"},
        "target": {"connection": "local", "endpoint": "out.jsonl", "operation": "upsert", "key": "id"},
    }
    with api(lambda _: Told([{"id": 1, "kin": [{"n": "a", "name": "Secretia"}]}])) as server:
        folder = own_folder(tmp_path, server.url, reads(fields=fields), mapping)
        said = [told(folder, "run"), told(folder, "plan", "--resend")]
    assert [each["name"] for each in written(folder)] == ["Secretia"]
    assert "Secretia" not in "".join(said) + kept(folder)
