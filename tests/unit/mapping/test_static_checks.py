"""Static checks of whole mappings: what is found, what is left alone, and how it reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from etl.catalogue import Connector, Op, Param
from etl.connectors.load import load_connector
from etl.mapping.checks import check_mapping, check_project
from etl.mapping.load import load_mappings
from etl.mapping.project import load_project
from etl.model import Problem
from etl.reporting.problems import problems_text
from etl.resources import mappings as library
from tests.documents.checks_page import connectors

HERE = Path(__file__).resolve().parents[2] / "documents" / "checks"
HEAD = """\
version: 1
name: projects
"""
ETL = """\
version: 1
vars: {prefix: crm}
connections:
  crm: {connector: crm}
  sheets: {connector: sheets}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "etl.yaml").write_text(ETL, encoding="utf-8")
    (tmp_path / "clients.csv").write_text("crm_id,sheets_id\n3,41\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(folder: Path, text: str, known: dict[str, Connector] | None = None) -> list[Problem]:
    """The problems of one mapping, written with the defaults of the examples where it says nothing else."""
    (folder / "base.yaml").write_text((HERE / "base.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "m.yaml").write_text(f"extends: base.yaml\n{text}", encoding="utf-8")
    project = load_project(folder, environ={})
    loads = load_mappings([Path("m.yaml")], project, environ={})
    assert loads.problems == ()
    (loaded,) = loads.mappings
    return check_mapping(loaded.spec, loaded.document, loaded.project, known or connectors())


def codes(problems: list[Problem]) -> list[str]:
    return [problem.code for problem in problems]


# --- reading -------------------------------------------------------------------------------------


def test_a_mapping_without_mistakes_has_no_problem(folder: Path) -> None:
    assert check(folder, "description: fine\n") == []


def test_all_problems_come_in_one_go_by_place(folder: Path, snapshot: SnapshotAssertion) -> None:
    text = """\
source:
  params: {qeury: villa, status: ongonig, page: 2}
  where: "!status.isCompleted"
  incremental: true
lookups:
  clients: {file: client.csv, key: crm_id}
  spare: {file: clients.csv, key: crmid}
fields:
  name: titel
  descripton: "join(' / ', [number, custmer.name])"
  clientId: {value: "lookup('client', customer).sheets_id"}
  budget: {value: tags.name, truncate: 3}
  startDate: {const: soon}
  status: {value: status.name, map: {Ongoin: Actve}, otherwise: Closed}
target:
  batch_size: 500
tests:
  a project:
    record: {id: 7, titel: Villa}
    expect: {title: Villa}
"""
    found = check(folder, text)
    assert problems_text(found) == snapshot
    assert [(each.location.line, each.location.column) for each in found if each.location] == sorted(
        (each.location.line, each.location.column) for each in found if each.location
    )


def test_the_place_inside_a_folded_expression_is_found(folder: Path) -> None:
    text = "fields:\n  description: >-\n    join(' / ',\n    [title || '',\n    custmer.name][?@])\n"
    (problem,) = check(folder, text)
    assert problem.location is not None
    assert (problem.location.line, problem.location.column) == (6, 5)


def test_a_mistake_in_a_base_is_shown_in_the_base(folder: Path) -> None:
    (folder / "middle.yaml").write_text("extends: base.yaml\nfields: {description: titel}\n", encoding="utf-8")
    (folder / "m.yaml").write_text("", encoding="utf-8")
    check(folder, "")
    project = load_project(folder, environ={})
    (folder / "m.yaml").write_text("extends: middle.yaml\nname: over\n", encoding="utf-8")
    (loaded,) = load_mappings([Path("m.yaml")], project, environ={}).mappings
    (problem,) = check_mapping(loaded.spec, loaded.document, loaded.project, connectors())
    assert problem.location is not None
    assert (Path(problem.location.file).name, problem.location.line) == ("middle.yaml", 2)


def test_several_words_are_most_likely_a_fixed_text(folder: Path) -> None:
    (problem,) = check(folder, "fields: {description: From the customer database}\n")
    assert (problem.code, problem.hint) == (
        "expression",
        "for the fixed text write {const: From the customer database}",
    )


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("2026-04-01", "for the fixed text write {const: 2026-04-01}"),
        ("SE-123", "for the fixed text write {const: SE-123}"),
        ("title or number", "write '||' for 'or'"),
        ("hours - hours", "JMESPath has no arithmetic signs: write subtract(a, b)"),
    ],
)
def test_words_that_are_no_expression_are_told_apart_by_their_look(folder: Path, written: str, hint: str) -> None:
    (problem,) = check(folder, f"fields: {{description: {written}}}\n")
    assert (problem.code, problem.hint) == ("expression", hint)


def test_a_condition_is_never_taken_for_a_fixed_text(folder: Path) -> None:
    (problem,) = check(folder, "source: {where: not status.isCompleted}\n")
    assert problem.hint == "write !(…) for 'not'"


def test_a_bare_word_to_compare_with_was_meant_as_a_text(folder: Path) -> None:
    (problem,) = check(folder, "source: {where: title == Sommarstuga}\n")
    assert problem.hint is not None
    assert problem.hint.startswith("text stands in single quotes: 'Sommarstuga'; it has id, number, title")


def test_a_row_of_a_lookup_has_what_only_the_detail_has_if_the_lookup_asks_for_it(folder: Path) -> None:
    text = """\
source: {detail: true, where: note}
lookups: {others: {connection: crm, endpoint: projects, key: id, on_miss: empty}}
fields: {name: "lookup('others', customer.id).note"}
"""
    (problem,) = check(folder, text)
    assert problem.message.startswith("a row of lookup 'others' has 'note' only in its full form")
    assert problem.hint == "add `detail: true` to the lookup 'others'"
    assert check(folder, text.replace("key: id", "detail: true, key: id")) == []


def test_text_is_not_cut_where_the_target_would_still_refuse_it(folder: Path) -> None:
    (problem,) = check(folder, "fields: {description: {value: title, truncate: 500}}\n")
    assert (problem.code, problem.hint) == ("truncate", "write 40 or less")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("format_datetime(updated, 'YYYY-MM-DD')", "warning"),
        ("format_datetime(updated, '%Y-%m-%d')", None),
        ("add_days('2026-13-01', `1`)", "error"),
        ("date_diff(startDate, '01/04/2026', 'days')", "error"),
    ],
)
def test_dates_and_their_patterns_are_looked_at_where_they_are_written_out(
    folder: Path, expression: str, found: str | None
) -> None:
    problems = check(folder, f'fields: {{description: "to_string({expression})"}}\n')
    assert [problem.severity for problem in problems if problem.code == "argument"] == [found] * (found is not None)


