"""The admin lists that can only be read: one table says what each of them shows (Blikk: Admin resources)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.filters import Filter
from etl.sandbox.blikk.lists import Listing, SortKey, answer_list, by_text, by_value
from etl.sandbox.blikk.shapes import name_id, registry_audit
from etl.sandbox.blikk.users import ADMIN_PERMISSION
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

_NAME: Mapping[str, SortKey] = {"name": by_text("name")}
_DATED: Mapping[str, SortKey] = {**_NAME, "createdDate": by_value("created"), "updatedDate": by_value("updated")}


@dataclass(frozen=True)
class Registry:
    """One list: its path, its plain fields, its references as property → (stored id, records)."""

    collection: str
    path: str
    object_name: str
    fields: tuple[str, ...]
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sorts: Mapping[str, SortKey] = field(default_factory=lambda: _DATED)
    filters: Mapping[str, Filter] = field(default_factory=dict)
    audit: bool = True

    def blank(self) -> Record:
        """A new record of this kind, to be filled in."""
        blank: Record = dict.fromkeys((*self.fields, *(stored for stored, _ in self.references.values())))
        return {**blank, **{name: name == "isActive" for name in self.fields if name.startswith(("is", "refers"))}}


REGISTRIES = (
    Registry(
        "absence_projects",
        "AbsenceProjects",
        "absenceproject.list",
        (
            "name",
            "commentRequiredWhenTimeReporting",
            "salaryCodeForMonthlySalary",
            "salaryCodeForHourlySalary",
            "refersToSickness",
            "isActive",
        ),
        sorts=_NAME,
    ),
    Registry(
        "activities",
        "Activities",
        "activity.list",
        ("name", "isActive"),
        {
            "preferredTimeCode": ("preferredTimeCodeId", "time_codes"),
            "preferredTimeArticle": ("preferredTimeArticleId", "time_articles"),
        },
    ),
    Registry("allowances", "Allowances", "allowance.list", ("name", "description", "isActive")),
    Registry(
        "articles",
        "Articles",
        "article.list",
        ("articleNumber", "name", "price", "cost", "description", "isActive"),
        {"unit": ("unitId", "units")},
        sorts={**_DATED, "articleNumber": by_text("articleNumber")},
        filters={"query": filters.contains("articleNumber", "name")},
    ),
    Registry(
        "company_cars",
        "CompanyCars",
        "companycar.list",
        ("name", "isActive", "makeAndModel", "registrationNumber", "type"),
    ),
    Registry(
        "contact_tags",
        "ContactTags",
        "generic.tag",
        ("title", "color"),
        sorts={"name": by_text("title"), "createdDate": by_value("created")},
        audit=False,
    ),
    Registry("countries", "Countries", "country.list", ("name",), sorts=_NAME, audit=False),
    Registry(
        "equipments",
        "Equipments",
        "equipment.list",
        ("name", "description", "isActive"),
        {"type": ("typeId", "equipment_types")},
    ),
    Registry(
        "internal_projects",
        "InternalProjects",
        "internalproject.list",
        ("name", "commentRequiredWhenTimeReporting", "isActive"),
        sorts=_NAME,
    ),
    Registry("time_additions", "TimeAdditions", "timeaddition.list", ("name", "description", "type", "isActive")),
    Registry("time_articles", "TimeArticles", "timearticle.list", ("name", "description", "isActive")),
    Registry("time_codes", "TimeCodes", "timecode.list", ("name", "description", "isActive", "isStandard")),
)


class AdminList:
    """One registry as a list."""

    def __init__(self, desk: Desk, registry: Registry) -> None:
        self.collection = registry.collection
        self.blank = registry.blank()
        self._store = desk.store
        self._registry = registry
        self._listing = Listing(registry.sorts, registry.filters)

    def routes(self) -> list[Route]:
        path = f"/v1/Admin/{self._registry.path}"
        return [Route("GET", path, self.list_page, ADMIN_PERMISSION, self._registry.collection)]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._store.rows(self._registry.collection).values(), self.show)

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, record: Record) -> Json:
        """One record of the registry; there is no fuller form."""
        shown = {"objectName": self._registry.object_name, "id": record["id"]}
        shown.update({name: record[name] for name in self._registry.fields})
        for name, (stored, collection) in self._registry.references.items():
            shown[name] = name_id(self._store, collection, record[stored])
        return {**shown, **registry_audit(self._store, record)} if self._registry.audit else shown
