"""Rows are joined by what somebody would read in both columns, however servers compare a number with a text."""

from __future__ import annotations

import pytest

from exports.sources.datamap import DataMap
from tests.exports.sources.databases import MARIADB, empty_database, on
from tests.exports.sources.small_maps import BY_EMAIL, collection, deleted, found, map_of, opened, rows

ANN, BOB = "ann@x.example", "bob@x.example"
ITEMS = collection("items", "id order_id", "reached: [{from: orders, columns: {order_id: id}}]")


@pytest.fixture
def url(kind: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> str:
    """An empty database."""
    return empty_database(kind, "types", tmp_path_factory.mktemp("types"), request)


def by_reference(columns: str) -> DataMap:
    """Orders that hold the reference of a profile as a number, and their items."""
    profiles = collection("profiles", "id email shop ref", BY_EMAIL)
    orders = collection("orders", "id shop customer_no", f"reached: [{{from: profiles, columns: {{{columns}}}}}]")
    return map_of(profiles, orders, ITEMS)


SHOP = (
    "CREATE TABLE profiles (id INT PRIMARY KEY, email VARCHAR(30), shop INT, ref VARCHAR(30))",
    "CREATE TABLE orders (id INT PRIMARY KEY, shop INT, customer_no INT)",
    "CREATE TABLE items (id INT PRIMARY KEY, order_id INT)",
    f"INSERT INTO profiles VALUES (1, '{ANN}', 1, '12 Main'), (2, '{BOB}', 1, '12'), (3, '{ANN}', 1, '7')",
    "INSERT INTO orders VALUES (100, 1, 12), (101, 1, 7)",
    "INSERT INTO items VALUES (1000, 100), (1001, 101)",
)


@pytest.mark.parametrize("columns", ["customer_no: ref", "shop: shop, customer_no: ref"])
def test_a_number_is_joined_with_the_text_of_its_digits_and_with_none_that_begins_so(url: str, columns: str) -> None:
    with opened(url, by_reference(columns), *SHOP) as shop:
        assert found(shop, ANN) == {"profiles": [(1,), (3,)], "orders": [(101,)], "items": [(1001,)]}
        assert found(shop, BOB) == {"profiles": [(2,)], "orders": [(100,)], "items": [(1000,)]}
        deleted(shop, ANN)
    assert rows(url, "SELECT id FROM orders") == [(100,)]
    assert rows(url, "SELECT id FROM items") == [(1000,)]


def test_a_text_is_joined_with_the_number_that_it_is_and_with_none_that_it_only_means(url: str) -> None:
    users = collection("users", "id email", BY_EMAIL)
    notes = collection("orders", "id v", "reached: [{from: users, columns: {v: id}}]")
    statements = (
        "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(30))",
        "CREATE TABLE orders (id INT PRIMARY KEY, v VARCHAR(30))",
        "CREATE TABLE items (id INT PRIMARY KEY, order_id INT)",
        f"INSERT INTO users VALUES (12, '{ANN}')",
        "INSERT INTO orders VALUES (1, '12'), (2, '012'), (3, '12 Main'), (4, ' 12'), (5, '12.0')",
        "INSERT INTO items VALUES (1, 1), (2, 2), (3, 3), (4, 4), (5, 5)",
    )
    with opened(url, map_of(users, notes, ITEMS), *statements) as shop:
        assert found(shop, ANN) == {"users": [(12,)], "orders": [(1,)], "items": [(1,)]}


@on(MARIADB)
def test_a_name_of_an_enumeration_is_joined_by_its_letters_and_not_by_its_place(url: str) -> None:
    users = collection("users", "id email", BY_EMAIL)
    orders = collection("orders", "id v", "reached: [{from: users, columns: {v: id}}]")
    statements = (
        "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(30))",
        "CREATE TABLE orders (id INT PRIMARY KEY, v ENUM('20', '2', '10'))",
        "CREATE TABLE items (id INT PRIMARY KEY, order_id INT)",
        f"INSERT INTO users VALUES (2, '{ANN}')",
        "INSERT INTO orders VALUES (1, '20'), (2, '2'), (3, '10')",
        "INSERT INTO items VALUES (1, 1), (2, 2), (3, 3)",
    )
    with opened(url, map_of(users, orders, ITEMS), *statements) as shop:
        assert found(shop, ANN) == {"users": [(2,)], "orders": [(2,)], "items": [(2,)]}
