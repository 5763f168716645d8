"""All resources in one list; the day statistics are none, as nothing of theirs is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Protocol

from etl.sandbox.blikk.attachments import Attachments
from etl.sandbox.blikk.boards import TaskBoards
from etl.sandbox.blikk.contacts import Contacts
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.projects import Projects
from etl.sandbox.blikk.registries import REGISTRIES, AdminList
from etl.sandbox.blikk.task_children import Checklists, Comments
from etl.sandbox.blikk.tasks import Tasks
from etl.sandbox.blikk.time_reports import TimeReports
from etl.sandbox.blikk.users import Users
from etl.sandbox.exchange import Json, Record
from etl.sandbox.routing import Route


class Resource(Protocol):
    """Records of one collection: their routes, how they are shown in full, what a new one is made of."""

    collection: str
    blank: Record

    def routes(self) -> Iterable[Route]: ...

    def view(self) -> Callable[[Record], Json]: ...


def all_resources(desk: Desk) -> list[Resource]:
    """One of each."""
    core = (Contacts, Projects, TaskBoards, Tasks, Comments, Checklists, Attachments, TimeReports, Users)
    return [*(kind(desk) for kind in core), *(AdminList(desk, registry) for registry in REGISTRIES)]
