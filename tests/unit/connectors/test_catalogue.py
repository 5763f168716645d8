"""What holds for every packaged connector: expressions that compile, names that exist, an order without circles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import jmespath
import pytest

from etl.catalogue import Connector, Endpoint
from etl.connectors.checks import expressions
from etl.connectors.load import load_connector, packaged
from etl.documents import source
from etl.expressions.parse import names_used, parse
from etl.model import Schema
from etl.resources import connectors as packaged_folder

REST = [name for name in packaged() if load_connector(name, Path()).kind == "rest"]


@pytest.fixture(params=REST)
def connector(request: pytest.FixtureRequest) -> Connector:
    return load_connector(request.param, Path())


def written_fields(connector: Connector) -> Iterator[tuple[Endpoint, str, Schema]]:
    for endpoint in connector.endpoints.values():
        for name, schema in endpoint.write_fields.items():
            yield endpoint, name, schema


@pytest.mark.parametrize("name", REST)
def test_every_expression_compiles_with_the_standard_library(name: str) -> None:
    for path, text in expressions(source.load(packaged_folder() / f"{name}.yaml").data):
        jmespath.compile(text)
        parse(text)
        assert path


def test_current_values_are_read_from_fields_that_exist(connector: Connector) -> None:
    for endpoint, name, schema in written_fields(connector):
        for text in filter(None, (schema.read_from, schema.lost_if)):
            used = names_used(parse(text))
            assert used is not None, f"{endpoint.name}.{name} reads the whole record"
            assert used <= endpoint.fields.keys(), f"{endpoint.name}.{name}: {text}"


def test_a_replacing_update_can_read_every_field_back(connector: Connector) -> None:
    """A field without `read_from` is read under its own name, so it has to be there and of the same type."""
    for endpoint, name, schema in written_fields(connector):
        update = endpoint.operations.get("update")
        in_path = update is not None and f"{{{name}}}" in update.path
        if update is None or in_path or not update.options.get("replace") or schema.read_from:
            continue
        assert endpoint.fields[name].type == schema.type, f"{endpoint.name}.{name}"


def test_records_that_are_replaced_can_be_read_one_by_one(connector: Connector) -> None:
    for endpoint in connector.endpoints.values():
        update = endpoint.operations.get("update")
        if update is not None and update.options.get("replace") and _keeps(endpoint):
            assert "get" in endpoint.operations or endpoint.read_one or endpoint.parent, endpoint.name


def _keeps(endpoint: Endpoint) -> set[str]:
    return {name for name, schema in endpoint.write_fields.items() if not schema.required} - {endpoint.id_field}


def test_keys_and_versions_are_fields(connector: Connector) -> None:
    for endpoint in connector.endpoints.values():
        assert set(endpoint.key) <= endpoint.fields.keys(), endpoint.name
        assert set(endpoint.target_key) <= endpoint.written().keys(), endpoint.name
        if endpoint.version:
            assert (names_used(parse(endpoint.version)) or {""}) <= endpoint.fields.keys(), endpoint.name


def test_matches_look_at_fields_and_params_that_exist(connector: Connector) -> None:
    for endpoint in connector.endpoints.values():
        if endpoint.match is None:
            continue
        listed = {name for name, schema in endpoint.fields.items() if not schema.detail_only}
        assert endpoint.match.get("params", {}).keys() <= endpoint.operations["list"].params.keys()
        for text in (*endpoint.match["compare"].values(), endpoint.match["created"]):
            assert (names_used(parse(text)) or {""}) <= listed, f"{endpoint.name}: {text}"


def test_references_name_written_fields_and_endpoints(connector: Connector) -> None:
    for endpoint in connector.endpoints.values():
        for names, parent in endpoint.references.items():
            assert set(names.split(", ")) <= endpoint.written().keys(), endpoint.name
            assert len(names.split(", ")) == len(connector.endpoints[parent].target_key), endpoint.name
            assert parent in endpoint.depends_on, endpoint.name


def test_what_depends_on_what_has_an_order(connector: Connector) -> None:
    order = list(
        TopologicalSorter({name: each.depends_on for name, each in connector.endpoints.items()}).static_order()
    )

    assert set(order) == connector.endpoints.keys()


def test_paths_hold_no_glued_text_and_no_name_that_nothing_fills(connector: Connector) -> None:
    for endpoint in connector.endpoints.values():
        for op in endpoint.operations.values():
            assert re.fullmatch(r"(/[A-Za-z0-9-]+|/\{[A-Za-z]+\})+", op.path), op.path
            known = {"id", *endpoint.fields, *endpoint.write_fields, *(endpoint.parent or {}).get("params", {})}
            assert set(re.findall(r"\{(\w+)\}", op.path)) <= known


def test_every_endpoint_says_what_its_records_are(connector: Connector) -> None:
    assert connector.title
    assert all(endpoint.title for endpoint in connector.endpoints.values())
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in connector.endpoints)