def test_extra_fields_are_part_of_the_record(folder: Path) -> None:
    assert (
        check(folder, "source: {extra_fields: {category: {type: object}}}\nfields: {description: category.name}\n")
        == []
    )


def test_a_parent_and_an_each_item_are_part_of_the_record(folder: Path) -> None:
    text = """\
source:
  endpoint: task_comments
  parent: {endpoint: tasks, as: task, where: comments > `0`}
fields: {name: "concat(task.title, text)"}
"""
    assert check(folder, text) == []
    wrong = text.replace("task.title", "task.titel").replace("comments >", "coments >")
    assert [problem.hint for problem in check(folder, wrong)] == [
        "did you mean 'comments'?",
        "did you mean 'task.title'?",
    ]


def test_the_items_of_each_are_typed(folder: Path) -> None:
    text = "source:\n  each: {items: 'tags[]', as: tag, key: tag.id}\nfields: {name: tag.nam}\n"
    assert [problem.hint for problem in check(folder, text)] == ["did you mean 'tag.name'?"]


def test_a_misspelt_target_field_is_one_mistake(folder: Path) -> None:
    text = "fields: {name: null, nmae: title}\ntests: {one: {record: {id: 1}, expect: {name: x}}}\n"
    assert codes(check(folder, text)) == ["unknown-target-field"]


def test_a_misspelt_lookup_function_is_one_mistake(folder: Path) -> None:
    text = "lookups: {c: {file: clients.csv, key: crm_id}}\nfields: {name: \"lokup('c', id).sheets_id\"}\n"
    assert codes(check(folder, text)) == ["unknown-function"]


def test_what_a_wrong_where_leaves_out_is_not_guessed(folder: Path) -> None:
    text = "source: {where: nubmer}\nfields: {externalId: number}\n"
    assert codes(check(folder, text)) == ["unknown-field"]


def test_the_list_of_each_is_there_where_there_are_items(folder: Path) -> None:
    source = "source:\n  each: {items: 'tags[]', as: tag, key: tag.id}\n"
    fields = "fields: {name: \"concat(title, ' ', length(tags))\"}\n"
    assert codes(check(folder, fields)) == ["null-argument"]
    assert check(folder, source + fields) == []
    assert check(folder, source + "  where: title\n" + fields) == []


