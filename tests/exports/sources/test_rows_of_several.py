"""Rows to which several people's rows point are nobody's to delete while one of the others is there."""

from __future__ import annotations

import pytest

from exports.sources.connector import Action
from exports.sources.errors import ChangeRefusedError
from tests.exports.sources.databases import SQLITE, empty_database, on
from tests.exports.sources.small_maps import BY_EMAIL, collection, deleted, found, map_of, opened, rows

ANN, BOB, WORK, FAMILY = "ann@x.example", "bob@x.example", "ann@work.example", "family@x.example"
PERSON = "id INT PRIMARY KEY, email VARCHAR(30)"


@pytest.fixture
def url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return empty_database(kind, "shared", tmp_path_factory.mktemp("shared"), request)


@pytest.mark.parametrize("declared", ["", "REFERENCES emails (id)"], ids=["undeclared", "declared"])
def test_an_address_that_a_way_back_finds_and_others_have_as_well_stays(url: str, declared: str) -> None:
    emails = collection("emails", "id email", BY_EMAIL, "back: {from: users, columns: {id: backup_id}}")
    ways = "reached: [{from: emails, columns: {email_id: id}}, {from: emails, columns: {backup_id: id}}]"
    data_map = map_of(emails, collection("users", "id email_id backup_id", ways))
    key = [f"FOREIGN KEY ({name}) {declared}" for name in ("email_id", "backup_id") if declared]
    statements = (
        "CREATE TABLE emails (id INT PRIMARY KEY, email VARCHAR(30))",
        f"CREATE TABLE users ({', '.join(['id INT PRIMARY KEY', 'email_id INT', 'backup_id INT', *key])})",
        f"INSERT INTO emails VALUES (1, '{ANN}'), (2, '{BOB}'), (3, '{FAMILY}')",
        "INSERT INTO users VALUES (1, 1, 3), (2, 2, 3)",
    )
    with opened(url, data_map, *statements) as people:
        assert found(people, ANN) == {"emails": [(1,), (3,)], "users": [(1,)]}
        with pytest.raises(ChangeRefusedError):
            deleted(people, ANN, emails=Action.DEIDENTIFY)
        done = deleted(people, ANN)
    assert {one.name: set(one.still_needed) for one in done.collections} == {"emails": {(3,)}, "users": set()}
    assert rows(url, "SELECT id FROM emails ORDER BY id") == [(2,), (3,)]


@pytest.mark.parametrize(
    ("key", "columns", "table"),
    [
        ("[id]", "code: place", "id INT PRIMARY KEY, code INT UNIQUE, lang INT"),
        ("[code, lang]", "code: place", "id INT, code INT, lang INT, PRIMARY KEY (code, lang)"),
    ],
    ids=["unique", "part of the key"],
)
def test_what_is_named_by_a_unique_column_or_by_part_of_a_key_stays_while_others_point_to_it(
    url: str, key: str, columns: str, table: str
) -> None:
    people = collection("people", "id email place", BY_EMAIL)
    reached = f"reached: [{{from: people, columns: {{{columns}}}}}]"
    data_map = map_of(people, collection("places", "id code lang", reached, key=key))
    statements = (
        "CREATE TABLE people (id INT PRIMARY KEY, email VARCHAR(30), place INT)",
        f"CREATE TABLE places ({table})",
        f"INSERT INTO people VALUES (1, '{ANN}', 7), (2, '{BOB}', 7), (3, '{WORK}', 8)",
        "INSERT INTO places VALUES (1, 7, 1), (2, 8, 1)",
    )
    with opened(url, data_map, *statements) as town:
        with pytest.raises(ChangeRefusedError):
            deleted(town, ANN, places=Action.DEIDENTIFY)
        deleted(town, ANN)
        deleted(town, WORK)
        assert rows(url, "SELECT code FROM places") == [(7,)]
        deleted(town, BOB)
    assert rows(url, "SELECT code FROM places") == []


def test_rows_that_belong_to_a_unique_number_of_their_parent_go_before_it(url: str) -> None:
    orders = collection("orders", "id email nr", BY_EMAIL)
    lines = collection("order_lines", "nr place", "reached: [{from: orders, columns: {nr: nr}}]", key="[nr, place]")
    statements = (
        "CREATE TABLE orders (id INT PRIMARY KEY, email VARCHAR(30), nr INT UNIQUE)",
        "CREATE TABLE order_lines (nr INT, place INT, PRIMARY KEY (nr, place))",
        f"INSERT INTO orders VALUES (1, '{ANN}', 10), (2, '{BOB}', 11)",
        "INSERT INTO order_lines VALUES (10, 1), (10, 2), (11, 1)",
    )
    with opened(url, map_of(orders, lines), *statements) as shop:
        assert [step.name for step in shop.deletion_order(["orders", "order_lines"])] == ["order_lines", "orders"]
        deleted(shop, ANN)
    assert rows(url, "SELECT nr, place FROM order_lines") == [(11, 1)]


