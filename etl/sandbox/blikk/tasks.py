"""Tasks (Blikk: Core resources, Tasks)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.bodies import Property, read_body
from etl.sandbox.blikk.desk import Desk, stamp_changed, stamp_new
from etl.sandbox.blikk.lists import Listing, answer_list, by_text, by_value
from etl.sandbox.blikk.moments import instant, parse
from etl.sandbox.blikk.refusals import invalid, refused
from etl.sandbox.blikk.shapes import full_name, name_id, project_name, tags, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

CHILDREN = ("task_comments", "task_checklists", "task_attachments")
_NO_BOARD = -1
_PROPERTIES = (
    Property("title", "string", required=True),
    Property("description", "string"),
    Property("isCompleted", "boolean", default=False),
    Property("timeReportingEnabled", "boolean", default=False),
    Property("estimate", "decimal"),
    Property("startDate", "datetime"),
    Property("endDate", "datetime"),
    Property("tagIds", "ids", of="task_tags", default=[]),
    Property("memberIds", "ids", of="users", default=[]),
    Property("taskBoardColumnId", "integer", of="task_board_columns"),
    Property("projectId", "integer", of="projects"),
)
_BLANK: Record = {
    "title": "Ny uppgift",
    "description": None,
    "completedDate": None,
    "timeReportingEnabled": True,
    "estimate": None,
    **dict.fromkeys(("startDate", "startTime", "endDate", "endTime")),
    "tagIds": [],
    "memberIds": [],
    "boardColumnId": None,
    "projectId": None,
}


class Tasks:
    collection = "tasks"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store
        self._listing = Listing(
            sorts={
                "createdDate": by_value("created"),
                "title": by_text("title"),
                "startDate": by_value("startDate"),
                "endDate": by_value("endDate"),
            },
            filters={
                "from": filters.day_from("startDate"),
                "to": filters.day_to("endDate"),
                "memberids": filters.any_id(lambda task: task["memberIds"]),
                "createdbyuserids": filters.any_id(lambda task: [task["createdById"]]),
                "taskids": filters.any_id(lambda task: [task["id"]]),
                "taskboardid": filters.equals_id(self._board_or_none),
                "taskboardcolumnid": filters.equals_id(lambda task: task["boardColumnId"]),
            },
        )

    def routes(self) -> list[Route]:
        path = "/v1/Core/Tasks"
        return [
            Route("GET", path, self.list_page, "Task_Read", "tasks"),
            Route("POST", path, self.create, "Task_Write"),
            Route("PUT", path + "/{taskId}", self.update, "Task_Write"),
            Route("DELETE", path + "/{id}", self.delete, "Task_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._store.rows("tasks").values(), self.view())

    def create(self, call: Call) -> Answer:
        key = self._store.next_id("tasks")
        self._store.put("tasks", key, {"id": key, **self._read(call, None), **stamp_new(call.now)})
        return self._desk.written(key)

    def update(self, call: Call) -> Answer:
        before = self._desk.find("tasks", call, "task", "taskId")
        self._store.put("tasks", before["id"], {**self._read(call, before), **stamp_changed(before, call.now)})
        return self._desk.written(before["id"])

    def delete(self, call: Call) -> Answer:
        key = self._desk.find("tasks", call, "task")["id"]
        if any(report["taskId"] == key for report in self._store.rows("time_reports").values()):
            raise refused("The task could not be deleted as it has time reported.")
        for collection in CHILDREN:
            for child in [child for child in self._store.rows(collection).values() if child["taskId"] == key]:
                self._store.remove(collection, child["id"])
        self._store.remove("tasks", key)
        return Answer()

    def _read(self, call: Call, before: Record | None) -> Record:
        body = read_body(call, _PROPERTIES, self._store)
        self._check_tags(body)
        completed = before["completedDate"] if before else None
        return {
            **{name: body[name] for name in ("title", "description", "timeReportingEnabled", "estimate")},
            "completedDate": (completed or instant(call.now)) if body["isCompleted"] else None,
            **_day_and_time("start", body["startDate"]),
            **_day_and_time("end", body["endDate"]),
            "tagIds": body["tagIds"],
            "memberIds": body["memberIds"],
            "boardColumnId": body["taskBoardColumnId"],
            "projectId": body["projectId"],
        }

    def _check_tags(self, body: Record) -> None:
        """A board says which tags its tasks may have (Blikk: List task boards)."""
        board = self._board(body["taskBoardColumnId"])
        foreign = [key for key in body["tagIds"] if board and key not in board["tagIds"]]
        if foreign:
            raise invalid({"tagIds": [f"tagIds: {foreign[0]} is not a tag of the task board."]})

    def _board(self, column_id: int | None) -> Record | None:
        column = self._store.get("task_board_columns", column_id)
        return self._store.get("task_boards", column["boardId"]) if column else None

    def _board_or_none(self, task: Record) -> int:
        board = self._board(task["boardColumnId"])
        return board["id"] if board else _NO_BOARD

    def _counts(self) -> dict[str, Counter[int]]:
        comments, checklists, attachments = (self._store.rows(name).values() for name in CHILDREN)
        points: Counter[int] = Counter()
        for checklist in checklists:
            points[checklist["taskId"]] += len(checklist["items"])
        return {
            "numberOfComments": Counter(comment["taskId"] for comment in comments),
            "numberOfAttachments": Counter(attachment["taskId"] for attachment in attachments),
            "numberOfChecklistPoints": points,
        }

    def view(self) -> Callable[[Record], Json]:
        """Shows tasks with the counts of this moment; there is no fuller form."""
        counts = self._counts()
        return lambda task: self._show(task, counts)

    def _show(self, task: Record, counts: dict[str, Counter[int]]) -> Json:
        board = self._board(task["boardColumnId"])
        plain = ("id", "title", "description", "completedDate", "timeReportingEnabled", "estimate")
        return {
            "objectName": "task.list",
            **{name: task[name] for name in (*plain, "startDate", "startTime", "endDate", "endTime")},
            **{name: counted[task["id"]] for name, counted in counts.items()},
            "tags": tags(self._store, "task_tags", task["tagIds"]),
            "members": [member for key in task["memberIds"] if (member := self._member(key))],
            "boardColumn": name_id(self._store, "task_board_columns", task["boardColumnId"]),
            "board": board and name_id(self._store, "task_boards", board["id"]),
            "project": project_name(self._store, task["projectId"]),
            "projectCollection": None,
            "opportunity": None,
            "createdByUser": user_name(self._store, task["createdById"]),
            "createdDate": task["created"],
            "updatedDate": task["updated"],
        }

    def _member(self, key: int) -> Json:
        user = self._store.get("users", key)
        return user and {"objectName": "task.member", "userId": key, "userName": full_name(user)}


def _day_and_time(name: str, text: str | None) -> Record:
    """Written as one moment, read as a day and a time of day."""
    moment = parse(text) if text else None
    clock = moment.strftime("%H:%M") if moment else None
    return {
        f"{name}Date": moment.date().isoformat() if moment else None,
        f"{name}Time": None if clock == "00:00" else clock,
    }