def test_each_of_what_is_no_list_is_an_error(folder: Path) -> None:
    assert codes(check(folder, "source:\n  each: {items: customer, as: tag}\n")) == ["not-a-list"]


@pytest.mark.parametrize("key", ["sha256(@)", "join('-', [to_string(id), to_string(tag.id)])", "tag"])
def test_a_key_of_items_may_be_made_of_all_that_there_is(folder: Path, key: str) -> None:
    found = check(folder, f'source:\n  each: {{items: "tags[]", as: tag, key: "{key}"}}\n')
    assert [each.code for each in found if each.code == "item-key"] == []


@pytest.mark.parametrize("key", ["* | [0] | to_string(@)", "sha256(@)", "to_string(values(@)[0])", "to_string(id)"])
def test_a_key_made_of_the_whole_record_is_not_fixed(folder: Path, key: str) -> None:
    assert check(folder, f'fields: {{externalId: "{key}"}}\n') == []


def test_what_a_test_of_the_base_gives_beside_may_be_of_no_use_to_the_overlay(folder: Path) -> None:
    base = (HERE / "base.yaml").read_text(encoding="utf-8")
    test = "one: {record: {id: 1}, vars: {area: se}, lookups: {c: {1: {x: 2}}}, expect: {externalId: '1'}}"
    (folder / "first.yaml").write_text(
        f"{base}lookups: {{c: {{file: clients.csv, key: crm_id}}}}\ntests:\n  {test}\n", encoding="utf-8"
    )
    (folder / "m.yaml").write_text("extends: first.yaml\nlookups: {c: null}\n", encoding="utf-8")
    (loaded,) = load_mappings([Path("m.yaml")], load_project(folder, environ={}), environ={}).mappings
    assert check_mapping(loaded.spec, loaded.document, loaded.project, connectors()) == []


def test_a_test_may_give_any_var_where_the_name_is_computed(folder: Path) -> None:
    text = "fields: {name: \"var(concat('prefix_', title))\"}\n"
    tests = "tests: {one: {record: {id: 1, title: dk}, vars: {prefix_dk: x}, expect: {name: x}}}\n"
    assert check(folder, text + tests) == []


def test_an_expression_that_can_t_be_read_is_told_whatever_becomes_of_gone_records(folder: Path) -> None:
    text = 'fields: {name: "title + number"}\ntarget: {missing: {set: {description: gone}}}\n'
    assert codes(check(folder, text)) == ["expression"]


def test_with_detail_its_fields_are_there(folder: Path) -> None:
    assert check(folder, "source: {detail: true}\nfields: {description: note}\n") == []


def test_the_condition_for_a_detail_may_look_for_what_only_the_detail_documents(folder: Path) -> None:
    text = "source:\n  detail: {when: '!note', reuse: updated}\nfields: {description: note}\n"
    assert check(folder, text) == []


def test_an_endpoint_whose_records_are_read_one_by_one_through_the_list_has_detail(folder: Path) -> None:
    known = connectors()
    tasks = replace(known["crm"].endpoints["tasks"], read_one={"params": {"ids": "id"}})
    known["crm"] = replace(known["crm"], endpoints={**known["crm"].endpoints, "tasks": tasks})
    assert check(folder, "source: {endpoint: tasks, detail: true}\n", known) == []


def test_what_where_asks_for_is_not_null_in_the_fields(folder: Path) -> None:
    fields = "fields: {externalId: number, name: \"join('-', [number, title])\"}\n"
    assert codes(check(folder, fields)) == ["nullable-key", "null-argument"]
    assert check(folder, "source: {where: number && title}\n" + fields) == []
    assert codes(check(folder, "source: {where: number || title}\n" + fields)) == ["nullable-key", "null-argument"]


def test_a_key_is_checked_over_the_list(folder: Path) -> None:
    assert codes(check(folder, "source: {key: [id, nubmer]}\n")) == ["unknown-field"]


@pytest.mark.parametrize("value", ["'5,21'", "[5, 21]", "5"])
def test_a_param_that_takes_a_list_takes_it_in_any_spelling(folder: Path, value: str) -> None:
    known = _with_params(ids={"type": "array", "items": "integer"})
    assert check(folder, f"source:\n  params: {{ids: {value}}}\n", known) == []


