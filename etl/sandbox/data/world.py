"""Fills an empty sandbox."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from etl.sandbox.data import dimescheduler, dimesheets, people, registries, reports, work
from etl.sandbox.data.registries import Collection
from etl.sandbox.data.sizes import FULL, SMALL, Sizes
from etl.sandbox.storage import Store

Chance = Callable[[str], Random]


def fill(blikk: Store, sheets: Store, scheduler: Store, seed: int, small: bool) -> None:
    """Makes up everything; inside a transaction. The same seed gives the same data, in each collection for itself."""
    sizes = SMALL if small else FULL

    def chance(name: str) -> Random:
        return Random(f"{seed}-{name}")  # noqa: S311 - made-up data, no secrets

    users = people.users(chance("users"), sizes)
    contacts = people.contacts(chance("contacts"), sizes)
    _fill_blikk(blikk, chance, sizes, users, contacts)
    _fill_sheets(sheets, chance, sizes, users, contacts)
    for name, rows in dimescheduler.set_up().items():
        scheduler.fill(name, rows.items())
        scheduler.reserve(f"{name}.id", 100)


def _fill_blikk(blikk: Store, chance: Chance, sizes: Sizes, users: Collection, contacts: Collection) -> None:
    boards, columns = work.boards(chance("boards"), sizes)
    tasks = work.tasks(chance("tasks"), sizes, boards)
    made = {
        **registries.registries(chance("registries"), sizes),
        "users": users,
        "contacts": contacts,
        "projects": work.projects(chance("projects"), sizes),
        "task_boards": boards,
        "task_board_columns": columns,
        "tasks": tasks,
        "task_comments": work.comments(chance("comments"), sizes, tasks),
        "task_checklists": work.checklists(chance("checklists"), sizes, tasks),
        "task_attachments": work.attachments(chance("attachments"), sizes, tasks),
        "time_reports": reports.time_reports(chance("reports"), sizes, users, tasks),
    }
    for name, collection in made.items():
        blikk.fill(name, collection.items())
    for name in ("time_report_parts", "task_checklist_items"):  # stand inside other records, so have no collection
        blikk.reserve(name, 100_000)


def _fill_sheets(sheets: Store, chance: Chance, sizes: Sizes, users: Collection, contacts: Collection) -> None:
    projects, tasks = dimesheets.own_projects()
    periods = dimesheets.periods()
    made = {
        "users": dimesheets.users(users),
        "clients": dimesheets.clients(contacts),
        "tags": dimesheets.tags(),
        "timesheet_periods": periods,
        "time_entries": dimesheets.time_entries(chance("entries"), sizes, tasks, periods),
    }
    for name, collection in made.items():
        sheets.fill(name, collection.items())
    sheets.fill("projects", projects.items())
    sheets.fill("tasks", tasks.items())
    for name in ("projects.id", "tasks.id"):  # stored under their external ids
        sheets.reserve(name, 100)
