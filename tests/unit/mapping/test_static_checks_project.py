"""What static checks find between the mappings of a project."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.documents import source
from etl.mapping.checks import check_project
from etl.mapping.load import load_mappings
from etl.mapping.project import load_project
from etl.model import Problem
from tests.documents.checks_page import connectors

ETL = """\
version: 1
vars: {prefix: crm, area: north}
connections: {crm: {connector: crm}, sheets: {connector: sheets}}
"""
MAPPING = """\
version: 1
name: NAME
source: {connection: crm, endpoint: projects}
fields: {externalId: id, name: title}
target: {connection: sheets, endpoint: projects}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "etl.yaml").write_text(ETL, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check(folder: Path, *, with_vars: bool = False, **mappings: str) -> list[Problem]:
    """The problems between mappings; each is the plain one plus what is given for its name."""
    for name, more in mappings.items():
        text = more if more.startswith(("version:", "extends:")) else MAPPING.replace("NAME", name) + more
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    loads = load_mappings([Path(f"{name}.yaml") for name in mappings], load_project(folder, environ={}), environ={})
    assert loads.problems == ()
    pairs = [(loaded.spec, loaded.document) for loaded in loads.mappings]
    document = source.load(folder / "etl.yaml") if with_vars else None
    return [each for each in check_project(pairs, connectors(), document) if each.code != "written-twice"]


def test_independent_mappings_have_no_problem(folder: Path) -> None:
    assert check(folder, a="", b="", c="after: [a, b]\n") == []


def test_a_circle_through_several_mappings_is_told_once(folder: Path) -> None:
    (problem,) = check(folder, a="after: [b]\n", b="after: [c]\n", c="after: [a]\n", d="after: [a]\n")
    assert problem.message == "these mappings wait for each other: a → b → c → a"


def test_a_lookup_of_what_a_mapping_wrote_waits_for_it_too(folder: Path) -> None:
    found = check(folder, a="lookups: {b: {mapping: b}}\n", b="after: [a]\n")
    assert [problem.code for problem in found] == ["cycle"]


def test_a_mapping_may_look_up_what_it_wrote_itself(folder: Path) -> None:
    assert check(folder, a="lookups: {own: {mapping: a}}\n") == []


def test_a_lookup_of_an_unknown_mapping_is_shown_at_its_name(folder: Path) -> None:
    (problem,) = check(folder, clients="", a="lookups: {b: {mapping: client}}\n")
    assert (problem.code, problem.hint) == ("unknown-mapping", "did you mean 'clients'?")


def test_an_overlay_that_keeps_its_bases_name_stands_beside_it_only_as_a_template(folder: Path) -> None:
    overlay = "extends: a.yaml\ndescription: ours\n"
    assert [each.code for each in check(folder, a="", b=overlay)] == ["duplicate-name"]
    assert check(folder, a="template: true\n", b=overlay) == []


def test_two_mappings_with_one_key_expression_that_write_the_same_fields_are_warned_about(folder: Path) -> None:
    for name in ("a", "b"):
        (folder / f"{name}.yaml").write_text(MAPPING.replace("NAME", name), encoding="utf-8")
    loads = load_mappings([folder], load_project(folder, environ={}), environ={})
    found = check_project([(each.spec, each.document) for each in loads.mappings], connectors())
    assert [(each.code, each.severity) for each in found] == [("written-twice", "warning")]


def test_a_var_that_nothing_uses_is_warned_about(folder: Path) -> None:
    found = check(folder, with_vars=True, a="description: \"var('prefix') is spoken of here\"\n")
    assert [each.message for each in found] == ["nothing uses the var 'area'"]


def test_a_var_used_in_a_param_or_in_a_base_is_used(folder: Path) -> None:
    base = "template: true\ndescription: \"var('area')\"\n"
    found = check(
        folder, with_vars=True, a=base, b='extends: a.yaml\nname: b\nsource: {params: {query: "${var:prefix}"}}\n'
    )
    assert found == []


def test_a_computed_var_may_be_any(folder: Path) -> None:
    assert check(folder, with_vars=True, a='description: "var(title)"\n') == []
