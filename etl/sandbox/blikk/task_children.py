"""Comments and checklists of a task (Blikk: Core resources, Tasks)."""

from __future__ import annotations

from collections.abc import Callable

from etl.sandbox.blikk.bodies import Property, read_body, read_object
from etl.sandbox.blikk.desk import APP_USER, Desk, stamp_changed, stamp_new
from etl.sandbox.blikk.lists import Listing, answer_list, by_text, by_value
from etl.sandbox.blikk.moments import instant
from etl.sandbox.blikk.refusals import invalid, not_found
from etl.sandbox.blikk.shapes import user_name
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

TASK = "/v1/Core/Tasks/{taskId}"
_COMMENT = (Property("text", "string", required=True),)
_CHECKLIST = (Property("name", "string", required=True), Property("items", "objects", default=[]))
_ITEM = (
    Property("id", "integer"),
    Property("name", "string", required=True),
    Property("isCompleted", "boolean", default=False),
)
_BLANK_COMMENT: Record = {"taskId": None, "text": "Ny kommentar"}
_BLANK_CHECKLIST: Record = {"taskId": None, "name": "Ny checklista", "items": []}


class Children:
    """Records of one collection that belong to a task."""

    def __init__(self, desk: Desk, collection: str, what: str, param: str) -> None:
        self._desk = desk
        self._collection = collection
        self._what = what
        self._param = param

    def of_task(self, call: Call) -> list[Record]:
        task = self._desk.find("tasks", call, "task", "taskId")
        return [child for child in self._desk.store.rows(self._collection).values() if child["taskId"] == task["id"]]

    def find(self, call: Call) -> Record:
        """The child that the path names; 400 where the task or the child does not exist."""
        task = self._desk.find("tasks", call, "task", "taskId")
        child = self._desk.find(self._collection, call, self._what, self._param)
        if child["taskId"] != task["id"]:
            raise not_found(self._what, self._param)
        return child

    def create(self, call: Call, fields: Record) -> Answer:
        return self._desk.written(self.add(call, fields))

    def add(self, call: Call, fields: Record) -> int:
        """Stores a new child of the task in the path and gives its id."""
        task = self._desk.find("tasks", call, "task", "taskId")
        key = self._desk.store.next_id(self._collection)
        child = {"id": key, "taskId": task["id"], **fields, **stamp_new(call.now)}
        self._desk.store.put(self._collection, key, child)
        return key

    def update(self, call: Call, before: Record, fields: Record) -> Answer:
        child = {**before, **fields, **stamp_changed(before, call.now)}
        self._desk.store.put(self._collection, before["id"], child)
        return self._desk.written(before["id"])

    def delete(self, call: Call) -> Answer:
        self._desk.store.remove(self._collection, self.find(call)["id"])
        return Answer()


class Comments:
    collection = "task_comments"
    blank = _BLANK_COMMENT

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store
        self._children = Children(desk, "task_comments", "comment", "commentId")
        self._listing = Listing(sorts={"createdDate": by_value("created")})

    def routes(self) -> list[Route]:
        path = TASK + "/Comments"
        return [
            Route("GET", path, self.list_page, "Task_Read", "task_comments"),
            Route("POST", path, self.create, "Task_Write"),
            Route("PUT", path + "/{commentId}", self.update, "Task_Write"),
            Route("DELETE", path + "/{commentId}", self._children.delete, "Task_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._children.of_task(call), self.show)

    def create(self, call: Call) -> Answer:
        return self._children.create(call, read_body(call, _COMMENT, self._store))

    def update(self, call: Call) -> Answer:
        return self._children.update(call, self._children.find(call), read_body(call, _COMMENT, self._store))

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, comment: Record) -> Json:
        return {
            "objectName": "task.comment.list",
            "id": comment["id"],
            "text": comment["text"],
            "createdByUser": user_name(self._store, comment["createdById"]),
            "updatedByUser": user_name(self._store, comment["updatedById"]),
            "createdDate": comment["created"],
            "updatedDate": comment["updated"],
        }


class Checklists:
    collection = "task_checklists"
    blank = _BLANK_CHECKLIST

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store
        self._children = Children(desk, "task_checklists", "checklist", "checklistId")
        self._listing = Listing(sorts={"name": by_text("name")})

    def routes(self) -> list[Route]:
        path = TASK + "/Checklists"
        return [
            Route("GET", path, self.list_page, "Task_Read", "task_checklists"),
            Route("POST", path, self.create, "Task_Write"),
            Route("PUT", path + "/{checklistId}", self.update, "Task_Write"),
            Route("DELETE", path + "/{checklistId}", self._children.delete, "Task_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._children.of_task(call), self.show)

    def create(self, call: Call) -> Answer:
        body = read_body(call, _CHECKLIST, self._store)
        return self._children.create(call, {"name": body["name"], "items": self._items(call, body["items"], {})})

    def update(self, call: Call) -> Answer:
        before = self._children.find(call)
        body = read_body(call, _CHECKLIST, self._store)
        known = {item["id"]: item for item in before["items"]}
        items = self._items(call, body["items"], known)
        return self._children.update(call, before, {"name": body["name"], "items": items})

    def _items(self, call: Call, bodies: list[Record], known: dict[int, Record]) -> list[Record]:
        """Items with an id keep their place in the order, those without are new, those left out are gone."""
        problems: dict[str, list[str]] = {}
        last = max((item["sortOrder"] for item in known.values()), default=-1)
        items = []
        for place, body in enumerate(bodies):
            read = read_object(body, _ITEM, self._store, problems, f"items[{place}].")
            before = known.get(read["id"])
            if read["id"] is not None and before is None:
                problems[f"items[{place}].id"] = [f"id: {read['id']} does not belong to this checklist."]
            last += before is None
            items.append(self._item(call, read, before, last))
        if problems:
            raise invalid(problems)
        return sorted(items, key=lambda item: item["sortOrder"])

    def _item(self, call: Call, read: Record, before: Record | None, order: int) -> Record:
        completed = before["completedDate"] if before else None
        fields = {
            "title": read["name"],
            "completedDate": (completed or instant(call.now)) if read["isCompleted"] else None,
        }
        if before is None:
            key = self._store.next_id("task_checklist_items")
            return {"id": key, "sortOrder": order, **fields, **stamp_new(call.now)}
        changed = {"updated": instant(call.now), "updatedById": APP_USER}
        return {**before, **fields, **(changed if fields.items() - before.items() else {})}

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, checklist: Record) -> Json:
        return {
            "objectName": "task.checklist.list",
            "id": checklist["id"],
            "name": checklist["name"],
            "items": [self._show_item(item) for item in checklist["items"]],
            "createdByUser": user_name(self._store, checklist["createdById"]),
            "createdDate": checklist["created"],
            "updatedDate": checklist["updated"],
        }

    def _show_item(self, item: Record) -> Json:
        return {
            "objectName": "task.checklistitem.detail",
            **{name: item[name] for name in ("id", "title", "sortOrder", "completedDate")},
            "createdByUser": user_name(self._store, item["createdById"]),
            "createdDate": item["created"],
            "updatedDate": item["updated"],
        }
