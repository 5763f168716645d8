"""Fields beside the connector's schema, or of another type, are counted and stop nothing."""

from __future__ import annotations

from etl.model import Schema
from etl.steps.drift import Drift

SCHEMA = {"id": Schema("integer"), "title": Schema("string"), "status": Schema("object"), "open": Schema("boolean")}


def counted(*records: dict[str, object], **options: object) -> dict[str, int]:
    drift = Drift(SCHEMA, **options)  # type: ignore[arg-type]
    drift.look(records)
    return drift.counts


def test_documented_records_show_no_drift() -> None:
    assert counted({"id": 1, "title": "a", "status": {}, "open": True}, {"id": 2, "title": None}) == {}


def test_a_field_beside_the_schema_is_counted() -> None:
    assert counted({"id": 1, "colour": "red"}, {"id": 2, "colour": "blue"}) == {"colour": 2}


def test_a_field_of_another_type_is_counted_with_it() -> None:
    assert counted({"title": 7}, {"open": "yes"}) == {"title (a number)": 1, "open (a text)": 1}


def test_fields_that_the_mapping_declares_are_no_drift() -> None:
    assert counted({"colour": "red"}, extra=["colour"]) == {}


def test_an_endpoint_without_schema_can_t_drift() -> None:
    drift = Drift({})
    drift.look([{"anything": 1}])
    assert drift.counts == {}
