"""Chance that comes out the same each time: moments, places and audit marks, all from a seed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

from etl.sandbox.data.words import STREETS, TOWNS
from etl.sandbox.exchange import Record

ANCHOR = datetime(2025, 12, 12, 15, 0, tzinfo=UTC)  # all that is made up has happened by then
_FORMAT = "%Y-%m-%d %H:%M:%S +00:00"


def moment(random: Random, first_days_ago: int, last_days_ago: int = 0) -> datetime:
    """A second in working hours of a day in that span before the anchor."""
    day = ANCHOR - timedelta(days=random.randint(last_days_ago, first_days_ago))
    return day.replace(hour=random.randint(5, 14), minute=random.randint(0, 59), second=random.randint(0, 59))


def audit(random: Random, users: int, days: int) -> Record:
    """Who made a record and when; about half were never changed since and have nulls there."""
    made = moment(random, days, 1)
    changed = random.random() < 0.55
    age = (ANCHOR - made).days
    return {
        "created": made.strftime(_FORMAT),
        "createdById": random.randint(1, users),
        "updated": max(moment(random, age), made).strftime(_FORMAT) if changed else None,
        "updatedById": random.randint(1, users) if changed else None,
    }


def day(random: Random, first_days_ago: int, last_days_ago: int = 0) -> str:
    """A calendar day before the anchor; a negative number lies after it."""
    return (ANCHOR - timedelta(days=random.randint(last_days_ago, first_days_ago))).date().isoformat()


def address(random: Random, mess: float = 0.15) -> Record:
    """A street and a town; some parts are empty or null, as people leave them."""
    code, town, county, _, _ = random.choice(TOWNS)
    untidy = random.random() < mess
    return {
        "streetAddress": f"{random.choice(STREETS)} {random.randint(1, 98)}",
        "additionalAddress": random.choice((None, None, "", "2 tr", "c/o kontoret")),
        "postalCode": code.replace(" ", "") if random.random() < 0.3 else code,
        "city": None if untidy else town,
        "state": county if random.random() < 0.4 else None,
        "countryId": 1 if random.random() < 0.97 else 2,
    }


def empty_address() -> Record:
    """What stands there when nobody filled in the form."""
    return {
        "streetAddress": "",
        "additionalAddress": None,
        "postalCode": "",
        "city": None,
        "state": None,
        "countryId": 1,
    }