def test_addresses_linked_with_contacts_by_a_table_between_lead_back_to_all_of_a_contact(url: str) -> None:
    addresses = collection("addresses", "id email", BY_EMAIL, "back: {from: links, columns: {id: address_id}}")
    links = collection(
        "links",
        "id address_id contact_id",
        "reached: [{from: addresses, columns: {address_id: id}}]",
        "back: {from: contacts, columns: {contact_id: id}}",
    )
    contacts = collection(
        "contacts", "id", "reached: [{from: links, columns: {id: contact_id}}]", "one_per_person: true"
    )
    statements = (
        "CREATE TABLE addresses (id INT PRIMARY KEY, email VARCHAR(30))",
        "CREATE TABLE links (id INT PRIMARY KEY, address_id INT, contact_id INT)",
        "CREATE TABLE contacts (id INT PRIMARY KEY)",
        f"INSERT INTO addresses VALUES (1, '{ANN}'), (2, '{WORK}'), (3, '{FAMILY}'), (4, '{BOB}')",
        "INSERT INTO contacts VALUES (100), (200)",
        "INSERT INTO links VALUES (10, 1, 100), (11, 2, 100), (12, 3, 100), (13, 3, 200), (14, 4, 200)",
    )
    with opened(url, map_of(addresses, links, contacts), *statements) as crm:
        for address in (ANN, WORK):
            assert found(crm, address) == {
                "addresses": [(1,), (2,), (3,)],
                "links": [(10,), (11,), (12,)],
                "contacts": [(100,)],
            }
        deleted(crm, ANN)
    assert rows(url, "SELECT id FROM addresses ORDER BY id") == [(3,), (4,)]
    assert rows(url, "SELECT id FROM links ORDER BY id") == [(13,), (14,)]


@on(SQLITE)  # its foreign keys have numbers, and no names
def test_the_eleventh_key_of_a_table_is_not_taken_for_one_of_a_table_whose_name_ends_in_a_number(url: str) -> None:
    parents = [f"CREATE TABLE p{number} (id INT PRIMARY KEY, email VARCHAR(30))" for number in range(12)]
    keys = ", ".join(f"FOREIGN KEY (k{number}) REFERENCES p{number} (id)" for number in range(11))
    statements = (
        *parents,
        f"CREATE TABLE orders ({', '.join(f'k{number} INT' for number in range(11))}, {keys})",
        "CREATE TABLE orders1 (k INT, FOREIGN KEY (k) REFERENCES p11 (id) ON DELETE CASCADE)",
        f"INSERT INTO p11 VALUES (1, '{ANN}')",
        "INSERT INTO orders1 VALUES (1)",
    )
    with (
        opened(url, map_of(collection("p11", "id email", BY_EMAIL)), *statements) as shop,
        pytest.raises(ChangeRefusedError, match="would also change rows of orders1"),
    ):
        deleted(shop, ANN)


def test_a_row_to_which_only_rows_point_that_go_before_it_goes_as_well(url: str) -> None:
    contacts = collection("contacts", "id email company_id", BY_EMAIL)
    companies = collection("companies", "id parent_id", "reached: [{from: contacts, columns: {id: company_id}}]")
    statements = (
        "CREATE TABLE companies (id INT PRIMARY KEY, parent_id INT, FOREIGN KEY (parent_id) REFERENCES companies (id))",
        f"CREATE TABLE contacts ({PERSON}, company_id INT, FOREIGN KEY (company_id) REFERENCES companies (id))",
        "INSERT INTO companies VALUES (1, NULL), (2, 1), (3, NULL), (4, 3), (5, 3)",
        *(f"INSERT INTO contacts VALUES ({number}, '{ANN}', {number})" for number in (1, 2, 3, 4)),
        f"INSERT INTO contacts VALUES (5, '{BOB}', 4)",
    )
    with opened(url, map_of(contacts, companies), *statements) as shop:
        done = {one.name: set(one.still_needed) for one in deleted(shop, ANN).collections}
    assert done == {"contacts": set(), "companies": {(3,), (4,)}}, "one is Bob's, and the other above it"
    assert rows(url, "SELECT id FROM companies ORDER BY id") == [(3,), (4,), (5,)]


def test_an_account_that_invited_another_of_the_same_person_goes_with_it(url: str) -> None:
    emails = collection("emails", "id email user_id", BY_EMAIL)
    users = collection(
        "users", "id invited_by", "reached: [{from: emails, columns: {id: user_id}}]", "one_per_person: true"
    )
    statements = (
        "CREATE TABLE users (id INT PRIMARY KEY, invited_by INT, FOREIGN KEY (invited_by) REFERENCES users (id))",
        f"CREATE TABLE emails ({PERSON}, user_id INT, FOREIGN KEY (user_id) REFERENCES users (id))",
        "INSERT INTO users VALUES (1, NULL), (2, 1), (3, NULL)",
        f"INSERT INTO emails VALUES (1, '{ANN}', 1), (2, '{ANN}', 2), (3, '{BOB}', 3)",
    )
    with opened(url, map_of(emails, users), *statements) as site:
        deleted(site, ANN)
    assert rows(url, "SELECT id FROM users") == [(3,)]
