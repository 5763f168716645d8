"""Projects, task boards, tasks and what hangs on them."""

from __future__ import annotations

from random import Random

from etl.sandbox.data.chance import audit, day
from etl.sandbox.data.people import FIRST_CONTACT
from etl.sandbox.data.registries import Collection
from etl.sandbox.data.sizes import Sizes
from etl.sandbox.data.words import JOBS, REMARKS, STEPS, STREETS, TOWNS
from etl.sandbox.exchange import Record

FIRST_PROJECT = 2001
FIRST_TASK = 10_001
_FIRST_BOARD, _FIRST_COLUMN = 301, 901
_COLUMNS = ("Att göra", "Pågår", "Väntar", "Klart")
_DONE = 3  # index of the column in which tasks are completed
_TAGS = range(1, 10)
_LINKS = ("https://drive.example.com/ritning", "https://dropbox.example.com/bilder", "https://onedrive.example.com/pm")


def projects(random: Random, sizes: Sizes) -> Collection:
    """Projects of made-up customers, by id."""
    made = {}
    contacts = range(FIRST_CONTACT, FIRST_CONTACT + sizes.companies + sizes.persons)
    for key in range(FIRST_PROJECT, FIRST_PROJECT + sizes.projects):
        code, town, _, latitude, longitude = random.choice(TOWNS)
        street = f"{random.choice(STREETS)} {random.randint(1, 98)}"
        start = random.randint(-60, 1100)
        made[key] = {
            "id": key,
            "orderNumber": str(key - FIRST_PROJECT + 1),
            "title": f"{random.choice(JOBS)[0]}, {street}" + random.choice(("", f", {town}", " ")),
            "statusId": random.choice((1, 2, 2, 2, 2, 3, 4, 4, 5)),
            "startDate": day(random, start, start) if random.random() < 0.92 else None,
            "endDate": day(random, start - 20, start - 120) if random.random() < 0.55 else None,
            "invoiceType": random.choice(("Ongoing", "ongoing", "FixedPrice", "None")),
            "location": _location(random, street, code, town, latitude, longitude),
            "projectManagerId": random.randint(1, sizes.users) if random.random() < 0.95 else None,
            "customerId": random.choice(contacts),
            "projectCollectionId": random.randint(14, 17) if random.random() < 0.2 else None,
            **audit(random, sizes.users, 1000),
        }
    return made


def _location(random: Random, street: str, code: str, town: str, latitude: float, longitude: float) -> Record | None:
    if random.random() < 0.08:
        return None
    known = random.random() < 0.8
    return {
        "longitude": longitude + random.uniform(-0.05, 0.05) if known else None,
        "latitude": latitude + random.uniform(-0.05, 0.05) if known else None,
        "streetAddress": street,
        "postalCode": code if random.random() < 0.9 else "",
        "city": town,
        "countryName": "Sverige",
    }


def boards(random: Random, sizes: Sizes) -> tuple[Collection, Collection]:
    """Task boards and their columns; the first ones belong to no project."""
    made: Collection = {}
    columns: Collection = {}
    for number in range(sizes.boards):
        key = _FIRST_BOARD + number
        ids = range(_FIRST_COLUMN + number * len(_COLUMNS), _FIRST_COLUMN + (number + 1) * len(_COLUMNS))
        project = None if number < sizes.boards // 6 else FIRST_PROJECT + random.randrange(sizes.projects)
        for column, name in zip(ids, _COLUMNS, strict=True):
            columns[column] = {"id": column, "boardId": key, "name": name, **audit(random, sizes.users, 900)}
        made[key] = {
            "id": key,
            "name": f"Jour och service {number + 1}"
            if project is None
            else f"Tavla {random.choice(JOBS)[1]} {number + 1}",
            "projectId": project,
            "tagIds": sorted(random.sample(_TAGS, random.randint(3, 6))),
            "columnIds": list(ids),
            "memberIds": sorted(random.sample(range(1, sizes.users + 1), random.randint(2, 6))),
            **audit(random, sizes.users, 900),
        }
    return made, columns


