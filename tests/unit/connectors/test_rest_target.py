"""Writes: batches with per-item results, envelopes, single creates, updates that keep what they don't name, deletes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from etl.catalogue import Op, Results, Window, Wire
from etl.connectors.rest import RestConnection
from etl.errors import ConnectionFailed, OutcomeUnknown, Refused
from etl.model import Action, Item, Json, LedgerEntry, Outcome, Record, Schema
from tests.support.rest import connect, op
from tests.support.serving import serving

RESULTS = Results("results", "externalId", "success", "error")
UPSERT = op("upsert", "POST", "/things", body="array", idempotent=True, results=RESULTS)
FIELDS = {"externalId": Schema("string"), "startDate": Schema("date-time"), "budget": Schema("number")}


def item(key: str, known: LedgerEntry | None = None, /, **output: Json) -> Item:
    return Item(key, {}, {"externalId": key, **output}, target_key=key, known=known)


def talk(
    handle: Callable[[web.Request, Json], Json],
    story: Callable[[RestConnection], Awaitable[Any]],
    *ops: Op,
    **options: Any,
) -> Any:
    async def told() -> Any:
        async def answer(request: web.Request) -> web.StreamResponse:
            body = (
                await request.json() if request.content_type == "application/json" and request.can_read_body else None
            )
            found = handle(request, body)
            return found if isinstance(found, web.StreamResponse) else web.json_response(found)

        async with serving(answer) as served:
            connection = connect(served.url, *ops, **options)
            try:
                return await story(connection)
            finally:
                await connection.close()

    return asyncio.run(told())


def upsert(
    handle: Callable[[Json], Json], items: list[Item], *ops: Op, spec: dict[str, Any] | None = None, **options: Any
) -> list[Outcome]:
    async def story(connection: RestConnection) -> list[Outcome]:
        return await connection.target("things").upsert(items)

    options = {"fields": FIELDS, "spec": spec or {}, **options}
    return list(talk(lambda _, body: handle(body), story, *(ops or (UPSERT,)), **options))


def good(key: str | None, error: str | None = None) -> Json:
    return {"externalId": key, "success": error is None, "error": error}


def told(outcomes: list[Outcome]) -> list[tuple[str, str, str | None]]:
    return [(outcome.item.key, str(outcome.action), outcome.reason) for outcome in outcomes]


# --- batches -----------------------------------------------------------------------------------------


def test_a_batch_is_one_request_in_the_apis_spelling() -> None:
    seen: list[Json] = []

    def handle(body: Json) -> Json:
        seen.append(body)
        return {"results": [good("a"), good("b")]}

    outcomes = upsert(handle, [item("a", startDate="2026-04-01", budget=7.5), item("b", startDate=None)])
    assert seen == [
        [
            {"externalId": "a", "startDate": "2026-04-01T00:00:00Z", "budget": 7.5},
            {"externalId": "b", "startDate": None},
        ]
    ]
    assert told(outcomes) == [("a", "written", None), ("b", "written", None)]


def test_each_item_gets_its_own_result_even_if_they_come_in_another_order() -> None:
    results = [good("c"), good("a"), good("b", "budget is negative")]
    outcomes = upsert(lambda _: {"results": results}, [item("a"), item("b"), item("c")])
    assert told(outcomes) == [("a", "written", None), ("b", "rejected", "budget is negative"), ("c", "written", None)]


def test_results_without_keys_are_matched_by_position() -> None:
    results = [good(None), good(None, "unknown address"), good("strange")]
    outcomes = upsert(lambda _: {"results": results}, [item("a"), item("b"), item("c")])
    assert told(outcomes) == [("a", "written", None), ("b", "rejected", "unknown address"), ("c", "written", None)]


@pytest.mark.parametrize(
    "results",
    [
        [good("b")],
        [good("b"), good(None)],
        [good("b"), good("b")],
        [good("b"), good("strange")],
    ],
)
def test_an_item_whose_result_is_missing_or_doubtful_is_rejected_and_never_taken_as_done(results: Json) -> None:
    outcomes = upsert(lambda _: {"results": results}, [item("a"), item("b")])
    assert [str(outcome.action) for outcome in outcomes] == ["rejected", "written"]
    assert outcomes[0].code == "no-result"


def test_keys_are_compared_as_the_target_does() -> None:
    one = Item("1", {}, {"email": " Åsa@X.se"}, target_key=" Åsa@X.se")
    results = [good("other"), {"externalId": "åsa@x.se", "success": True}]
    outcomes = upsert(lambda _: {"results": results}, [item("other"), one], normalise_key=("trim", "lower"))
    assert [str(outcome.action) for outcome in outcomes] == ["written", "written"]


def test_a_number_as_key_is_matched_as_text() -> None:
    outcomes = upsert(lambda _: {"results": [good("b"), {"externalId": 7.0, "success": True}]}, [item("7"), item("b")])
    assert [str(outcome.action) for outcome in outcomes] == ["written", "written"]


@pytest.mark.parametrize("success", [None, "true", 1, False])
def test_only_a_plain_true_is_a_success(success: Json) -> None:
    outcomes = upsert(lambda _: {"results": [{"externalId": "a", "success": success}]}, [item("a")])
    assert told(outcomes) == [("a", "rejected", "refused without a reason")]


@pytest.mark.parametrize("error", ["too long", ["too long"], {"code": 7, "message": "too long"}, [{"msg": "too long"}]])
def test_the_reason_of_a_single_record_is_found_in_whatever_form_it_has(error: Json) -> None:
    outcomes = upsert(lambda _: {"results": [{"externalId": "a", "success": False, "error": error}]}, [item("a")])
    assert told(outcomes) == [("a", "rejected", "too long")]


def test_a_target_may_say_which_records_were_new() -> None:
    results = Results("results", "externalId", "success", "error", created="isNew")
    answer = {"results": [{**good("a"), "isNew": True}, {**good("b"), "isNew": False}]}
    write = op("upsert", "POST", "/things", body="array", idempotent=True, results=results)
    outcomes = upsert(lambda _: answer, [item("a"), item("b")], write)
    assert [outcome.action for outcome in outcomes] == [Action.CREATED, Action.UPDATED]


def test_an_answer_without_results_leaves_nothing_taken_as_done() -> None:
    with pytest.raises(ConnectionFailed, match="the answer to a batch came without its results"):
        upsert(lambda _: {"total": 1}, [item("a")])


@pytest.mark.parametrize("code", [400, 409, 413, 422])
def test_a_batch_that_is_refused_as_a_whole_is_raised(code: int) -> None:
    with pytest.raises(Refused) as caught:
        upsert(lambda _: web.json_response({"message": "no"}, status=code), [item("a"), item("b")])
    assert (caught.value.status, caught.value.reason) == (code, "no")


def test_a_record_that_has_no_wire_form_is_rejected_alone() -> None:
    seen: list[Json] = []

    def handle(body: Json) -> Json:
        seen.append([record["externalId"] for record in body])
        return {"results": [good(key) for key in seen[-1]]}

    outcomes = upsert(handle, [item("a"), item("b", startDate="soon"), item("c")])
    assert seen == [["a", "c"]]
    assert [str(outcome.action) for outcome in outcomes] == ["written", "rejected", "written"]
    assert (outcomes[1].field, outcomes[1].code) == ("startDate", "type")


def test_a_lost_answer_to_an_upsert_is_asked_for_again() -> None:
    answers = [web.Response(text="<html>"), web.json_response({}, status=502)]
    outcomes = upsert(lambda _: answers.pop(0) if answers else {"results": [good("a")]}, [item("a")])
    assert told(outcomes) == [("a", "written", None)]


def test_a_wrapped_batch() -> None:
    seen: list[Json] = []
    write = op("upsert", "POST", "/things", body={"wrap": "data"}, idempotent=True)
    assert told(upsert(lambda body: seen.append(body), [item("a"), item("b")], write)) == [
        ("a", "written", None),
        ("b", "written", None),
    ]
    assert seen == [{"data": [{"externalId": "a"}, {"externalId": "b"}]}]


def test_an_upsert_of_single_records_is_one_request_each_and_their_refusals_are_their_own() -> None:
    write = op("upsert", "PUT", "/things/{externalId}", body="object")

    def handle(request: web.Request, body: Json) -> Json:
        if request.path.endswith("/b"):
            return web.json_response({"message": "no", "fields": {"budget": ["too much"]}}, status=422)
        assert body == {"budget": 1}
        return {}

    async def story(connection: RestConnection) -> list[Outcome]:
        return await connection.target("things").upsert([item("a", budget=1), item("b", budget=2)])

    outcomes = talk(handle, story, write, connector={"error": {"fields": "fields"}})
    assert told(outcomes) == [("a", "written", None), ("b", "rejected", "no (budget: too much)")]
    assert outcomes[1].field == "budget"


# --- Dime.Scheduler's import --------------------------------------------------------------------------

IMPORT = op(
    "upsert",
    "POST",
    "/import",
    body={"name_value": {"procedure": "new_name", "alternatives": {"legacy": "old_name"}, "constants": {"Sent": True}}},
    idempotent=True,
    envelope={
        "content": "content",
        "failed": "statusCode != `200` || content.Success == `false` || content.Error",
        "text": "content.Description || content.Message || content.Error",
        "status": "statusCode",
    },
)
IMPORTED = {"JobNo": Schema("string"), "Start": Schema("date-time"), "Sent": Schema("boolean"), "Qty": Schema("number")}
TEXTS = Wire(date_time="%Y-%m-%d %H:%M:%SZ", boolean=("False", "True"), text=True, list_join=";")


def imported(content: str, status: int = 200, options: dict[str, Json] | None = None) -> tuple[list[Outcome], Json]:
    seen: list[Json] = []

    def handle(body: Json) -> Json:
        seen.append(body)
        return {"content": content, "contentType": "application/json", "statusCode": status}

    one = Item("1", {}, {"JobNo": "J1", "Start": "2021-05-25", "Qty": 1.5}, target_key="J1")
    connector = {"wire": TEXTS}
    spec = {"options": options or {}}
    return upsert(handle, [one], IMPORT, fields=IMPORTED, connector=connector, spec=spec), seen[0]


def test_records_become_names_and_values_as_text() -> None:
    outcomes, sent = imported('{"Success": true, "Message": "", "Status": 0}')
    assert sent == [
        {
            "StoredProcedureName": "new_name",
            "ParameterNames": ["Sent", "JobNo", "Start", "Qty"],
            "ParameterValues": ["True", "J1", "2021-05-25 00:00:00Z", "1.5"],
        }
    ]
    assert outcomes[0].action is Action.WRITTEN


def test_a_connection_may_choose_the_older_name_of_a_procedure() -> None:
    _, sent = imported("{}", options={"procedures": "legacy"})
    assert sent[0]["StoredProcedureName"] == "old_name"


@pytest.mark.parametrize(
    ("content", "status", "reason"),
    [
        ('{"Error": "E1", "Description": "Job not found"}', 500, "Job not found"),
        ('{"Success": false, "Message": "wrong"}', 200, "wrong"),
        ("{}", 500, "refused without a reason"),
        ("Timeout expired", 500, "Timeout expired"),
    ],
)
def test_a_failure_inside_an_answer_with_http_200_is_a_refusal(content: str, status: int, reason: str) -> None:
    with pytest.raises(Refused) as caught:
        imported(content, status)
    assert (caught.value.reason, caught.value.status, caught.value.server_fault) == (reason, status, False)


def test_content_that_is_not_what_it_claims_leaves_open_what_became_of_the_records() -> None:
    with pytest.raises(OutcomeUnknown, match="text that is not JSON where its content should be"):
        imported("<html>", 200)


def test_an_answer_that_the_connector_cannot_judge_leaves_open_what_became_of_a_create() -> None:
    envelope = {"failed": "length(errors) > `0`"}
    with pytest.raises(OutcomeUnknown) as caught:
        create(lambda *_: {"ok": True}, item("1", name="x"), op("create", "POST", "/things", envelope=envelope))
    assert "`length(errors) > `0``" in caught.value.message


# --- creates -----------------------------------------------------------------------------------------

CREATE = op("create", "POST", "/things", body={"wrap": "thing"}, id="thing.id")


def create(handle: Callable[[web.Request, Json], Json], one: Item, write: Op = CREATE, **options: Any) -> Outcome:
    async def story(connection: RestConnection) -> Outcome:
        return await connection.target("things").create(one)

    outcome = talk(handle, story, write, **{"fields": FIELDS, **options})
    assert isinstance(outcome, Outcome)
    return outcome


def test_a_create_brings_the_new_id() -> None:
    outcome = create(lambda _, body: web.json_response({"thing": {"id": 42, **body["thing"]}}, status=201), item("a"))
    assert (outcome.action, outcome.target_id) == (Action.CREATED, 42)


def test_a_create_whose_answer_is_lost_is_unknown_and_sent_only_once() -> None:
    sent: list[Json] = []

    def handle(_: web.Request, body: Json) -> Json:
        sent.append(body)
        return web.json_response({}, status=500)

    with pytest.raises(OutcomeUnknown):
        create(handle, item("a"))
    assert len(sent) == 1


def test_a_refused_create_is_a_reject_with_the_reason() -> None:
    outcome = create(lambda *_: web.json_response({"message": "no such project"}, status=400), item("a"))
    assert (outcome.action, outcome.reason, outcome.code) == (Action.REJECTED, "no such project", "refused")


def test_a_refusal_with_one_certain_meaning_gets_its_own_code_and_words() -> None:
    conflict = {"statuses": [409], "code": "closed-period", "reason": "its timesheet period is closed"}
    write = op("create", "POST", "/things", body="object", conflict=conflict)
    outcome = create(lambda *_: web.json_response({"message": "frozen"}, status=409), item("a"), write)
    assert (outcome.code, outcome.reason) == ("closed-period", "its timesheet period is closed (frozen)")


def test_path_parameters_are_not_part_of_the_body() -> None:
    seen: list[tuple[str, Json]] = []
    write = op("create", "POST", "/tasks/{taskId}/things", body="object", query={"notify": False})
    create(lambda request, body: seen.append((request.path_qs, body)), item("a", taskId=7), write)
    assert seen == [("/tasks/7/things?notify=false", {"externalId": "a"})]
    outcome = create(lambda *_: {}, item("a"), write)
    assert (outcome.action, outcome.field) == (Action.REJECTED, "taskId")
    for dots in (".", ".."):
        assert create(lambda *_: {}, item("a", taskId=dots), write).action is Action.REJECTED


def test_an_alias_becomes_the_documented_name_and_a_connection_may_choose_another() -> None:
    seen: list[Json] = []
    write = op("create", "POST", "/things", body="object")
    options: dict[str, Any] = {"aliases": {"tags": "tagIds"}}
    spec = {"options": {"spelling": {"tagIds": "tags"}}}
    for name in ("tags", "tagIds"):
        create(lambda _, body: seen.append(body), item("a", **{name: [1]}), write, **options)
        create(lambda _, body: seen.append(body), item("a", **{name: [1]}), write, **options, spec=spec)
    assert [sorted(body)[1] for body in seen] == ["tagIds", "tags", "tagIds", "tags"]


def test_a_file_is_uploaded_from_below_the_project_only(tmp_path: Path) -> None:
    (tmp_path / "plan.pdf").write_bytes(b"%PDF-1.7" * 5000)
    parts: dict[str, Any] = {}
    write = op("create", "POST", "/things", body={"multipart": {"files": ["file"]}}, id="id")

    async def answer(request: web.Request) -> web.StreamResponse:
        async for part in await request.multipart():  # type: ignore[union-attr]
            parts[part.name] = (part.filename, part.headers.get("Content-Type"), bytes(await part.read()))  # type: ignore[union-attr]
        return web.json_response({"id": 9})

    async def story() -> list[Outcome]:
        async with serving(answer) as served:
            connection = connect(served.url, write)
            connection.root = tmp_path
            target = connection.target("things")
            outcomes = [
                await target.create(Item("1", {}, {"name": "Plän", "file": name}))
                for name in ("plan.pdf", "../outside.txt", "missing.pdf", "/etc/passwd")
            ]
            await connection.close()
            return outcomes

    uploaded, *refused = asyncio.run(story())
    assert (uploaded.action, uploaded.target_id) == (Action.CREATED, 9)
    assert parts["name"][2].decode() == "Plän"
    assert parts["file"] == ("plan.pdf", "application/pdf", b"%PDF-1.7" * 5000)
    assert {(outcome.action, outcome.code) for outcome in refused} == {(Action.REJECTED, "file")}


# --- updates and deletes ------------------------------------------------------------------------------

GET = op("get", "GET", "/things/{id}", not_found=(400, 404))
PUT = op("update", "PUT", "/things/{id}", body="object", options={"replace": True})
WRITTEN = {
    "name": Schema("string", required=True, nullable=False),
    "companyId": Schema("integer", read_from="company.id"),
    "tagIds": Schema("array", read_from="tags[].id"),
    "note": Schema("string"),
}
CURRENT = {"id": 7, "name": "Old", "company": {"id": 3}, "tags": [{"id": 1}, {"id": 2}], "note": None, "created": "x"}


def update(output: Record, current: Json = CURRENT, *, lossy: bool = False, **options: Any) -> tuple[Outcome, Json]:
    sent: list[Json] = []

    def handle(request: web.Request, body: Json) -> Json:
        if request.method == "GET":
            return current
        sent.append((request.path, body))
        return web.Response()

    async def story(connection: RestConnection) -> Outcome:
        return await connection.target("things", lossy=lossy).update(Item("1", {}, output), 7)

    outcome = talk(handle, story, GET, PUT, **{"write_fields": WRITTEN, **options})
    return outcome, sent


def test_an_update_that_replaces_keeps_what_the_mapping_does_not_name() -> None:
    outcome, sent = update({"name": "New"})
    assert outcome.action is Action.UPDATED
    assert outcome.target_id == 7
    assert sent == [("/things/7", {"companyId": 3, "tagIds": [1, 2], "note": None, "name": "New"})]


def test_a_field_that_cannot_be_read_back_is_named_instead_of_lost() -> None:
    fields = {**WRITTEN, "secret": Schema("string")}
    outcome, sent = update({"name": "New"}, write_fields=fields)
    assert (outcome.action, outcome.field, outcome.code, sent) == (Action.REJECTED, "secret", "lossy", [])
    assert "'secret' can't be read back: map it, or let go what stands there with `lossy: allow` under `target`" in str(
        outcome.reason
    )
    assert update({"name": "New", "secret": "x"}, write_fields=fields)[0].action is Action.UPDATED
    assert update({"name": "New"}, write_fields=fields, lossy=True)[0].action is Action.UPDATED


@pytest.mark.parametrize(
    ("missing", "lost"),
    [("company", "companyId"), ("tags", "tagIds"), ("done", "isDone"), ("lines", "lines"), ("note", "note")],
)
def test_what_the_target_does_not_tell_is_not_wiped(missing: str, lost: str) -> None:
    fields = {
        **WRITTEN,
        "isDone": Schema("boolean", read_from="done != `null`"),
        "lines": Schema("array", read_from="`[]`", lost_if="lines"),
    }
    full = {**CURRENT, "done": None, "lines": []}
    assert update({"name": "New"}, full, write_fields=fields)[0].action is Action.UPDATED
    outcome, sent = update({"name": "New"}, {k: v for k, v in full.items() if k != missing}, write_fields=fields)
    assert (outcome.action, outcome.field, outcome.code, sent) == (Action.REJECTED, lost, "lossy", [])


def test_a_field_that_can_be_read_only_in_part_counts_as_lost_where_it_holds_something() -> None:
    fields = {**WRITTEN, "lines": Schema("array", read_from="`[]`", lost_if="lines")}
    assert update({"name": "New"}, {**CURRENT, "lines": [1]}, write_fields=fields)[0].field == "lines"
    outcome, sent = update({"name": "New"}, {**CURRENT, "lines": []}, write_fields=fields)
    assert outcome.action is Action.UPDATED
    assert sent[0][1]["lines"] == []


def test_fields_of_other_operations_are_not_part_of_an_update() -> None:
    fields = {**WRITTEN, "template": Schema("string", operations=("create",))}
    _, sent = update({"name": "New"}, write_fields=fields)
    assert "template" not in sent[0][1]


def test_where_records_are_written_as_they_are_read_an_update_keeps_all_that_they_have() -> None:
    _, sent = update({"name": "New"}, {**CURRENT, "undocumented": [1]}, write_fields={})
    without_id = {name: value for name, value in CURRENT.items() if name != "id"}
    assert sent == [("/things/7", {**without_id, "undocumented": [1], "name": "New"})]


def test_an_update_of_a_record_that_is_gone_is_a_reject() -> None:
    outcome, _ = update({"name": "New"}, current=web.json_response({"message": "gone"}, status=400))
    assert (outcome.action, outcome.code) == (Action.REJECTED, "not-found")


def delete(handle: Callable[[web.Request, Json], Json], *ops: Op) -> list[Outcome]:
    async def story(connection: RestConnection) -> list[Outcome]:
        known = LedgerEntry("a", "a", b"", target_id=7)
        return await connection.target("things").delete([item("a", known)])

    return list(talk(handle, story, op("delete", "DELETE", "/things/{id}"), *ops))


def test_deletes_go_by_the_known_id_and_need_no_body() -> None:
    seen: list[str] = []
    (outcome,) = delete(lambda request, _: seen.append(f"{request.method} {request.path}") or web.Response())
    assert outcome.action is Action.DELETED
    assert seen == ["DELETE /things/7"]


def test_what_is_gone_already_is_as_good_as_deleted() -> None:
    assert delete(lambda *_: web.Response(status=404))[0].action is Action.DELETED


def test_a_refused_delete_is_looked_into_before_it_is_taken_as_gone() -> None:
    def refuse(status_of_get: int) -> Callable[[web.Request, Json], Json]:
        def handle(request: web.Request, _: Json) -> Json:
            if request.method == "GET":
                return web.json_response({"id": 7}, status=status_of_get)
            return web.json_response({"message": "has time reported"}, status=400)

        return handle

    assert delete(refuse(400), GET)[0].action is Action.DELETED
    (kept,) = delete(refuse(200), GET)
    assert (kept.action, kept.reason) == (Action.REJECTED, "has time reported")
    assert delete(refuse(400))[0].action is Action.REJECTED, "nothing here can tell, so the refusal stands"


# --- finding records again ----------------------------------------------------------------------------

MATCH = {
    "params": {"userId": "userId", "day": "date"},
    "compare": {"userId": "user.id", "date": "date", "hours": "hours", "comment": "comment"},
    "id": "id",
    "created": "createdDate",
}


def test_a_record_is_found_again_by_what_was_sent() -> None:
    early, late = "2026-04-01 09:00:00 +00:00", "2026-04-01 10:30:00 +00:00"
    alike = {"user": {"id": 5}, "date": "2026-04-01", "hours": 7.5, "comment": "x"}
    listed = [
        {**alike, "id": 1, "createdDate": early},
        {**alike, "id": 2, "createdDate": late, "date": "2026-04-01T00:00:00", "hours": "7.50", "comment": " X"},
        {**alike, "id": 3, "createdDate": late, "hours": 8},
        {**alike, "id": 4},
    ]
    seen: list[str] = []
    sent = {"userId": 5, "date": "2026-04-01", "hours": 7.5, "comment": "x"}

    async def story(connection: RestConnection) -> tuple[list[Json], list[Json]]:
        finder = connection.finder("things")
        assert finder.can_find(sent)
        assert not finder.can_find({"name": "x"})
        after = datetime(2026, 4, 1, 10, 0, tzinfo=UTC)
        every = [found.id for found in await finder.find(sent)]
        return every, [found.id for found in await finder.find(sent, made_after=after)]

    list_things = op("list", "GET", "/things")
    every, later = talk(lambda request, _: seen.append(request.path_qs) or listed, story, list_things, match=MATCH)
    assert every == [1, 2, 4]
    assert later == [2, 4]
    assert seen[0] == "/things?userId=5&day=2026-04-01"


def test_only_what_was_sent_is_compared_and_numbers_in_any_spelling_are_told_apart_alike() -> None:
    async def story(connection: RestConnection) -> list[Json]:
        finder = connection.finder("things")
        assert finder.natural({"hours": 7.0, "date": "2026-04-01"}) == finder.natural(
            {"date": "2026-04-01", "hours": 7}
        )
        assert finder.natural({"hours": 7.0}) != finder.natural({"hours": 8})
        return [found.id for found in await finder.find({"hours": 7})]

    listed = [{"id": 1, "hours": 7.0, "comment": "set by the API"}, {"id": 2, "hours": 8}]
    assert talk(lambda *_: listed, story, op("list", "GET", "/things"), match=MATCH) == [1]


def by_key(key: tuple[str, ...], output: Record, listed: Json, **options: Any) -> tuple[list[Json], list[str]]:
    """The ids that an upsert by this key would change, and what was asked."""
    seen: list[str] = []

    async def story(connection: RestConnection) -> list[Json]:
        return [found.id for found in await connection.finder("things", key).by_key(output)]

    handle = lambda request, _: seen.append(request.path_qs) or listed  # noqa: E731
    return talk(handle, story, op("list", "GET", "/things"), **options), seen


def test_an_upsert_finds_by_its_key_alone_whatever_else_the_connector_compares() -> None:
    listed = [{"id": 1, "user": {"id": 5}, "date": "2026-04-01", "hours": 8}, {"id": 2, "user": {"id": 6}, "hours": 1}]
    sent = {"userId": 5, "date": "2026-04-01", "hours": 1, "comment": "new"}
    fields = {name: Schema() for name in ("id", "user", "date", "hours", "comment")}
    options = {"match": MATCH, "fields": fields}
    assert by_key(("userId", "date"), sent, listed, **options) == ([1], ["/things?userId=5&day=2026-04-01"])
    assert by_key(("hours",), sent, listed, **options) == ([2], ["/things"])
    assert by_key(("hours",), sent, listed, fields=fields) == ([2], ["/things"])


def test_an_upsert_finds_by_a_key_that_only_the_full_form_shows_under_the_id_that_the_connector_names() -> None:
    full = {"1": {"no": 11, "mail": "a@example.com"}, "2": {"no": 12, "mail": "b@example.com"}}
    options = {
        "match": {"compare": {"mail": "mail"}, "detail": True, "id": "no"},
        "fields": {"id": Schema("integer"), "mail": Schema(detail_only=True)},
    }

    async def story(connection: RestConnection) -> list[list[Json]]:
        finder = connection.finder("things", ("mail",))
        every = [await finder.by_key({"mail": f"{name}@example.com"}) for name in "abc"]
        return [[found.id for found in each] for each in every]

    seen: list[str] = []

    def handle(request: web.Request, _: Json) -> Json:
        seen.append(request.path)
        return full.get(request.path.rpartition("/")[2], [{"id": 1}, {"id": 2}])

    assert talk(handle, story, GET, op("list", "GET", "/things"), **options) == [[11], [12], []]
    assert len(seen) == 3


def test_nothing_is_found_by_a_key_that_the_list_does_not_show() -> None:
    fields = {"id": Schema("integer"), "mail": Schema(detail_only=True)}
    options = {"match": {"compare": {"number": "number"}}, "fields": fields}
    assert by_key(("mail",), {"mail": "x"}, [{"id": 1}], **options) == ([], [])


def test_a_look_up_by_days_asks_for_one_more_on_both_sides() -> None:
    seen: list[str] = []
    match = {"params": {"from": "date", "to": "date"}, "compare": {"date": "date"}}
    list_things = op("list", "GET", "/things", window=Window("from", "to", 31))

    async def story(connection: RestConnection) -> object:
        return await connection.finder("things").find({"date": "2026-04-01"})

    talk(lambda request, _: seen.append(request.path_qs) or [], story, list_things, match=match)
    assert seen == ["/things?from=2026-03-31&to=2026-04-02"]


def test_a_record_is_read_by_its_id_and_absent_where_the_api_says_so() -> None:
    async def story(connection: RestConnection) -> list[Json]:
        finder = connection.finder("things")
        return [await finder.read(7), await finder.read(8), await finder.is_gone(8)]

    def handle(request: web.Request, _: Json) -> Json:
        return {"id": 7} if request.path.endswith("/7") else web.json_response({}, status=400)

    assert talk(handle, story, GET) == [{"id": 7}, None, True]


def test_a_record_that_can_only_be_had_through_the_list_is_picked_out_of_it() -> None:
    async def story(connection: RestConnection) -> list[Json]:
        finder = connection.finder("things")
        return [await finder.read(7), await finder.read(9), await finder.is_gone(9)]

    def handle(request: web.Request, _: Json) -> Json:
        assert set(request.query) == {"ids"}
        return [{"id": 6}, {"id": 7, "name": "x"}]

    read_one = {"params": {"ids": "id"}}
    found = talk(handle, story, op("list", "GET", "/things"), read_one=read_one)
    assert found == [{"id": 7, "name": "x"}, None, True]


# --- the connection as a whole ------------------------------------------------------------------------


def test_a_check_logs_in_and_makes_one_cheap_read() -> None:
    seen: list[str] = []

    async def story(connection: RestConnection) -> int:
        assert await connection.check() == []
        return connection.report.requests

    list_things = op(
        "list", "GET", "/things", records="items", paging={"kind": "cursor", "cursor_param": "c", "next": "n"}
    )
    handle = lambda request, _: seen.append(request.path_qs) or {"items": [], "n": "more"}  # noqa: E731
    assert talk(handle, story, list_things, connector={"check": {"endpoint": "things"}}) == 1
    assert seen == ["/things"]


def test_a_check_gathers_the_permissions_that_are_missing() -> None:
    async def story(connection: RestConnection) -> list[str]:
        return [str(missing) for missing in await connection.check()]

    def answers(*statuses: int) -> Callable[..., Json]:
        calls = iter(
            [web.json_response({"needs": ["Thing_read"]} if each == 403 else [], status=each) for each in statuses]
        )
        return lambda *_: next(calls)

    connector = {"check": {"endpoint": "things", "permissions": ["things"]}, "error": {"permissions": "needs"}}
    (missing,) = talk(answers(200, 403), story, op("list", "GET", "/things"), connector=connector)
    assert "lack the permission Thing_read" in missing
    assert len(talk(answers(403, 403), story, op("list", "GET", "/things"), connector=connector)) == 2
