"""Task boards with their columns, tags and members (Blikk: Core resources, Task boards)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.lists import Listing, answer_list, by_text, by_value
from etl.sandbox.blikk.shapes import project_name, tags, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

_BLANK: Record = {"name": "Ny tavla", "projectId": None, "tagIds": [], "columnIds": [], "memberIds": []}
_LISTING = Listing(
    sorts={"createdDate": by_value("created"), "updatedDate": by_value("updated"), "name": by_text("name")},
    filters={
        "query": filters.contains("name"),
        "projectids": filters.any_id(lambda board: [board["projectId"]]),
    },
)


class TaskBoards:
    collection = "task_boards"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store

    def routes(self) -> list[Route]:
        return [Route("GET", "/v1/Core/TaskBoards", self.list_page, "Task_Read", "task_boards")]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, _LISTING, self._store.rows("task_boards").values(), self.view())

    def view(self) -> Callable[[Record], Json]:
        """Shows task boards with the counts of this moment; there is no fuller form."""
        counts = Counter(task["boardColumnId"] for task in self._store.rows("tasks").values())
        return lambda board: self._show(board, counts)

    def _show(self, board: Record, counts: Counter[int]) -> Json:
        return {
            "objectName": "taskboard.list",
            "id": board["id"],
            "name": board["name"],
            "project": project_name(self._store, board["projectId"]),
            "tags": tags(self._store, "task_tags", board["tagIds"]),
            "columns": [self._column(key, counts[key]) for key in board["columnIds"]],
            "members": [user_name(self._store, key) for key in board["memberIds"]],
            **self._audit(board),
        }

    def _column(self, key: int, tasks: int) -> Json:
        column = self._store.rows("task_board_columns")[key]
        return {
            "objectName": "taskboard.list.column",
            "id": key,
            "name": column["name"],
            "taskCount": tasks,
            **self._audit(column),
        }

    def _audit(self, record: Record) -> Record:
        return {
            "createdByUser": user_name(self._store, record["createdById"]),
            "updatedByUser": user_name(self._store, record["updatedById"]),
            "createdDate": record["created"],
            "updatedDate": record["updated"],
        }