def tasks(random: Random, sizes: Sizes, boards: Collection) -> Collection:
    """Tasks: most belong to a project, a third stand on a board, a few do neither."""
    made = {}
    board_keys = list(boards)
    for key in range(FIRST_TASK, FIRST_TASK + sizes.tasks):
        board = boards[random.choice(board_keys)] if random.random() < 0.35 else None
        column = random.randrange(len(_COLUMNS)) if board else 0
        project = board["projectId"] if board else FIRST_PROJECT + random.randrange(sizes.projects)
        marks = audit(random, sizes.users, 900)
        start = random.randint(-40, 600)
        dated = random.random() < 0.6
        done = column == _DONE or (board is None and random.random() < 0.4)
        made[key] = {
            "id": key,
            "title": f"{random.choice(STEPS)}" + random.choice(("", "", f", {random.choice(STREETS)}", " – etapp 2")),
            "description": random.choice((None, "", *REMARKS)),
            "completedDate": (marks["updated"] or marks["created"]) if done else None,
            "timeReportingEnabled": random.random() < 0.85,
            "estimate": random.choice((None, 1.5, 4.0, 8.0, 10.25, 16.0, 26.5)),
            "startDate": day(random, start, start) if dated else None,
            "startTime": random.choice((None, "07:00", "09:30")) if dated else None,
            "endDate": day(random, start - 1, start - 30) if dated and random.random() < 0.8 else None,
            "endTime": None,
            "tagIds": _tags_of(random, board),
            "memberIds": sorted(random.sample(range(1, sizes.users + 1), random.choice((0, 1, 1, 2, 3)))),
            "boardColumnId": board["columnIds"][column] if board else None,
            "projectId": project if random.random() < 0.97 else None,
            **marks,
        }
    return made


def _tags_of(random: Random, board: Record | None) -> list[int]:
    allowed = board["tagIds"] if board else list(_TAGS)
    return sorted(random.sample(allowed, random.choice((0, 0, 1, 2))))


def comments(random: Random, sizes: Sizes, tasks: Collection) -> Collection:
    """Comments on some of the tasks, by id."""
    chosen = [key for key in tasks for _ in range(random.choice((0, 0, 0, 1, 1, 2)))]
    return {
        key: {"id": key, "taskId": task, "text": random.choice(REMARKS), **audit(random, sizes.users, 400)}
        for key, task in enumerate(chosen, 40_001)
    }


def checklists(random: Random, sizes: Sizes, tasks: Collection) -> Collection:
    """Checklists of an eighth of the tasks, by id."""
    made: Collection = {}
    item = 55_000
    for key, task in enumerate(random.sample(list(tasks), len(tasks) // 8), 50_001):
        items = []
        for order, title in enumerate(random.sample(STEPS, random.randint(2, 5))):
            item += 1
            marks = audit(random, sizes.users, 300)
            done = marks["created"] if random.random() < 0.5 else None
            items.append({"id": item, "title": title, "sortOrder": order, "completedDate": done, **marks})
        name = random.choice(("Egenkontroll", "Att göra", "Material"))
        made[key] = {"id": key, "taskId": task, "name": name, "items": items, **audit(random, sizes.users, 300)}
    return made


def attachments(random: Random, sizes: Sizes, tasks: Collection) -> Collection:
    """Links, and files whose content is made up when it is asked for."""
    made = {}
    for key, task in enumerate(random.sample(list(tasks), len(tasks) // 10), 60_001):
        link = random.random() < 0.3
        name, kind = random.choice(
            (("ritning.pdf", "application/pdf"), ("före åtgärd.png", "image/png"), ("mätprotokoll.txt", "text/plain"))
        )
        made[key] = {
            "id": key,
            "taskId": task,
            "name": "Ritningar" if link else name,
            "type": "link" if link else "file",
            "contentType": None if link else kind,
            "sizeInBytes": None if link else random.randint(200, 60_000),
            "externalLinkUrl": random.choice(_LINKS) if link else None,
            **audit(random, sizes.users, 300),
        }
    return made
