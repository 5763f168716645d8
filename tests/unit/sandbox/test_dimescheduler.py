"""Dime.Scheduler: login, /import and the REST routes."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox
from etl.sandbox.dimescheduler.catalogue import catalogue

ME = {"SourceApp": "ETL", "SourceType": "BLIKK"}
JOB = {**ME, "JobNo": "J1", "ShortDescription": "Elcentral"}
TASK = {**ME, "JobNo": "J1", "TaskNo": "T1", "ShortDescription": "Montage"}
RESOURCE = {"ResourceNo": "R1", "ResourceName": "Åsa"}
APPOINTMENT = {
    **ME,
    "JobNo": "J1",
    "TaskNo": "T1",
    "ResourceNo": "R1",
    "Start": "2026-01-05 07:00:00Z",
    "End": "2026-01-05 16:00:00Z",
}

JSON = {"Content-Type": "application/json"}
SAMPLES = {"boolean": "True", "int": "1", "decimal": "1.50", "datetime": "2026-01-01 00:00:00Z", "timespan": "100"}


def call(procedure: str, parameters: dict[str, str | None]) -> dict[str, Any]:
    return {
        "StoredProcedureName": procedure,
        "ParameterNames": list(parameters),
        "ParameterValues": list(parameters.values()),
    }


def send(scheduler: httpx.Client, *calls: Any) -> tuple[int, Any]:
    """The envelope's status and its content."""
    answer = scheduler.post("/import", json=list(calls))
    assert answer.status_code == 200, answer.text
    envelope = answer.json()
    assert set(envelope) == {"content", "contentType", "statusCode"}
    return envelope["statusCode"], json.loads(envelope["content"])


def succeed(scheduler: httpx.Client, *calls: Any) -> Any:
    status, content = send(scheduler, *calls)
    assert (status, content["Success"]) == (200, True)
    assert set(content) == {"Success", "Message", "Status", "Phrase", "Appointments"}
    return content


def fail(scheduler: httpx.Client, *calls: Any) -> str:
    status, content = send(scheduler, *calls)
    assert status == 500
    assert set(content) == {"Error", "Description"}
    return str(content["Description"])


def planned(scheduler: httpx.Client) -> Any:
    """A job with a task, a resource, and an appointment for them; gives the appointment's id and GUID."""
    content = succeed(
        scheduler,
        call("mboc_upsertJob", JOB),
        call("mboc_upsertTask", TASK),
        call("mboc_upsertResource", RESOURCE),
        call("mboc_upsertAppointment", APPOINTMENT),
    )
    return content["Appointments"][0]


def test_a_token_is_given_for_username_and_password(sandbox: Sandbox) -> None:
    connection = sandbox.connections["dimescheduler"]
    with httpx.Client(base_url=connection["base_url"]) as client:
        token = client.post("/token", json=connection["auth"]).json()["token"]
        body = [call("mboc_upsertPin", {"Name": "x"})]
        assert client.post("/import", json=body).status_code == 401
        assert client.post("/import", json=body, headers={"Authorization": f"Bearer {token}"}).status_code == 200
        assert client.post("/token", json={**connection["auth"], "password": "wrong"}).status_code == 401
        assert client.post("/token", content=b"x", headers=JSON).status_code == 400
        sandbox.revoke_tokens()
        assert client.post("/import", json=body, headers={"Authorization": f"Bearer {token}"}).status_code == 401


def test_an_api_key_does_as_well(sandbox: Sandbox) -> None:
    with httpx.Client(base_url=sandbox.connections["dimescheduler"]["base_url"]) as client:
        assert client.get("/pin", headers={"X-API-KEY": "sandbox-scheduler-key"}).status_code == 200
        assert client.get("/pin", headers={"X-API-KEY": "wrong"}).status_code == 401


