"""The packaged Dime.Sheets connector against the vendor's three pages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from etl.catalogue import Connector, Results
from etl.connectors.load import load_connector
from etl.model import Schema

OPERATIONS = {
    ("projects", "upsert"): ("POST", "/api/v1/integration/projects"),
    ("tasks", "upsert"): ("POST", "/api/v1/integration/tasks"),
    ("employees", "upsert"): ("POST", "/api/v1/integration/employees"),
    ("time_entries", "list"): ("GET", "/api/v1/time-entries"),
    ("time_entries", "create"): ("POST", "/api/v1/time-entries"),
    ("timesheet_periods", "list"): ("GET", "/api/v1/timesheet-periods"),
    ("timesheet_periods", "get"): ("GET", "/api/v1/timesheet-periods/{externalId}"),
}


@cache
def sheets() -> Connector:
    return load_connector("dimesheets", Path())


def types(fields: object) -> dict[str, str]:
    assert isinstance(fields, dict)
    return {name: schema.type for name, schema in fields.items()}


def test_all_seven_operations_are_there() -> None:
    found = {
        (endpoint.name, name): (op.method, op.path)
        for endpoint in sheets().endpoints.values()
        for name, op in endpoint.operations.items()
    }

    assert found == OPERATIONS


@pytest.mark.parametrize(
    ("endpoint", "key"), [("projects", "externalId"), ("tasks", "externalId"), ("employees", "email")]
)
def test_upserts_go_in_batches_and_answer_for_each_record(endpoint: str, key: str) -> None:
    upsert = sheets().endpoints[endpoint].operations["upsert"]

    assert sheets().endpoints[endpoint].target_key == (key,)
    assert (upsert.body, upsert.idempotent) == ("array", True)
    assert upsert.results == Results("results", "externalId", "success", "error")
    assert sheets().endpoints[endpoint].batch_max == 100


def test_employees_are_told_apart_by_their_address_whatever_its_case() -> None:
    assert sheets().endpoints["employees"].normalise_key == ("trim", "lower")


def test_tasks_come_after_their_projects() -> None:
    tasks = sheets().endpoints["tasks"]

    assert tasks.depends_on == ("projects",)
    assert tasks.references == {"projectExternalId": "projects"}


def test_what_the_tables_require_must_be_mapped_even_where_it_may_be_null() -> None:
    tasks, employees = (sheets().endpoints[name].fields for name in ("tasks", "employees"))

    assert all(schema.required for fields in (tasks, employees) for schema in fields.values())
    nullable = {name for fields in (tasks, employees) for name, schema in fields.items() if schema.nullable}
    assert nullable == {"name", "description", "estimatedHours", "isBillable", "employeeExternalId"}


def test_projects_have_the_fields_of_the_example() -> None:
    assert types(sheets().endpoints["projects"].fields) == {
        "externalId": "string",
        "name": "string",
        "description": "string",
        "clientId": "integer",
        "startDate": "date-time",
        "budget": "number",
    }


def test_time_entries_are_read_with_all_their_fields_and_written_with_a_few() -> None:
    entries = sheets().endpoints["time_entries"]

    assert len(entries.fields) == 19
    assert entries.fields["tags"].items is not None
    assert entries.fields["tags"].items.properties == {
        "id": Schema("integer", nullable=False, required=True),
        "externalId": Schema("string"),
        "name": Schema("string"),
        "color": Schema("string"),
    }
    assert set(entries.write_fields) == {
        "taskId", "date", "duration", "startTime", "endTime", "description", "isBillable", "tagNames",
    }  # fmt: skip


def test_statuses_may_be_named() -> None:
    assert sheets().endpoints["time_entries"].fields["timesheetStatus"].labels == {
        "Draft": 0, "Submitted": 1, "Approved": 2, "Rejected": 3, "Released": 4,
    }  # fmt: skip
    assert sheets().endpoints["timesheet_periods"].fields["status"].labels == {"Open": 0, "Closed": 1}


def test_time_entries_are_asked_for_by_days_and_never_changed() -> None:
    entries = sheets().endpoints["time_entries"]
    window = entries.operations["list"].window

    assert window is not None
    assert (window.start, window.end, window.required) == ("startDate", "endDate", False)
    assert entries.operations["list"].paging == {}
    assert entries.operations["list"].records is None
    assert not entries.operations["create"].idempotent


def test_a_closed_period_is_known_before_and_after_the_request() -> None:
    entries = sheets().endpoints["time_entries"]

    assert entries.closed_periods is not None
    assert entries.closed_periods["endpoint"] == "timesheet_periods"
    assert entries.operations["create"].conflict is not None
    assert entries.operations["create"].conflict["statuses"] == [409]


def test_periods_can_be_filtered_by_the_status_zero() -> None:
    params = sheets().endpoints["timesheet_periods"].operations["list"].params

    assert set(params) == {"templateId", "status", "year"}
    assert params["status"].values == (0, 1)


def test_an_unknown_period_is_a_404() -> None:
    assert sheets().endpoints["timesheet_periods"].operations["get"].not_found == (404,)
