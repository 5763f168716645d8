"""Contacts: persons and companies (Blikk: Core resources, Contacts)."""

from __future__ import annotations

from collections.abc import Callable

from etl.sandbox.blikk import filters
from etl.sandbox.blikk.bodies import Property, read_body, read_object
from etl.sandbox.blikk.desk import Desk, stamp_changed, stamp_new
from etl.sandbox.blikk.lists import Listing, answer_list, by_text, by_value
from etl.sandbox.blikk.refusals import invalid, refused
from etl.sandbox.blikk.shapes import ADDRESS, address, name_id, tags, user_name
from etl.sandbox.exchange import Answer, Call, Json, Record, json_answer
from etl.sandbox.routing import Route

TYPES = ("person", "company")
_FLAGS = ("isSupplier", "isWholeSale", "isRetailer", "isSubContractor", "isPartner", "isCustomer", "useReverseBuildTax")
_TEXTS = ("email", "invoiceEmail", "phoneNumber", "cellPhoneNumber", "importantInformation")
_ADDRESSES = ("visitingAddress", "deliveryAddress", "invoiceAddress")
_PROPERTIES = (
    Property("name", "string", required=True),
    Property("customerNumber", "string"),
    Property("contactType", "string", required=True, values=TYPES),
    Property("organizationalOrSocialSecurityNumber", "string"),
    Property("companyId", "integer", of="contacts"),
    Property("parentCompanyId", "integer", of="contacts"),
    Property("isActive", "boolean", default=True),
    *(Property(name, "string") for name in _TEXTS),
    *(Property(name, "boolean", default=False) for name in _FLAGS),
    Property("responsibleId", "integer", required=True, of="users"),
    *(Property(name, "object") for name in _ADDRESSES),
)
_LISTING = Listing(
    sorts={
        "name": by_text("name"),
        "customerNumber": by_text("customerNumber"),
        "created": by_value("created"),
        "updated": by_value("updated"),
    },
    filters={
        "query": filters.contains("name", "customerNumber"),
        "tagids": filters.all_ids(lambda contact: contact["tagIds"]),
        "createdorupdatedsince": filters.since("created", "updated"),
        "contacttype": filters.one_of(TYPES, lambda contact: contact["contactType"]),
    },
)
_BLANK: Record = {
    **{prop.name: prop.default for prop in _PROPERTIES},
    "name": "Ny kontakt",
    "contactType": "company",
    "responsibleId": 1,
    "tagIds": [],
}


class Contacts:
    collection = "contacts"
    blank = _BLANK

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def routes(self) -> list[Route]:
        path = "/v1/Core/Contacts"
        return [
            Route("GET", path, self.list_page, "Contact_Read", "contacts"),
            Route("GET", path + "/{id}", self.get, "Contact_Read"),
            Route("POST", path, self.create, "Contact_Write"),
            Route("PUT", path + "/{id}", self.update, "Contact_Write"),
            Route("DELETE", path + "/{id}", self.delete, "Contact_Write"),
        ]

    def list_page(self, call: Call) -> Answer:
        return answer_list(call, _LISTING, self._store.rows("contacts").values(), self.show_row)

    def get(self, call: Call) -> Answer:
        return json_answer(self.show(self._desk.find("contacts", call, "contact")))

    def create(self, call: Call) -> Answer:
        key = self._store.next_id("contacts")
        contact = {"id": key, **self._read(call), **stamp_new(call.now)}
        self._store.put("contacts", key, contact)
        return json_answer(self.show(contact), 201)

    def update(self, call: Call) -> Answer:
        before = self._desk.find("contacts", call, "contact")
        self._store.put("contacts", before["id"], {**self._read(call), **stamp_changed(before, call.now)})
        return Answer()

    def delete(self, call: Call) -> Answer:
        key = self._desk.find("contacts", call, "contact")["id"]
        if any(project["customerId"] == key for project in self._store.rows("projects").values()):
            raise refused("The contact could not be deleted as it is the customer of a project.")
        self._store.remove("contacts", key)
        return Answer()

    def _read(self, call: Call) -> Record:
        """A checked contact; one without customer number gets the next free one, on update too."""
        tag_property = Property(self._desk.settings.contact_tags, "ids", of="contact_tags", default=[])
        contact = read_body(call, (*_PROPERTIES, tag_property), self._store)
        contact["tagIds"] = contact.pop(tag_property.name)
        contact["contactType"] = contact["contactType"].lower()
        self._check_company(contact)
        contact.update(self._addresses(contact))
        contact["customerNumber"] = contact["customerNumber"] or self._free_number()
        return contact

    def _check_company(self, contact: Record) -> None:
        own, other = ("companyId", "parentCompanyId")
        if contact["contactType"] == "company":
            own, other = other, own
        problems = {}
        if contact[other] is not None:
            problems[other] = [f"The {other} field has to be empty for a {contact['contactType']}."]
        company = self._store.get("contacts", contact[own])
        if company and company["contactType"] != "company":
            problems[own] = [f"{own}: {contact[own]} is not a company."]
        if problems:
            raise invalid(problems)

    def _addresses(self, contact: Record) -> Record:
        problems: dict[str, list[str]] = {}
        read = {
            name: contact[name] and read_object(contact[name], ADDRESS, self._store, problems, name + ".")
            for name in _ADDRESSES
        }
        if problems:
            raise invalid(problems)
        return read

    def _free_number(self) -> str:
        numbers = (str(contact["customerNumber"]) for contact in self._store.rows("contacts").values())
        return str(max((int(number) for number in numbers if number.isdecimal()), default=0) + 1)

    def show_row(self, contact: Record) -> Json:
        """A contact as the list has it."""
        return {
            "objectName": "contact.list",
            "id": contact["id"],
            "name": contact["name"],
            "customerNumber": contact["customerNumber"],
            "contactType": contact["contactType"],
            "organizationalOrSocialSecurityNumber": contact["organizationalOrSocialSecurityNumber"],
            "visitingAddress": address(self._store, contact["visitingAddress"]),
            "company": name_id(self._store, "contacts", contact["companyId"]),
            "parentCompany": name_id(self._store, "contacts", contact["parentCompanyId"]),
            "created": contact["created"],
            "lastUpdated": contact["updated"],
        }

    def view(self) -> Callable[[Record], Json]:
        """Shows records in full."""
        return self.show

    def show(self, contact: Record) -> Json:
        """A contact with all its details; the type's case differs from the list's, as in the document."""
        return {
            **self.show_row(contact),
            "objectName": "contact.detail",
            "contactType": contact["contactType"].capitalize(),
            "isActive": contact["isActive"],
            **{name: contact[name] for name in (*_TEXTS, *_FLAGS)},
            "responsible": user_name(self._store, contact["responsibleId"]),
            "tags": tags(self._store, "contact_tags", contact["tagIds"]),
            **{name: address(self._store, contact[name]) for name in _ADDRESSES},
            "createdBy": user_name(self._store, contact["createdById"]),
            "lastUpdatedBy": user_name(self._store, contact["updatedById"]),
        }
