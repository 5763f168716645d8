"""The catalogue: a connector, an endpoint, as text and as JSON."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from etl.catalogue import Connector, Endpoint, Incremental, Op, Param, Sort, Window
from etl.model import Schema
from etl.reporting.catalogue import connector_text, connectors_text, endpoint_text, how_incremental
from etl.reporting.catalogue_json import connector_document, connectors_document
from etl.specs import ThrottleWindow

LIST = Op(
    "list",
    "GET",
    "/v1/things",
    permission="Thing_Read",
    params={
        "filter.status": Param("filter.status", "array", items="string", values=("open", "closed")),
        "from": Param("from", "date", required=True),
        "level": Param("level", "integer", minimum=1, maximum=9),
    },
    sort=Sort("sortBy", "sortOrder", ("created", "updated")),
    paging={"kind": "page_number", "size": 100},
    window=Window("from", "to", 31),
)
THINGS = Endpoint(
    "things",
    operations={"list": LIST, "create": Op("create", "POST", "/v1/things")},
    fields={
        "id": Schema("integer", nullable=False, required=True),
        "email": Schema("string", detail_only=True, sensitive=True, max_length=80),
        "owner": Schema("object", properties={"name": Schema("string")}),
        "tags": Schema("array", items=Schema("object", properties={"color": Schema("string", values=("red", "blue"))})),
    },
    write_fields={"title": Schema("string", required=True), "level": Schema("integer", labels={"low": 0, "high": 1})},
    title="Things and such",
    target_key=("externalId",),
    incremental=Incremental("updated", param="updatedSince"),
)
PARTS = Endpoint("parts", operations={"list": Op("list", "GET", "/v1/parts")}, fields={}, parent={"endpoint": "things"})
ACME = Connector(
    "acme",
    "https://api.acme.example",
    {"things": THINGS, "parts": PARTS},
    title="Acme",
    auth=({"kind": "api_key"}, {"kind": "basic"}),
    throttle=(ThrottleWindow(4, 1.0), ThrottleWindow(1000, 3600.0)),
    throttle_by="app_id",
    instances={"sandbox": {}},
)


def test_connectors_are_listed_one_per_line() -> None:
    assert connectors_text({"acme": ACME}) == "connector\nacme       2 endpoints  Acme\n"


def test_a_connector_shows_its_limits_and_endpoints(snapshot: SnapshotAssertion) -> None:
    assert connector_text(ACME) == snapshot


def test_an_endpoint_shows_operations_params_and_fields(snapshot: SnapshotAssertion) -> None:
    assert endpoint_text(ACME, THINGS) == snapshot


def test_how_changed_records_are_found_is_said_in_words() -> None:
    assert how_incremental(THINGS) == "filter updatedSince"
    assert how_incremental(PARTS) == "no: all, with the diff"
    newest = Endpoint("x", {}, {}, incremental=Incremental("updated", sort={"sortBy": "updated"}))
    assert how_incremental(newest) == "newest first until the cursor"


def test_the_list_as_json_names_the_connectors() -> None:
    assert connectors_document({"acme": ACME})["connectors"][0]["name"] == "acme"


def test_a_connector_as_json_has_operations_and_fields_of_each_endpoint(snapshot: SnapshotAssertion) -> None:
    document = connector_document(ACME, [THINGS])
    assert next(iter(document)) == "name"
    endpoint = document["endpoints"][0]
    assert {"method", "path", "permission", "params", "sort", "filters"} <= set(endpoint["operations"]["list"])
    assert {"type", "required", "detail_only"} <= set(endpoint["fields"]["email"])
    assert document == snapshot
