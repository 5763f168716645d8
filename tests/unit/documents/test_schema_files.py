"""The published schemas: valid themselves, helpful in an editor, and the strict reading that the engine adds."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from etl.documents import schema, source
from etl.errors import UsageError
from etl.model import Json

OWN = ("project", "mapping", "connector")


def nodes(node: Json, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield path, node
        for name, inner in node.items():
            if name != "examples":
                yield from nodes(inner, f"{path}/{name}")
    elif isinstance(node, list):
        for index, inner in enumerate(node):
            yield from nodes(inner, f"{path}/{index}")


@pytest.mark.parametrize("kind", OWN)
def test_a_schema_is_one(kind: str) -> None:
    Draft202012Validator.check_schema(schema.schema(kind))


def test_another_kind_is_refused_with_those_that_exist() -> None:
    with pytest.raises(UsageError, match="project, mapping, connector"):
        schema.schema("maping")


@pytest.mark.parametrize("kind", OWN)
def test_every_reference_leads_somewhere(kind: str) -> None:
    published = schema.schema(kind)
    for _, node in nodes(published):
        if isinstance(node.get("$ref"), str):
            assert node["$ref"].removeprefix("#/$defs/") in published["$defs"]


@pytest.mark.parametrize("kind", OWN)
def test_every_key_says_in_an_editor_what_it_is_for(kind: str) -> None:
    published = schema.schema(kind)
    skipped = re.compile(r"/(complete|environment|record_field|throttle_window|several_places|not|if)/")
    for path, node in nodes(published):
        for name, inner in node.get("properties", {}).items() if not path.endswith("/properties") else ():
            described = explained(inner, published)
            assert described or skipped.search(f"{path}/"), f"{path}/properties/{name} has no description"


def explained(node: dict[str, Any], published: dict[str, Any]) -> bool:
    """Whether an editor has something to show: at the key, or at what it refers to."""
    if "description" in node:
        return True
    targets = [node, *node.get("anyOf", [])]
    names = [target["$ref"].removeprefix("#/$defs/") for target in targets if "$ref" in target]
    return any(name != "removed" and explained(published["$defs"][name], published) for name in names)


@pytest.mark.parametrize("kind", OWN)
def test_every_example_fits_the_place_where_it_stands(kind: str) -> None:
    published = schema.schema(kind)
    for path, node in nodes(published):
        for example in node.get("examples", ()) if not path.endswith("/properties") else ():
            errors = list(Draft202012Validator({**node, "$defs": published["$defs"]}).iter_errors(example))
            assert not errors, f"{path}: {example} — {errors[0].message}"


def test_a_mapping_describes_its_own_connections_as_a_project_does() -> None:
    project, mapping = schema.schema("project")["$defs"], schema.schema("mapping")["$defs"]
    shared = project.keys() & mapping.keys() - {"removed"}

    assert {name: mapping[name] for name in shared} == {name: project[name] for name in shared}
    assert {"connection", "duration", "state", "text", "throttle_window"} <= shared


def test_an_environment_may_change_whatever_a_project_says() -> None:
    published = schema.schema("project")

    assert published["$defs"]["environment"]["properties"].keys() == published["properties"].keys() - {
        "version",
        "environments",
    }


# --- two readings --------------------------------------------------------------------------------


def found(text: str, *, partial: bool) -> list[tuple[str, int]]:
    problems = schema.check(source.parse(text, "m.yaml"), "mapping", partial=partial)
    return [(problem.code, problem.location.line if problem.location else 0) for problem in problems]


WHOLE = (
    "version: 1\nname: a\nsource: {connection: b, endpoint: c}\nfields: {d: e}\ntarget: {connection: f, endpoint: g}\n"
)


def test_null_removes_in_an_overlay_and_is_a_mistake_elsewhere() -> None:
    nulls = "tags:\nlookups: {a: null}\nlimits: {max_rejects: null}\n"

    assert found(f"extends: base.yaml\n{nulls}", partial=True) == []
    assert found(f"{WHOLE}{nulls}", partial=False) == [("empty", 6), ("empty", 7), ("empty", 8)]


def test_where_null_is_data_it_is_always_right() -> None:
    fields = "tests: {a: {record: {b: null}, expect: {c: null}}}\n"
    whole = WHOLE.replace("d: e", "d: {const: null}, x: {value: y, map: {z: null}, otherwise: null, default: null}")

    assert found(whole + fields, partial=False) == []


def test_a_placeholder_may_stand_for_any_value_until_it_is_filled_in() -> None:
    text = 'extends: a.yaml\nconnections: {a: {datetime: "${CLOCK}", timeout: "${TIME}", base_url: "x${URL}"}}\n'

    assert found(text, partial=True) == []


def test_problems_come_in_the_order_of_their_lines() -> None:
    text = "fields: {a: {valeu: x}}\ntags: 1\nsource: {where: 2}\nafter: 3\nextends: x.yaml\nz: 1\n"

    assert [line for _, line in found(text, partial=True)] == [1, 2, 3, 4, 6]


def test_reading_a_document_does_not_cost_the_import_of_the_checker() -> None:
    code = "import sys, etl.mapping.load; print('jsonschema' in sys.modules)"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert json.loads(shown.stdout.strip().lower()) is False
