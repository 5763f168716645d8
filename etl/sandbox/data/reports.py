"""Time reports with what may hang on them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import count
from random import Random

from etl.sandbox.data.chance import ANCHOR
from etl.sandbox.data.registries import Collection
from etl.sandbox.data.sizes import Sizes
from etl.sandbox.data.words import REMARKS, TOWNS
from etl.sandbox.exchange import Record

_FIRST_REPORT, _FIRST_PART = 70_001, 90_001
_HOURS = (8.0, 8.0, 7.75, 4.0, 2.5, 6.25, 1.5, 0.5, 9.25)
_NO_KIND = {"projectId": None, "internalProjectId": None, "absenceProjectId": None, "taskId": None}


def time_reports(random: Random, sizes: Sizes, users: Collection, tasks: Collection) -> Collection:
    """The last months, newest days last; what is older than a month is attested, and half of that invoiced."""
    reportable = [task for task in tasks.values() if task["timeReportingEnabled"] and task["projectId"]]
    parts = count(_FIRST_PART)
    made = {}
    for number in range(sizes.time_reports):
        days_ago = 120 - number * 120 // sizes.time_reports
        day = ANCHOR.date() - timedelta(days=days_ago)
        key = _FIRST_REPORT + number
        user = users[random.randint(1, sizes.users - 4)]
        report = {"id": key, "date": day.isoformat(), **_times(random), **_kind(random, reportable)}
        report.update(_money(random, user, report), **_state(random, day, days_ago, key, sizes))
        report.update(_parts(random, report, parts))
        made[key] = report
    return made


def _times(random: Random) -> Record:
    clocked = random.random() < 0.25
    hours = 7.75 if clocked else random.choice(_HOURS)
    return {
        "clockStart": "07:00" if clocked else None,
        "clockEnd": "15:30" if clocked else None,
        "breakMinutes": 45 if clocked else random.choice((None, None, 0, 30)),
        "hours": hours,
        "comment": random.choice((None, "", *REMARKS)),
        "internalComment": random.choice((None, None, "", "Tog längre tid än räknat")),
        "activityId": random.randint(1, 11),
        "timeCodeId": random.choice((1, 1, 1, 1, 2, 3, 4)),
        "timeArticleId": random.choice((11, 11, 11, 12, 13)),
    }


def _kind(random: Random, tasks: list[Record]) -> Record:
    """Exactly one kind of project."""
    chance = random.random()
    if chance < 0.06:
        return {**_NO_KIND, "absenceProjectId": random.randint(1, 6)}
    if chance < 0.16:
        return {**_NO_KIND, "internalProjectId": random.randint(1, 5)}
    task = random.choice(tasks)
    return {**_NO_KIND, "projectId": task["projectId"], "taskId": task["id"] if random.random() < 0.5 else None}


def _money(random: Random, user: Record, report: Record) -> Record:
    billed = report["projectId"] is not None
    return {
        "userId": user["id"],
        "invoiceableHours": random.choice((report["hours"], report["hours"], 0.0, 2.0)) if billed else 0.0,
        "cost": user["costPerHour"],
        "rate": random.choice((595.0, 645.0, 720.5)) if billed else None,
        "discount": random.choice((None, None, None, 10.0)) if billed else None,
        "costCenterId": user["costCenterId"],
        "bookingProjectId": random.choice((None, None, None, 1, 2)),
    }


def _state(random: Random, day: date, days_ago: int, key: int, sizes: Sizes) -> Record:
    sent = days_ago > 14
    attested = days_ago > 30
    stamp = f"{day + timedelta(days=min(days_ago, 1))} 05:{key % 60:02d}:{key % 59:02d} +00:00"
    later = f"{day + timedelta(days=min(days_ago, 9))} 12:{key % 60:02d}:{key % 53:02d} +00:00"
    changed = random.random() < 0.2
    return {
        "sentToAttestDate": later if sent else None,
        "attestedDate": later if attested else None,
        "attestedById": 2 if attested else None,
        "invoiceId": 5000 + key % 40 if attested and random.random() < 0.5 else None,
        "created": stamp,
        "createdById": random.randint(1, sizes.users - 4),
        "updated": later if changed else None,
        "updatedById": 2 if changed else None,
    }


def _parts(random: Random, report: Record, ids: count[int]) -> Record:
    billed = report["projectId"] is not None
    travel = _travel(random, next(ids)) if billed and random.random() < 0.08 else None
    return {
        "travel": travel,
        "allowance": _allowance(random, next(ids)) if travel and random.random() < 0.4 else None,
        "materials": [_material(random, next(ids))] if billed and random.random() < 0.07 else [],
        "equipments": [_equipment(random, next(ids))] if billed and random.random() < 0.04 else [],
        "additions": [_addition(random, next(ids))] if random.random() < 0.04 else [],
    }


def _travel(random: Random, key: int) -> Record:
    start, goal = random.sample(TOWNS, 2)
    distance = float(random.randint(4, 180))
    car = {
        "id": random.randint(1, 5),
        "tripStart": 15_000.0,
        "tripEnd": 15_000.0 + distance,
        "addressStart": start[1],
        "addressGoal": goal[1],
        "addressEnd": start[1],
    }
    return {
        "id": key,
        "place": f"{start[1]}–{goal[1]}–{start[1]}",
        "distance": distance,
        "invoicableDistance": random.choice((None, distance)),
        "toSalary": random.random() < 0.5,
        "companyCar": car if random.random() < 0.6 else None,
    }


def _allowance(random: Random, key: int) -> Record:
    return {
        "id": key,
        "allowanceTypeId": random.randint(1, 4),
        "description": random.choice((None, "Lunch", "")),
        "toBeInvoiced": random.random() < 0.3,
    }


def _material(random: Random, key: int) -> Record:
    units = random.choice((1.0, 2.0, 3.5, 12.0))
    price = round(random.uniform(20, 900), 2)
    return {
        "id": key,
        "articleId": 101 + random.randrange(20),
        "articleNumber": None,
        "title": "Förbrukat material",
        "unitPrice": price,
        "invoicableUnitPrice": price,
        "units": units,
        "invoicableUnits": units,
        "calculatedUnits": None,
        "unitText": "st",
        "cost": round(price * 0.6, 2),
        "discountInPercent": random.choice((None, 0.0, 10.0)),
        "isTextOnly": False,
    }


def _equipment(random: Random, key: int) -> Record:
    return {"id": key, "hours": random.choice((1.0, 4.5)), "articleId": random.randint(31, 36), "comment": None}


def _addition(random: Random, key: int) -> Record:
    numbered = random.random() < 0.5
    return {
        "id": key,
        "articleId": 51 if numbered else 52,
        "yesNo": None if numbered else True,
        "numberCount": float(random.randint(1, 4)) if numbered else None,
    }
