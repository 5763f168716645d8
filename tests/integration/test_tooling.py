"""What mappings are made of and what their tests touch: `etl diff`, `etl show`, `etl test --coverage`, offline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.projects import Folder, project

BASE = """\
version: 1
name: projects
source: {connection: blikk, endpoint: projects, where: "!(status.isCompletedStatus)"}
lookups:
  clients: {file: clients.csv, key: id, on_miss: empty}
fields:
  externalId: "concat('blikk-', id)"
  name: {value: title, truncate: 80}
  budget: {value: status.name, map: {Ongoing: 1, Completed: 2}, otherwise: 0}
  description: {value: "lookup('clients', customer.id).note", default: "-"}
target: {connection: dimesheets, endpoint: projects}
tests:
  an ongoing project:
    record: {id: 7, title: Villa, status: {name: Ongoing}, customer: {id: 3}}
    lookups: {clients: {3: {note: Old}}}
    expect: {externalId: blikk-7, budget: 1}
"""
OVERLAY = """\
version: 1
extends: base.yaml
source: {where: null}
fields:
  name: "title || orderNumber"
  budget: {map: {Ongoing: 1, Paused: 3}}
  description: null
  startDate: startDate
tests:
  another:
    record: {id: 8, title: Villa, status: {name: Gone}}
    expect: {externalId: blikk-8, budget: 0, name: Villa}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    connections = {"blikk": {"connector": "blikk"}, "dimesheets": {"connector": "dimesheets"}}
    made = project(tmp_path, connections, base=BASE)
    made.write("mappings/clients.csv", "id,note\n")
    return made


# --- diff and show -------------------------------------------------------------------------------


def test_what_an_overlay_changes_against_its_base_is_told_value_by_value(
    folder: Folder, snapshot: SnapshotAssertion
) -> None:
    folder.write("mappings/acme.yaml", OVERLAY)
    result = folder.etl("diff", "mappings/acme.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == snapshot


def test_two_mappings_are_compared_in_the_order_in_which_they_are_named(folder: Folder) -> None:
    folder.write("mappings/acme.yaml", OVERLAY)
    there = json.loads(folder.etl("diff", "mappings/base.yaml", "mappings/acme.yaml", "--json").stdout)
    back = json.loads(folder.etl("diff", "mappings/acme.yaml", "mappings/base.yaml", "--json").stdout)
    turned = [(each["path"], each["new"], each["old"]) for each in back["differences"]]
    as_told = [(each["path"], each["old"], each["new"]) for each in there["differences"]]
    assert sorted(as_told, key=str) == sorted(turned, key=str)
    assert json.loads(folder.etl("diff", "mappings/acme.yaml", "--json").stdout) == there
    start = next(each for each in there["differences"] if each["path"] == ["fields", "startDate", "value"])
    assert (start["old_place"], start["new_place"]) == (None, {"file": "mappings/acme.yaml", "line": 8})


def test_a_mapping_does_not_differ_from_itself_however_its_fields_are_written(folder: Folder) -> None:
    folder.write(
        "mappings/long.yaml",
        BASE.replace("externalId: \"concat('blikk-', id)\"", "externalId: {value: \"concat('blikk-', id)\"}"),
    )
    assert "nothing differs" in folder.etl("diff", "mappings/base.yaml", "mappings/long.yaml").stdout


def test_mappings_that_use_vars_may_send_otherwise_though_nothing_differs(folder: Folder) -> None:
    prefixed = BASE.replace("'blikk-'", "var('prefix')")
    folder.write("mappings/one.yaml", prefixed)
    folder.write("mappings/other.yaml", prefixed)
    told = folder.etl("diff", "mappings/one.yaml", "mappings/other.yaml").stdout
    assert "nothing differs; what `vars` hold is each project's own" in told
    assert "nothing differs\n" in folder.etl("diff", "mappings/base.yaml", "mappings/base.yaml").stdout


def test_a_mapping_without_a_base_needs_another_to_be_compared_with(folder: Folder) -> None:
    result = folder.etl("diff", "mappings/base.yaml")
    assert result.exit_code == 2
    assert "extends no mapping" in result.stderr
    assert folder.etl("diff", "mappings", "mappings/base.yaml").exit_code == 2
    assert folder.etl("diff", "mappings/none.yaml", "mappings/base.yaml").exit_code == 2


def test_credentials_that_stand_in_a_mapping_are_not_shown(folder: Folder) -> None:
    folder.write(
        "mappings/own.yaml", BASE + "connections: {blikk: {connector: blikk, auth: {app_secret: hush-hush-7}}}\n"
    )
    for words in (("diff", "mappings/base.yaml", "mappings/own.yaml"), ("show", "mappings/own.yaml")):
        for form in ((), ("--json",)):
            assert "hush-hush" not in folder.etl(*words, *form).stdout


def test_a_template_is_shown_though_it_is_not_complete(folder: Folder) -> None:
    folder.write("mappings/template.yaml", "version: 1\ntemplate: true\nfields: {name: title}\n")
    result = folder.etl("show", "mappings/template.yaml")
    assert (result.exit_code, "template.yaml:3" in result.stdout) == (0, True), result.stderr


# --- coverage ------------------------------------------------------------------------------------


def test_what_no_test_touches_is_told_with_its_place(folder: Folder, snapshot: SnapshotAssertion) -> None:
    result = folder.etl("test", "--coverage")
    assert result.exit_code == 0
    assert result.stdout == snapshot
    (found,) = json.loads(folder.etl("test", "--coverage", "--json").stdout)["coverage"]
    assert found["total"] - found["touched"] == len(found["untouched"]) > 0
    assert found["untouched"][0] == {
        "what": "no test has a record that `where` leaves out",
        "file": "mappings/base.yaml",
        "line": 3,
    }


def test_a_mapping_whose_tests_touch_everything_is_not_named(folder: Folder) -> None:
    more = """\
  a completed one:
    record: {id: 8, status: {isCompletedStatus: true}}
    expect: filtered
  one that is known nowhere:
    record: {id: 9, title: B, status: {name: Completed}, customer: {id: 5}}
    expect: {name: B, budget: 2, description: "-"}
  one of another kind:
    record: {id: 9, title: B, status: {name: Resting}}
    expect: {budget: 0}
"""
    folder.write("mappings/base.yaml", BASE + more)
    assert folder.etl("test", "--coverage").stdout.endswith("coverage: 12 of 12 fields and branches touched\n")


def test_a_mapping_without_tests_is_told_in_one_line(folder: Folder) -> None:
    folder.write("mappings/base.yaml", BASE.partition("tests:")[0])
    assert "projects\n  no test touches it\n" in folder.etl("test", "--coverage").stdout


def test_without_being_asked_for_there_is_no_coverage(folder: Folder) -> None:
    assert "coverage" not in folder.etl("test").stdout
    assert "coverage" not in json.loads(folder.etl("test", "--json").stdout)
