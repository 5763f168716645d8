"""The small objects that stand inside others: id and name, tags, addresses, who changed what and when."""

from __future__ import annotations

from etl.sandbox.blikk.bodies import Property
from etl.sandbox.exchange import Json, Key, Record
from etl.sandbox.storage import Store

ADDRESS = (
    Property("streetAddress", "string"),
    Property("additionalAddress", "string"),
    Property("postalCode", "string"),
    Property("city", "string"),
    Property("state", "string"),
    Property("countryId", "integer", of="countries"),
)


def name_id(store: Store, collection: str, key: Key | None) -> Json:
    """`{id, name}` of a record, null where there is none (any more)."""
    record = store.get(collection, key)
    return record and {"objectName": "generic.name_id", "id": record["id"], "name": record["name"]}


def user_name(store: Store, key: Key | None) -> Json:
    """`{id, name}` of a user."""
    user = store.get("users", key)
    return user and {"objectName": "generic.name_id", "id": user["id"], "name": full_name(user)}


def full_name(user: Record) -> str:
    """A user's first and last name."""
    return f"{user['firstName']} {user['lastName']}".strip()


def project_name(store: Store, key: Key | None) -> Json:
    """`{id, name, number}` of a project."""
    project = store.get("projects", key)
    if project is None:
        return None
    return {
        "objectName": "project.name_id",
        "id": project["id"],
        "name": project["title"],
        "number": project["orderNumber"],
    }


def tag(store: Store, collection: str, key: Key) -> Json:
    """A tag as records show it; null where it is gone."""
    record = store.get(collection, key)
    return record and {"objectName": "generic.tag", **{name: record[name] for name in ("id", "title", "color")}}


def tags(store: Store, collection: str, keys: list[int]) -> Json:
    """The tags of a record, without those that are gone."""
    return [shown for shown in (tag(store, collection, key) for key in keys) if shown]


def address(store: Store, stored: Record | None) -> Json:
    """An address with its country's name beside the id."""
    if stored is None:
        return None
    country = store.get("countries", stored.get("countryId"))
    shown = {prop.name: stored.get(prop.name) for prop in ADDRESS}
    return {"objectName": "generic.address", **shown, "countryName": country["name"] if country else None}


def registry_audit(store: Store, record: Record) -> Record:
    """The four properties as projects and the admin lists name them."""
    return {
        "createdBy": user_name(store, record["createdById"]),
        "updatedBy": user_name(store, record["updatedById"]),
        "created": record["created"],
        "updated": record["updated"],
    }
