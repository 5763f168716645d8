"""Every operation of the packaged connectors against the sandbox, which others wrote from the vendors' documents."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from etl.clock import SystemClock
from etl.connectors.load import load_connector
from etl.connectors.rest import RestConnection
from etl.errors import LoginFailed
from etl.model import Action, Item, Json, Outcome, Record, Schema
from etl.ports import ReadRequest
from etl.sandbox import Sandbox
from etl.specs import ConnectionSpec, ThrottleWindow
from etl.steps.drift import Drift

Result = TypeVar("Result")
FAST = (ThrottleWindow(2000, 1.0),)
SPAN = {"filter.from": "2025-10-01", "filter.to": "2025-12-15"}

BLIKK, SHEETS, SCHEDULER = (load_connector(name, Path()) for name in ("blikk", "dimesheets", "dimescheduler"))
LISTED = [name for name, endpoint in BLIKK.endpoints.items() if "list" in endpoint.operations]


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(small=True, throttle=False) as running:
        yield running


@pytest.fixture
def use(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Any]:
    """Does something with a connection to one of the three APIs."""

    def work(api: str, story: Callable[[RestConnection], Awaitable[Result]], **spec: Any) -> Result:
        async def whole() -> Result:
            where = {**sandbox.connections[api], **spec}
            connection = RestConnection(
                ConnectionSpec(api, api, throttle=FAST, throttle_force=True, **where),
                load_connector(api, Path()),
                SystemClock(),
                root=tmp_path,
            )
            try:
                return await story(connection)
            finally:
                await connection.close()

        return asyncio.run(whole())

    return work


async def listed(connection: RestConnection, endpoint: str, request: ReadRequest | None = None) -> list[Record]:
    async with aclosing(connection.source(endpoint).pages(request or ReadRequest())) as pages:
        return [record async for page in pages for record in page.records]


def item(**output: Json) -> Item:
    return Item("1", {}, output)


def accepted(outcome: Outcome) -> Outcome:
    assert outcome.action is not Action.REJECTED, outcome.reason
    return outcome


def strays(records: list[Record], fields: dict[str, Schema]) -> dict[str, int]:
    """Fields that the connector does not document, or with another type; at every depth."""
    drift = Drift(fields)
    drift.look(records)
    found = dict(drift.counts)
    for name, schema in fields.items():
        inner = schema.properties or (schema.items.properties if schema.items else None)
        values = [record.get(name) for record in records if record.get(name) is not None]
        parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
        if inner and parts:
            found |= {f"{name}.{key}": count for key, count in strays(parts, dict(inner)).items()}
    return found


def missing(records: list[Record], fields: dict[str, Schema]) -> set[str]:
    return {name for name in fields for record in records if name not in record}


async def one_task_with(connection: RestConnection, count: str) -> Record:
    return next(task for task in await listed(connection, "tasks") if task[count])


# --- Blikk, reading ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LISTED)
def test_a_list_of_blikk_holds_what_is_documented(use: Callable[..., Any], name: str) -> None:
    endpoint = BLIKK.endpoints[name]

    async def story(connection: RestConnection) -> list[Record]:
        if endpoint.parent is None:
            params = SPAN if name == "user_day_statistics" else {}
            return await listed(connection, name, ReadRequest(params=params))
        counts = {"task_comments": "Comments", "task_checklists": "ChecklistPoints", "task_attachments": "Attachments"}
        task = await one_task_with(connection, f"numberOf{counts[name]}")
        return await listed(connection, name, ReadRequest(parents={"taskId": task["id"]}))

    records = use("blikk", story)

    assert records
    fields = {key: schema for key, schema in endpoint.fields.items() if not schema.detail_only}
    assert strays(records, fields) == {}
    assert missing(records, fields) == set()
    keys = [tuple(record[part] for part in endpoint.key) for record in records]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["contacts", "users", "time_reports"])
def test_the_full_form_of_a_blikk_record_holds_what_is_documented(use: Callable[..., Any], name: str) -> None:
    endpoint = BLIKK.endpoints[name]

    async def story(connection: RestConnection) -> list[Record]:
        records = await listed(connection, name)
        source = connection.source(name)
        return [await source.get({"id": record["id"]}) for record in records[:60]]

    records = use("blikk", story)

    fields = {key: schema for key, schema in endpoint.fields.items() if not schema.list_only}
    assert strays(records, fields) == {}
    assert missing(records, fields) == set()


FILTERS: dict[str, dict[str, Json]] = {
    "contacts": {
        "filter.query": "a",
        "filter.tagIds": [1],
        "filter.createdOrUpdatedSince": "2020-01-01T00:00:00Z",
        "filter.contactType": "company",
    },
    "projects": {"filter.query": "a"},
    "task_boards": {"filter.query": "a", "filter.projectIds": [1, 2]},
    "tasks": {
        "filter.from": "2020-01-01",
        "filter.to": "2030-01-01",
        "filter.memberIds": [1, 2],
        "filter.createdByUserIds": [1],
        "filter.taskIds": [1, 2],
        "filter.taskBoardId": -1,
        "filter.taskBoardColumnId": 1,
    },
    "time_reports": {
        "filter.from": "2020-01-01",
        "filter.to": "2030-01-01",
        "filter.userIds": [1, 2],
        "filter.projectId": 1,
        "filter.internalProjectId": 1,
        "filter.absenceProjectId": 1,
        "filter.contactId": 1,
        "filter.isSentToAttest": True,
        "filter.isAttested": False,
        "filter.projectType": "internalProject",
    },
    "articles": {"filter.query": "a"},
    "users": {"filter.query": "a"},
}


def test_every_filter_of_blikk_has_a_value_here() -> None:
    described = {name: set(BLIKK.endpoints[name].operations["list"].params) for name in FILTERS}

    assert described == {name: set(values) for name, values in FILTERS.items()}


@pytest.mark.parametrize(("name", "param"), [(name, param) for name, values in FILTERS.items() for param in values])
def test_blikk_understands_a_filter_as_it_is_sent(use: Callable[..., Any], name: str, param: str) -> None:
    async def story(connection: RestConnection) -> tuple[int, int]:
        request = ReadRequest(params={param: FILTERS[name][param]})
        return len(await listed(connection, name, request)), len(await listed(connection, name))

    found, all_of_them = use("blikk", story)

    assert 0 <= found <= all_of_them


@pytest.mark.parametrize("name", [name for name in LISTED if BLIKK.endpoints[name].parent is None])
def test_blikk_understands_every_sort_value(use: Callable[..., Any], name: str) -> None:
    sort = BLIKK.endpoints[name].operations["list"].sort
    params = SPAN if name == "user_day_statistics" else {}
    assert sort is not None

    async def story(connection: RestConnection) -> set[int]:
        requests = [ReadRequest(params=params, sort=(value, sort.descending)) for value in sort.values]
        return {len(await listed(connection, name, request)) for request in requests}

    assert len(use("blikk", story)) == 1


def test_an_attachment_of_blikk_is_downloaded_whole(use: Callable[..., Any], tmp_path: Path) -> None:
    async def story(connection: RestConnection) -> tuple[int, int]:
        tasks = [task for task in await listed(connection, "tasks") if task["numberOfAttachments"]]
        source = connection.source("task_attachments")
        for task in tasks:
            parents = {"taskId": task["id"]}
            for attachment in await listed(connection, "task_attachments", ReadRequest(parents=parents)):
                if attachment["type"] == "file":
                    return await source.download(attachment, tmp_path / "file", parents), attachment["sizeInBytes"]
        raise AssertionError("no task has a file")

    size, documented = use("blikk", story)

    assert size == documented == (tmp_path / "file").stat().st_size


# --- Blikk, writing ------------------------------------------------------------------------------


def test_a_contact_is_created_changed_and_deleted(use: Callable[..., Any]) -> None:
    new = {
        "name": "Ny kund AB", "contactType": "Company", "customerNumber": "K-9", "responsibleId": 1, "tags": [1, 2],
        "email": "kund@example.com", "visitingAddress": {"streetAddress": "Storgatan 1", "city": "Piteå"},
    }  # fmt: skip

    async def story(connection: RestConnection) -> tuple[Record, Record | None]:
        target = connection.target("contacts")
        created = accepted(await target.create(item(**new)))
        found = await target.finder.find(new)
        assert [one.id for one in found] == [created.target_id]
        accepted(await target.update(item(name="Nytt namn AB"), created.target_id))
        changed = await target.finder.read(created.target_id)
        accepted((await target.delete([item(id=created.target_id)]))[0])
        return changed or {}, await target.finder.read(created.target_id)

    changed, after = use("blikk", story)

    assert changed["name"] == "Nytt namn AB"
    assert (changed["customerNumber"], changed["email"], changed["responsible"]["id"]) == ("K-9", new["email"], 1)
    assert sorted(tag["id"] for tag in changed["tags"]) == [1, 2]
    assert changed["visitingAddress"]["city"] == "Piteå"
    assert after is None


def test_tags_of_a_contact_go_by_the_other_documented_name_where_the_connection_says_so(
    use: Callable[..., Any], sandbox: Sandbox
) -> None:
    sandbox.configure(contact_tags="tagIds")
    new = {"name": "Ny kund AB", "contactType": "company", "responsibleId": 1, "tags": [2]}

    async def story(connection: RestConnection) -> Record | None:
        created = accepted(await connection.target("contacts").create(item(**new)))
        return await connection.finder("contacts").read(created.target_id)

    try:
        found = use("blikk", story, options={"spelling": {"tags": "tagIds"}})
    finally:
        sandbox.configure(contact_tags="tags")

    assert [tag["id"] for tag in found["tags"]] == [2]


def test_a_task_is_created_found_changed_and_deleted(use: Callable[..., Any]) -> None:
    new = {
        "title": "Byt elcentral i källaren", "description": "Med jordfelsbrytare", "estimate": 12.5, "projectId": 1,
        "startDate": "2026-02-03T07:00:00Z", "endDate": "2026-02-04", "memberIds": [1, 2], "isCompleted": True,
        "timeReportingEnabled": True,
    }  # fmt: skip

    async def story(connection: RestConnection) -> tuple[Record, Record | None]:
        target = connection.target("tasks")
        new["projectId"] = (await listed(connection, "projects"))[0]["id"]
        accepted(await target.create(item(**new)))
        (found,) = await target.finder.find(new)
        accepted(await target.update(item(title="Byt elcentral"), found.id))
        changed = await target.finder.read(found.id)
        accepted((await target.delete([item(id=found.id)]))[0])
        return changed or {}, await target.finder.read(found.id)

    changed, after = use("blikk", story)

    assert (changed["title"], changed["description"], changed["estimate"]) == (
        "Byt elcentral",
        new["description"],
        12.5,
    )
    assert changed["completedDate"] is not None
    assert [member["userId"] for member in changed["members"]] == [1, 2]
    assert changed["project"]["id"] == new["projectId"]
    assert (changed["startDate"], changed["startTime"], changed["endDate"]) == ("2026-02-03", "07:00", "2026-02-04")
    assert after is None


CHILDREN: dict[str, tuple[Record, Record, Record]] = {
    "task_comments": ({"text": "Klart i morgon"}, {"text": "Klart i dag"}, {"text": "Klart i dag"}),
    "task_checklists": (
        {"name": "Före", "items": [{"name": "Ström av", "isCompleted": True}, {"name": "Foto", "isCompleted": False}]},
        {"name": "Efter"},
        {"name": "Efter"},
    ),
    "task_attachments": ({"name": "Ritning", "file": "ritning.txt"}, {"name": "Ritning 2"}, {"name": "Ritning 2"}),
}


@pytest.mark.parametrize("name", CHILDREN)
def test_what_belongs_to_a_task_is_created_found_changed_and_deleted(
    use: Callable[..., Any], tmp_path: Path, name: str
) -> None:
    (tmp_path / "ritning.txt").write_text("en ritning")
    new, change, expected = CHILDREN[name]

    async def story(connection: RestConnection) -> tuple[Record, list[Record]]:
        task = {"taskId": (await listed(connection, "tasks"))[-1]["id"]}
        target = connection.target(name)
        accepted(await target.create(item(**task, **new)))
        (found,) = await target.finder.find({**task, **new})
        accepted(await target.update(item(**task, **change), found.id))
        changed = next(
            one for one in await listed(connection, name, ReadRequest(parents=task)) if one["id"] == found.id
        )
        accepted((await target.delete([item(**task, id=found.id)]))[0])
        return changed, await listed(connection, name, ReadRequest(parents=task))

    changed, after = use("blikk", story)

    assert {key: changed[key] for key in expected} == expected
    assert changed["id"] not in [one["id"] for one in after]
    if name == "task_checklists":
        kept = [(point["title"], point["completedDate"] is not None) for point in changed["items"]]
        assert kept == [("Ström av", True), ("Foto", False)]


def test_a_link_is_attached_without_a_file(use: Callable[..., Any]) -> None:
    link = {"name": "Mapp", "externalUrl": "https://drive.example.com/mapp", "externalUrlType": "googleDrive"}

    async def story(connection: RestConnection) -> Record:
        task = {"taskId": (await listed(connection, "tasks"))[-1]["id"]}
        accepted(await connection.target("task_attachments").create(item(**task, **link)))
        (found,) = await connection.finder("task_attachments").find({**task, **link})
        return found.record

    record = use("blikk", story)

    assert (record["type"], record["externalLinkUrl"]) == ("link", link["externalUrl"])


async def a_time_report(connection: RestConnection) -> Record:
    names = "users projects activities time_codes time_articles company_cars articles equipments"
    first = {name: (await listed(connection, name))[0]["id"] for name in names.split()}
    return {
        "date": "2026-01-07", "clockStart": "07:00", "clockEnd": "16:00", "hours": 8.25, "invoiceableHours": 8,
        "breakMinutes": 45, "comment": "Dragit kabel", "userId": first["users"], "projectId": first["projects"],
        "activityId": first["activities"], "timeCodeId": first["time_codes"], "timeArticleId": first["time_articles"],
        "travelReport": {
            "place": "Piteå", "distance": 42.5, "invoiceableDistance": 40, "toSalary": True,
            "companyCar": {"id": first["company_cars"], "tripStart": 100, "tripEnd": 142.5, "addressStart": "A"},
        },
        "materials": [{"articleId": first["articles"], "title": "Kabel", "unitPrice": 12.5, "units": 4}],
        "equipments": [{"hours": 2, "articleId": first["equipments"], "comment": "Lift"}],
    }  # fmt: skip


def test_a_time_report_is_created_found_changed_and_deleted(use: Callable[..., Any]) -> None:
    async def story(connection: RestConnection) -> tuple[Record, Record, Record | None]:
        target, new = connection.target("time_reports"), await a_time_report(connection)
        accepted(await target.create(item(**new)))
        (found,) = await target.finder.find(new)
        before = await target.finder.read(found.id)
        accepted(await target.update(item(comment="Dragit mer kabel"), found.id))
        changed = await target.finder.read(found.id)
        accepted((await target.delete([item(id=found.id)]))[0])
        return before or {}, changed or {}, await target.finder.read(found.id)

    before, changed, after = use("blikk", story)

    moves = ("comment", "updatedDate")
    assert changed["comment"] == "Dragit mer kabel"
    assert {key: value for key, value in changed.items() if key not in moves} == {
        key: value for key, value in before.items() if key not in moves
    }
    assert (before["travelReport"]["distance"], before["travelReport"]["companyCar"]["tripEnd"]) == (42.5, 142.5)
    assert after is None


def test_an_allowance_can_not_be_read_back_so_that_the_update_says_what_would_be_lost(use: Callable[..., Any]) -> None:
    async def story(connection: RestConnection) -> Outcome:
        target, new = connection.target("time_reports"), await a_time_report(connection)
        allowance = {"allowanceTypeId": (await listed(connection, "allowances"))[0]["id"], "toBeInvoiced": True}
        new |= {"date": "2026-01-08", "allowanceReport": allowance}
        accepted(await target.create(item(**new)))
        (found,) = await target.finder.find(new)
        return await target.update(item(comment="Annat"), found.id)

    outcome = use("blikk", story)

    assert (outcome.action, outcome.field, outcome.code) == (Action.REJECTED, "allowanceReport", "lossy")


# --- Dime.Sheets ---------------------------------------------------------------------------------


def test_dimesheets_takes_projects_tasks_and_employees(use: Callable[..., Any], sandbox: Sandbox) -> None:
    email = sandbox.records("dimesheets", "users")[0]["email"]
    rows: dict[str, Record] = {
        "projects": {"externalId": "p-1", "name": "Villa", "startDate": "2026-04-01", "budget": 75000.5},
        "tasks": {
            "externalId": "t-1", "projectExternalId": "p-1", "name": "Kabel", "description": None,
            "estimatedHours": 80, "isBillable": True,
        },
        "employees": {"email": email, "employeeNo": "E-1", "employeeExternalId": None},
    }  # fmt: skip

    async def story(connection: RestConnection) -> None:
        for name, row in rows.items():
            key = row[SHEETS.endpoints[name].target_key[0]]
            (outcome,) = await connection.target(name).upsert([Item("1", {}, row, target_key=key)])
            accepted(outcome)

    use("dimesheets", story)

    (project,) = [row for row in sandbox.records("dimesheets", "projects") if row["externalId"] == "p-1"]
    assert (project["startDate"], project["budget"]) == ("2026-04-01T00:00:00Z", 75000.5)


def test_dimesheets_time_entries_are_listed_by_days_and_created(use: Callable[..., Any]) -> None:
    entry = {"date": "2026-11-17", "duration": 2.5, "description": "Granskning", "isBillable": True, "taskId": None}
    entry["tagNames"] = ["Kontor"]

    async def story(connection: RestConnection) -> tuple[Outcome, Record, list[Record]]:
        created = accepted(await connection.target("time_entries").create(item(**entry)))
        (found,) = await connection.finder("time_entries").find(entry)
        span = ReadRequest(params={"startDate": "2026-11-17", "endDate": "2026-11-17"})
        return created, found.record, await listed(connection, "time_entries", span)

    created, found, day = use("dimesheets", story)

    assert created.target_id == found["id"]
    assert [one["id"] for one in day] == [found["id"]]
    assert strays(day, dict(SHEETS.endpoints["time_entries"].fields)) == {}


def test_dimesheets_periods_are_listed_and_read_by_their_external_id(use: Callable[..., Any]) -> None:
    async def story(connection: RestConnection) -> tuple[list[Record], list[Record], Record, Record | None]:
        periods = await listed(connection, "timesheet_periods")
        closed = await listed(connection, "timesheet_periods", ReadRequest(params={"status": 1}))
        source, name = connection.source("timesheet_periods"), periods[0]["externalId"]
        nobody = await connection.finder("timesheet_periods").read(1, {"externalId": "no-such-period"})
        return periods, closed, await source.get({"externalId": name}), nobody

    periods, closed, one, nobody = use("dimesheets", story)

    assert one == periods[0]
    assert 0 < len(closed) < len(periods)
    assert {period["status"] for period in closed} == {1}
    assert strays(periods, dict(SHEETS.endpoints["timesheet_periods"].fields)) == {}
    assert nobody is None


# --- Dime.Scheduler ------------------------------------------------------------------------------

GUID = "f971a8ab-25cb-4165-a3d6-84d52e895a1e"
KNOWN: dict[str, Json] = {
    "SourceApp": "BLIKK", "SourceType": "PROJECT", "JobNo": "J1", "TaskNo": "T1", "ResourceNo": "R1",
    "AppointmentGuid": GUID, "pAppointmentGuid": GUID, "Appointment": GUID, "Container": "C1", "ContainerName": "C1",
    "FilterGroup": "Skills", "FilterGroupName": "Skills", "GroupName": "Skills", "FilterValue": "Welding",
    "Category": "Green", "CategoryName": "Green", "TimeMarker": "Striped", "Pin": "Pin", "mboc_id": "1",
    "Start": "2026-01-05T07:00:00Z", "End": "2026-01-05T16:00:00Z", "ParentTaskNo": None, "PredecessorTaskNo": None,
    "pSourceApp": "BLIKK", "pSourceType": "PROJECT",
}  # fmt: skip
NAMES = {"containers": "C1", "pins": "Pin", "connectors": "BC"}
SAMPLES: dict[str, Json] = {
    "string": "x", "integer": 1, "number": 1.5, "boolean": True, "date-time": "2026-04-01", "time": "07:30",
    "array": ["a", "b"],
}  # fmt: skip
WAITING: dict[str, set[str]] = {name: set(endpoint.depends_on) for name, endpoint in SCHEDULER.endpoints.items()}


def in_order() -> list[str]:
    order: list[str] = []
    while len(order) < len(WAITING):
        order += [name for name, needed in WAITING.items() if name not in order and needed <= set(order)]
    return order


def full_record(name: str, operation: str, appointment_id: int | None) -> Record:
    """A record with every parameter that the operation takes."""
    record: Record = {}
    for key, schema in SCHEDULER.endpoints[name].fields.items():
        if schema.operations and operation not in schema.operations:
            continue
        if key in ("AppointmentId", "pAppointmentId"):
            if appointment_id is not None:
                record[key] = appointment_id
        elif key == "Name" and name in NAMES:
            record[key] = NAMES[name]
        elif key in KNOWN:
            if KNOWN[key] is not None:
                record[key] = KNOWN[key]
        else:
            record[key] = next(iter(schema.labels)) if schema.labels else SAMPLES[schema.type]
    return record


def test_dimescheduler_takes_every_parameter_of_every_entity_and_deletes_what_can_be_deleted(
    use: Callable[..., Any], sandbox: Sandbox
) -> None:
    def appointment_id() -> int | None:
        rows = sandbox.records("dimescheduler", "appointments")
        return next((row["AppointmentId"] for row in rows if row["AppointmentGuid"] == GUID), None)

    async def story(connection: RestConnection) -> None:
        for name in in_order():
            output = full_record(name, "upsert", appointment_id())
            (outcome,) = await connection.target(name).upsert([item(**output)])
            accepted(outcome)
            counts[name] = len(sandbox.records("dimescheduler", name))
        for name in reversed(in_order()):
            if "delete" in SCHEDULER.endpoints[name].operations:
                output = full_record(name, "delete", appointment_id())
                (outcome,) = await connection.target(name).delete([item(**output)])
                accepted(outcome)
                assert len(sandbox.records("dimescheduler", name)) == counts[name] - 1, name

    counts: dict[str, int] = {}
    use("dimescheduler", story)

    assert len(counts) == 35
    assert all(counts.values())


@pytest.mark.parametrize("api", ["blikk", "dimesheets", "dimescheduler"])
def test_a_connection_is_checked_by_a_cheap_read(use: Callable[..., Any], sandbox: Sandbox, api: str) -> None:
    sandbox.forget_requests()

    assert use(api, lambda connection: connection.check()) == []

    assert 1 <= len([entry for entry in sandbox.requests(api) if entry.method == "GET"]) <= 5


def test_a_wrong_key_of_dimescheduler_is_found_by_the_check(use: Callable[..., Any]) -> None:
    with pytest.raises(LoginFailed, match="api_key"):
        use("dimescheduler", lambda connection: connection.check(), auth={"api_key": "wrong"})


def test_dimescheduler_takes_an_api_key_as_well(use: Callable[..., Any]) -> None:
    async def story(connection: RestConnection) -> Outcome:
        return (await connection.target("pins").upsert([item(Name="Blue", HexColor="#0000ff")]))[0]

    accepted(use("dimescheduler", story, auth={"api_key": "sandbox-scheduler-key"}))


def test_dimescheduler_clears_all_filter_values_where_the_connection_says_so(
    use: Callable[..., Any], sandbox: Sandbox
) -> None:
    values = [{"FilterGroup": "Trades", "FilterValue": value} for value in ("Plumber", "Painter")]
    resource = {"SourceApp": "BLIKK", "SourceType": "USER", "ResourceNo": "R7"}

    async def story(connection: RestConnection) -> None:
        accepted((await connection.target("resources").upsert([item(ResourceNo="R7")]))[0])
        await connection.target("filter_groups").upsert([item(GroupName="Trades")])
        groups = [item(FilterGroupName=one["FilterGroup"], FilterValue=one["FilterValue"]) for one in values]
        await connection.target("filter_values").upsert(groups)
        await connection.target("resource_filter_values").upsert([item(**resource, **one) for one in values])
        await connection.target("resource_filter_values").delete([item(**resource, **values[0])])

    use("dimescheduler", story, options={"procedures": "clear"})

    assert not [row for row in sandbox.records("dimescheduler", "resource_filter_values") if row["ResourceNo"] == "R7"]
