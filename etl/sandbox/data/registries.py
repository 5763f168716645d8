"""The small registries: what the admin lists show and what they refer to."""

from __future__ import annotations

from random import Random

from etl.sandbox.data.chance import audit
from etl.sandbox.data.sizes import Sizes
from etl.sandbox.exchange import Record

Collection = dict[int, Record]

NAMED = {  # registries of plain names that other records point to
    "departments": ("El", "VVS", "Ventilation", "Kyla", "Kontor"),
    "cost_centers": ("KS 10 Norr", "KS 20 Mitt", "KS 30 Syd", "KS 90 Gemensamt"),
    "schedules": ("Heltid 40 h", "Deltid 75 %", "Jour"),
    "time_reporting_profiles": ("Montör", "Tjänsteman"),
    "booking_projects": ("BP Norr", "BP Syd"),
    "units": ("st", "m", "h", "kg", "förp", "liter"),
    "equipment_types": ("Maskin", "Lyft", "Mätinstrument"),
}
_STATUSES = (
    ("Ej påbörjat", False),
    ("Ongoing", False),
    ("Väntar på kund", False),
    ("Completed", True),
    ("Fakturerat", True),
)
_CONTACT_TAGS = (
    ("Stamkund", "#41b18b"), ("Ny kund", "#f2d600"), ("Kommun", "#0079bf"), ("BRF", "#c377e0"),
    ("Betalar sent", "#eb5a46"), ("Serviceavtal", "#00c2e0"), ("Leverantör", "#51e898"), (None, "#344563"),
)  # fmt: skip
_TASK_TAGS = (
    ("Akut", "#eb5a46"), ("ROT", "#41b18b"), ("Garanti", "#f2d600"), ("Jour", "#0079bf"),
    ("Väntar material", "#c377e0"), ("Besiktning", "#00c2e0"), ("Återbesök", "#51e898"), (None, "#344563"),
    ("Ändring/tillägg", "#ff9f1a"),
)  # fmt: skip
_USER_TAGS = (
    ("Elbehörighet", "#f2d600"),
    ("Heta arbeten", "#eb5a46"),
    ("Kylcertifikat", "#00c2e0"),
    ("Körkort C", "#0079bf"),
)
_COUNTRIES = ("Sverige", "Norge", "Finland", "Danmark", "Åland", "Tyskland")
_TIME_CODES = (
    ("Normal", True),
    ("Övertid 50 %", False),
    ("Övertid 100 %", False),
    ("Restid", False),
    ("OB kväll", False),
)
_TIME_ARTICLES = ("Arbetstid montör", "Arbetstid projektledare", "Restid", "Jourtid", "Konsultation")
_ACTIVITIES = (
    "Montage", "Service", "Felsökning", "Projektledning", "Besiktning", "Dokumentation", "Inköp", "Möte", "Utbildning",
    "Jour", "Lagerarbete", "Gammal aktivitet",
)  # fmt: skip
_ALLOWANCES = (("Heldag", "Heldagstraktamente"), ("Halvdag", "Halvdagstraktamente"), ("Natt", None), ("Utland", ""))
_CARS = (
    ("Servicebil 1", "Volkswagen Transporter", "companyCar"), ("Servicebil 2", "Ford Transit Custom", "companyCar"),
    ("Servicebil 3", "Mercedes Vito", "companyCar"), ("Chefsbilen", "Volvo V60", "officalCar"),
    ("Poolbil", "Kia e-Niro", "CompanyCar"), ("Gamla Berta", "Volvo 245", "companyCar"),
)  # fmt: skip
_INTERNAL = (
    ("Internt möte", True),
    ("Utbildning", True),
    ("Lager och verkstad", False),
    ("Marknad", False),
    ("Administration", False),
)
_ABSENCE = (
    ("Semester", "100", False), ("Sjukdom", "310", True), ("VAB", "320", False), ("Föräldraledighet", "330", False),
    ("Tjänstledig", "400", False), ("Kompledigt", None, False),
)  # fmt: skip
_EQUIPMENTS = ("Bilningshammare", "Skylift 12 m", "Läcksökare", "Isolationsprovare", "Diamantborr", "Byggtork")
_ADDITIONS = (
    ("Nattillägg", "number"),
    ("Smutstillägg", "boolean"),
    ("Höghöjdstillägg", "boolean"),
    ("Beredskap", "number"),
)
_GOODS = (
    "Kabel EKLK 3G1,5", "Kabel EXQ 5G6", "Dvärgbrytare C16", "Jordfelsbrytare 40 A", "Elcentral 36 moduler",
    "Laddbox 11 kW", "Kopplingsdosa", "Vägguttag jordat", "Strömställare trapp", "LED-armatur 18 W", "Rör PEX 16 mm",
    "Presskoppling 22", "Kulventil DN20", "Blandare kök", "Golvbrunn", "Spirokanal 160", "Don tilluft", "Filter F7",
    "Köldmedium R32", "Isolering 19 mm",
)  # fmt: skip


