"""Fills an empty sandbox."""

from __future__ import annotations

from random import Random

from etl.sandbox.data import dimescheduler, dimesheets, people, registries, reports, work
from etl.sandbox.data.sizes import FULL, SMALL
from etl.sandbox.storage import Store


def fill(blikk: Store, sheets: Store, scheduler: Store, seed: int, small: bool) -> None:
    """Makes up everything; inside a transaction. The same seed gives the same data, in each collection for itself."""
    sizes = SMALL if small else FULL

    def chance(name: str) -> Random:
        return Random(f"{seed}-{name}")  # noqa: S311 - made-up data, no secrets

    for name, collection in registries.registries(chance("registries"), sizes).items():
        blikk.fill(name, collection.items())
    users = people.users(chance("users"), sizes)
    contacts = people.contacts(chance("contacts"), sizes)
    boards, columns = work.boards(chance("boards"), sizes)
    tasks = work.tasks(chance("tasks"), sizes, boards)
    made = {
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
    for name, rows in dimescheduler.set_up().items():
        scheduler.fill(name, rows.items())
        scheduler.reserve(f"{name}.id", 100)
    own_projects, own_tasks = dimesheets.own_projects()
    periods = dimesheets.periods()
    sheets.fill("users", dimesheets.users(users).items())
    sheets.fill("clients", dimesheets.clients(contacts).items())
    sheets.fill("tags", dimesheets.tags().items())
    sheets.fill("timesheet_periods", periods.items())
    sheets.fill("projects", own_projects.items())
    sheets.fill("tasks", own_tasks.items())
    for name in ("projects.id", "tasks.id"):
        sheets.reserve(name, 100)
    sheets.fill("time_entries", dimesheets.time_entries(chance("entries"), sizes, own_tasks, periods).items())
