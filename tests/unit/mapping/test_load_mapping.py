"""Mappings from paths: found, merged, checked, filled in and typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from etl import resources, secrets
from etl.errors import DocumentError
from etl.mapping.load import Loaded, load_mapping, load_mappings, mapping_files
from etl.model import MISSING, Schema
from etl.specs import (
    DetailSpec,
    EachSpec,
    FieldSpec,
    IncrementalSpec,
    Limit,
    LookupSpec,
    MappingSpec,
    ParentSpec,
    ProjectSpec,
)

PARTS = {
    "version": "1",
    "name": "m",
    "source": "{connection: blikk, endpoint: projects}",
    "fields": "{name: title}",
    "target": "{connection: dimesheets, endpoint: projects}",
}


@pytest.fixture(autouse=True)
def _forget_secrets() -> Iterator[None]:
    secrets.forget()
    yield
    secrets.forget()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def text(**parts: str | None) -> str:
    return "".join(f"{name}: {part}\n" for name, part in {**PARTS, **parts}.items() if part is not None)


def acme(folder: Path, **known: Any) -> ProjectSpec:
    return ProjectSpec(name="acme", root=folder, file=None, connections={}, **known)


def load(folder: Path, content: str | None = None, name: str = "m.yaml", **known: Any) -> Loaded:
    if content is not None:
        (folder / name).write_text(content, encoding="utf-8")
    return load_mapping(folder / name, acme(folder, **known), environ={"CITY": "Umeå"})


def spec(folder: Path, **parts: str | None) -> MappingSpec:
    return load(folder, text(**parts)).spec


# --- typed ---------------------------------------------------------------------------------------


def test_the_smallest_mapping_has_the_contracts_defaults(folder: Path) -> None:
    found = spec(folder)

    assert (found.name, found.file) == ("m", folder / "m.yaml")
    assert found.source.incremental == IncrementalSpec(enabled=None, full_every=7 * 86400)
    assert (found.source.key, found.source.detail, found.source.parent, found.source.each) == ((), None, None, None)
    assert (found.target.operation, found.target.missing, found.target.nulls) == ("upsert", "keep", "send")
    assert (found.target.on_duplicate, found.target.lossy, found.target.batch_size) == ("reject", False, None)
    assert (found.limits.max_rejects, found.limits.max_deletes, found.template) == (None, None, False)


def test_fields_in_all_their_forms(folder: Path) -> None:
    found = spec(
        folder,
        fields="{a: x.y, b: 0, c: [1], d: false, e: {value: x, map: {1: 2}, otherwise: null, default: null, type: date,"
        " truncate: 5, required: true, sensitive: true}, f: {const: {a: null}}}",
    ).fields

    assert found == (
        FieldSpec("a", value="x.y", path=("fields", "a")),
        FieldSpec("b", const=0, path=("fields", "b")),
        FieldSpec("c", const=[1], path=("fields", "c")),
        FieldSpec("d", const=False, path=("fields", "d")),
        FieldSpec("e", "x", MISSING, "date", {"1": 2}, None, None, 5, True, True, ("fields", "e")),
        FieldSpec("f", const={"a": None}, path=("fields", "f")),
    )
    assert found[0].default is MISSING


def test_everything_of_a_source(folder: Path) -> None:
    found = spec(
        folder,
        source="{connection: blikk, endpoint: tasks, where: a, key: [id, date], params: {x: 1},"
        " incremental: {lookback: 10m, full_every: 1d}, detail: {when: '!email', reuse: updated},"
        " parent: {endpoint: projects, where: b, as: project}, each: {items: 'tags[]', as: tag, key: tag.id},"
        " extra_fields: {category: {type: object, properties: {id: {type: integer, nullable: false}}}}}",
    ).source

    assert found.key == ("id", "date")
    assert found.params == {"x": 1}
    assert found.incremental == IncrementalSpec(True, 600.0, 86400.0)
    assert found.detail == DetailSpec("!email", "updated")
    assert found.parent == ParentSpec("projects", "project", "b")
    assert found.each == EachSpec("tags[]", "tag", "tag.id")
    assert found.extra_fields["category"] == Schema("object", properties={"id": Schema("integer", nullable=False)})


@pytest.mark.parametrize(
    ("written", "enabled", "detail"), [("true", True, DetailSpec()), ("false", False, None), (None, None, None)]
)
def test_short_forms_of_incremental_and_detail(
    written: str | None, enabled: bool | None, detail: DetailSpec | None, folder: Path
) -> None:
    extra = f", incremental: {written}, detail: {written}" if written else ""
    found = spec(folder, source=f"{{connection: blikk, endpoint: projects, key: id{extra}}}").source

    assert (found.incremental.enabled, found.detail, found.key) == (enabled, detail, ("id",))


def test_everything_of_a_target(folder: Path) -> None:
    found = spec(
        folder,
        target="{connection: x, endpoint: y, operation: update, key: id, batch_size: 50, missing: {set: {a: null}},"
        " nulls: omit, on_duplicate: last, lossy: allow, params: {delimiter: ';'}}",
        limits="{max_rejects: 2.5%, max_deletes: 3}",
    )

    assert (found.target.operation, found.target.key, found.target.batch_size) == ("update", ("id",), 50)
    assert (found.target.missing, found.target.nulls, found.target.on_duplicate) == ({"a": None}, "omit", "last")
    assert (found.target.lossy, found.target.params) == (True, {"delimiter": ";"})
    assert found.limits.max_rejects == Limit(2.5, percent=True)
    assert found.limits.max_deletes == Limit(3.0)


def test_lookups_from_files_endpoints_and_mappings(folder: Path) -> None:
    (folder / "c.csv").write_text("id\n1\n")

    found = spec(
        folder,
        lookups="{a: {file: c.csv, key: id, on_miss: skip, params: {delimiter: ';'}},"
        " b: {connection: x, endpoint: y, key: id, detail: true, where: z, params: {p: 1}}, c: {mapping: other}}",
    ).lookups

    assert found == {
        "a": LookupSpec("a", "skip", "id", file=folder / "c.csv", options={"delimiter": ";"}),
        "b": LookupSpec("b", key="id", connection="x", endpoint="y", params={"p": 1}, detail=DetailSpec(), where="z"),
        "c": LookupSpec("c", mapping="other"),
    }


def test_tests_know_where_they_stand(folder: Path) -> None:
    found = spec(folder, tests="{one: {record: {a: 1}, lookups: {x: {3: {b: 2}}}, now: 2026-04-01, expect: filtered}}")

    assert [(test.name, test.path, test.lookups, test.now) for test in found.tests] == [
        ("one", ("tests", "one"), {"x": {"3": {"b": 2}}}, "2026-04-01")
    ]


# --- placeholders --------------------------------------------------------------------------------


def test_params_are_filled_in(folder: Path) -> None:
    content = text(source='{connection: a, endpoint: b, params: {x: "${CITY}", y: "${var:n}", z: ["${var:n}!"]}}')

    assert load(folder, content, vars={"n": 3}).spec.source.params == {"x": "Umeå", "y": 3, "z": ["3!"]}


def test_what_is_no_param_is_not_filled_in(folder: Path) -> None:
    found = load(folder, text(tests='{one: {record: {a: "${X}"}, expect: {b: "${Y}"}}}', description='"${Z}"'))

    assert found.spec.tests[0].record == {"a": "${X}"}
    assert found.spec.description == "${Z}"


def test_one_single_file_brings_its_own_connections_and_state(folder: Path) -> None:
    found = load(
        folder,
        text(
            state="sqlite:///own.db",
            connections='{blikk: {connector: ./x.yaml, auth: {k: "${CITY}"}, base_url: "http://localhost:1"}}',
        ),
    )

    assert found.project.state == "sqlite:///own.db"
    assert found.project.connections["blikk"].connector == str(folder / "x.yaml")
    assert found.project.connections["blikk"].auth == {"k": "Umeå"}
    assert secrets.redact("Umeå") == secrets.MASK


# --- chains --------------------------------------------------------------------------------------


def test_paths_of_a_base_stay_relative_to_the_base(folder: Path) -> None:
    (folder / "base" / "lookups").mkdir(parents=True)
    (folder / "customer").mkdir()
    (folder / "base" / "m.yaml").write_text(text(lookups="{a: {file: lookups/a.csv, key: id}}"))
    overlay = "extends: ../base/m.yaml\nlookups: {a: {on_miss: empty}, b: {file: b.csv, key: id}}\n"

    found = load(folder, overlay, "customer/m.yaml").spec

    assert found.lookups["a"].file == folder / "base" / "lookups" / "a.csv"
    assert found.lookups["b"].file == folder / "customer" / "b.csv"
    assert found.name == "m"


def test_an_overlay_of_the_library(folder: Path) -> None:
    found = load(folder, "extends: builtin:blikk-to-dimesheets/projects\nfields: {name: {truncate: 9}}\n")

    assert found.spec.fields[1].truncate == 9
    assert found.spec.fields[1].value
    assert [Path(document.file).name for document in found.chain] == ["m.yaml", "projects.yaml"]


def test_a_mistake_is_told_in_the_file_of_the_chain_in_which_it_stands(folder: Path) -> None:
    (folder / "base.yaml").write_text(text(source="{connection: a, endpoint: b, where: 5}"))

    with pytest.raises(DocumentError) as caught:
        load(folder, "extends: base.yaml\ntarget: {nulls: never}\n")

    places = [(problem.location.file, problem.location.line) for problem in caught.value.problems if problem.location]
    assert sorted(places) == [("base.yaml", 3), ("m.yaml", 2)]


def test_an_overlay_that_removes_what_is_not_there_is_warned(folder: Path) -> None:
    (folder / "base.yaml").write_text(text(fields="{name: title, budget: 0}"))
    overlay = "extends: base.yaml\nfields: {budgt: null, name: {default: null, truncate: null}}\nlookups: {x: null}\n"

    found = load(folder, overlay + "tests: {one: {record: {a: null}, expect: {b: null}}}\n")

    assert [(problem.code, problem.severity, problem.hint) for problem in found.problems] == [
        ("removes-nothing", "warning", "did you mean 'budget'?"),
        ("removes-nothing", "warning", "take the line out"),
        ("removes-nothing", "warning", "take the line out"),
    ]


def test_an_overlay_may_remove_what_it_replaces(folder: Path) -> None:
    lookups = "{c: {file: c.csv, key: id}}"
    (folder / "base.yaml").write_text(text(fields="{name: title}", lookups=lookups))
    overlay = "extends: base.yaml\nfields: {name: {value: null, const: x}}\n"

    found = load(folder, overlay + "lookups: {c: {file: null, key: null, mapping: others}}\n")

    assert (found.problems, found.spec.fields[0].const) == ((), "x")
    assert (found.spec.lookups["c"].file, found.spec.lookups["c"].mapping) == (None, "others")


def test_a_template_may_lack_what_its_overlays_say(folder: Path) -> None:
    (folder / "base.yaml").write_text("version: 1\ntemplate: true\nname: base\nfields: {name: title}\n")
    (folder / "m.yaml").write_text(text(fields=None) + "extends: base.yaml\n")

    loads = load_mappings([folder], acme(folder), environ={})

    assert loads.problems == ()
    assert [(loaded.spec.name, loaded.spec.template) for loaded in loads.mappings] == [("m", False)]
    with pytest.raises(DocumentError, match="this is a template"):
        load(folder, name="base.yaml")


def test_files_of_a_folder_that_are_known_are_not_read_again(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(text(name=name))
    project = acme(folder)
    known = {loaded.spec.file for loaded in load_mappings([folder / "a.yaml"], project, environ={}).mappings}

    loads = load_mappings([folder], project, environ={}, without=known)

    assert [loaded.spec.name for loaded in loads.mappings] == ["b"]


def test_a_complete_template_is_loaded_as_one(folder: Path) -> None:
    assert load(folder, text(template="true")).spec.template


# --- many ----------------------------------------------------------------------------------------


def test_a_folder_is_all_the_mappings_below_it_in_order(folder: Path) -> None:
    for name in ("b.yaml", "a/z.yml", "a/a.yaml", ".git/x.yaml", "etl.yaml", "a/notes.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text(name=Path(name).stem))

    found = mapping_files([folder / "b.yaml", folder])

    assert [file.relative_to(folder).as_posix() for file in found] == ["b.yaml", "a/a.yaml", "a/z.yml"]


@pytest.mark.parametrize("name", ["", "/", ".", "..", "../blikk", "none", "blikk-to-dimesheets/none"])
def test_what_the_library_does_not_have_is_said_so_whatever_it_is(name: str) -> None:
    with pytest.raises(DocumentError, match="there is no 'builtin:"):
        mapping_files([f"builtin:{name}"])


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("blikk-to-dimesheets/project", "did you mean 'builtin:blikk-to-dimesheets/projects'?"),
        ("blikk-to-dimesheet/projects", "did you mean 'builtin:blikk-to-dimesheets/projects'?"),
        ("blik-to-dimesheets", "did you mean 'builtin:blikk-to-dimesheets'?"),
        ("blikk-to-dimesheets/nope", "the library has blikk-to-dimesheets/employees, blikk-to-dimesheets/projects, "),
        ("nope", "the library has blikk-to-dimescheduler, blikk-to-dimesheets, "),
    ],
)
def test_a_name_that_the_library_does_not_have_is_told_what_was_meant(name: str, hint: str) -> None:
    with pytest.raises(DocumentError) as caught:
        mapping_files([f"builtin:{name}"])
    assert (caught.value.problems[0].hint or "").startswith(hint)


def test_the_library_is_named_by_its_folder_too(folder: Path) -> None:
    found = mapping_files(["builtin:blikk-to-dimesheets"])

    assert {file.parent for file in found} == {resources.mappings() / "blikk-to-dimesheets"}
    assert len(found) >= 3


def test_a_folder_without_mappings_is_told(folder: Path) -> None:
    with pytest.raises(DocumentError, match=r"there is no mapping in '\.'"):
        mapping_files([folder])


def test_a_wrong_file_does_not_hide_the_others(folder: Path) -> None:
    (folder / "a.yaml").write_text("a: [")
    (folder / "b.yaml").write_text(text())
    (folder / "c.yaml").write_text(text(fields="{name: {valeu: x}}"))

    loads = load_mappings([folder, "builtin:none"], acme(folder), environ={})
    assert [problem.code for problem in loads.problems] == ["no-file"]

    loads = load_mappings([folder], acme(folder), environ={})
    assert [(loaded.spec.file.name, loaded.rough) for loaded in loads.mappings] == [
        ("b.yaml", False),
        ("c.yaml", False),
    ]
    assert not loads.complete
    assert [problem.location.file for problem in loads.problems if problem.location] == ["a.yaml", "c.yaml"]


def test_the_whole_library_is_right(folder: Path) -> None:
    loads = load_mappings([resources.mappings()], acme(folder), environ={})

    assert loads.problems == ()


# --- fingerprints --------------------------------------------------------------------------------


def fingerprint(folder: Path, variables: dict[str, Any] | None = None, zone: str = "UTC", **parts: str | None) -> str:
    return load(folder, text(**parts), vars=variables or {}, timezone=zone).spec.fingerprint


@pytest.mark.parametrize(
    "parts",
    [
        {"tests": "{one: {record: {}, expect: filtered}}"},
        {"description": "other"},
        {"tags": "[a]"},
        {"limits": "{max_rejects: 1}"},
        {"name": "other"},
        {"fields": "{name: {value: title}}"},
        {"connections": "{blikk: {connector: blikk, auth: {k: other}}}"},
        {"target": "{connection: dimesheets, endpoint: projects, batch_size: 7}"},
    ],
)
def test_what_changes_no_output_keeps_the_fingerprint(parts: dict[str, str], folder: Path) -> None:
    assert fingerprint(folder, **parts) == fingerprint(folder)


@pytest.mark.parametrize(
    "parts",
    [
        {"fields": "{name: title2}"},
        {"source": "{connection: blikk, endpoint: projects, where: a}"},
        {"source": "{connection: blikk, endpoint: projects, params: {a: b}}"},
        {"lookups": "{a: {mapping: b}}"},
        {"target": "{connection: dimesheets, endpoint: projects, nulls: omit}"},
        {"zone": "Europe/Stockholm"},
    ],
)
def test_what_can_change_an_output_changes_the_fingerprint(parts: dict[str, str], folder: Path) -> None:
    assert fingerprint(folder, **parts) != fingerprint(folder)


def test_what_a_lookup_file_holds_is_part_of_the_fingerprint(folder: Path) -> None:
    (folder / "a.csv").write_text("id\n1\n")
    before = fingerprint(folder, lookups="{a: {file: a.csv, key: id}}")
    (folder / "a.csv").write_text("id\n2\n")

    assert fingerprint(folder, lookups="{a: {file: a.csv, key: id}}") != before


def test_only_variables_that_are_used_are_part_of_the_fingerprint(folder: Path) -> None:
    fields = "{name: \"var('a')\"}"

    assert fingerprint(folder, {"a": 1, "b": 1}, fields=fields) == fingerprint(folder, {"a": 1, "b": 2}, fields=fields)
    assert fingerprint(folder, {"a": 1}, fields=fields) != fingerprint(folder, {"a": 2}, fields=fields)
    computed = '{name: "var(title)"}'
    assert fingerprint(folder, {"b": 1}, fields=computed) != fingerprint(folder, {"b": 2}, fields=computed)


def test_an_overlay_with_the_same_result_has_the_same_fingerprint(folder: Path) -> None:
    before = fingerprint(folder)
    (folder / "base.yaml").write_text(text(name="other", fields="{name: title, more: x}"))

    assert load(folder, "extends: base.yaml\nname: m\nfields: {more: null}\n", "over.yaml").spec.fingerprint == before
