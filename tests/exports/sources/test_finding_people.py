"""The exact rows of five chosen customers are found in the example company, and no row of anybody else."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from dsar.demo.people import CHOSEN, COUPLE, LOOK_ALIKE, PARENT, RECYCLED, Chosen, Person, find_person
from dsar.demo.shop import shop_rows
from dsar.demo.web_log import web_log_rows
from exports.sources.connector import Connector, Mode, Page, Record
from exports.sources.datamap import DataMap
from exports.sources.giving import identifiers_given
from exports.sources.values import json_value

pytestmark = pytest.mark.slow

Rows = Mapping[str, list[dict[str, object]]]


@pytest.fixture(scope="session")
def rows() -> Rows:
    """Every row of the shop and the web log, as they were made."""
    return shop_rows() | web_log_rows()


def expected(person: Person, rows: Rows) -> dict[str, list[dict[str, object]]]:
    """What is this person's, said in Python and without any map or SQL."""
    mail = (person.email or "-").lower()
    has_mail: Callable[[object], bool] = lambda text: str(text or "").lower() == mail  # noqa: E731
    own = {
        name: [row for row in rows[name] if row["customer_id"] == person.id]
        for name in ("addresses", "reviews", "avatars", "devices", "loyalty_entries", "wishlist_items")
    }
    own["customers"] = [row for row in rows["customers"] if row["account_no"] == person.account_no]
    for name, column in (("orders", "guest_email"), ("support_tickets", "contact_email")):
        own[name] = [row for row in rows[name] if row["customer_id"] == person.id or has_mail(row[column])]
    own["newsletter_subscribers"] = [row for row in rows["newsletter_subscribers"] if has_mail(row["email"])]
    for name, column, parents in (
        ("order_lines", "order_id", "orders"),
        ("payments", "order_id", "orders"),
        ("ticket_messages", "ticket_id", "support_tickets"),
    ):
        ids = {row["id"] for row in own[parents]}
        own[name] = [row for row in rows[name] if row[column] in ids]
    devices = {row["device_id"] for row in own["devices"]}
    for name in ("web_devices", "page_views", "ad_segments"):
        own[name] = [row for row in rows[name] if row["device_id"] in devices]
    return own


def found(connector: Connector, identifiers: Mapping[str, list[str]]) -> dict[str, list[Record]]:
    """Everything that a connector finds, by collection."""
    return {
        collection.name: [r for page in connector.pages(collection.name, identifiers) for r in page.records]
        for collection in connector.datamap.collections
    }


def by_text(rows: list[Record]) -> list[Record]:
    """Rows in an order that is the same for every database."""
    return sorted(rows, key=lambda row: sorted((name, str(value)) for name, value in row.items()))


def as_found(datamap: DataMap, own: Mapping[str, list[dict[str, object]]]) -> dict[str, list[Record]]:
    """The expected rows with the columns of the map, as JSON."""
    return {
        collection.name: by_text(
            [{column: json_value(row[column]) for column in collection.columns} for row in own[collection.name]]
        )
        for collection in datamap.collections
    }


@pytest.mark.parametrize("account_no", CHOSEN)
def test_the_exact_rows_of_a_chosen_customer_are_found(
    account_no: str, the_shop: Connector, the_web_log: Connector, rows: Rows
) -> None:
    person = find_person(account_no)
    identifiers = {"account_number": [account_no], "email": [person.email or ""]}
    assert the_shop.subjects(identifiers) == 1
    devices = the_shop.datamap.collection("devices")
    given = [
        one
        for page in the_shop.pages("devices", identifiers, mode=Mode.PLAN)
        for one in identifiers_given(the_shop.datamap, devices, page)
    ]
    own = expected(person, rows)

    in_shop = found(the_shop, identifiers)
    in_web_log = found(the_web_log, {"device_id": [one.value for one in given]})

    assert {name: by_text(records) for name, records in in_shop.items()} == as_found(the_shop.datamap, own)
    assert {name: by_text(records) for name, records in in_web_log.items()} == as_found(the_web_log.datamap, own)