DAYS = "user_day_statistics"
ENTRIES = "time_entries"


@pytest.mark.parametrize(
    ("endpoint", "params", "expected"),
    [
        (DAYS, '{filter.from: "2026-01-01", filter.to: "2026-01-01"}', []),
        (DAYS, '{filter.from: "2026-01-02", filter.to: "2026-01-01"}', ["param-range"]),
        (DAYS, '{filter.from: "2026-01-01"}', ["missing-param"]),
        (DAYS, "{}", ["missing-param", "missing-param"]),
        (ENTRIES, '{startDate: "2026-02-01", endDate: "2026-01-31"}', ["param-range"]),
        (ENTRIES, '{startDate: "2026-02-01"}', []),
    ],
)
def test_days_that_a_list_is_asked_for_are_named_where_needed_and_in_order(
    folder: Path, endpoint: str, params: str, expected: list[str]
) -> None:
    known = connectors() | {"crm": load_connector("blikk" if endpoint == DAYS else "dimesheets", folder)}
    source = f"source: {{endpoint: {endpoint}, params: {params}}}\nfields: {{name: {{const: x}}}}\n"

    problems = check(folder, source, known)

    assert [code for code in codes(problems) if "param" in code] == expected


def test_a_needed_param_that_is_misspelt_is_one_mistake(folder: Path) -> None:
    known = connectors() | {"crm": load_connector("blikk", folder)}
    source = f"source: {{endpoint: {DAYS}, params: {{filter.form: 2026-04-01, filter.to: 2026-04-30}}}}\n"
    problems = check(folder, source + "fields: {name: {const: x}}\n", known)
    assert [each.hint for each in problems if "param" in each.code] == ["did you mean 'filter.from'?"]


def test_a_param_is_not_taken_for_another_for_what_stands_before_its_point(folder: Path) -> None:
    known = connectors() | {"crm": load_connector("blikk", folder)}
    source = f"source: {{endpoint: {DAYS}, params: {{filter.startDate: 2026-04-01, filter.until: 2026-04-30}}}}\n"
    problems = check(folder, source + "fields: {name: {const: x}}\n", known)
    hints = [str(each.hint) for each in problems if each.code == "unknown-param"]
    assert len(hints) == 2
    assert not any("did you mean" in each for each in hints)
    assert [each.message for each in problems if each.code == "missing-param"]


def test_each_item_of_a_param_is_checked(folder: Path) -> None:
    known = _with_params(ids={"type": "array", "items": "integer"})
    assert codes(check(folder, "source:\n  params: {ids: [5, x]}\n", known)) == ["param-type"]


def _with_params(**blocks: dict[str, str]) -> dict[str, Connector]:
    known = connectors()
    projects = known["crm"].endpoints["projects"]
    params = {name: Param(name, **block) for name, block in blocks.items()}
    operations = {**projects.operations, "list": replace(projects.operations["list"], params=params)}
    changed = replace(projects, operations=operations)
    known["crm"] = replace(known["crm"], endpoints={**known["crm"].endpoints, "projects": changed})
    return known


# --- lookups -------------------------------------------------------------------------------------


def test_a_lookup_of_an_endpoint_gives_its_records(folder: Path) -> None:
    text = """\
lookups:
  tasks: {connection: crm, endpoint: tasks, key: id, where: comments > `0`}
fields: {description: "lookup('tasks', id).titel"}
"""
    assert [problem.hint for problem in check(folder, text)] == ["did you mean 'title'?"]


def test_what_another_mapping_wrote_has_no_fields(folder: Path) -> None:
    text = "lookups:\n  others: {mapping: others}\nfields: {description: \"lookup('others', id)\"}\n"
    assert check(folder, text) == []
    assert codes(check(folder, text.replace("', id)", "', id).externalId"))) == ["no-field-here"]


def test_a_lookup_that_only_where_uses_is_used(folder: Path) -> None:
    lookups = "lookups:\n  clients: {file: clients.csv, key: crm_id, on_miss: empty}\n"
    text = lookups + "source: {where: \"lookup('clients', id)\"}\n"
    assert check(folder, text) == []


def test_lookups_are_not_called_unused_while_an_expression_can_not_be_read(folder: Path) -> None:
    text = "lookups:\n  clients: {file: clients.csv, key: crm_id}\nfields: {description: \"lookup('clients' id)\"}\n"
    assert codes(check(folder, text)) == ["expression"]


