"""The packaged connectors against the vendors' documents, as read a second time for these tables."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import jmespath
import pytest

from etl.catalogue import Connector, Endpoint, Op
from etl.connectors.checks import check_connector, expressions
from etl.connectors.load import load_connector, packaged
from etl.documents import source
from etl.expressions.findings import Surroundings
from etl.expressions.infer import infer
from etl.expressions.parse import names_used, parse
from etl.model import Schema
from etl.resources import connectors as packaged_folder
from etl.sandbox.dimescheduler.catalogue import catalogue

# --- Blikk ---------------------------------------------------------------------------------------

BLIKK_OPERATIONS = """
contacts            list     GET    /v1/Core/Contacts                                        Contact_Read
contacts            get      GET    /v1/Core/Contacts/:id                                    Contact_Read
contacts            create   POST   /v1/Core/Contacts                                        Contact_Write
contacts            update   PUT    /v1/Core/Contacts/:id                                    Contact_Write
contacts            delete   DELETE /v1/Core/Contacts/:id                                    Contact_Write
projects            list     GET    /v1/Core/Projects                                        Project_Read
task_boards         list     GET    /v1/Core/TaskBoards                                      Task_Read
tasks               list     GET    /v1/Core/Tasks                                           Task_Read
tasks               create   POST   /v1/Core/Tasks                                           Task_Write
tasks               update   PUT    /v1/Core/Tasks/:taskId                                   Task_Write
tasks               delete   DELETE /v1/Core/Tasks/:id                                       Task_Write
task_comments       list     GET    /v1/Core/Tasks/:taskId/Comments                          Task_Read
task_comments       create   POST   /v1/Core/Tasks/:taskId/Comments                          Task_Write
task_comments       update   PUT    /v1/Core/Tasks/:taskId/Comments/:commentId               Task_Write
task_comments       delete   DELETE /v1/Core/Tasks/:taskId/Comments/:commentId               Task_Write
task_checklists     list     GET    /v1/Core/Tasks/:taskId/Checklists                        Task_Read
task_checklists     create   POST   /v1/Core/Tasks/:taskId/Checklists                        Task_Write
task_checklists     update   PUT    /v1/Core/Tasks/:taskId/Checklists/:checklistId           Task_Write
task_checklists     delete   DELETE /v1/Core/Tasks/:taskId/Checklists/:checklistId           Task_Write
task_attachments    list     GET    /v1/Core/Tasks/:taskId/Attachments                       Task_Read
task_attachments    download GET    /v1/Core/Tasks/:taskId/Attachments/:attachmentId/Download Task_Read
task_attachments    create   POST   /v1/Core/Tasks/:taskId/Attachments                       Task_Write
task_attachments    update   PUT    /v1/Core/Tasks/:taskId/Attachments/:attachmentId         Task_Write
task_attachments    delete   DELETE /v1/Core/Tasks/:taskId/Attachments/:attachmentId         Task_Write
time_reports        list     GET    /v1/Core/TimeReports                                     Timereport_Read
time_reports        get      GET    /v1/Core/TimeReports/:id                                 Timereport_Read
time_reports        create   POST   /v1/Core/TimeReports                                     Timereport_Write
time_reports        update   PUT    /v1/Core/TimeReports/:id                                 Timereport_Write
time_reports        delete   DELETE /v1/Core/TimeReports/:id                                 Timereport_Write
user_day_statistics list     GET    /v1/Core/TimeReports/UserDayStatistics                   Timereport_Read
absence_projects    list     GET    /v1/Admin/AbsenceProjects                                -
activities          list     GET    /v1/Admin/Activities                                     -
allowances          list     GET    /v1/Admin/Allowances                                     -
articles            list     GET    /v1/Admin/Articles                                       -
company_cars        list     GET    /v1/Admin/CompanyCars                                    -
contact_tags        list     GET    /v1/Admin/ContactTags                                    -
countries           list     GET    /v1/Admin/Countries                                      -
equipments          list     GET    /v1/Admin/Equipments                                     -
internal_projects   list     GET    /v1/Admin/InternalProjects                               -
time_additions      list     GET    /v1/Admin/TimeAdditions                                  -
time_articles       list     GET    /v1/Admin/TimeArticles                                   -
time_codes          list     GET    /v1/Admin/TimeCodes                                      -
users               list     GET    /v1/Admin/Users                                          -
users               get      GET    /v1/Admin/Users/:id                                      -
"""

BLIKK_SORTS = {
    "contacts": "name customerNumber created updated",
    "projects": "orderNumber title createdDate updatedDate",
    "task_boards": "createdDate updatedDate name",
    "tasks": "createdDate title startDate endDate",
    "task_comments": "createdDate",
    "task_checklists": "name",
    "task_attachments": "name",
    "time_reports": "date userName hours invoiceableHours sentToAttestDate attestedDate createdDate updatedDate",
    "user_day_statistics": "name",
    "absence_projects": "name",
    "activities": "name createdDate updatedDate",
    "allowances": "name createdDate updatedDate",
    "articles": "name articleNumber createdDate updatedDate",
    "company_cars": "name createdDate updatedDate",
    "contact_tags": "name createdDate",
    "countries": "name",
    "equipments": "name createdDate updatedDate",
    "internal_projects": "name",
    "time_additions": "name createdDate updatedDate",
    "time_articles": "name createdDate updatedDate",
    "time_codes": "name createdDate updatedDate",
    "users": "name",
}

BLIKK_FILTERS = {
    "contacts": {
        "query": "string", "tagIds": "[integer]", "createdOrUpdatedSince": "moment", "contactType": "person company",
    },
    "projects": {"query": "string"},
    "task_boards": {"query": "string", "projectIds": "[integer]"},
    "tasks": {
        "from": "moment", "to": "moment", "memberIds": "[integer]", "createdByUserIds": "[integer]",
        "taskIds": "[integer]", "taskBoardId": "integer", "taskBoardColumnId": "integer",
    },
    "time_reports": {
        "from": "moment", "to": "moment", "userIds": "[integer]", "projectId": "integer",
        "internalProjectId": "integer", "absenceProjectId": "integer", "contactId": "integer",
        "isSentToAttest": "boolean", "isAttested": "boolean", "projectType": "project internalProject absenceProject",
    },
    "user_day_statistics": {
        "from": "moment", "to": "moment", "userIds": "[integer]", "departmentIds": "[integer]",
    },
    "articles": {"query": "string"},
    "users": {"query": "string"},
}  # fmt: skip

BLIKK_BY_UPDATED = {
    **dict.fromkeys(("task_boards", "time_reports"), "updatedDate || createdDate"),
    **dict.fromkeys(
        ("projects", "activities", "allowances", "articles", "company_cars", "equipments"), "updated || created"
    ),
    **dict.fromkeys(("time_additions", "time_articles", "time_codes"), "updated || created"),
}
"""Lists without a filter, but with a sort by their last change: cursor."""

BLIKK_WRITTEN = {
    "contacts": (
        "name! customerNumber contactType! organizationalOrSocialSecurityNumber companyId parentCompanyId isActive "
        "email invoiceEmail phoneNumber cellPhoneNumber importantInformation isSupplier isWholeSale isRetailer "
        "isSubContractor isPartner isCustomer useReverseBuildTax responsibleId! tags visitingAddress deliveryAddress "
        "invoiceAddress"
    ),
    "tasks": (
        "title! description isCompleted timeReportingEnabled estimate startDate endDate tagIds memberIds "
        "taskBoardColumnId projectId"
    ),
    "task_comments": "text!",
    "task_checklists": "name! items",
    "time_reports": (
        "date! clockStart clockEnd hours! invoiceableHours! breakMinutes comment internalComment userId! projectId "
        "internalProjectId absenceProjectId activityId! timeCodeId! timeArticleId! taskId travelReport allowanceReport "
        "materials equipments additions"
    ),
}
"""Properties of create and update; `!` marks the required ones."""

DETAIL_ONLY = {
    "contacts": (
        "isActive email invoiceEmail phoneNumber cellPhoneNumber importantInformation isSupplier isWholeSale "
        "isRetailer isSubContractor isPartner isCustomer useReverseBuildTax responsible tags deliveryAddress "
        "invoiceAddress createdBy lastUpdatedBy"
    ),
    "users": (
        "email socialSecurityNumber mobilePhoneNumber workPhoneNumber note costCenter salaryType costPerHour "
        "employeeNumber settlementAccount address nextOfKin nextOfKinRelation nextOfKinPhoneNumber manager schedule "
        "standardTimeArticle standardActivity timeBankEnabled currentTimeBank planningCapacityInPercent tags"
    ),
    "time_reports": (
        "attestedByUser bookingProject task travelReport allowanceReport materials equipments additions"
    ),
}  # fmt: skip


@cache
def connector(name: str) -> Connector:
    return load_connector(name, Path())


def operations(name: str) -> Iterator[tuple[Endpoint, Op]]:
    for endpoint in connector(name).endpoints.values():
        for operation in endpoint.operations.values():
            yield endpoint, operation


def blank_path(path: str) -> str:
    """The path with its parameters' names left out: documents call one thing `id` here and `taskId` there."""
    return re.sub(r":\w+|\{\w+\}", "*", path)


