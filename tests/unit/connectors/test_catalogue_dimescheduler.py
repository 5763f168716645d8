"""The packaged Dime.Scheduler connector against the facts: procedures, parameters, keys, wire forms."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from etl.catalogue import Connector, Op
from etl.connectors.load import load_connector
from etl.model import Json, Schema
from etl.sandbox.dimescheduler.catalogue import Parameter, catalogue

PROCEDURES: dict[str, tuple[str, str | None, int]] = {
    "action_uris": ("mboc_upsertActionUrl", None, 7),
    "appointment_categories": ("mboc_updateAppointmentCategory", None, 6),
    "appointment_containers": ("mboc_upsertAppointmentContainer", "mboc_deleteAppointmentContainer", 2),
    "appointment_contents": ("mboc_updateAppointmentContent", None, 7),
    "appointment_field_values": ("mboc_updateAppointmentFieldValues", None, 7),
    "appointment_importances": ("mboc_updateAppointmentImportance", None, 6),
    "appointment_locks": ("mboc_updateAppointmentLocked", None, 6),
    "appointment_planning_quantities": ("mboc_updateAppointmentPlanningQty", None, 6),
    "appointment_time_markers": ("mboc_updateAppointmentTimeMarker", None, 6),
    "appointment_uris": ("mboc_upsertAppointmentUrl", None, 6),
    "appointments": ("mboc_upsertAppointment", "mboc_deleteAppointment", 26),
    "assignments": ("mboc_addAppointmentResource", "mboc_deleteAppointmentResource", 6),
    "captions": ("mboc_upsertCaption", "mboc_deleteCaption", 5),
    "categories": ("mboc_upsertCategory", "mboc_deleteCategory", 3),
    "connectors": ("mboc_addConnector", "mboc_deleteConnector", 11),
    "containers": ("mboc_upsertContainer", "mboc_deleteContainer", 3),
    "exchange_appointments": ("mboc_upsertExchangeAppointment", "mboc_deleteExchangeAppointment", 14),
    "filter_groups": ("mboc_upsertFilterGroup", "mboc_deleteFilterGroup", 4),
    "filter_values": ("mboc_upsertFilterValue", "mboc_deleteFilterValue", 2),
    "jobs": ("mboc_upsertJob", "mboc_deleteJob", 113),
    "notifications": ("mboc_upsertNotification", "mboc_deleteNotification", 12),
    "pins": ("mboc_upsertPin", "mboc_deletePin", 2),
    "resource_calendars": ("mboc_upsertResourceCalendar", "mboc_deleteResourceCalendar", 5),
    "resource_capacities": ("mboc_upsertResourceCapacity", "mboc_deleteResourceCapacity", 6),
    "resource_certificates": ("mboc_upsertResourceCertificate", "mboc_deleteResourceCertificate", 5),
    "resource_filter_values": ("mboc_upsertResourceFilterValue", "mboc_deleteResourceFilterValue", 6),
    "resource_gps_trackings": ("mboc_upsertResourceGpsTracking", "mboc_deleteResourceGpsTracking", 8),
    "resource_uris": ("mboc_upsertResourceUrl", None, 3),
    "resources": ("mboc_upsertResource", "mboc_deleteResource", 83),
    "task_containers": ("mboc_upsertTaskContainer", "mboc_deleteTaskContainer", 6),
    "task_filter_values": ("mboc_upsertTaskFilterValue", "mboc_deleteTaskFilterValue", 7),
    "task_locks": ("mboc_updateTaskLocked", None, 6),
    "task_uris": ("mboc_upsertTaskUrl", None, 6),
    "tasks": ("mboc_upsertTask", "mboc_deleteTask", 133),
    "time_markers": ("mboc_upsertTimeMarker", "mboc_deleteTimeMarker", 2),
}


@cache
def scheduler() -> Connector:
    return load_connector("dimescheduler", Path())


def call(op: Op) -> dict[str, Json]:
    assert isinstance(op.body, dict)
    block: dict[str, Json] = op.body["name_value"]
    return block


def field(endpoint: str, name: str) -> Schema:
    return scheduler().endpoints[endpoint].fields[name]


# --- procedures ----------------------------------------------------------------------------------


def test_all_35_entities_call_their_procedures() -> None:
    found = {}
    for name, endpoint in scheduler().endpoints.items():
        delete = endpoint.operations.get("delete")
        procedure = call(endpoint.operations["upsert"])["procedure"]
        found[name] = (procedure, call(delete)["procedure"] if delete else None, len(endpoint.fields))

    assert found == PROCEDURES
    assert len(found) == 35
    assert sum(delete is not None for _, delete, _ in found.values()) == 23
    assert sum(count for _, _, count in found.values()) == 536


def test_every_operation_goes_through_one_address_and_answers_in_an_envelope() -> None:
    for endpoint in scheduler().endpoints.values():
        assert set(endpoint.operations) <= {"upsert", "delete"}
        for op in endpoint.operations.values():
            assert (op.method, op.path) == ("POST", "/import")
            assert op.envelope is not None
            assert op.envelope["content"] == "content"


def test_where_the_sdks_disagree_the_newer_name_is_used_and_the_older_can_be_chosen() -> None:
    """Their newer procedures add: whether adding twice does harm is not known."""
    chosen = {
        name: call(op)["alternatives"]
        for name, endpoint in scheduler().endpoints.items()
        if "alternatives" in call(op := endpoint.operations["upsert"])
    }

    assert chosen == {
        "assignments": {"older": "mboc_upsertAppointmentResource"},
        "connectors": {"older": "mboc_upsertConnector"},
    }
    not_idempotent = {name for name, each in scheduler().endpoints.items() if not each.operations["upsert"].idempotent}
    assert not_idempotent == chosen.keys()


@pytest.mark.parametrize("name", ["task_filter_values", "resource_filter_values"])
def test_filter_values_can_be_cleared_as_a_whole(name: str) -> None:
    (clear,) = call(scheduler().endpoints[name].operations["delete"])["alternatives"].values()

    assert clear["procedure"].startswith("mboc_Clear")
    assert not {"FilterGroup", "FilterValue"} & set(clear["parameters"])


def test_a_delete_takes_only_what_names_the_record() -> None:
    for name, endpoint in scheduler().endpoints.items():
        if (op := endpoint.operations.get("delete")) is None:
            continue
        parameters = call(op)["parameters"]
        assert set(parameters) <= endpoint.fields.keys(), name
        assert set(call(op).get("constants", {})) == {
            field for field, schema in endpoint.fields.items() if schema.operations == ("delete",)
        }
        if name not in ("appointments", "resources", "resource_gps_trackings"):
            assert set(endpoint.target_key) <= set(parameters), name


def test_the_key_of_a_record_is_what_tells_it_apart() -> None:
    keys = {name: endpoint.target_key for name, endpoint in scheduler().endpoints.items()}

    assert keys["jobs"] == ("SourceApp", "SourceType", "JobNo")
    assert keys["tasks"] == (*keys["jobs"], "TaskNo")
    assert keys["appointments"] == ("AppointmentGuid",)
    assert keys["resources"] == ("ResourceNo",)
    assert keys["categories"] == ("CategoryName",)
    assert all(keys.values())


def test_parents_are_sent_first() -> None:
    depends = {name: endpoint.depends_on for name, endpoint in scheduler().endpoints.items()}

    assert "jobs" in depends["tasks"]
    assert {"tasks", "resources"} <= set(depends["appointments"])
    assert {"appointments", "resources"} <= set(depends["assignments"])
    assert "filter_groups" in depends["filter_values"]
    assert {"resources", "filter_values"} <= set(depends["resource_filter_values"])


# --- parameters ----------------------------------------------------------------------------------


BESIDE_THE_SDK = {"AppointmentNo", "BackOfficeSystem"}
"""Listed on a page of the vendor, and sent by the older SDK alone."""


def parameters(name: str) -> dict[str, Parameter]:
    known = catalogue().entities[name].parameters
    return {key: each for key, each in known.items() if key not in BESIDE_THE_SDK}


def test_parameters_agree_with_those_of_the_sandbox() -> None:
    """Both were made from what the vendor publishes, neither from the other."""
    sandbox = catalogue()
    for name, endpoint in scheduler().endpoints.items():
        known = parameters(name)
        assert list(endpoint.fields) == list(known), name
        for parameter in known.values():
            schema = endpoint.fields[parameter.name]
            where = f"{name}.{parameter.name}"
            assert schema.required == ("append" in parameter.required), where
            if parameter.type == "string":
                assert schema.max_length == parameter.max_length, where
            if parameter.type in sandbox.enums:
                assert schema.labels == sandbox.enums[parameter.type], where


KINDS = {
    "int": ("integer", None), "decimal": ("number", None), "boolean": ("boolean", None), "string": ("string", None),
    "datetime": ("date-time", None), "guid": ("string", None), "string_list": ("array", None),
}  # fmt: skip


def test_parameters_have_the_type_that_they_are_sent_as() -> None:
    for name, endpoint in scheduler().endpoints.items():
        for parameter in parameters(name).values():
            schema = endpoint.fields[parameter.name]
            if parameter.type == "timespan":
                assert schema.wire == "ticks"
            else:
                assert (schema.type, schema.wire) == KINDS.get(parameter.type, ("integer", None)), parameter.name


def test_importance_is_not_in_the_order_of_its_numbers() -> None:
    assert field("tasks", "Importance").labels == {"Low": 2, "Medium": 0, "High": 1}


def test_a_null_leaves_its_parameter_out() -> None:
    assert not any(schema.nullable for each in scheduler().endpoints.values() for schema in each.fields.values())


def test_only_deletes_take_the_parameters_of_deletes() -> None:
    found = {
        (name, field)
        for name, endpoint in scheduler().endpoints.items()
        for field, schema in endpoint.fields.items()
        if schema.operations
    }

    assert found == {
        ("appointments", "SentFromBackOffice"),
        ("jobs", "CheckAppointments"),
        ("jobs", "SentFromBackOffice"),
        ("tasks", "CheckAppointments"),
        ("tasks", "SentFromBackOffice"),
    }


def test_a_back_office_s_password_is_masked() -> None:
    assert field("connectors", "Password").sensitive


# --- the API as a whole --------------------------------------------------------------------------


def test_there_are_two_ways_to_log_in_and_three_instances() -> None:
    assert [block["kind"] for block in scheduler().auth] == ["api_key", "token_exchange"]
    assert {name: block["base_url"] for name, block in scheduler().instances.items()} == {
        "production": "https://api.dimescheduler.com",
        "sandbox": "https://sandbox.api.dimescheduler.com",
        "test": "https://test.api.dimescheduler.com",
    }


def test_every_value_is_text_in_the_vendor_s_spelling() -> None:
    wire = scheduler().wire

    assert (wire.text, wire.boolean, wire.date_time, wire.list_join) == (
        True, ("False", "True"), "%Y-%m-%d %H:%M:%SZ", ";",
    )  # fmt: skip
