"""What stands in Dime.Sheets before anything was moved there: users, clients, periods, and hours on its own tasks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

from etl.sandbox.data.chance import ANCHOR
from etl.sandbox.data.registries import Collection
from etl.sandbox.data.sizes import Sizes
from etl.sandbox.data.words import REMARKS
from etl.sandbox.exchange import Record

USER_OFFSET = 1000  # a user's id here is the Blikk user's plus this
_CLIENTS = 60
_YEARS = (2025, 2026, 2027)
_OPEN_FROM = date(2025, 12, 1)  # what ended before is closed
_CREATED = "2025-01-02T08:00:00Z"
_TAGS = (("Utveckling", "#4F46E5"), ("Möte", "#F59E0B"), ("Restid", "#10B981"), ("Övertid", "#EF4444"))
_OWN_PROJECTS = {
    "ds-project-1": ("Intern utveckling", ("Utveckling", "Utbildning", "Möten")),
    "ds-project-2": ("Serviceavtal Norrskens Bostäder AB", ("Service", "Jour", "Restid")),
    "ds-project-3": ("Ombyggnad Storgatan 12", ("Projektering", "Montage", "Besiktning")),
    "ds-project-4": ("Frånvaro", ("Semester", "Sjukdom", "VAB")),
}
_REPORTING = 8  # the first so many users report their hours here
_APPROVED, _RELEASED = 2, 4


def users(blikk_users: Collection) -> Collection:
    """A user for everybody in Blikk who has an e-mail."""
    return {
        USER_OFFSET + key: {
            "id": USER_OFFSET + key,
            "externalId": f"user-{key}",
            "name": f"{user['firstName']} {user['lastName']}",
            "email": user["email"].lower(),
            "employeeNo": None,
            "employeeExternalId": None,
            "createdAt": _CREATED,
            "updatedAt": _CREATED,
        }
        for key, user in blikk_users.items()
        if user["email"]
    }


def clients(contacts: Collection) -> Collection:
    """The first companies in Blikk, in their order there; where there are too few, others."""
    names = [contact["name"] for contact in contacts.values() if contact["contactType"] == "company"]
    names += [f"Kund {number}" for number in range(len(names), _CLIENTS)]
    return {
        key: {"id": key, "externalId": f"client-{key}", "name": name} for key, name in enumerate(names[:_CLIENTS], 1)
    }


def tags() -> Collection:
    """The tags by id."""
    return {
        key: {"id": key, "externalId": f"tag-{key}", "name": name, "color": color}
        for key, (name, color) in enumerate(_TAGS, 1)
    }


def periods() -> Collection:
    """Weeks (template 1) and months (template 2), which overlap."""
    spans = [*_weeks(), *_months()]
    return {
        key: _period(key, template, name, first, last) for key, (template, name, first, last) in enumerate(spans, 1)
    }


def _weeks() -> list[tuple[int, str, date, date]]:
    first = date.fromisocalendar(_YEARS[0], 1, 1)
    last = date.fromisocalendar(_YEARS[-1], 52, 1)
    mondays = [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
    return [(1, f"{day.isocalendar()[0]}-W{day.isocalendar()[1]:02d}", day, day + timedelta(days=6)) for day in mondays]


def _months() -> list[tuple[int, str, date, date]]:
    firsts = [date(year, month, 1) for year in _YEARS for month in range(1, 13)]
    return [(2, f"{day:%Y-%m}", day, (day + timedelta(days=31)).replace(day=1) - timedelta(days=1)) for day in firsts]


def _period(key: int, template: int, name: str, first: date, last: date) -> Record:
    closed = last < _OPEN_FROM
    closed_at = f"{last + timedelta(days=3)}T09:00:00Z" if closed else None
    return {
        "id": key,
        "externalId": f"period-{name.lower()}",
        "templateId": template,
        "name": name,
        "startDate": f"{first}T00:00:00Z",
        "endDate": f"{last}T23:59:59Z",
        "status": int(closed),
        "closedAt": closed_at,
        "closedByUserId": USER_OFFSET + 1 if closed else None,
        "reopenedAt": None,
        "reopenedByUserId": None,
        "notes": None,
        "createdAt": _CREATED,
        "updatedAt": closed_at or _CREATED,
    }


def own_projects() -> tuple[dict[str, Record], dict[str, Record]]:
    """Projects and tasks that were made in Dime.Sheets itself, by external id."""
    stamps = {"createdAt": _CREATED, "updatedAt": _CREATED}
    projects: dict[str, Record] = {}
    tasks: dict[str, Record] = {}
    for number, (external, (name, steps)) in enumerate(_OWN_PROJECTS.items(), 1):
        blank = dict.fromkeys(("description", "clientId", "startDate", "budget"))
        projects[external] = {"id": number, "externalId": external, "name": name, **blank, **stamps}
        for step in steps:
            key = len(tasks) + 1
            tasks[f"ds-task-{key}"] = {
                "id": key,
                "externalId": f"ds-task-{key}",
                "projectExternalId": external,
                "name": step,
                "description": None,
                "estimatedHours": None,
                "isBillable": number in (2, 3),
                **stamps,
            }
    return projects, tasks


def time_entries(random: Random, sizes: Sizes, tasks: dict[str, Record], periods: Collection) -> Collection:
    """Hours of the last three months, the older ones approved or released; no two of a user, task and day."""
    made: Collection = {}
    seen: set[tuple[int, int, date]] = set()
    by_name = {period["name"]: period["id"] for period in periods.values()}
    while len(made) < sizes.time_entries:
        key, days_ago = len(made) + 1, 90 - len(made) * 90 // sizes.time_entries
        task = random.choice(list(tasks.values()))
        day = ANCHOR.date() - timedelta(days=days_ago)
        user = USER_OFFSET + random.randint(1, _REPORTING)
        if (user, task["id"], day) in seen:
            continue
        seen.add((user, task["id"], day))
        week = day.isocalendar()
        made[key] = {
            "id": key,
            "externalId": f"entry-{key:05d}",
            "userId": user,
            "timesheetId": user * 100 + week[1],
            "periodId": by_name[f"{week[0]}-W{week[1]:02d}"],
            "timesheetStatus": random.choice((_APPROVED, _APPROVED, _RELEASED))
            if days_ago > 14
            else random.choice((0, 1, 2, 3)),
            "taskId": task["id"],
            **_span(random, day),
            "date": f"{day}T00:00:00Z",
            "description": random.choice((None, "", *REMARKS)),
            "isBillable": task["isBillable"],
            "tagIds": sorted(random.sample((1, 2, 3, 4), random.choice((0, 0, 1)))),
            "createdAt": _stamp(day, 16),
            "updatedAt": _stamp(day + timedelta(days=min(days_ago, 3)), 14),
        }
    return made


def _span(random: Random, day: date) -> Record:
    """A duration, seldom with the clock times that it comes from."""
    if random.random() < 0.2:
        return {"startTime": f"{day}T07:00:00Z", "endTime": f"{day}T11:30:00Z", "duration": 4.5}
    return {"startTime": None, "endTime": None, "duration": random.choice((8.0, 7.75, 4.0, 2.5, 1.25, 0.5))}


def _stamp(day: date, hour: int) -> str:
    return datetime(day.year, day.month, day.day, hour, 15, tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