def test_blikk_has_each_documented_operation_and_no_other() -> None:
    documented = [line.split() for line in BLIKK_OPERATIONS.split("\n") if line]

    described = [
        [endpoint.name, op.name, op.method, blank_path(op.path), op.permission or "-"]
        for endpoint, op in operations("blikk")
    ]

    assert len(documented) == 44
    assert sorted(described) == sorted([*line[:3], blank_path(line[3]), line[4]] for line in documented)


def test_blikk_lists_are_asked_for_the_largest_pages_by_number() -> None:
    for endpoint, op in operations("blikk"):
        if op.name == "list":
            assert op.records == "items", endpoint.name
            assert op.paging["page_param"] == "page"
            assert (op.paging["size_param"], op.paging["size"]) == ("pageSize", 100)


@pytest.mark.parametrize("name", BLIKK_SORTS)
def test_blikk_lists_sort_by_the_documented_values(name: str) -> None:
    sort = connector("blikk").endpoints[name].operations["list"].sort

    assert sort is not None
    assert " ".join(sort.values) == BLIKK_SORTS[name]
    assert (sort.by_param, sort.order_param) == ("sortBy", "sortOrder")


@pytest.mark.parametrize("name", BLIKK_SORTS)
def test_blikk_lists_are_read_in_the_order_that_moves_least(name: str) -> None:
    sort = connector("blikk").endpoints[name].operations["list"].sort

    assert sort is not None
    by_creation = [value for value in sort.values if value in ("created", "createdDate")]
    assert sort.stable == (by_creation or ["name"])[0]


