"""The packaged Blikk connector against the vendor's document: operations, params, sorts, fields, marks."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from etl.catalogue import Connector, Op, Param
from etl.connectors.load import load_connector
from etl.model import Schema

CORE, ADMIN = "/v1/Core", "/v1/Admin"
TASK = f"{CORE}/Tasks/{{taskId}}"
OPERATIONS = {
    ("contacts", "list"): ("GET", f"{CORE}/Contacts", "Contact_Read"),
    ("contacts", "get"): ("GET", f"{CORE}/Contacts/{{id}}", "Contact_Read"),
    ("contacts", "create"): ("POST", f"{CORE}/Contacts", "Contact_Write"),
    ("contacts", "update"): ("PUT", f"{CORE}/Contacts/{{id}}", "Contact_Write"),
    ("contacts", "delete"): ("DELETE", f"{CORE}/Contacts/{{id}}", "Contact_Write"),
    ("projects", "list"): ("GET", f"{CORE}/Projects", "Project_Read"),
    ("task_boards", "list"): ("GET", f"{CORE}/TaskBoards", "Task_Read"),
    ("tasks", "list"): ("GET", f"{CORE}/Tasks", "Task_Read"),
    ("tasks", "create"): ("POST", f"{CORE}/Tasks", "Task_Write"),
    ("tasks", "update"): ("PUT", f"{CORE}/Tasks/{{id}}", "Task_Write"),
    ("tasks", "delete"): ("DELETE", f"{CORE}/Tasks/{{id}}", "Task_Write"),
    ("task_comments", "list"): ("GET", f"{TASK}/Comments", "Task_Read"),
    ("task_comments", "create"): ("POST", f"{TASK}/Comments", "Task_Write"),
    ("task_comments", "update"): ("PUT", f"{TASK}/Comments/{{id}}", "Task_Write"),
    ("task_comments", "delete"): ("DELETE", f"{TASK}/Comments/{{id}}", "Task_Write"),
    ("task_checklists", "list"): ("GET", f"{TASK}/Checklists", "Task_Read"),
    ("task_checklists", "create"): ("POST", f"{TASK}/Checklists", "Task_Write"),
    ("task_checklists", "update"): ("PUT", f"{TASK}/Checklists/{{id}}", "Task_Write"),
    ("task_checklists", "delete"): ("DELETE", f"{TASK}/Checklists/{{id}}", "Task_Write"),
    ("task_attachments", "list"): ("GET", f"{TASK}/Attachments", "Task_Read"),
    ("task_attachments", "download"): ("GET", f"{TASK}/Attachments/{{id}}/Download", "Task_Read"),
    ("task_attachments", "create"): ("POST", f"{TASK}/Attachments", "Task_Write"),
    ("task_attachments", "update"): ("PUT", f"{TASK}/Attachments/{{id}}", "Task_Write"),
    ("task_attachments", "delete"): ("DELETE", f"{TASK}/Attachments/{{id}}", "Task_Write"),
    ("time_reports", "list"): ("GET", f"{CORE}/TimeReports", "Timereport_Read"),
    ("time_reports", "get"): ("GET", f"{CORE}/TimeReports/{{id}}", "Timereport_Read"),
    ("time_reports", "create"): ("POST", f"{CORE}/TimeReports", "Timereport_Write"),
    ("time_reports", "update"): ("PUT", f"{CORE}/TimeReports/{{id}}", "Timereport_Write"),
    ("time_reports", "delete"): ("DELETE", f"{CORE}/TimeReports/{{id}}", "Timereport_Write"),
    ("user_day_statistics", "list"): ("GET", f"{CORE}/TimeReports/UserDayStatistics", "Timereport_Read"),
    ("absence_projects", "list"): ("GET", f"{ADMIN}/AbsenceProjects", None),
    ("activities", "list"): ("GET", f"{ADMIN}/Activities", None),
    ("allowances", "list"): ("GET", f"{ADMIN}/Allowances", None),
    ("articles", "list"): ("GET", f"{ADMIN}/Articles", None),
    ("company_cars", "list"): ("GET", f"{ADMIN}/CompanyCars", None),
    ("contact_tags", "list"): ("GET", f"{ADMIN}/ContactTags", None),
    ("countries", "list"): ("GET", f"{ADMIN}/Countries", None),
    ("equipments", "list"): ("GET", f"{ADMIN}/Equipments", None),
    ("internal_projects", "list"): ("GET", f"{ADMIN}/InternalProjects", None),
    ("time_additions", "list"): ("GET", f"{ADMIN}/TimeAdditions", None),
    ("time_articles", "list"): ("GET", f"{ADMIN}/TimeArticles", None),
    ("time_codes", "list"): ("GET", f"{ADMIN}/TimeCodes", None),
    ("users", "list"): ("GET", f"{ADMIN}/Users", None),
    ("users", "get"): ("GET", f"{ADMIN}/Users/{{id}}", None),
}

BY_CHANGE = ("name", "createdDate", "updatedDate")
SORTS = {
    "contacts": ("name", "customerNumber", "created", "updated"),
    "projects": ("orderNumber", "title", "createdDate", "updatedDate"),
    "task_boards": ("createdDate", "updatedDate", "name"),
    "tasks": ("createdDate", "title", "startDate", "endDate"),
    "task_comments": ("createdDate",),
    "task_checklists": ("name",),
    "task_attachments": ("name",),
    "time_reports": (
        "date", "userName", "hours", "invoiceableHours", "sentToAttestDate", "attestedDate", "createdDate",
        "updatedDate",
    ),
    "user_day_statistics": ("name",),
    "articles": ("name", "articleNumber", "createdDate", "updatedDate"),
    "contact_tags": ("name", "createdDate"),
    **dict.fromkeys(("absence_projects", "countries", "internal_projects", "users"), ("name",)),
    **dict.fromkeys(
        ("activities", "allowances", "company_cars", "equipments", "time_additions", "time_articles", "time_codes"),
        BY_CHANGE,
    ),
}  # fmt: skip

FILTERS = {
    "contacts": {
        "query": "string", "tagIds": "integers", "createdOrUpdatedSince": "date-time", "contactType": "string",
    },
    "projects": {"query": "string"},
    "task_boards": {"query": "string", "projectIds": "integers"},
    "tasks": {
        "from": "date-time", "to": "date-time", "memberIds": "integers", "createdByUserIds": "integers",
        "taskIds": "integers", "taskBoardId": "integer", "taskBoardColumnId": "integer",
    },
    "time_reports": {
        "from": "date", "to": "date", "userIds": "integers", "projectId": "integer", "internalProjectId": "integer",
        "absenceProjectId": "integer", "contactId": "integer", "isSentToAttest": "boolean", "isAttested": "boolean",
        "projectType": "string",
    },
    "user_day_statistics": {"from": "date", "to": "date", "userIds": "integers", "departmentIds": "integers"},
    "articles": {"query": "string"},
    "users": {"query": "string"},
}  # fmt: skip


@cache
def blikk() -> Connector:
    return load_connector("blikk", Path())


def listed(endpoint: str) -> Op:
    return blikk().endpoints[endpoint].operations["list"]


def field(endpoint: str, path: str) -> Schema:
    """`tags[].id` and the like, as documented."""
    first, *rest = path.replace("[]", "").split(".")
    schema = blikk().endpoints[endpoint].fields[first]
    for name in rest:
        inner = schema.items if schema.type == "array" else schema
        assert inner is not None
        assert inner.properties is not None
        schema = inner.properties[name]
    return schema


# --- operations ----------------------------------------------------------------------------------


def test_all_44_operations_are_there_with_method_path_and_permission() -> None:
    found = {
        (endpoint.name, name): (op.method, op.path, op.permission)
        for endpoint in blikk().endpoints.values()
        for name, op in endpoint.operations.items()
    }

    assert found == OPERATIONS
    assert len(found) == 44


def test_every_list_sorts_as_documented_and_moves_least_by_creation() -> None:
    assert {name: listed(name).sort.values for name in blikk().endpoints if listed(name).sort} == SORTS  # type: ignore[union-attr]
    for name, values in SORTS.items():
        sort = listed(name).sort
        assert sort is not None
        assert (sort.by_param, sort.order_param, sort.ascending, sort.descending) == (
            "sortBy", "sortOrder", "ascending", "descending",
        )  # fmt: skip
        creation = next((value for value in ("createdDate", "created") if value in values), "name")
        assert sort.stable == creation


def spelled(param: Param) -> str:
    return f"{param.items}s" if param.type == "array" else param.type


def test_every_documented_filter_is_a_param() -> None:
    found = {name: {key: spelled(param) for key, param in listed(name).params.items()} for name in blikk().endpoints}
    documented = {name: {f"filter.{key}": kind for key, kind in FILTERS.get(name, {}).items()} for name in found}

    assert found == documented


def test_filters_with_listed_values_have_them() -> None:
    assert listed("contacts").params["filter.contactType"].values == ("person", "company")
    assert listed("time_reports").params["filter.projectType"].values == (
        "project", "internalProject", "absenceProject",
    )  # fmt: skip


def test_every_list_is_paged_by_the_largest_page() -> None:
    for name in blikk().endpoints:
        paging = listed(name).paging
        assert (paging["kind"], paging["page_param"], paging["size_param"], paging["size"]) == (
            "page_number", "page", "pageSize", 100,
        )  # fmt: skip
        assert paging["total_pages"] == "totalPages"
        assert listed(name).records == "items"


def test_an_unknown_id_is_a_400_here() -> None:
    for (endpoint, name), _ in OPERATIONS.items():
        op = blikk().endpoints[endpoint].operations[name]  # type: ignore[index]
        if "{id}" in op.path:
            assert op.not_found == (400,)


def test_what_replaces_the_record_is_said_to() -> None:
    """A comment and an attachment have but one field to change."""
    replacing = {
        name
        for name, endpoint in blikk().endpoints.items()
        if "update" in endpoint.operations and endpoint.operations["update"].options.get("replace")
    }

    assert replacing == {"contacts", "tasks", "task_checklists", "time_reports"}


# --- changed records -----------------------------------------------------------------------------


def test_contacts_are_found_by_filter_others_newest_first_and_some_not_at_all() -> None:
    ways = {name: endpoint.incremental for name, endpoint in blikk().endpoints.items()}
    by_filter = {name for name, way in ways.items() if way and way.param}
    by_sort = {name for name, way in ways.items() if way and way.sort}

    assert by_filter == {"contacts"}
    assert by_sort == {
        "projects", "task_boards", "time_reports", "activities", "allowances", "articles", "company_cars", "equipments",
        "time_additions", "time_articles", "time_codes",
    }  # fmt: skip
    assert {name for name, values in SORTS.items() if "updatedDate" in values} == by_sort


def test_a_cursor_is_the_change_or_else_the_creation() -> None:
    for name, endpoint in blikk().endpoints.items():
        if endpoint.version is None:
            continue
        updated, created = endpoint.version.split(" || ")
        assert endpoint.fields[updated].type == endpoint.fields[created].type == "date-time", name
        if endpoint.incremental:
            assert endpoint.incremental.cursor == endpoint.version


def test_new_records_are_looked_for_by_creation() -> None:
    for endpoint in blikk().endpoints.values():
        if endpoint.incremental and endpoint.incremental.sort:
            assert endpoint.incremental.sort == {"sortBy": "updatedDate", "sortOrder": "descending"}
            assert endpoint.incremental.created_sort == {"sortBy": "createdDate", "sortOrder": "descending"}


# --- fields --------------------------------------------------------------------------------------

FIELDS_ONLY_IN_FULL = {"contacts": 19, "users": 22, "time_reports": 8}


def test_fields_that_only_the_full_form_has_are_marked() -> None:
    found = {
        name: sum(schema.detail_only for schema in endpoint.fields.values())
        for name, endpoint in blikk().endpoints.items()
    }

    assert {name: count for name, count in found.items() if count} == FIELDS_ONLY_IN_FULL


def test_a_user_s_address_and_number_are_only_in_full() -> None:
    users = blikk().endpoints["users"].fields

    assert all(users[name].detail_only for name in ("email", "employeeNumber", "costPerHour", "tags"))
    assert not any(users[name].detail_only for name in ("id", "firstName", "permissions", "updatedDate"))


def test_ids_of_travel_and_allowance_are_only_in_the_list() -> None:
    fields = blikk().endpoints["time_reports"].fields

    assert {name for name, schema in fields.items() if schema.list_only} == {"travelReportId", "allowanceReportId"}


def test_what_is_sensitive_by_nature_is_masked() -> None:
    found = {
        (name, field)
        for name, endpoint in blikk().endpoints.items()
        for fields in (endpoint.fields, endpoint.write_fields)
        for field, schema in fields.items()
        if schema.sensitive
    }

    assert found == {
        ("contacts", "organizationalOrSocialSecurityNumber"),
        ("users", "socialSecurityNumber"),
        ("users", "costPerHour"),
        ("users", "nextOfKin"),
        ("users", "nextOfKinRelation"),
        ("users", "nextOfKinPhoneNumber"),
    }


@pytest.mark.parametrize(
    ("endpoint", "path", "values"),
    [
        ("contacts", "contactType", ("person", "company")),
        ("projects", "invoiceType", ("ongoing", "fixedPrice", "none")),
        ("company_cars", "type", ("companyCar", "officalCar")),
        ("users", "license", ("total", "standard", "basic", "light")),
        ("users", "salaryType", ("none", "hourly", "monthly")),
        ("task_attachments", "type", ("file", "link")),
    ],
)
def test_enumerations_have_the_documented_spelling(endpoint: str, path: str, values: tuple[str, ...]) -> None:
    assert field(endpoint, path).values == values


@pytest.mark.parametrize(
    ("endpoint", "path", "kind"),
    [
        ("projects", "startDate", "date"),
        ("projects", "created", "date-time"),
        ("projects", "status.isCompletedStatus", "boolean"),
        ("projects", "location.latitude", "number"),
        ("projects", "projectCollection.number", "string"),
        ("tasks", "tags[].title", "string"),
        ("tasks", "members[].userId", "integer"),
        ("tasks", "estimate", "number"),
        ("task_boards", "columns[].taskCount", "integer"),
        ("task_checklists", "items[].completedDate", "date-time"),
        ("time_reports", "date", "date"),
        ("time_reports", "travelReport.companyCar.tripEnd", "number"),
        ("time_reports", "materials[].article.name", "string"),
        ("time_reports", "additions[].salaryCount", "number"),
        ("user_day_statistics", "department.name", "string"),
        ("users", "address.postalCode", "string"),
    ],
)
def test_records_are_typed_to_their_leaves(endpoint: str, path: str, kind: str) -> None:
    assert field(endpoint, path).type == kind


FIELD_COUNTS = {
    "contacts": 29, "projects": 15, "task_boards": 10, "tasks": 23, "task_comments": 6, "task_checklists": 6,
    "task_attachments": 9, "time_reports": 36, "user_day_statistics": 8, "absence_projects": 11, "activities": 9,
    "allowances": 8, "articles": 12, "company_cars": 10, "contact_tags": 3, "countries": 2, "equipments": 9,
    "internal_projects": 8, "time_additions": 9, "time_articles": 8, "time_codes": 9, "users": 35,
}  # fmt: skip


def test_no_documented_field_is_missing() -> None:
    assert {name: len(endpoint.fields) for name, endpoint in blikk().endpoints.items()} == FIELD_COUNTS


REQUIRED_TO_WRITE = {
    "contacts": {"name", "contactType", "responsibleId"},
    "tasks": {"title"},
    "task_comments": {"taskId", "text"},
    "task_checklists": {"taskId", "name"},
    "task_attachments": {"taskId"},
    "time_reports": {
        "date", "hours", "invoiceableHours", "userId", "activityId", "timeCodeId", "timeArticleId",
    },
}  # fmt: skip


def test_what_a_write_must_have_is_marked() -> None:
    found = {
        name: {field for field, schema in endpoint.write_fields.items() if schema.required}
        for name, endpoint in blikk().endpoints.items()
        if endpoint.write_fields
    }

    assert found == REQUIRED_TO_WRITE


def test_tags_of_a_contact_may_be_named_in_either_way() -> None:
    contacts = blikk().endpoints["contacts"]

    assert contacts.write_fields["tags"].aliases == ("tagIds",)
    assert contacts.aliases == {"tagIds": "tags"}


# --- particular lists ----------------------------------------------------------------------------


def test_days_of_users_are_asked_for_in_slices_of_31_days_and_come_one_by_one() -> None:
    endpoint = blikk().endpoints["user_day_statistics"]
    window = endpoint.operations["list"].window

    assert window is not None
    assert (window.start, window.end, window.days, window.required) == ("filter.from", "filter.to", 31, True)
    assert endpoint.operations["list"].flatten == {"items": "dates"}
    assert endpoint.key == ("userId", "date")
    assert "total" not in endpoint.operations["list"].paging


@pytest.mark.parametrize("name", ["task_comments", "task_checklists", "task_attachments"])
def test_what_hangs_on_tasks_is_listed_task_by_task(name: str) -> None:
    parent = blikk().endpoints[name].parent

    assert parent is not None
    assert (parent["endpoint"], parent["params"]) == ("tasks", {"taskId": "id"})


def test_creates_are_found_again_by_what_they_hold() -> None:
    found = {name: endpoint.match for name, endpoint in blikk().endpoints.items() if endpoint.match}

    assert found.keys() == {name for name, op in OPERATIONS if op == "create"}
    assert found["time_reports"]["params"] == {"filter.from": "date", "filter.to": "date", "filter.userIds": "userId"}
    for name, match in found.items():
        assert match["compare"].keys() <= blikk().endpoints[name].write_fields.keys()
        assert not blikk().endpoints[name].operations["create"].idempotent


def test_the_rate_is_counted_per_application() -> None:
    (window,) = blikk().throttle

    assert (window.requests, window.seconds, blikk().throttle_by) == (4, 1.0, "app_id")


def test_paths_are_spelled_as_documented() -> None:
    """The document glues words to paths here and there."""
    for _, path, _ in OPERATIONS.values():
        assert re.fullmatch(r"(/[A-Za-z0-9]+|/\{[a-zA-Z]+\})+", path)