def registries(random: Random, sizes: Sizes) -> dict[str, Collection]:
    """All of them by collection. Articles, equipments, additions and time articles share one series of ids."""
    users = sizes.users
    made = {name: _plain(names) for name, names in NAMED.items()}
    made["project_statuses"] = {
        key: {"id": key, "name": name, "isCompletedStatus": done} for key, (name, done) in enumerate(_STATUSES, 1)
    }
    made["project_collections"] = {
        key: {"id": key, "name": name, "number": f"P{key:03d}"}
        for key, name in enumerate(("Ramavtal kommunen", "Norra hamnen", "Skolor", "Serviceavtal"), 14)
    }
    made["countries"] = _plain(_COUNTRIES)
    for name, known in (("contact_tags", _CONTACT_TAGS), ("task_tags", _TASK_TAGS), ("user_tags", _USER_TAGS)):
        rows = [{"title": title, "color": color} for title, color in known]
        made[name] = _audited(random, rows, users, first=1)
    made.update(_time_registries(random, users))
    made.update(_other_registries(random, users))
    made["articles"] = _audited(
        random, [_article(random, number) for number in range(sizes.articles)], users, first=101
    )
    return made


def _plain(names: tuple[str, ...]) -> Collection:
    return {key: {"id": key, "name": name} for key, name in enumerate(names, 1)}


def _audited(random: Random, rows: list[Record], users: int, first: int) -> Collection:
    return {key: {"id": key, **row, **audit(random, users, 1500)} for key, row in enumerate(rows, first)}


def _time_registries(random: Random, users: int) -> dict[str, Collection]:
    articles = [{"name": name, "description": _describe(random, name), "isActive": True} for name in _TIME_ARTICLES]
    codes = [
        {"name": name, "description": _describe(random, name), "isActive": True, "isStandard": standard}
        for name, standard in _TIME_CODES
    ]
    activities = [
        {
            "name": name,
            "isActive": not name.startswith("Gammal"),
            "preferredTimeCodeId": random.choice((None, 1, 1, 4)),
            "preferredTimeArticleId": random.choice((None, 11, 12)),
        }
        for name in _ACTIVITIES
    ]
    additions = [{"name": name, "description": None, "type": kind, "isActive": True} for name, kind in _ADDITIONS]
    return {
        "time_articles": _audited(random, articles, users, first=11),
        "time_codes": _audited(random, codes, users, first=1),
        "activities": _audited(random, activities, users, first=1),
        "time_additions": _audited(random, additions, users, first=51),
    }


def _other_registries(random: Random, users: int) -> dict[str, Collection]:
    internal = [
        {"name": name, "commentRequiredWhenTimeReporting": comment, "isActive": True} for name, comment in _INTERNAL
    ]
    absence = [
        {
            "name": name,
            "commentRequiredWhenTimeReporting": False,
            "salaryCodeForMonthlySalary": code,
            "salaryCodeForHourlySalary": code,
            "refersToSickness": sick,
            "isActive": True,
        }
        for name, code, sick in _ABSENCE
    ]
    equipments = [
        {"name": name, "description": _describe(random, name), "isActive": True, "typeId": random.randint(1, 3)}
        for name in _EQUIPMENTS
    ]
    allowances = [{"name": name, "description": text, "isActive": True} for name, text in _ALLOWANCES]
    return {
        "internal_projects": _audited(random, internal, users, first=1),
        "absence_projects": _audited(random, absence, users, first=1),
        "equipments": _audited(random, equipments, users, first=31),
        "allowances": _audited(random, allowances, users, first=1),
        "company_cars": _audited(random, [_car(random, *car) for car in _CARS], users, first=1),
    }


def _car(random: Random, name: str, model: str, kind: str) -> Record:
    return {
        "name": name,
        "isActive": not name.startswith("Gamla"),
        "makeAndModel": model,
        "registrationNumber": f"{''.join(random.choices('ABDEFGHJK', k=3))}{random.randint(100, 999)}",
        "type": kind,
    }


def _article(random: Random, number: int) -> Record:
    price = round(random.uniform(8, 4200), 2)
    return {
        "articleNumber": f"A{number + 1:03d}",
        "name": _GOODS[number % len(_GOODS)] + ("" if number < len(_GOODS) else f" ({number // len(_GOODS) + 1})"),
        "price": price,
        "cost": round(price * random.uniform(0.5, 0.8), 2),
        "unitId": random.randint(1, 6),
        "description": random.choice((None, "", "Lagervara", "Beställningsvara, 5 dagar")),
        "isActive": random.random() < 0.95,
    }


def _describe(random: Random, name: str) -> str | None:
    return random.choice((None, "", name, f"{name} enligt avtal"))