@pytest.mark.parametrize("name", BLIKK_SORTS)
def test_blikk_lists_have_the_documented_filters(name: str) -> None:
    params = connector("blikk").endpoints[name].operations["list"].params
    kinds = {
        key: " ".join(map(str, param.values))
        or (f"[{param.items}]" if param.type == "array" else param.type.replace("date-time", "date"))
        for key, param in params.items()
    }

    documented = BLIKK_FILTERS.get(name, {})
    assert kinds == {f"filter.{key}": kind.replace("moment", "date") for key, kind in documented.items()}


@pytest.mark.parametrize("name", BLIKK_SORTS)
def test_blikk_says_how_changed_records_are_found(name: str) -> None:
    way = connector("blikk").endpoints[name].incremental

    if name == "contacts":
        assert way is not None
        assert (way.param, way.sort) == ("filter.createdOrUpdatedSince", None)
        assert way.cursor == "lastUpdated || created"
    elif name in BLIKK_BY_UPDATED:
        assert way is not None
        assert way.param is None
        assert way.cursor == BLIKK_BY_UPDATED[name]
        assert way.sort == {"sortBy": "updatedDate", "sortOrder": "descending"}
        assert way.created_sort == {"sortBy": "createdDate", "sortOrder": "descending"}
    else:
        assert way is None


