"""Every resource shows the properties that its chapter documents, no more and no fewer."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

AUDIT = "createdBy updatedBy created updated"
AUDIT_BY_USER = "createdByUser createdDate updatedDate"
INSTANT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+00:00")
REPORT = (
    "id date clockStart clockEnd hours invoiceableHours breakMinutes cost rate discount comment internalComment "
    "sentToAttestDate attestedDate user project internalProject absenceProject contact activity timeCode timeArticle "
    "costCenter invoiceId createdDate updatedDate"
)
DOCUMENTED = {
    ("/v1/Core/Contacts", "contact.list"): (
        "id name customerNumber contactType organizationalOrSocialSecurityNumber visitingAddress company parentCompany "
        "created lastUpdated"
    ),
    ("/v1/Core/Projects", "project.list"): (
        "id orderNumber title status startDate endDate invoiceType location projectManager customer projectCollection "
        + AUDIT
    ),
    ("/v1/Core/TaskBoards", "taskboard.list"): (
        "id name project tags columns members createdByUser updatedByUser createdDate updatedDate"
    ),
    ("/v1/Core/Tasks", "task.list"): (
        "id title description completedDate timeReportingEnabled estimate startDate startTime endDate endTime "
        "numberOfComments numberOfAttachments numberOfChecklistPoints tags members boardColumn board project "
        "projectCollection opportunity " + AUDIT_BY_USER
    ),
    ("/v1/Core/TimeReports", "timereport.list"): REPORT + " travelReportId allowanceReportId",
    ("/v1/Core/TimeReports/70001", "timereport.detail"): (
        REPORT + " attestedByUser bookingProject task travelReport allowanceReport materials equipments additions"
    ),
    ("/v1/Admin/AbsenceProjects", "absenceproject.list"): (
        "id name commentRequiredWhenTimeReporting salaryCodeForMonthlySalary salaryCodeForHourlySalary "
        "refersToSickness isActive " + AUDIT
    ),
    ("/v1/Admin/Activities", "activity.list"): f"id name isActive preferredTimeCode preferredTimeArticle {AUDIT}",
    ("/v1/Admin/Allowances", "allowance.list"): f"id name description isActive {AUDIT}",
    ("/v1/Admin/Articles", "article.list"): f"id articleNumber name price cost unit description isActive {AUDIT}",
    ("/v1/Admin/CompanyCars", "companycar.list"): f"id name isActive makeAndModel registrationNumber type {AUDIT}",
    ("/v1/Admin/ContactTags", "generic.tag"): "id title color",
    ("/v1/Admin/Countries", "country.list"): "id name",
    ("/v1/Admin/Equipments", "equipment.list"): f"id name description isActive type {AUDIT}",
    ("/v1/Admin/InternalProjects", "internalproject.list"): (
        f"id name commentRequiredWhenTimeReporting isActive {AUDIT}"
    ),
    ("/v1/Admin/TimeAdditions", "timeaddition.list"): f"id name description type isActive {AUDIT}",
    ("/v1/Admin/TimeArticles", "timearticle.list"): f"id name description isActive {AUDIT}",
    ("/v1/Admin/TimeCodes", "timecode.list"): f"id name description isActive isStandard {AUDIT}",
    ("/v1/Admin/Users", "user.list"): (
        "id firstName lastName startDate endDate timeReportingProfile department license permissions "
        "createdBy updatedBy createdDate updatedDate"
    ),
    ("/v1/Admin/Users/3", "user.detail"): (
        "id firstName lastName license email socialSecurityNumber mobilePhoneNumber workPhoneNumber note startDate "
        "endDate department costCenter salaryType costPerHour employeeNumber settlementAccount address nextOfKin "
        "nextOfKinRelation nextOfKinPhoneNumber manager schedule standardTimeArticle standardActivity "
        "timeReportingProfile timeBankEnabled currentTimeBank planningCapacityInPercent tags permissions "
        "createdBy updatedBy createdDate updatedDate"
    ),
}


@pytest.mark.parametrize(("path", "name"), DOCUMENTED)
def test_a_resource_has_its_documented_properties(blikk: httpx.Client, path: str, name: str) -> None:
    body = blikk.get(path, params={"page": 1}).json()
    records = body.get("items", [body])
    assert records
    for record in records:
        assert set(record) == {"objectName", *DOCUMENTED[path, name].split()}
        assert record["objectName"] == name


def test_moments_are_written_in_blikks_own_form_and_days_as_days(blikk: httpx.Client) -> None:
    project = blikk.get("/v1/Core/Projects", params={"page": 1}).json()["items"][0]
    assert INSTANT.fullmatch(project["created"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", project["startDate"])


def test_lists_and_details_differ_in_the_case_of_enums_as_the_examples_do(blikk: httpx.Client) -> None:
    row = blikk.get("/v1/Admin/Users", params={"page": 1}).json()["items"][0]
    detail = blikk.get(f"/v1/Admin/Users/{row['id']}").json()
    assert detail["license"] == row["license"].capitalize()
    types = {
        item["invoiceType"]
        for item in blikk.get("/v1/Core/Projects", params={"page": 1, "pageSize": 100}).json()["items"]
    }
    assert {"Ongoing", "ongoing"} <= types


def test_the_parts_of_a_project_and_a_task_have_their_own_shapes(blikk: httpx.Client) -> None:
    def first(path: str, *names: str) -> Any:
        items = blikk.get(path, params={"page": 1, "pageSize": 100}).json()["items"]
        return next(item for item in items if all(item[name] for name in names))

    project = first("/v1/Core/Projects", "location", "projectCollection", "customer")
    assert set(project["status"]) == {"objectName", "id", "name", "isCompletedStatus"}
    assert set(project["projectCollection"]) == {"objectName", "id", "name", "number"}
    assert set(project["location"]) == {
        *("objectName", "longitude", "latitude", "streetAddress", "postalCode", "city", "countryName")
    }
    task = first("/v1/Core/Tasks", "tags", "members", "board", "project")
    assert set(task["tags"][0]) == {"objectName", "id", "title", "color"}
    assert set(task["members"][0]) == {"objectName", "userId", "userName"}
    assert set(task["project"]) == {"objectName", "id", "name", "number"}
    board = first("/v1/Core/TaskBoards", "columns", "members")
    assert board["columns"][0]["taskCount"] >= 0


def test_a_user_that_does_not_exist_is_a_400(blikk: httpx.Client) -> None:
    assert blikk.get("/v1/Admin/Users/999").status_code == 400
