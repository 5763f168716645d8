"""Users and contacts."""

from __future__ import annotations

from random import Random

from etl.sandbox.data.chance import address, audit, day, empty_address
from etl.sandbox.data.registries import Collection
from etl.sandbox.data.sizes import Sizes
from etl.sandbox.data.words import COMPANY_STEMS, COMPANY_TRADES, FIRST_NAMES, LAST_NAMES, TOWNS, mobile, phone, plain
from etl.sandbox.exchange import Record

FIRST_CONTACT = 101
_FORMER = 4  # users whose employment has ended; the last two have neither e-mail nor employee number
_OFFICE = 5  # department
_NO_FLAGS = dict.fromkeys(
    ("isSupplier", "isWholeSale", "isRetailer", "isSubContractor", "isPartner", "isCustomer", "useReverseBuildTax"),
    False,
)


def users(random: Random, sizes: Sizes) -> Collection:
    """Every active user has an e-mail and an employee number of their own; no two have the same name."""
    names = _distinct_names(random, sizes.users)
    made = {key: _user(random, key, *name, sizes.users) for key, name in enumerate(names, 1)}
    for key in range(sizes.users - _FORMER + 1, sizes.users + 1):
        made[key]["endDate"] = day(random, 400, 30)
        if key > sizes.users - 2:
            made[key].update(email=None, employeeNumber=None)
    return made


def _distinct_names(random: Random, count: int) -> list[tuple[str, str]]:
    names = [(first, last) for first in FIRST_NAMES for last in LAST_NAMES]
    return random.sample(names, count)


def _user(random: Random, key: int, first: str, last: str, users: int) -> Record:
    office = key <= 2 or random.random() < 0.12
    mail = f"{plain(first)}.{plain(last)}@example.com"
    return {
        "id": key,
        "firstName": first,
        "lastName": last,
        "license": "total" if office else random.choice(("standard", "basic", "light")),
        "permissions": ["administrator"] if key == 1 else ["sales", "projects"] if office else [],
        "email": mail.title().replace("@Example.Com", "@example.com") if random.random() < 0.1 else mail,
        "employeeNumber": str(1000 + key) if random.random() < 0.8 else f"0{key:03d}",
        "socialSecurityNumber": None,
        "mobilePhoneNumber": random.choice((mobile(random), mobile(random), "")),
        "workPhoneNumber": phone(random) if office else None,
        "note": random.choice((None, "", "Föräldraledig till hösten", "Elansvarig")),
        "startDate": day(random, 4000, 200),
        "endDate": None,
        "departmentId": _OFFICE if office else random.randint(1, 4),
        "costCenterId": random.choice((None, 1, 2, 3)),
        "salaryType": "monthly" if office else random.choice(("hourly", "monthly", "none")),
        "costPerHour": random.choice((None, 285.5, 310.0, 342.75, 420.0)),
        "settlementAccount": None,
        "address": random.choice((None, address(random))),
        "nextOfKin": None,
        "nextOfKinRelation": None,
        "nextOfKinPhoneNumber": None,
        "managerId": None if key == 1 else random.choice((1, 2)),
        "scheduleId": random.choice((1, 1, 1, 2, None)),
        "standardTimeArticleId": random.choice((11, 12, None)),
        "standardActivityId": random.choice((1, 2, None)),
        "timeReportingProfileId": 2 if office else 1,
        "timeBankEnabled": not office and random.random() < 0.5,
        "currentTimeBank": round(random.uniform(-8, 40), 2) if random.random() < 0.4 else None,
        "planningCapacityInPercent": random.choice((None, 100.0, 75.0)),
        "tagIds": random.choice((None, [], [1], [1, 2], [3])),
        **audit(random, users, 1500),
    }


def contacts(random: Random, sizes: Sizes) -> Collection:
    """Companies first, then persons, half of whom belong to one of the companies."""
    companies = range(FIRST_CONTACT, FIRST_CONTACT + sizes.companies)
    persons = range(companies.stop, companies.stop + sizes.persons)
    made = {key: _company(random, key, sizes) for key in companies}
    made.update({key: _person(random, key, companies, sizes) for key in persons})
    return made


def _company(random: Random, key: int, sizes: Sizes) -> Record:
    number = key - FIRST_CONTACT
    round_, stem = divmod(number, len(COMPANY_STEMS))
    name = f"{COMPANY_STEMS[stem]} {COMPANY_TRADES[round_ % len(COMPANY_TRADES)]}"
    if number >= len(COMPANY_STEMS) * len(COMPANY_TRADES):
        name = f"{name}, {random.choice(TOWNS)[1]}"
    return {
        **_contact(random, key, name, sizes),
        "contactType": "company",
        "organizationalOrSocialSecurityNumber": random.choice((None, "", f"5599{number % 100:02d}-{number:04d}")),
        "companyId": None,
        "parentCompanyId": FIRST_CONTACT if number and random.random() < 0.05 else None,
        "email": f"info@{plain(name.split(',')[0]).split('ab')[0]}.example.com",
        "invoiceEmail": random.choice(("", None, f"faktura{key}@example.com")),
        "isSupplier": random.random() < 0.08,
        "isSubContractor": random.random() < 0.06,
        "useReverseBuildTax": random.random() < 0.2,
        "isCustomer": True,
    }


def _person(random: Random, key: int, companies: range, sizes: Sizes) -> Record:
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    return {
        **_contact(random, key, f"{first} {last}", sizes),
        "contactType": "person",
        "organizationalOrSocialSecurityNumber": None,
        "companyId": random.choice(companies) if random.random() < 0.5 else None,
        "parentCompanyId": None,
        "email": random.choice((f"{plain(first)}.{plain(last)}.{key}@example.com", "", None)),
        "invoiceEmail": "",
        "isCustomer": random.random() < 0.6,
    }


def _contact(random: Random, key: int, name: str, sizes: Sizes) -> Record:
    return {
        "id": key,
        "name": name,
        "customerNumber": str(10_000 + key),
        "isActive": random.random() < 0.96,
        "phoneNumber": random.choice((phone(random), phone(random), "")),
        "cellPhoneNumber": random.choice((mobile(random), "", None)),
        "importantInformation": random.choice((None, "", "", "Kräver referensnummer på fakturan")),
        **_NO_FLAGS,
        "responsibleId": random.randint(1, sizes.users - _FORMER),
        "tagIds": sorted(random.sample(range(1, 9), random.choice((0, 0, 1, 2)))),
        "visitingAddress": address(random),
        "deliveryAddress": empty_address() if random.random() < 0.6 else address(random),
        "invoiceAddress": empty_address() if random.random() < 0.5 else address(random),
        **audit(random, sizes.users, 1400),
    }
