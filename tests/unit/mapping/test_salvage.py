"""A wrong value hides no other mistake: what no expression depends on is left out, and the rest is looked into."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.mapping.load import load_mappings
from etl.specs import ProjectSpec

MAPPING = """\
version: 1
name: projects
source: {connection: crm, endpoint: projects, %(source)s}
lookups: {clients: {connection: crm, endpoint: clients, key: id, %(lookup)s}}
fields:
  name: {value: title, %(field)s}
target: {connection: sheets, endpoint: projects, %(target)s}
limits: {%(limits)s}
"""
RIGHT = {
    "source": "incremental: true",
    "lookup": "on_miss: skip",
    "field": "truncate: 80",
    "target": "batch_size: 5",
    "limits": "max_rejects: 5%",
}
PROJECT = ProjectSpec(name="acme", root=Path(), file=None, connections={})


@pytest.mark.parametrize(
    ("place", "wrong"),
    [
        ("source", "incremental: {lookback: 10x}"),
        ("lookup", "on_miss: emty"),
        ("field", "truncate: x"),
        ("target", "batch_size: x"),
        ("target", "missing: drop"),
        ("limits", "max_rejects: 5 percent"),
        ("source", "incremntal: true"),
    ],
)
def test_the_rest_of_the_mapping_can_still_be_checked(tmp_path: Path, place: str, wrong: str) -> None:
    (tmp_path / "m.yaml").write_text(MAPPING % (RIGHT | {place: wrong}), encoding="utf-8")
    loads = load_mappings([tmp_path / "m.yaml"], PROJECT)
    assert len(loads.problems) == 1
    assert [field.value for field in loads.mappings[0].spec.fields] == ["title"]


@pytest.mark.parametrize(
    ("place", "wrong"), [("source", "where: [a]"), ("field", "value: [a]"), ("lookup", "where: [a]")]
)
def test_where_expressions_depend_on_it_only_the_expressions_are_judged(tmp_path: Path, place: str, wrong: str) -> None:
    text = MAPPING % (RIGHT | {place: wrong})
    (tmp_path / "m.yaml").write_text(text.replace("value: title, value", "value"), encoding="utf-8")
    loads = load_mappings([tmp_path / "m.yaml"], PROJECT)
    assert loads.problems
    assert [loaded.rough for loaded in loads.mappings] == [True]


@pytest.mark.parametrize(
    ("right", "misspelt"),
    [
        ("source: {", "sorce: {"),
        ("endpoint: projects, ", "endpont: projects, "),
        ("value: title", "vlaue: title"),
        ("version: 1", "vesrion: 1"),
        ("lookups: {clients", "lookps: {clients"),
        ("target: {connection", "target: {conection"),
    ],
)
def test_a_misspelt_key_is_one_mistake_and_what_it_holds_is_looked_into(
    tmp_path: Path, right: str, misspelt: str
) -> None:
    text = MAPPING % RIGHT
    assert right in text
    (tmp_path / "m.yaml").write_text(text.replace(right, misspelt, 1), encoding="utf-8")

    loads = load_mappings([tmp_path / "m.yaml"], PROJECT)

    assert [(each.code, (each.hint or "")[:12]) for each in loads.problems] == [("unknown-key", "did you mean")]
    (found,) = loads.mappings
    assert (found.spec.source.endpoint, found.rough) == ("projects", False)
    assert [field.value for field in found.spec.fields] == ["title"]


def test_a_mistake_in_a_misspelt_block_is_told_where_it_stands(tmp_path: Path) -> None:
    text = (MAPPING % RIGHT).replace("source: {", "sorce: {").replace("incremental: true", "incrementl: true")
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    loads = load_mappings([tmp_path / "m.yaml"], PROJECT)
    assert [each.hint for each in loads.problems] == ["did you mean 'source'?", "did you mean 'incremental'?"]
    assert [each.location.column for each in loads.problems if each.location] == [
        1,
        text.splitlines()[2].index("inc") + 1,
    ]