def test_a_file_that_is_not_what_its_ending_says_is_named(folder: Path) -> None:
    (folder / "rows.json").write_text("no json", encoding="utf-8")
    text = "lookups:\n  rows: {file: rows.json, key: id}\nfields: {description: \"lookup('rows', id).x\"}\n"
    assert codes(check(folder, text)) == ["lookup-file"]


# --- the target ----------------------------------------------------------------------------------


def test_params_that_a_write_would_not_send_are_refused(folder: Path) -> None:
    problems = check(folder, "target:\n  params: {query: villa, page: 2}\n")
    assert [problem.message.split()[0] for problem in problems] == ["'query'", "'page'"]
    assert codes(problems) == ["unknown-param", "unknown-param"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("clientId", "id"),
        ("clientId", "hours"),
        ("clientId", "number"),
        ("budget", "number"),
        ("description", "hours"),
        ("description", "status.isCompleted"),
        ("description", "startDate"),
        ("startDate", "updated"),
        ("startDate", "title"),
        ("billable", "title"),
        ("status", "title"),
        ("status", "status.isCompleted && 'Closed' || 'Active'"),
        ("budget", "title && hours || `0`"),
    ],
)
def test_what_can_become_the_fields_type_on_some_record_is_left_alone(folder: Path, field: str, value: str) -> None:
    assert check(folder, f'fields: {{{field}: "{value}"}}\n') == []


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("clientId", "customer", "type-mismatch"),
        ("clientId", "tags", "type-mismatch"),
        ("clientId", "status.isCompleted", "type-mismatch"),
        ("clientId", "startDate", "type-mismatch"),
        ("billable", "hours", "type-mismatch"),
        ("startDate", "hours", "type-mismatch"),
        ("description", "tags", "type-mismatch"),
        ("clientId", "status.isCompleted && 'Yes' || 'No'", "type-mismatch"),
        ("status", "status.isCompleted && 'Done' || 'Open'", "value-not-allowed"),
        ("status", "status.name", "value-not-allowed"),
    ],
)
def test_what_can_never_become_the_fields_type_is_an_error(folder: Path, field: str, value: str, code: str) -> None:
    (problem,) = check(folder, f'fields: {{{field}: "{value}"}}\n')
    assert (problem.code, problem.severity) == (code, "error")


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("clientId: {const: x}", "type-mismatch"),
        ("clientId: 1.5", "type-mismatch"),
        ("billable: {const: 1}", "type-mismatch"),
        ("startDate: {const: 2026-13-01}", "type-mismatch"),
        ("budget: {value: hours, default: none}", "type-mismatch"),
        ("budget: [1]", "type-mismatch"),
        ("status: {value: title, default: Open}", "value-not-allowed"),
        ("status: {value: status.name, map: {Ongoing: Open, Completed: Closed}}", "value-not-allowed"),
        ("description: {value: title, type: integer, truncate: 5}", "truncate"),
        ("startDate: {value: title, type: boolean}", "type-mismatch"),
    ],
)
def test_fixed_values_are_tried_on_the_target(folder: Path, field: str, code: str) -> None:
    assert codes(check(folder, f"fields:\n  {field}\n")) == [code]


@pytest.mark.parametrize(
    "field",
    [
        "clientId: {const: '7'}",
        "status: {const: active}",
        "billable: true",
        "startDate: {const: 2026-04-01}",
        "description: {value: title, default: '', truncate: 40}",
        "clientId: {value: status.name, map: {Ongoing: 1, Completed: 2}}",
        "billable: {value: status.isCompleted, map: {true: false, false: true}}",
        "description: {const: null}",
    ],
)
def test_fixed_values_that_fit_are_left_alone(folder: Path, field: str) -> None:
    assert check(folder, f"fields:\n  {field}\n") == []


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("budget: {value: hours, type: string}", "'budget' is a number, and `type: string` sends a text"),
        ("description: {value: id, type: number}", "'description' is a text, and `type: number` sends a number"),
    ],
)
def test_a_type_that_sends_another_form_than_is_documented_is_pointed_out(
    folder: Path, field: str, message: str
) -> None:
    (problem,) = check(folder, f"fields:\n  {field}\n")
    assert (problem.severity, problem.code, problem.message) == ("warning", "type-mismatch", message)


