"""Blikk: Contacts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from etl.sandbox import Sandbox

PATH = "/v1/Core/Contacts"
NEW = {"name": "Lotta Lärka", "contactType": "Person", "responsibleId": 2}


def create(blikk: httpx.Client, **fields: Any) -> Any:
    answer = blikk.post(PATH, json={**NEW, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


def state(answer: httpx.Response) -> dict[str, list[str]]:
    assert answer.status_code == 400, answer.text
    found: dict[str, list[str]] = answer.json()["modelState"]
    return found


def test_the_list_has_no_detail_fields(blikk: httpx.Client) -> None:
    row = blikk.get(PATH, params={"page": 1}).json()["items"][0]
    detail = blikk.get(f"{PATH}/{row['id']}").json()
    assert set(detail) - set(row) == {
        *("isActive", "email", "invoiceEmail", "phoneNumber", "cellPhoneNumber", "importantInformation"),
        *("isSupplier", "isWholeSale", "isRetailer", "isSubContractor", "isPartner", "isCustomer"),
        *("useReverseBuildTax", "responsible", "tags", "deliveryAddress", "invoiceAddress", "createdBy"),
        "lastUpdatedBy",
    }
    assert (row["objectName"], detail["objectName"]) == ("contact.list", "contact.detail")
    assert (row["contactType"], detail["contactType"]) == ("company", "Company")


def test_a_created_contact_comes_back_in_full_with_a_customer_number_of_its_own(blikk: httpx.Client) -> None:
    contact = create(blikk, tags=[1, 3], visitingAddress={"streetAddress": "Ågatan 1", "countryId": 1})
    assert contact["customerNumber"].isdecimal()
    assert contact["lastUpdated"] is None
    assert contact["responsible"]["id"] == 2
    assert [tag["id"] for tag in contact["tags"]] == [1, 3]
    assert contact["visitingAddress"]["countryName"] == "Sverige"
    assert blikk.get(f"{PATH}/{contact['id']}").json() == contact


def test_a_given_customer_number_is_kept(blikk: httpx.Client) -> None:
    assert create(blikk, customerNumber="K-7")["customerNumber"] == "K-7"


@pytest.mark.parametrize("name", ["name", "contactType", "responsibleId"])
def test_required_fields_are_named_when_they_are_missing(blikk: httpx.Client, name: str) -> None:
    for missing in ({}, {name: None}):
        body = {**{key: value for key, value in NEW.items() if key != name}, **missing}
        assert set(state(blikk.post(PATH, json=body))) == {name}


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"responsibleId": 9999}, "responsibleId"),
        ({"responsibleId": "2"}, "responsibleId"),
        ({"companyId": 9999}, "companyId"),
        ({"tags": [1, 999]}, "tags"),
        ({"contactType": "robot"}, "contactType"),
        ({"isActive": "yes"}, "isActive"),
        ({"parentCompanyId": 101}, "parentCompanyId"),
        ({"visitingAddress": {"countryId": 99}}, "visitingAddress.countryId"),
    ],
)
def test_wrong_values_and_ids_that_do_not_exist_are_refused(
    blikk: httpx.Client, fields: dict[str, Any], at: str
) -> None:
    assert set(state(blikk.post(PATH, json={**NEW, **fields}))) == {at}


def test_an_update_replaces_the_whole_contact(blikk: httpx.Client) -> None:
    contact = create(blikk, customerNumber="K-8", email="a@example.com", tags=[2], isCustomer=True)
    answer = blikk.put(f"{PATH}/{contact['id']}", json={**NEW, "name": "Lotta Lo", "customerNumber": "K-8"})
    assert (answer.status_code, answer.content) == (200, b"")
    after = blikk.get(f"{PATH}/{contact['id']}").json()
    assert (after["name"], after["email"], after["tags"], after["isCustomer"]) == ("Lotta Lo", None, [], False)
    assert after["lastUpdated"] is not None
    assert after["created"] == contact["created"]


def test_an_update_without_customer_number_gives_the_contact_a_new_one(blikk: httpx.Client) -> None:
    contact = create(blikk, customerNumber="K-9")
    blikk.put(f"{PATH}/{contact['id']}", json=NEW)
    assert blikk.get(f"{PATH}/{contact['id']}").json()["customerNumber"] != "K-9"


def test_tags_are_taken_from_the_property_of_the_field_list_unless_told_otherwise(
    sandbox: Sandbox, blikk: httpx.Client
) -> None:
    assert create(blikk, tagIds=[1])["tags"] == []
    sandbox.configure(contact_tags="tagIds")
    assert [tag["id"] for tag in create(blikk, tagIds=[1], tags=[2])["tags"]] == [1]


def test_properties_that_blikk_does_not_know_are_ignored(blikk: httpx.Client) -> None:
    assert create(blikk, favouriteColour="blå")["name"] == NEW["name"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize("key", ["999999", "x"])
def test_a_contact_that_does_not_exist_is_a_400(blikk: httpx.Client, method: str, key: str) -> None:
    assert set(state(blikk.request(method, f"{PATH}/{key}", json=NEW))) == {"id"}


def test_a_deleted_contact_is_gone_and_its_id_never_comes_back(blikk: httpx.Client) -> None:
    first = create(blikk)["id"]
    answer = blikk.delete(f"{PATH}/{first}")
    assert (answer.status_code, answer.content) == (200, b"")
    assert blikk.get(f"{PATH}/{first}").status_code == 400
    assert create(blikk)["id"] > first


def test_a_contact_that_is_the_customer_of_a_project_can_not_be_deleted(sandbox: Sandbox, blikk: httpx.Client) -> None:
    customer = sandbox.records("blikk", "projects")[0]["customer"]["id"]
    assert blikk.delete(f"{PATH}/{customer}").status_code == 400


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"'])
def test_a_body_that_is_no_object_is_refused(blikk: httpx.Client, body: bytes) -> None:
    assert blikk.post(PATH, content=body, headers={"Content-Type": "application/json"}).status_code == 400