@pytest.mark.parametrize("name", DETAIL_ONLY)
def test_blikk_marks_what_only_the_full_form_has(name: str) -> None:
    fields = connector("blikk").endpoints[name].fields

    assert {key for key, schema in fields.items() if schema.detail_only} == set(DETAIL_ONLY[name].split())


@pytest.mark.parametrize("name", BLIKK_WRITTEN)
def test_blikk_takes_the_documented_properties(name: str) -> None:
    endpoint = connector("blikk").endpoints[name]
    in_path = {"id", *(endpoint.parent or {}).get("params", {})}
    taken = {f"{key}!" if schema.required else key for key, schema in endpoint.written().items() if key not in in_path}

    assert taken == set(BLIKK_WRITTEN[name].split())


def test_blikk_says_no_such_record_with_400() -> None:
    for endpoint, op in operations("blikk"):
        if op.name in ("get", "download"):
            assert op.not_found == (400,), endpoint.name


def test_blikk_updates_that_replace_are_read_first() -> None:
    for endpoint, op in operations("blikk"):
        if op.name == "update" and endpoint.name != "task_attachments":
            assert op.options.get("replace") is True, endpoint.name


def test_blikk_personal_numbers_and_next_of_kin_are_sensitive() -> None:
    marked = {
        f"{endpoint.name}.{key}"
        for endpoint in connector("blikk").endpoints.values()
        for key, schema in {**endpoint.fields, **endpoint.write_fields}.items()
        if schema.sensitive
    }

    assert {
        "contacts.organizationalOrSocialSecurityNumber",
        "users.socialSecurityNumber",
        "users.costPerHour",
        "users.nextOfKin",
        "users.nextOfKinRelation",
        "users.nextOfKinPhoneNumber",
    } <= marked


def test_blikk_day_statistics_are_one_record_per_user_and_day() -> None:
    endpoint = connector("blikk").endpoints["user_day_statistics"]
    window = endpoint.operations["list"].window

    assert endpoint.key == ("userId", "date")
    assert window is not None
    assert (window.start, window.end, window.days) == ("filter.from", "filter.to", 31)
    documented = "userId name department date reportedHours scheduledHours lockedDate attestedDate"
    assert list(endpoint.fields) == documented.split()


def test_blikk_four_requests_a_second_are_counted_per_application() -> None:
    blikk = connector("blikk")

    assert [(window.requests, window.seconds) for window in blikk.throttle] == [(4, 1.0)]
    assert blikk.throttle_by == "app_id"


# --- Dime.Sheets ---------------------------------------------------------------------------------

DIMESHEETS_OPERATIONS = {
    ("projects", "upsert", "POST", "/api/v1/integration/projects"),
    ("tasks", "upsert", "POST", "/api/v1/integration/tasks"),
    ("employees", "upsert", "POST", "/api/v1/integration/employees"),
    ("time_entries", "list", "GET", "/api/v1/time-entries"),
    ("time_entries", "create", "POST", "/api/v1/time-entries"),
    ("timesheet_periods", "list", "GET", "/api/v1/timesheet-periods"),
    ("timesheet_periods", "get", "GET", "/api/v1/timesheet-periods/{externalId}"),
}