def test_a_wrong_value_of_map_is_shown_at_that_value(folder: Path) -> None:
    (problem,) = check(folder, "fields:\n  clientId: {value: status.name, map: {Ongoing: 1, Completed: two}}\n")
    assert problem.location is not None
    assert problem.location.text[problem.location.column - 1 :].startswith("two}")


def test_a_map_of_coded_values_goes_by_the_codes_that_records_hold(folder: Path) -> None:
    known = connectors()
    projects = known["crm"].endpoints["projects"]
    coded = replace(projects.fields["hours"], type="integer", labels={"Draft": 0, "Approved": 2})
    fields = {**projects.fields, "stage": coded}
    endpoints = {**known["crm"].endpoints, "projects": replace(projects, fields=fields)}
    known["crm"] = replace(known["crm"], endpoints=endpoints)
    assert check(folder, "fields: {name: {value: stage, map: {0: draft, 2: approved}}}\n", known) == []
    found = check(folder, "fields: {name: {value: stage, map: {0: draft, Approved: approved}}}\n", known)
    assert [(each.code, each.hint) for each in found] == [
        ("map-key", "records hold its code: write 2"),
    ]


def test_an_update_needs_the_key_only(folder: Path) -> None:
    known = _with_target("update", path="/projects/{id}")
    assert check(folder, "target: {operation: update}\nfields: {id: id, name: null, externalId: null}\n", known) == []
    assert codes(check(folder, "target: {operation: update}\nfields: {externalId: null}\n", known)) == [
        "key-not-mapped"
    ]


@pytest.mark.parametrize(
    ("key", "found"), [("customerNumber", True), ("name", True), ("id", True), ("companyId", True), ("email", False)]
)
def test_what_is_there_can_only_be_found_by_a_key_that_the_list_shows(folder: Path, key: str, found: bool) -> None:
    known = connectors() | {"sheets": load_connector("blikk", folder)}
    fields = "name: title, contactType: {const: person}, responsibleId: 1, externalId: null"
    text = f"target: {{endpoint: contacts, key: {key}}}\nfields: {{{fields}, {key}: number}}\n"
    problems = check(folder, text.replace("{name: title, ", "{" if key == "name" else "{name: title, "), known)
    assert ("operation-not-offered" in codes(problems)) is not found


def test_an_update_by_the_records_own_id_is_told_to_name_that_key(folder: Path) -> None:
    known = _with_target("update", path="/projects/{id}")
    projects = replace(known["sheets"].endpoints["projects"], target_key=("externalId",))
    known["sheets"] = replace(known["sheets"], endpoints={"projects": projects})
    by_id = "target: {operation: update}\nfields: {id: id, externalId: null}\n"
    (problem,) = check(folder, by_id, known)
    assert problem.hint == "add `externalId: …` under `fields`, or `key: id` under `target`"
    assert check(folder, by_id.replace("update}", "update, key: id}"), known) == []


def test_path_parameters_are_fields_and_needed_for_a_create(folder: Path) -> None:
    known = _with_target("create", path="/clients/{clientNo}/projects")
    assert codes(check(folder, "target: {operation: create}\n", known)) == ["missing-field"]
    assert check(folder, "target: {operation: create}\nfields: {clientNo: customer.id}\n", known) == []


def test_a_field_that_another_operation_takes_says_which(folder: Path) -> None:
    known = _with_target("update", path="/projects/{id}")
    projects = known["sheets"].endpoints["projects"]
    fields = {**projects.fields, "name": replace(projects.fields["name"], operations=("create",))}
    known["sheets"] = replace(known["sheets"], endpoints={"projects": replace(projects, fields=fields)})
    (problem,) = check(folder, "target: {operation: update}\nfields: {id: id}\n", known)
    assert problem.hint == "leave it out: only create takes it"


def _with_target(name: str, *, path: str) -> dict[str, Connector]:
    """The target with one operation instead of its upsert; updates go by its own id."""
    known = connectors()
    projects = known["sheets"].endpoints["projects"]
    operation = Op(name, "POST", path)  # type: ignore[arg-type]
    changed = replace(projects, operations={name: operation}, target_key=(), id_field="id")
    known["sheets"] = replace(known["sheets"], endpoints={"projects": changed})
    return known


def test_what_missing_sets_is_checked_like_fields(folder: Path) -> None:
    assert check(folder, "target:\n  missing: {set: {status: Closed}}\n") == []
    assert codes(check(folder, "target:\n  missing: {set: {status: Gone}}\n")) == ["value-not-allowed"]
    assert codes(check(folder, "target:\n  missing: {set: {state: Closed}}\n")) == ["unknown-target-field"]
    assert codes(check(folder, "target: {missing: delete}\n")) == ["operation-not-offered"]


