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