def test_dimesheets_has_each_documented_operation_and_no_other() -> None:
    assert {(one.name, op.name, op.method, op.path) for one, op in operations("dimesheets")} == DIMESHEETS_OPERATIONS


def test_dimesheets_upserts_say_for_each_record_what_became_of_it() -> None:
    for endpoint, op in operations("dimesheets"):
        if op.name == "upsert":
            assert op.results is not None, endpoint.name
            assert (op.results.records, op.results.key) == ("results", "externalId")


def test_dimesheets_closed_periods_are_known_before_a_time_entry_is_sent() -> None:
    entries = connector("dimesheets").endpoints["time_entries"]

    assert entries.closed_periods is not None
    assert entries.closed_periods["endpoint"] == "timesheet_periods"
    conflict = entries.operations["create"].conflict
    assert conflict is not None
    assert (conflict["statuses"], conflict["code"]) == ([409], "closed-period")


def test_dimesheets_states_go_by_name_or_number() -> None:
    endpoints = connector("dimesheets").endpoints

    assert endpoints["timesheet_periods"].fields["status"].labels == {"Open": 0, "Closed": 1}
    states = {"Draft": 0, "Submitted": 1, "Approved": 2, "Rejected": 3, "Released": 4}
    assert endpoints["time_entries"].fields["timesheetStatus"].labels == states


# --- Dime.Scheduler ------------------------------------------------------------------------------

KINDS = {
    "string": "string", "int": "integer", "decimal": "number", "boolean": "boolean", "datetime": "date-time",
    "guid": "string", "string_list": "array",
}  # fmt: skip


NOT_SENT_BY_THE_SDK = {"appointments": "AppointmentNo", "connectors": "BackOfficeSystem"}
"""Parameters that the vendor's page or its older SDK names: the sandbox takes them, nobody should rely on them."""


def procedure(operation: Op) -> str:
    assert isinstance(operation.body, Mapping)
    return str(operation.body["name_value"]["procedure"])


def test_dimescheduler_has_all_entities_procedures_and_parameters() -> None:
    endpoints = connector("dimescheduler").endpoints.values()

    assert len(endpoints) == 35
    assert len({procedure(each.operations["upsert"]) for each in endpoints}) == 35
    assert len({procedure(each.operations["delete"]) for each in endpoints if "delete" in each.operations}) == 23
    assert sum(len(each.fields) for each in endpoints) == 536


@pytest.mark.parametrize("name", sorted(catalogue().entities))
def test_dimescheduler_agrees_with_what_the_sandbox_was_built_from(name: str) -> None:
    endpoint, entity = connector("dimescheduler").endpoints[name], catalogue().entities[name]

    assert procedure(endpoint.operations["upsert"]) == entity.append[0]
    deletes = procedure(endpoint.operations["delete"]) if "delete" in endpoint.operations else None
    assert deletes == entity.delete
    parameters = {key: value for key, value in entity.parameters.items() if key != NOT_SENT_BY_THE_SDK.get(name)}
    assert list(endpoint.fields) == list(parameters)
    for key, parameter in parameters.items():
        schema = endpoint.fields[key]
        assert schema.required == ("append" in parameter.required), key
        assert schema.max_length in (parameter.max_length, 36 if parameter.type == "guid" else parameter.max_length)
        if parameter.type in catalogue().enums:
            assert schema.labels == catalogue().enums[parameter.type], key
        elif parameter.type != "timespan":
            assert schema.type == KINDS[parameter.type], key


def test_dimescheduler_values_are_all_text() -> None:
    wire = connector("dimescheduler").wire

    assert wire.text
    assert (wire.boolean, wire.list_join) == (("False", "True"), ";")
    assert wire.date_time == "%Y-%m-%d %H:%M:%SZ"


def test_dimescheduler_nulls_leave_their_parameter_out() -> None:
    for endpoint in connector("dimescheduler").endpoints.values():
        assert not [key for key, schema in endpoint.fields.items() if schema.nullable], endpoint.name