def test_records_are_created_then_updated_and_what_is_not_sent_stays(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    succeed(scheduler, call("mboc_upsertJob", {**JOB, "CustomerName": "Åkermans", "FreeDecimal1": "1.50"}))
    succeed(scheduler, call("mboc_upsertJob", {**JOB, "ShortDescription": "Ny text", "FreeBit1": "True"}))
    (job,) = sandbox.records("dimescheduler", "jobs")
    assert (job["ShortDescription"], job["CustomerName"], job["FreeDecimal1"]) == ("Ny text", "Åkermans", "1.50")
    assert job["FreeBit1"] is True


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"[", b"null"])
def test_a_body_that_is_no_array_of_calls_is_a_400(scheduler: httpx.Client, body: bytes) -> None:
    assert scheduler.post("/import", content=body, headers=JSON).status_code == 400


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ("text", "each call needs"),
        ({"StoredProcedureName": "mboc_upsertPin"}, "each call needs"),
        ({"StoredProcedureName": 1, "ParameterNames": [], "ParameterValues": []}, "has to be a text"),
        (call("mboc_upsertNothing", {}), "no procedure mboc_upsertNothing"),
        (call("mboc_upsertPin", {"Nome": "x"}), "no parameter Nome"),
        (call("mboc_upsertPin", {"name": "x"}), "no parameter name"),
        (call("mboc_upsertPin", {}), "Name is required"),
        (call("mboc_upsertPin", {"Name": None}), "Name is required"),
        (call("mboc_upsertPin", {"Name": "  "}), "Name is required"),
        (call("mboc_upsertPin", {"Name": "x" * 101}), "longer than 100"),
        (
            {"StoredProcedureName": "mboc_upsertPin", "ParameterNames": ["Name"], "ParameterValues": []},
            "1 parameter names, but 0 values",
        ),
        (
            {"StoredProcedureName": "mboc_upsertPin", "ParameterNames": ["Name"], "ParameterValues": [7]},
            "texts or null",
        ),
        (
            {"StoredProcedureName": "mboc_upsertPin", "ParameterNames": ["Name"] * 2, "ParameterValues": ["a", "b"]},
            "given twice",
        ),
    ],
)
def test_a_call_that_is_not_well_formed_fails_with_its_place_and_reason(
    scheduler: httpx.Client, item: Any, reason: str
) -> None:
    description = fail(scheduler, call("mboc_upsertPin", {"Name": "good"}), item)
    assert description.startswith("Procedure 2 of 2: ")
    assert reason in description


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("FreeBit1", ["True", "False", "true"], ["1", "yes", ""]),
        ("FreeDecimal1", ["500.21", "1", "-3.7038"], ["1,5", "1e3", "1 000", ""]),
        ("FreeDate1", ["2021-05-25 00:00:00Z", "2024-01-01T15:00", "2020-01-01T00:00:00.000Z"], ["2021-13-01", "now"]),
        ("Importance", ["0", "1", "2"], ["High", "7", "1.0"]),
    ],
)
def test_values_are_texts_in_the_spelling_of_their_type(
    scheduler: httpx.Client, name: str, good: list[str], bad: list[str]
) -> None:
    for text in good:
        succeed(scheduler, call("mboc_upsertJob", {**JOB, name: text}))
    for text in bad:
        assert f"{name}: '{text}' can't be read" in fail(scheduler, call("mboc_upsertJob", {**JOB, name: text}))


def test_a_body_that_is_not_said_to_be_json_is_not_looked_at(scheduler: httpx.Client) -> None:
    body = json.dumps([call("mboc_upsertPin", {"Name": "x"})]).encode()
    assert scheduler.post("/import", content=body).status_code == 415