def test_a_download_goes_to_files(folder: Path) -> None:
    found = check(folder, "target: {operation: download, endpoint: 'out/{id}'}\n")
    assert codes(found) == ["operation-not-offered"]


def test_a_connection_without_its_connector_is_not_looked_into(folder: Path) -> None:
    assert (
        check(folder, "source: {endpoint: nowhere}\nfields: {name: anything.at.all, also: this}\n", {"none": _none()})
        == []
    )


def _none() -> Connector:
    return Connector("none", "", {})


def test_a_template_need_not_be_complete(folder: Path) -> None:
    lookups = "lookups:\n  spare: {file: clients.csv, key: crm_id}\n"
    text = "template: true\n" + lookups + "fields: {name: null, description: \"var('later')\"}\n"
    assert check(folder, text) == []


def test_a_template_is_checked_for_what_it_says(folder: Path) -> None:
    assert codes(check(folder, "template: true\nfields: {description: titel}\n")) == ["unknown-field"]


# --- tests in the file ---------------------------------------------------------------------------


def test_a_test_may_speak_of_the_reason_of_a_reject(folder: Path) -> None:
    assert check(folder, "tests:\n  none:\n    record: {id: 7}\n    expect: {rejected: name}\n") == []


def test_nothing_is_filtered_without_a_filter(folder: Path) -> None:
    assert codes(check(folder, "tests:\n  none:\n    record: {id: 7}\n    expect: filtered\n")) == ["test-expect"]


def test_the_rows_of_a_tests_lookup_belong_to_a_declared_one(folder: Path) -> None:
    text = "tests:\n  one:\n    record: {id: 7}\n    lookups: {clients: {3: {x: 1}}}\n    expect: {name: null}\n"
    assert codes(check(folder, text)) == ["unknown-lookup"]


# --- the library ---------------------------------------------------------------------------------


def test_the_packaged_mappings_have_no_problem(tmp_path: Path) -> None:
    """Against the packaged connectors, warnings included."""
    etl = "version: 1\nconnections:\n" + "".join(
        f"  {name}: {{connector: {name}}}\n" for name in ("blikk", "dimesheets")
    )
    (tmp_path / "etl.yaml").write_text(etl, encoding="utf-8")
    project = load_project(tmp_path, environ={})
    known = {name: load_connector(name, tmp_path) for name in ("blikk", "dimesheets")}
    loads = load_mappings([library() / "blikk-to-dimesheets"], project, environ={})
    pairs = [(loaded.spec, loaded.document) for loaded in loads.mappings]
    found = [
        problem
        for loaded in loads.mappings
        for problem in check_mapping(loaded.spec, loaded.document, loaded.project, known)
    ]
    assert problems_text([*loads.problems, *found, *check_project(pairs, known)]) == ""


@pytest.mark.parametrize(
    ("expression", "hint"),
    [
        ("hours / 60", "divide(a, b)"),
        ("title ?? orderNumber", "coalesce(a, b)"),
        ("substring(title, `0`, `3`)", "`truncate: 3` beside"),
        ("left(title, `3`)", "`truncate: 3` beside"),
        ("year(startDate)", "format_datetime(v, '%Y')"),
        ("${title}", "write title for a field of the record"),
    ],
)
def test_what_other_languages_write_is_said_in_ours(folder: Path, expression: str, hint: str) -> None:
    (folder / "base.yaml").write_text((HERE / "base.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "m.yaml").write_text(f'extends: base.yaml\nfields: {{description: "{expression}"}}\n', encoding="utf-8")
    loads = load_mappings([Path("m.yaml")], load_project(folder, environ={}), environ={})
    found = [each.hint or "" for each in loads.problems]
    for each in loads.mappings:
        problems = check_mapping(each.spec, each.document, each.project, connectors())
        found += [problem.hint or "" for problem in problems]
    assert any(hint in each for each in found), found


def test_a_fixed_key_is_meant_where_the_last_of_its_records_wins(folder: Path) -> None:
    fixed = "fields: {externalId: {const: all}}\n"
    assert codes(check(folder, fixed)) == ["constant-key"]
    assert check(folder, f"{fixed}target: {{on_duplicate: last}}\n") == []