def test_dimescheduler_writes_what_others_refer_to_first() -> None:
    endpoints = connector("dimescheduler").endpoints
    order: list[str] = []
    waiting = list(endpoints)
    while waiting:
        ready = [name for name in waiting if set(endpoints[name].depends_on) <= set(order)]
        assert ready, f"these wait for each other: {waiting}"
        order += ready
        waiting = [name for name in waiting if name not in ready]

    assert order.index("jobs") < order.index("tasks") < order.index("appointments") < order.index("assignments")
    assert order.index("filter_groups") < order.index("filter_values") < order.index("resource_filter_values")


# --- all of them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", packaged())
def test_a_packaged_connector_fits_its_schema(name: str) -> None:
    problems = check_connector(source.load(packaged_folder() / f"{name}.yaml"))

    assert problems == []


@pytest.mark.parametrize("name", packaged())
def test_each_expression_of_a_packaged_connector_is_jmespath(name: str) -> None:
    document = source.load(packaged_folder() / f"{name}.yaml")

    found = list(expressions(document.data))

    assert found
    for path, text in found:
        assert jmespath.compile(text), path


@pytest.mark.parametrize("name", packaged())
def test_what_is_looked_at_in_a_record_is_documented(name: str) -> None:
    for endpoint in connector(name).endpoints.values():
        for place, text in looked_at(endpoint):
            inferred = infer(parse(text), Surroundings(Schema("object", properties=endpoint.fields), full=True))
            assert [finding.message for finding in inferred.findings] == [], f"{endpoint.name} {place}: {text}"


def looked_at(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    """Every expression on a record of the endpoint as it is read."""
    for field, schema in endpoint.write_fields.items():
        for place, text in (("read_from", schema.read_from), ("lost_if", schema.lost_if)):
            if text is not None:
                yield f"{field}.{place}", text
        if schema.read_from is None and can_replace(endpoint) and takes(schema, "update") and field != "taskId":
            yield field, field
    if endpoint.version:
        yield "version", endpoint.version
    if endpoint.incremental:
        yield "incremental.cursor", endpoint.incremental.cursor
    match = endpoint.match or {}
    yield from ((f"match.compare.{field}", text) for field, text in match.get("compare", {}).items())
    if "created" in match:
        yield "match.created", match["created"]


def can_replace(endpoint: Endpoint) -> bool:
    update = endpoint.operations.get("update")
    return update is not None and bool(update.options.get("replace"))


def takes(schema: Schema, operation: str) -> bool:
    return not schema.operations or operation in schema.operations


@pytest.mark.parametrize("name", packaged())
def test_a_natural_key_is_made_of_written_fields(name: str) -> None:
    for endpoint in connector(name).endpoints.values():
        match = endpoint.match or {}
        written = set(endpoint.written())
        assert set(match.get("compare", {})) <= written, endpoint.name
        for text in match.get("params", {}).values():
            assert (names_used(parse(text)) or set()) <= written, endpoint.name


@pytest.mark.parametrize("name", packaged())
def test_keys_are_documented_fields(name: str) -> None:
    for endpoint in connector(name).endpoints.values():
        if "list" in endpoint.operations:
            assert set(endpoint.key) <= set(endpoint.fields), endpoint.name
        assert set(endpoint.target_key) <= set(endpoint.written()), endpoint.name
        for text in endpoint.references:
            assert {part.strip() for part in text.split(",")} <= set(endpoint.written()), endpoint.name


@pytest.mark.parametrize("name", packaged())
def test_names_in_paths_are_fields_or_come_from_the_parent(name: str) -> None:
    for endpoint, op in operations(name):
        known = {"id", *endpoint.fields, *endpoint.write_fields, *(endpoint.parent or {}).get("params", {})}
        assert set(re.findall(r"\{(\w+)\}", op.path)) <= known, f"{endpoint.name} {op.name}"