def test_a_batch_fails_as_one(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    fail(scheduler, call("mboc_upsertJob", JOB), call("mboc_upsertTask", {**TASK, "JobNo": "J9"}))
    assert sandbox.records("dimescheduler", "jobs") == []


def test_parents_come_first(scheduler: httpx.Client) -> None:
    reason = fail(scheduler, call("mboc_upsertTask", TASK), call("mboc_upsertJob", JOB))
    assert "ETL / BLIKK / J1 does not exist in jobs" in reason
    succeed(scheduler, call("mboc_upsertJob", JOB), call("mboc_upsertTask", TASK))
    assert "R1 does not exist in resources" in fail(scheduler, call("mboc_upsertAppointment", APPOINTMENT))
    value = {"FilterGroupName": "Okänd", "FilterValue": "x"}
    assert "does not exist in filter_groups" in fail(scheduler, call("mboc_upsertFilterValue", value))


def test_an_appointment_without_id_is_a_new_one_each_time_and_one_with_id_is_changed(
    sandbox: Sandbox, scheduler: httpx.Client
) -> None:
    first = planned(scheduler)
    second = succeed(scheduler, call("mboc_upsertAppointment", APPOINTMENT))["Appointments"][0]
    assert second != first
    by_id = {**APPOINTMENT, "AppointmentId": str(first["Id"]), "Subject": "Ändrad"}
    assert succeed(scheduler, call("mboc_upsertAppointment", by_id))["Appointments"] == [first]
    by_guid = {**APPOINTMENT, "AppointmentGuid": first["Guid"], "Body": "Text"}
    assert succeed(scheduler, call("mboc_upsertAppointment", by_guid))["Appointments"] == [first]
    stored = {row["id"]: row for row in sandbox.records("dimescheduler", "appointments")}
    assert (stored[first["Id"]]["Subject"], stored[first["Id"]]["Body"]) == ("Ändrad", "Text")
    assert len(stored) == 2
    assert "does not exist" in fail(scheduler, call("mboc_upsertAppointment", {**APPOINTMENT, "AppointmentId": "99"}))


def test_an_appointment_is_changed_through_its_small_procedures(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    which = {"AppointmentId": str(planned(scheduler)["Id"])}
    content = succeed(
        scheduler,
        call("mboc_updateAppointmentCategory", {**which, "Category": "Akut"}),
        call("mboc_updateAppointmentLocked", {**which, "Locked": "True"}),
        call("mboc_updateAppointmentImportance", {**which, "Importance": "1"}),
        call("mboc_upsertAppointmentUrl", {"pAppointmentId": which["AppointmentId"], "pUrl": "u", "pUrlDesc": "d"}),
    )
    assert len(content["Appointments"]) == 4
    (row,) = sandbox.records("dimescheduler", "appointments")
    assert (row["Category"], row["Locked"], row["Importance"]) == ("Akut", True, 1)
    missing = call("mboc_updateAppointmentLocked", {"AppointmentId": "99", "Locked": "True"})
    assert "appointment does not exist" in fail(scheduler, missing)


def test_both_names_of_the_assignment_and_connector_procedures_work(scheduler: httpx.Client) -> None:
    which = {**ME, "AppointmentId": str(planned(scheduler)["Id"]), "ResourceNo": "R1"}
    for name in ("mboc_addAppointmentResource", "mboc_upsertAppointmentResource"):
        succeed(scheduler, call(name, which))
    succeed(scheduler, call("mboc_addConnector", {"Name": "c"}))
    succeed(scheduler, call("mboc_upsertConnector", {"Name": "c", "BackOfficeSystem": "NAV"}))


def test_deleting_a_job_takes_its_tasks_and_appointments_along(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    planned(scheduler)
    key = {name: JOB[name] for name in ("SourceApp", "SourceType", "JobNo")}
    succeed(scheduler, call("mboc_deleteJob", key))
    for collection in ("jobs", "tasks", "appointments"):
        assert sandbox.records("dimescheduler", collection) == []
    assert len(sandbox.records("dimescheduler", "resources")) == 1
    assert "JobNo is required" in fail(scheduler, call("mboc_deleteJob", ME))


def test_filter_values_of_a_task_are_cleared_together(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    planned(scheduler)
    key: dict[str, str | None] = {**ME, "JobNo": "J1", "TaskNo": "T1"}
    for value in ("El", "VVS"):
        succeed(
            scheduler,
            call("mboc_upsertFilterValue", {"FilterGroupName": "Avdelning", "FilterValue": value}),
            call("mboc_upsertTaskFilterValue", {**key, "FilterGroup": "Avdelning", "FilterValue": value}),
        )
    assert len(sandbox.records("dimescheduler", "task_filter_values")) == 2
    succeed(scheduler, call("mboc_ClearTaskFilterValue", key))
    assert sandbox.records("dimescheduler", "task_filter_values") == []


@pytest.mark.parametrize("style", ["envelope", "success_false", "http_500"])
def test_a_failure_shows_where_it_is_told_to(sandbox: Sandbox, scheduler: httpx.Client, style: str) -> None:
    sandbox.configure(failure=style)
    answer = scheduler.post("/import", json=[call("mboc_upsertPin", {})])
    envelope = answer.json()
    content = json.loads(envelope["content"])
    shown = (answer.status_code, envelope["statusCode"], content.get("Success"), "Error" in content)
    expected = {
        "envelope": (200, 500, None, True),
        "success_false": (200, 200, False, False),
        "http_500": (500, 500, None, True),
    }
    assert shown == expected[style]


def test_the_catalogue_holds_all_35_entities_with_23_deletes() -> None:
    entities = catalogue().entities.values()
    assert len(entities) == 35
    assert sum(1 for entity in entities if entity.delete) == 23
    assert sum(1 for entity in entities if entity.clear) == 2


@pytest.mark.parametrize("collection", catalogue().entities)
def test_every_entity_can_be_imported_twice_and_deleted_where_it_can(
    sandbox: Sandbox, scheduler: httpx.Client, collection: str
) -> None:
    entity = catalogue().entities[collection]
    appointment = planned(scheduler)
    succeed(
        scheduler,
        call("mboc_upsertContainer", {"Name": "C1"}),
        call("mboc_upsertFilterGroup", {"GroupName": "G1"}),
        call("mboc_upsertFilterValue", {"FilterGroupName": "G1", "FilterValue": "V1"}),
    )
    known = {
        **{**APPOINTMENT, "AppointmentId": str(appointment["Id"]), "pAppointmentId": str(appointment["Id"])},
        **{"Appointment": appointment["Guid"], "AppointmentGuid": appointment["Guid"]},
        **{"pAppointmentGuid": appointment["Guid"], "Container": "C1", "ContainerName": "C1"},
        **{"FilterGroup": "G1", "FilterGroupName": "G1", "FilterValue": "V1"},
    }
    given = {
        parameter.name: known.get(parameter.name) or SAMPLES.get(parameter.type) or "1"
        for parameter in entity.parameters.values()
    }
    for _ in range(2):
        succeed(scheduler, call(entity.append[0], given))
    stored = sandbox.records("dimescheduler", collection)
    if entity.delete:
        needed = {name: given[name] for name, known in entity.parameters.items() if "delete" in known.required}
        succeed(scheduler, call(entity.delete, {**given, **needed}))
        assert len(sandbox.records("dimescheduler", collection)) == len(stored) - 1


def rest(scheduler: httpx.Client, method: str, path: str, body: Any) -> tuple[int, Any]:
    answer = scheduler.request(method, path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["statusCode"], json.loads(answer.json()["content"])


def test_rest_takes_property_names_in_any_case_as_an_object_or_an_array(
    sandbox: Sandbox, scheduler: httpx.Client
) -> None:
    body = {"Name": "Blå", "DisplayName": "Blå", "Color": "#0000FF"}
    assert rest(scheduler, "POST", "/categories", body)[0] == 200
    assert (
        rest(scheduler, "PUT", "/Categories", [{"name": "Blå", "displayName": "Marin", "color": "#0000FF"}])[0] == 200
    )
    found = [row for row in scheduler.get("/categories").json() if row["name"] == "Blå"]
    assert [(row["displayName"], row["color"]) for row in found] == [("Marin", "#0000FF")]
    assert rest(scheduler, "DELETE", "/categories", {"Name": "Blå"})[0] == 200
    assert "Blå" not in {row["name"] for row in scheduler.get("/categories").json()}


def test_rest_takes_numbers_and_booleans_as_json_and_refuses_the_rest(scheduler: httpx.Client) -> None:
    job = {**JOB, "freeDecimal1": 1.5, "freeBit1": True, "importance": 1, "startDate": "2026-01-01T07:00"}
    assert rest(scheduler, "POST", "/job", job)[0] == 200
    assert rest(scheduler, "POST", "/job", {**JOB, "freeBit2": None})[0] == 200
    for wrong in ({"freeDecimal1": "1.5"}, {"importance": "High"}, {"freeBit1": "True "}, {"nope": 1}):
        assert rest(scheduler, "POST", "/job", {**JOB, **wrong})[0] == 500
    assert rest(scheduler, "POST", "/job", {"sourceApp": "x"})[0] == 500
    assert scheduler.post("/job", content=b"x", headers=JSON).status_code == 400


def test_a_task_sent_over_rest_can_have_its_job_made(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    assert rest(scheduler, "POST", "/task", TASK)[0] == 500
    assert rest(scheduler, "POST", "/task", {**TASK, "createJob": True})[0] == 200
    assert [job["JobNo"] for job in sandbox.records("dimescheduler", "jobs")] == ["J1"]


def test_nine_collections_can_be_read_as_bare_arrays(scheduler: httpx.Client) -> None:
    planned(scheduler)
    for path in (
        *("/calendar", "/categories", "/container", "/filterGroup", "/filterValue", "/pin", "/resource"),
        *("/resourceType", "/timeMarker"),
    ):
        assert isinstance(scheduler.get(path).json(), list)
    assert scheduler.get("/resource").json()[0]["resourceName"] == "Åsa"
    assert scheduler.get("/job").status_code == 405


def test_messages_and_users_are_taken_and_passwords_not_kept(sandbox: Sandbox, scheduler: httpx.Client) -> None:
    assert rest(scheduler, "POST", "/message", {"Text": "Hej", "User": "a", "Severity": 2})[0] == 200
    assert rest(scheduler, "POST", "/message", {"User": "a"})[0] == 500
    user = {"Name": "Åsa", "Type": 1, "Email": "asa@example.com", "Password": "p"}
    assert rest(scheduler, "POST", "/api/Administration/Users/Create", user)[0] == 200
    assert "Password" not in sandbox.records("dimescheduler", "users")[0]
    assert rest(scheduler, "POST", "/api/Administration/Users/Delete", {"Name": "Åsa"})[0] == 200
    assert sandbox.records("dimescheduler", "users") == []