def test_one_chosen_customer_has_rows_in_every_collection(rows: Rows) -> None:
    own = expected(find_person(Chosen.EVERYWHERE), rows)
    assert all(own[name] for name in own)
    assert len(own["orders"]) == len(own["payments"]) == 7


def test_identifiers_found_carry_where_they_come_from(the_shop: Connector) -> None:
    devices = the_shop.datamap.collection("devices")
    (page,) = the_shop.pages("devices", {"account_number": [Chosen.EVERYWHERE]})
    given = list(identifiers_given(the_shop.datamap, devices, page))
    assert [(one.kind, one.source, one.collection, one.key) for one in given] == [
        ("device_id", "shop", "devices", (one.value,)) for one in given
    ]
    assert len(given) == 2


def test_an_identifier_is_given_once_a_page_and_an_empty_cell_gives_none(the_shop: Connector) -> None:
    devices = the_shop.datamap.collection("devices")
    page = Page([("a",), ("b",), ("c",)], [{"device_id": "x"}, {"device_id": None}, {"device_id": "x"}])
    assert [one.key for one in identifiers_given(the_shop.datamap, devices, page)] == [("a",)]


def test_presence_counts_what_the_pages_hold(the_shop: Connector) -> None:
    identifiers = {"account_number": [Chosen.EVERYWHERE], "email": [find_person(Chosen.EVERYWHERE).email or ""]}
    for collection in the_shop.datamap.collections:
        pages = list(the_shop.pages(collection.name, identifiers))
        presence = the_shop.presence(collection.name, identifiers)
        assert presence.rows == sum(len(page.records) for page in pages)
        assert presence.held == sum((page.held() for page in pages[1:]), pages[0].held())


def test_two_people_behind_one_address_are_two(the_shop: Connector) -> None:
    recycled = find_person(RECYCLED[0]).email or ""
    assert the_shop.subjects({"email": [recycled]}) == 2
    assert the_shop.subjects({"account_number": [RECYCLED[0]]}) == 1


def test_identifiers_of_two_people_lead_to_two(the_shop: Connector) -> None:
    everywhere = find_person(Chosen.EVERYWHERE).email or ""
    assert the_shop.subjects({"email": [everywhere], "account_number": [Chosen.SAME_NAME]}) == 2


def test_a_guest_without_an_account_is_one_person(the_shop: Connector) -> None:
    assert the_shop.subjects({"email": ["guest1@mailbox.example"]}) == 1
    assert the_shop.subjects({"email": ["nobody@mailbox.example"]}) == 0


def test_a_name_or_a_shared_telephone_leads_to_nobody(the_shop: Connector) -> None:
    person = find_person(COUPLE[0])
    assert the_shop.subjects({"name": [person.name], "phone": [person.phone or ""]}) == 0


def test_look_alike_letters_are_another_address(the_shop: Connector) -> None:
    alike = find_person(LOOK_ALIKE).email or ""
    (page,) = the_shop.pages("customers", {"email": [alike]})
    assert [record["account_no"] for record in page.records] == [LOOK_ALIKE]


@pytest.mark.parametrize("domain", ["bücher.example", "xn--bcher-kva.example", "BÜCHER.example"])
def test_an_international_domain_is_found_in_either_form(domain: str, the_shop: Connector) -> None:
    local = (find_person(Chosen.ACCENTS).email or "").partition("@")[0]
    (page,) = the_shop.pages("customers", {"email": [f"{local}@{domain}"]})
    assert [record["account_no"] for record in page.records] == [Chosen.ACCENTS]


def test_a_child_is_not_its_parent(the_shop: Connector) -> None:
    child, parent = find_person(Chosen.CHILD), find_person(PARENT)
    assert child.phone == parent.phone
    (page,) = the_shop.pages("customers", {"email": [child.email or ""]})
    assert [record["account_no"] for record in page.records] == [Chosen.CHILD]
