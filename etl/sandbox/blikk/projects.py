"""Projects (Blikk: Core resources, Projects)."""

from __future__ import annotations

from collections.abc import Callable

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.desk import Desk
from etl.sandbox.blikk.lists import Listing, answer_list, by_text, by_value
from etl.sandbox.blikk.shapes import name_id, registry_audit, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record
from etl.sandbox.routing import Route

_BLANK: Record = {
    "orderNumber": None,
    "title": "Nytt projekt",
    "statusId": 1,
    "startDate": None,
    "endDate": None,
    "invoiceType": "Ongoing",
    "location": None,
    "projectManagerId": None,
    "customerId": None,
    "projectCollectionId": None,
}


class Projects:
    collection = "projects"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._store = desk.store
        self._listing = Listing(
            sorts={
                "orderNumber": by_text("orderNumber"),
                "title": by_text("title"),
                "createdDate": by_value("created"),
                "updatedDate": by_value("updated"),
            },
            filters={"query": filters.contains_in(self._texts)},
        )

    def routes(self) -> list[Route]:
        return [Route("GET", "/v1/Core/Projects", self.list_page, "Project_Read", "projects")]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, self._listing, self._store.rows("projects").values(), self.show)

    def _texts(self, project: Record) -> tuple[Json, ...]:
        customer = self._store.get("contacts", project["customerId"])
        return project["orderNumber"], project["title"], customer and customer["name"]

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, project: Record) -> Json:
        """A project; there is no fuller form."""
        store = self._store
        status = store.get("project_statuses", project["statusId"])
        collection = store.get("project_collections", project["projectCollectionId"])
        location = project["location"]
        return {
            "objectName": "project.list",
            "id": project["id"],
            "orderNumber": project["orderNumber"],
            "title": project["title"],
            "status": status and {"objectName": "project.list.status", **status},
            "startDate": project["startDate"],
            "endDate": project["endDate"],
            "invoiceType": project["invoiceType"],
            "location": location and {"objectName": "project.list.location", **location},
            "projectManager": user_name(store, project["projectManagerId"]),
            "customer": name_id(store, "contacts", project["customerId"]),
            "projectCollection": collection and {"objectName": "projectcollection.name_id", **collection},
            **registry_audit(store, project),
        }
