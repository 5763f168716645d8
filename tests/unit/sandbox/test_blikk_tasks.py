"""Blikk: Tasks, their comments, checklists and attachments."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox

PATH = "/v1/Core/Tasks"
TASK = f"{PATH}/10001"


def one_task(blikk: httpx.Client, key: int) -> Any:
    return blikk.get(PATH, params={"page": 1, "filter.taskIds": key}).json()["items"][0]


def newest(blikk: httpx.Client, path: str) -> Any:
    body = blikk.get(path, params={"page": 1, "pageSize": 100}).json()
    return max(body["items"], key=lambda item: item["id"])


def test_a_created_task_has_no_documented_answer_and_is_found_in_the_list(blikk: httpx.Client) -> None:
    body = {
        "title": "Byt packning",
        "estimate": 2.5,
        "startDate": "2026-03-01 07:30:00",
        "endDate": "2026-03-02 00:00:00",
        "tagIds": [1],
        "memberIds": [1, 2],
        "projectId": 2001,
        "timeReportingEnabled": True,
    }
    answer = blikk.post(PATH, json=body)
    assert (answer.status_code, answer.content) == (200, b"")
    task = one_task(blikk, 10_121)
    assert (task["title"], task["estimate"], task["completedDate"]) == ("Byt packning", 2.5, None)
    assert (task["startDate"], task["startTime"]) == ("2026-03-01", "07:30")
    assert (task["endDate"], task["endTime"]) == ("2026-03-02", None)
    assert [member["userId"] for member in task["members"]] == [1, 2]
    assert task["project"]["number"] == "1"
    assert task["updatedDate"] is None


def test_creates_can_be_told_to_answer_with_the_id(sandbox: Sandbox, blikk: httpx.Client) -> None:
    sandbox.configure(create_answer="id")
    assert blikk.post(PATH, json={"title": "x"}).json() == {"id": 10_121}


def test_an_update_replaces_the_whole_task(blikk: httpx.Client) -> None:
    blikk.post(PATH, json={"title": "x", "description": "d", "memberIds": [1], "projectId": 2001})
    answer = blikk.put(f"{PATH}/10121", json={"title": "y", "isCompleted": True})
    assert (answer.status_code, answer.content) == (200, b"")
    task = one_task(blikk, 10_121)
    assert (task["title"], task["description"], task["members"], task["project"]) == ("y", None, [], None)
    assert task["completedDate"] is not None
    assert task["updatedDate"] is not None


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"title": None}, "title"),
        ({"title": " "}, "title"),
        ({"projectId": 1}, "projectId"),
        ({"memberIds": [1, 777]}, "memberIds"),
        ({"tagIds": [99]}, "tagIds"),
        ({"taskBoardColumnId": 1}, "taskBoardColumnId"),
        ({"startDate": "soon"}, "startDate"),
        ({"estimate": "4"}, "estimate"),
    ],
)
def test_wrong_values_and_ids_that_do_not_exist_are_refused(
    blikk: httpx.Client, fields: dict[str, Any], at: str
) -> None:
    answer = blikk.post(PATH, json={"title": "x", **fields})
    assert answer.status_code == 400
    assert set(answer.json()["modelState"]) == {at}


def test_a_task_on_a_board_can_only_have_that_boards_tags(blikk: httpx.Client) -> None:
    board = blikk.get("/v1/Core/TaskBoards", params={"page": 1}).json()["items"][0]
    allowed = {tag["id"] for tag in board["tags"]}
    foreign = next(key for key in range(1, 10) if key not in allowed)
    column = board["columns"][0]["id"]
    refused = blikk.post(PATH, json={"title": "x", "taskBoardColumnId": column, "tagIds": [foreign]})
    assert set(refused.json()["modelState"]) == {"tagIds"}
    assert (
        blikk.post(PATH, json={"title": "x", "taskBoardColumnId": column, "tagIds": sorted(allowed)}).status_code == 200
    )


def test_a_task_that_has_time_reported_can_not_be_deleted(sandbox: Sandbox, blikk: httpx.Client) -> None:
    reported = next(row["task"]["id"] for row in sandbox.records("blikk", "time_reports") if row["task"])
    answer = blikk.delete(f"{PATH}/{reported}")
    assert answer.status_code == 400
    assert "time reported" in answer.json()["message"]


def test_a_task_without_time_is_deleted_with_all_that_hangs_on_it(sandbox: Sandbox, blikk: httpx.Client) -> None:
    blikk.post(PATH, json={"title": "x"})
    blikk.post(f"{PATH}/10121/Comments", json={"text": "hej"})
    before = len(sandbox.records("blikk", "task_comments"))
    assert blikk.delete(f"{PATH}/10121").content == b""
    assert len(sandbox.records("blikk", "task_comments")) == before - 1
    assert blikk.delete(f"{PATH}/10121").status_code == 400


def test_the_counts_on_a_task_are_those_of_what_hangs_on_it(blikk: httpx.Client) -> None:
    blikk.post(PATH, json={"title": "x"})
    blikk.post(f"{PATH}/10121/Comments", json={"text": "hej"})
    blikk.post(f"{PATH}/10121/Checklists", json={"name": "c", "items": [{"name": "a"}, {"name": "b"}]})
    blikk.post(f"{PATH}/10121/Attachments", files={"file": ("a.txt", b"abc", "text/plain")})
    task = one_task(blikk, 10_121)
    counts = ("numberOfComments", "numberOfChecklistPoints", "numberOfAttachments")
    assert [task[name] for name in counts] == [1, 2, 1]


@pytest.mark.parametrize("child", ["Comments", "Checklists", "Attachments"])
def test_what_hangs_on_a_task_that_does_not_exist_is_a_400(blikk: httpx.Client, child: str) -> None:
    assert blikk.get(f"{PATH}/1/{child}", params={"page": 1}).status_code == 400
    assert blikk.delete(f"{PATH}/1/{child}/1").status_code == 400


def test_comments_are_created_changed_and_deleted(blikk: httpx.Client) -> None:
    assert blikk.post(f"{TASK}/Comments", json={"text": "ett"}).content == b""
    comment = newest(blikk, f"{TASK}/Comments")
    assert (comment["text"], comment["updatedDate"], comment["updatedByUser"]) == ("ett", None, None)
    blikk.put(f"{TASK}/Comments/{comment['id']}", json={"text": "två"})
    changed = newest(blikk, f"{TASK}/Comments")
    assert (changed["id"], changed["text"], bool(changed["updatedDate"])) == (comment["id"], "två", True)
    assert blikk.delete(f"{TASK}/Comments/{comment['id']}").status_code == 200
    assert blikk.delete(f"{TASK}/Comments/{comment['id']}").status_code == 400
    assert blikk.post(f"{TASK}/Comments", json={}).status_code == 400


def test_a_comment_of_another_task_is_not_found(blikk: httpx.Client) -> None:
    blikk.post(f"{TASK}/Comments", json={"text": "ett"})
    key = newest(blikk, f"{TASK}/Comments")["id"]
    assert blikk.put(f"{PATH}/10002/Comments/{key}", json={"text": "två"}).status_code == 400


def test_checklist_items_that_are_left_out_of_an_update_are_deleted(blikk: httpx.Client) -> None:
    items = [{"name": "a", "isCompleted": True}, {"name": "b"}, {"name": "c"}]
    blikk.post(f"{TASK}/Checklists", json={"name": "lista", "items": items})
    checklist = newest(blikk, f"{TASK}/Checklists")
    a, b, c = checklist["items"]
    assert (bool(a["completedDate"]), b["completedDate"]) == (True, None)
    body = {
        "name": "ny",
        "items": [{"id": None, "name": "d"}, {"id": c["id"], "name": "C"}, {"id": a["id"], "name": "a"}],
    }
    assert blikk.put(f"{TASK}/Checklists/{checklist['id']}", json=body).status_code == 200
    after = newest(blikk, f"{TASK}/Checklists")
    assert [(item["title"], item["sortOrder"]) for item in after["items"]] == [("a", 0), ("C", 2), ("d", 3)]
    assert after["items"][0]["completedDate"] is None
    assert b["id"] not in {item["id"] for item in after["items"]}


def test_a_checklist_item_of_another_checklist_is_refused(blikk: httpx.Client) -> None:
    blikk.post(f"{TASK}/Checklists", json={"name": "lista"})
    key = newest(blikk, f"{TASK}/Checklists")["id"]
    answer = blikk.put(f"{TASK}/Checklists/{key}", json={"name": "x", "items": [{"id": 1, "name": "a"}]})
    assert set(answer.json()["modelState"]) == {"items[0].id"}
    assert blikk.delete(f"{TASK}/Checklists/{key}").status_code == 200


def test_a_file_is_uploaded_listed_downloaded_renamed_and_deleted(blikk: httpx.Client) -> None:
    content = bytes(range(256)) * 300
    answer = blikk.post(
        f"{TASK}/Attachments", data={"name": "Min bild"}, files={"file": ("bild.png", content, "image/png")}
    )
    assert (answer.status_code, answer.content) == (200, b"")
    shown = newest(blikk, f"{TASK}/Attachments")
    described = ("name", "type", "contentType", "sizeInBytes", "externalLinkUrl")
    assert [shown[name] for name in described] == ["Min bild", "file", "image/png", 76_800, None]
    path = f"{TASK}/Attachments/{shown['id']}"
    download = blikk.get(f"{path}/Download")
    assert (download.content, download.headers["Content-Type"]) == (content, "image/png")
    blikk.put(path, json={"name": "Annan"})
    assert newest(blikk, f"{TASK}/Attachments")["name"] == "Annan"
    assert blikk.delete(path).status_code == 200
    assert blikk.get(f"{path}/Download").status_code == 400


def test_a_link_needs_its_kind_and_can_not_be_downloaded(blikk: httpx.Client) -> None:
    def post(**fields: str) -> httpx.Response:
        return blikk.post(f"{TASK}/Attachments", files={name: (None, value) for name, value in fields.items()})

    assert post(name="x").status_code == 400
    assert post(name="x", externalUrl="https://example.com/a").status_code == 400
    assert post(name="x", externalUrl="https://example.com/a", externalUrlType="ftp").status_code == 400
    assert post(name="x", externalUrl="https://example.com/a", externalUrlType="oneDrive").status_code == 200
    shown = newest(blikk, f"{TASK}/Attachments")
    assert (shown["type"], shown["externalLinkUrl"]) == ("link", "https://example.com/a")
    assert (shown["contentType"], shown["sizeInBytes"]) == (None, None)
    assert blikk.get(f"{TASK}/Attachments/{shown['id']}/Download").status_code == 400


def test_an_upload_that_is_not_a_form_is_refused(blikk: httpx.Client) -> None:
    assert blikk.post(f"{TASK}/Attachments", json={"name": "x"}).status_code == 400


def test_made_up_files_have_the_size_that_the_list_states(sandbox: Sandbox, blikk: httpx.Client) -> None:
    for task in sandbox.records("blikk", "tasks"):
        listed = blikk.get(f"{PATH}/{task['id']}/Attachments", params={"page": 1}).json()["items"]
        for attachment in listed:
            if attachment["type"] == "file":
                answer = blikk.get(f"{PATH}/{task['id']}/Attachments/{attachment['id']}/Download")
                assert len(answer.content) == attachment["sizeInBytes"]
                return
    pytest.fail("no file among the made-up data")
