"""What hangs on a time report: travel, allowance, materials, equipments, additions.

Written with one set of names and read with another (`invoiceableDistance` becomes `invoicableDistance`); stored as
read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal

from etl.sandbox.blikk.bodies import Property, read_object
from etl.sandbox.blikk.shapes import name_id
from etl.sandbox.exchange import Json, Record
from etl.sandbox.storage import Store

_TAX_PERCENT = 25.0
_RATE_PER_KM, _COST_PER_KM, _ALLOWANCE = 25.0, 18.5, 290.0
_TRAVEL = (
    Property("place", "string"),
    Property("distance", "decimal", required=True),
    Property("invoiceableDistance", "decimal"),
    Property("toSalary", "boolean", default=False),
    Property("companyCar", "object"),
)
_CAR = (
    Property("id", "integer", required=True, of="company_cars"),
    Property("tripStart", "decimal"),
    Property("tripEnd", "decimal"),
    Property("addressStart", "string"),
    Property("addressGoal", "string"),
    Property("addressEnd", "string"),
)
_ALLOWANCE_REPORT = (
    Property("allowanceTypeId", "integer", required=True, of="allowances"),
    Property("description", "string"),
    Property("toBeInvoiced", "boolean", default=False),
)
_MATERIAL = (
    Property("id", "integer"),
    Property("articleId", "integer", of="articles"),
    Property("articleNumber", "string"),
    Property("title", "string"),
    Property("unitPrice", "decimal", default=0.0),
    Property("invoiceableUnitPrice", "decimal"),
    Property("units", "decimal", default=0.0),
    Property("invoiceableUnits", "decimal"),
    Property("calculatedUnits", "decimal"),
    Property("unitText", "string"),
    Property("cost", "decimal"),
    Property("discountInPercent", "decimal"),
    Property("isTextOnly", "boolean", default=False),
)
_EQUIPMENT = (
    Property("id", "integer"),
    Property("hours", "decimal", required=True),
    Property("articleId", "integer", required=True, of=("equipments", "articles")),
    Property("comment", "string"),
)
_ADDITION = (
    Property("id", "integer"),
    Property("articleId", "integer", required=True, of=("time_additions", "articles")),
    Property("yesNo", "boolean"),
    Property("numberCount", "decimal"),
)
_RENAMED = {
    "invoiceableDistance": "invoicableDistance",
    "invoiceableUnits": "invoicableUnits",
    "invoiceableUnitPrice": "invoicableUnitPrice",
}
_LISTS = {"materials": _MATERIAL, "equipments": _EQUIPMENT, "additions": _ADDITION}


class PartReader:
    """Reads the parts of a written report. `before` is the stored one: its parts keep their ids, those left out go."""

    def __init__(self, store: Store, before: Record | None) -> None:
        self._store = store
        self._before = before or {}
        self.problems: dict[str, list[str]] = {}

    def read(self, body: Mapping[str, Json]) -> Record:
        """The parts as stored; what is wrong is in `problems`."""
        if body["allowanceReport"] is not None and body["travelReport"] is None:
            self.problems["allowanceReport"] = ["An allowance report needs a travel report."]
        lists = {name: self._list(name, body[name] or [], properties) for name, properties in _LISTS.items()}
        return {
            "travel": self._travel(body["travelReport"]),
            "allowance": self._single("allowance", "allowanceReport", body["allowanceReport"], _ALLOWANCE_REPORT),
            **lists,
        }

    def _travel(self, body: Json) -> Json:
        travel = self._single("travel", "travelReport", body, _TRAVEL)
        if travel and travel["companyCar"] is not None:
            travel["companyCar"] = self._object(travel["companyCar"], _CAR, "travelReport.companyCar.")
        return travel

    def _single(self, stored: str, name: str, body: Json, properties: tuple[Property, ...]) -> Json:
        if body is None:
            return None
        before = self._before.get(stored)
        return {"id": before["id"] if before else self._new_id(), **self._object(body, properties, name + ".")}

    def _list(self, name: str, items: list[Record], properties: tuple[Property, ...]) -> list[Record]:
        known = {part["id"] for part in self._before.get(name, [])}
        return [self._item(item, properties, f"{name}[{place}].", known) for place, item in enumerate(items)]

    def _item(self, item: Record, properties: tuple[Property, ...], prefix: str, known: set[int]) -> Record:
        part = self._object(item, properties, prefix)
        if part["id"] is None:
            return {**part, "id": self._new_id()}
        if part["id"] not in known:
            self.problems[prefix + "id"] = [f"id: {part['id']} does not belong to this time report."]
        return part

    def _object(self, body: Record, properties: tuple[Property, ...], prefix: str) -> Record:
        read = read_object(body, properties, self._store, self.problems, prefix)
        return {_RENAMED.get(name, name): value for name, value in read.items()}

    def _new_id(self) -> int:
        return self._store.next_id("time_report_parts")


class PartViews:
    """Shows stored parts as the detail of a time report has them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def show(self, report: Record) -> Record:
        return {
            "travelReport": report["travel"] and self._travel(report, report["travel"]),
            "allowanceReport": report["allowance"] and self._allowance(report, report["allowance"]),
            "materials": self._each(report, "materials", self._material),
            "equipments": self._each(report, "equipments", self._equipment),
            "additions": self._each(report, "additions", self._addition),
        }

    def _each(self, report: Record, name: str, show: Callable[[Record], Record]) -> list[Record]:
        parts: Iterable[Record] = report[name]
        return [{**show(part), **self._booked(report)} for part in parts]

    def _booked(self, report: Record) -> Record:
        return {
            "costCenter": name_id(self._store, "cost_centers", report["costCenterId"]),
            "bookingProject": name_id(self._store, "booking_projects", report["bookingProjectId"]),
        }

    def _travel(self, report: Record, travel: Record) -> Record:
        return {
            "objectName": "timereport.detail.travelreport",
            "id": travel["id"],
            "place": travel["place"],
            "invoicablePlace": travel["place"],
            "distance": travel["distance"],
            "invoicableDistance": travel["invoicableDistance"],
            "toSalary": travel["toSalary"],
            "toBeInvoiced": bool(travel["invoicableDistance"]),
            "cost": _COST_PER_KM,
            "rate": _RATE_PER_KM,
            "discount": None,
            "sentToAttestDate": report["sentToAttestDate"],
            "attestedDate": report["attestedDate"],
            **self._booked(report),
            "invoiceId": report["invoiceId"],
            "companyCar": travel["companyCar"] and self._car(travel["companyCar"]),
        }

    def _car(self, car: Record) -> Record:
        known = self._store.get("company_cars", car["id"])
        return {
            "objectName": "timereport.detail.travelreport.companycar",
            **car,
            "name": known["name"] if known else "",
        }

    def _allowance(self, report: Record, allowance: Record) -> Record:
        kind = self._store.get("allowances", allowance["allowanceTypeId"])
        return {
            "objectName": "timereport.detail.allowancereport",
            "id": allowance["id"],
            "description": allowance["description"],
            "cost": _ALLOWANCE,
            "amount": _ALLOWANCE,
            "invoicableAmount": _ALLOWANCE if allowance["toBeInvoiced"] else None,
            "discount": None,
            "invoicableSpecification": kind["name"] if kind else "",
            "toBeInvoiced": allowance["toBeInvoiced"],
            "sentToAttestDate": report["sentToAttestDate"],
            "attestedDate": report["attestedDate"],
            **self._booked(report),
            "invoiceId": report["invoiceId"],
        }

    def _material(self, part: Record) -> Record:
        amount = _product(part["units"], part["unitPrice"])
        billed = _product(part["invoicableUnits"], part["invoicableUnitPrice"])
        article = self._store.get("articles", part["articleId"])
        return {
            "objectName": "timereport.detail.materialreport",
            "id": part["id"],
            "title": part["title"],
            "units": part["units"],
            "costPerUnit": part["cost"],
            "discountInPercent": part["discountInPercent"],
            "invoicableUnits": part["invoicableUnits"],
            "unitPrice": part["unitPrice"],
            "invoicableUnitPrice": part["invoicableUnitPrice"],
            "taxPercent": _TAX_PERCENT,
            "amount": amount,
            "invoicableAmount": billed,
            "cost": _product(part["cost"], part["units"]),
            "calculatedUnits": part["calculatedUnits"],
            "tax": _product(amount, _TAX_PERCENT / 100),
            "toBeInvoiced": not part["isTextOnly"],
            "article": name_id(self._store, "articles", part["articleId"]),
            "unitText": part["unitText"],
            "invoicableUnitText": part["unitText"],
            "isRotRut": False,
            "invoiceId": None,
            "articleNumber": article["articleNumber"] if article else part["articleNumber"],
        }

    def _equipment(self, part: Record) -> Record:
        return {
            "objectName": "timereport.detail.equipmentreport",
            "id": part["id"],
            "hours": part["hours"],
            "cost": 20.0,
            "rate": 30.0,
            "invoicableRate": 40.0,
            "invoicableHours": part["hours"],
            "article": self._article("equipments", part["articleId"]),
            "invoiceId": None,
            "discount": None,
            "comment": part["comment"],
        }

    def _addition(self, part: Record) -> Record:
        count = part["numberCount"] if part["yesNo"] is None else float(part["yesNo"])
        return {
            "objectName": "timereport.detail.additionreport",
            "id": part["id"],
            "salaryCount": count,
            "invoicableCount": count,
            "cost": 20.0,
            "invoicablePrice": 400.0,
            "discount": None,
            "article": self._article("time_additions", part["articleId"]),
        }

    def _article(self, collection: str, key: int) -> Json:
        return name_id(self._store, collection, key) or name_id(self._store, "articles", key)


def _product(first: float | None, second: float | None) -> float | None:
    if first is None or second is None:
        return None
    return float(round(Decimal(repr(first)) * Decimal(repr(second)), 2))
